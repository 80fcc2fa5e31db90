"""HEIC files for tests: as any encoder writes them, and tiled as telephones do, by hand (ISO/IEC 23008-12 §6.6.2.3)."""

import struct
from collections.abc import Sequence

import pillow_heif
from PIL import Image

from tests.support.made_pictures import saved

__all__ = ["heic", "tiled_heic"]


def heic(picture: Image.Image, **options: object) -> bytes:
    """Give the picture as one HEIC item; ``options`` are those of pillow_heif."""
    pillow_heif.register_heif_opener()
    return saved(picture, "HEIF", **{"quality": 80, **options})


def tiled_heic(
    picture: Image.Image, tile: int, *, claimed: tuple[int, int] | None = None, turned: int | None = None
) -> bytes:
    """Give the picture as a grid of square tiles; it may claim another number of rows and columns than there are.

    ``turned``: by how many quarters counter-clockwise a viewer is to turn it (``irot``).
    """
    columns, rows = picture.width // tile, picture.height // tile
    boxes = [
        (column * tile, row * tile, (column + 1) * tile, (row + 1) * tile)
        for row in range(rows)
        for column in range(columns)
    ]
    files = [heic(picture.crop(box), quality=90) for box in boxes]
    said_columns, said_rows = claimed or (columns, rows)
    grid = struct.pack(">BBBBHH", 0, 0, said_rows - 1, said_columns - 1, said_columns * tile, said_rows * tile)
    properties = [_decoder_setup(files[0]), _size(tile, tile), _size(said_columns * tile, said_rows * tile)]
    if turned is not None:
        properties.append(_box(b"irot", bytes([turned])))
    tiles = [_only_item(file) for file in files]
    start = len(_head(tiles, grid, properties, 0, said_columns * said_rows))
    return _head(tiles, grid, properties, start, said_columns * said_rows) + _box(b"mdat", b"".join(tiles))


def _head(tiles: Sequence[bytes], grid: bytes, properties: Sequence[bytes], start: int, claimed: int) -> bytes:
    """Give all that comes before the tiles, which begin eight bytes after ``start``."""
    the_grid = len(tiles) + 1
    names = b"".join(
        _full(b"infe", 2, struct.pack(">HH4sx", number, 0, b"grid" if number == the_grid else b"hvc1"))
        for number in range(1, the_grid + 1)
    )
    places, at = b"", start + 8
    for number, tile in enumerate(tiles, 1):
        places += struct.pack(">HHHHII", number, 0, 0, 1, at, len(tile))
        at += len(tile)
    places += struct.pack(">HHHHII", the_grid, 1, 0, 1, 0, len(grid))
    made_of = [1 + index % len(tiles) for index in range(claimed)]
    reference = _box(b"dimg", struct.pack(f">HH{claimed}H", the_grid, claimed, *made_of))
    has = b"".join(struct.pack(">HBBB", number, 2, 0x81, 0x02) for number in range(1, the_grid))
    own = bytes([0x03, 0x84][: len(properties) - 2])
    has += struct.pack(">HB", the_grid, len(own)) + own
    meta = b"".join(
        [
            _full(b"hdlr", 0, bytes(4) + b"pict" + bytes(13)),
            _full(b"pitm", 0, struct.pack(">H", the_grid)),
            _full(b"iloc", 1, b"\x44\x00" + struct.pack(">H", the_grid) + places),
            _full(b"iinf", 0, struct.pack(">H", the_grid) + names),
            _full(b"iref", 0, reference),
            _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", 0, struct.pack(">I", the_grid) + has)),
            _box(b"idat", grid),
        ]
    )
    return _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + _full(b"meta", 0, meta)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, version: int, body: bytes) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + body)


def _size(width: int, height: int) -> bytes:
    return _full(b"ispe", 0, struct.pack(">II", width, height))


def _decoder_setup(file: bytes) -> bytes:
    start = file.index(b"hvcC") - 4
    (size,) = struct.unpack_from(">I", file, start)
    return file[start : start + size]


def _only_item(file: bytes) -> bytes:
    start = file.index(b"mdat") - 4
    (size,) = struct.unpack_from(">I", file, start)
    return file[start + 8 : start + size]
