"""Change a picture file as its format is built: parts are taken apart, changed, and put together with right sums.

A decoder throws away at once what has a wrong length or checksum; only what is well formed outside gets deep inside.
All randomness comes from the generator given, so that a seed names a file for good.
"""

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["mutated"]

BYTES_MOST = 1 << 16
_EDGES = (
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    17,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    1 << 24,
    2**31 - 1,
    2**32 - 1,
)
_PNG = b"\x89PNG\r\n\x1a\n"

Part = tuple[bytes, bytes]  # its kind, its body


def mutated(given: bytes, rng: random.Random) -> bytes:
    """Give a changed file: by its structure where it has one that is known here, else byte by byte."""
    for mark, change in _FORMATS:
        if mark(given):
            try:
                return change(given, rng)[:BYTES_MOST]
            except (struct.error, LookupError, ValueError, TypeError, RecursionError, zlib.error):
                break
    return bytes_changed(given, rng)[:BYTES_MOST]


def bytes_changed(given: bytes, rng: random.Random) -> bytes:
    """Change, insert, remove or repeat a few bytes."""
    body = bytearray(given or b"\x00")
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        place = int(rng.random() ** 2 * len(body))
        way = rng.randrange(6)
        if way == 0:
            body[place : place + 1] = bytes([rng.randrange(256)])
        elif way == 1:
            body[place : place + 1] = bytes([(body[place] if place < len(body) else 0) ^ 1 << rng.randrange(8)])
        elif way == 2:
            width, order = rng.choice((1, 2, 4)), rng.choice("<>")
            edge = rng.choice(_EDGES) & ((1 << 8 * width) - 1)
            body[place : place + width] = edge.to_bytes(width, "little" if order == "<" else "big")
        elif way == 3:
            body[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif way == 4 and len(body) > 1:
            del body[place : place + rng.randrange(1, 1 + max(1, len(body) // 4))]
        else:
            piece = body[place : place + rng.randrange(1, 65)]
            body[place:place] = piece * rng.randrange(1, 4)
        body = body or bytearray(b"\x00")
    return bytes(body)


def _parts_changed(parts: Sequence[Part], rng: random.Random, body_of: Callable[[Part], bytes]) -> list[Part]:
    """Change one part's body, or leave out, repeat or move a part."""
    changed, place = list(parts), rng.randrange(len(parts))
    way = rng.randrange(8)
    if way < 5:
        changed[place] = (changed[place][0], body_of(changed[place]))
    elif way == 5:
        del changed[place]
    elif way == 6:
        changed[place:place] = [changed[place]] * rng.choice((1, 2, 50))
    else:
        changed.insert(rng.randrange(len(changed)), changed.pop(place))
    return changed


# PNG: chunks with a length before and a CRC behind; the pixels are compressed (W3C PNG §5.3).


def _png(given: bytes, rng: random.Random) -> bytes:
    parts, place = [], len(_PNG)
    while place + 8 <= len(given):
        size, kind = struct.unpack_from(">I4s", given, place)
        parts.append((kind, given[place + 8 : place + 8 + size]))
        place += 12 + size
    if rng.random() < 0.25:
        parts.insert(min(1, len(parts)), _png_extra(rng))
    else:
        parts = _parts_changed(parts, rng, lambda part: _png_body(part, rng))
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _png_body(part: Part, rng: random.Random) -> bytes:
    kind, body = part
    if kind == b"IHDR":
        width, height, *rest = struct.unpack(">IIBBBBB", body)
        values = [
            rng.choice(_EDGES[:14]),
            rng.choice(_EDGES[:14]),
            rng.choice((1, 2, 4, 8, 16)),
            rng.choice((0, 2, 3, 4, 6)),
        ]
        values += [0, 0, rng.randrange(2)]
        kept = [width, height, *rest]
        return struct.pack(
            ">IIBBBBB", *(new if rng.random() < 0.3 else old for new, old in zip(values, kept, strict=True))
        )
    if kind == b"iCCP" and rng.random() < 0.8:
        name, _, squeezed = body.partition(b"\x00")
        profile = zlib.decompressobj().decompress(squeezed[1:], BYTES_MOST)
        return name + b"\x00\x00" + zlib.compress(bytes_changed(profile, rng))
    if kind in {b"IDAT", b"fdAT"} and rng.random() < 0.7:
        pixels = zlib.decompressobj().decompress(body, BYTES_MOST)
        return zlib.compress(bytes_changed(pixels, rng))
    return bytes_changed(body, rng)


def _png_extra(rng: random.Random) -> Part:
    number = rng.choice(_EDGES)
    return rng.choice(
        (
            (b"acTL", struct.pack(">II", number, 0)),
            (b"fcTL", struct.pack(">IIIIIHHBB", 0, 32, 24, number, 0, 1, 10, rng.randrange(3), rng.randrange(2))),
            (b"tRNS", rng.randbytes(rng.choice((0, 1, 2, 6, 256)))),
            (b"PLTE", rng.randbytes(3 * rng.randrange(257))),
            (b"gAMA", struct.pack(">I", number)),
            (b"cHRM", struct.pack(">8I", *[number] * 8)),
            (b"iCCP", b"a\x00\x00" + zlib.compress(rng.randbytes(200))),
            (b"zTXt", b"a\x00\x00" + zlib.compress(bytes(rng.choice((0, 100, 1 << 20))))),
            (b"iTXt", b"a\x00\x01\x00\x00\x00" + zlib.compress(rng.randbytes(50))),
            (b"eXIf", _tiff_head(rng)),
            (b"pHYs", struct.pack(">IIB", number, number, 1)),
        )
    )


# JPEG: segments with a length, then the scan until the next marker (ITU-T T.81 Annex B).


def _jpeg(given: bytes, rng: random.Random) -> bytes:
    parts, place = [], 2
    while place + 4 <= len(given) and given[place] == 0xFF and given[place + 1] != 0xD9:
        (size,) = struct.unpack_from(">H", given, place + 2)
        end = place + 2 + size
        scan_end = end
        if given[place + 1] == 0xDA:
            scan_end = _scan_end(given, end)
        parts.append((given[place : place + 2], given[place + 4 : end] + b"\xff\xff" + given[end:scan_end]))
        place = scan_end
    if rng.random() < 0.25:
        parts.insert(0, (b"\xff\xe1", b"Exif\x00\x00" + _tiff_head(rng) + b"\xff\xff"))
    else:
        parts = _parts_changed(parts, rng, lambda part: _jpeg_body(part, rng))
    return b"\xff\xd8" + b"".join(kind + _with_length(body) for kind, body in parts) + b"\xff\xd9"


def _scan_end(given: bytes, start: int) -> int:
    place = start
    while (place := given.find(b"\xff", place)) >= 0 and place + 1 < len(given):
        if given[place + 1] != 0 and not 0xD0 <= given[place + 1] <= 0xD7:
            return place
        place += 2
    return len(given)


def _jpeg_body(part: Part, rng: random.Random) -> bytes:
    kind, body = part
    head, _, scan = body.partition(b"\xff\xff")
    if kind[1] == 0xDA and rng.random() < 0.7:
        return head + b"\xff\xff" + bytes_changed(scan, rng)
    if 0xC0 <= kind[1] <= 0xC2 and rng.random() < 0.6:
        sides = struct.pack(">HH", rng.choice(_EDGES[:19]) & 0xFFFF, rng.choice(_EDGES[:19]) & 0xFFFF)
        return head[:1] + sides + head[5:] + b"\xff\xff" + scan
    return bytes_changed(head, rng)[:65000] + b"\xff\xff" + scan


def _with_length(body: bytes) -> bytes:
    head, _, scan = body.partition(b"\xff\xff")
    return struct.pack(">H", min(len(head) + 2, 65535)) + head + scan


# EXIF and TIFF: directories of twelve-byte entries, which may point anywhere (TIFF 6.0 §2).


def _tiff_head(rng: random.Random) -> bytes:
    """Give an EXIF block with an orientation of any type and value, and a chain of directories that may be a ring."""
    order = rng.choice("<>")
    entries = [(0x0112, rng.choice((1, 2, 3, 4, 5, 7, 11, 12, 13, 99)), rng.choice((1, 1, 0, 2, 2**32 - 1)))]
    entries += [(rng.choice((0x8769, 0x8825, 0x014A, 0xA005, 0x927C)), 4, 1)] * rng.randrange(3)
    body = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    body += struct.pack(order + "H", rng.choice((len(entries), len(entries), 65535)))
    for tag, kind, count in entries:
        value = rng.choice((8, 0, 3, 6, 9, 65535, 2**32 - 1))
        short = order == ">" and kind == 3  # a short stands in the first half of the four bytes
        body += struct.pack(order + "HHII", tag, kind, count, (value << 16 if short else value) & 0xFFFFFFFF)
    return body + struct.pack(order + "I", rng.choice((0, 8, 8, 2**31)))


def _tiff(given: bytes, rng: random.Random) -> bytes:
    order = "<" if given[:2] == b"II" else ">"
    body = bytearray(given)
    (start,) = struct.unpack_from(order + "I", body, 4)
    (count,) = struct.unpack_from(order + "H", body, start)
    way = rng.randrange(6)
    if way == 0:
        struct.pack_into(order + "I", body, start + 2 + 12 * count, rng.choice((start, 8, rng.choice(_EDGES))))
        return bytes(body)
    if way == 1:
        return bytes_changed(given, rng)
    place = start + 2 + 12 * rng.randrange(count)
    field, width = rng.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "H"), (8, "I")))
    value = rng.choice((*_EDGES, rng.randrange(len(given))))
    struct.pack_into(order + width, body, place + field, value & (0xFFFF if width == "H" else 0xFFFFFFFF))
    return bytes(body)


# WebP: RIFF chunks, padded to even lengths (RFC 9649 §2.3).


def _webp(given: bytes, rng: random.Random) -> bytes:
    parts, place = [], 12
    while place + 8 <= len(given):
        kind, size = struct.unpack_from("<4sI", given, place)
        parts.append((kind, given[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    if rng.random() < 0.2:
        canvas = struct.pack("<I6s", rng.randrange(64), rng.randbytes(6))
        extras = [(b"VP8X", canvas), (b"EXIF", _tiff_head(rng)), (b"ANIM", rng.randbytes(6))]
        extra = rng.choice([*extras, (b"ANMF", rng.randbytes(16) + parts[0][1])])
        parts.insert(rng.randrange(len(parts) + 1), extra)
    else:
        parts = _parts_changed(parts, rng, lambda part: bytes_changed(part[1], rng))
    body = b"".join(kind + struct.pack("<I", len(held)) + held + bytes(len(held) % 2) for kind, held in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


# GIF: a screen, colours, then blocks; each block's data in pieces of at most 255 bytes (GIF89a §15).


def _gif(given: bytes, rng: random.Random) -> bytes:
    way = rng.randrange(4)
    if way == 0:
        sides = (rng.choice(_EDGES[:19]) & 0xFFFF, rng.choice(_EDGES[:19]) & 0xFFFF)
        return given[:6] + struct.pack("<HH", *sides) + given[10:]
    frame = given.index(b"\x2c", 13)
    if way == 1:
        box = [rng.choice((0, 1, 32, 65535, value)) for value in struct.unpack_from("<4H", given, frame + 1)]
        return given[: frame + 1] + struct.pack("<4H", *box) + given[frame + 9 :]
    if way == 2:  # one of four ways
        end = given.rindex(b"\x3b")
        control = b"\x21\xf9\x04" + rng.randbytes(4) + b"\x00"
        return given[:end] + (control + given[frame:end]) * rng.choice((1, 2, 20)) + b"\x3b"
    return given[:frame] + bytes_changed(given[frame:], rng)


# AVIF and HEIC: boxes in boxes; places in the file are told from its beginning, so most changes keep the length
# (ISO/IEC 14496-12 §4.2).

_BOXES_IN: dict[bytes, int] = {  # how many bytes come before the boxes within
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco", b"dinf"), 0),
    **dict.fromkeys((b"meta", b"iref"), 4),
    b"iinf": 6,
}


def _boxes(given: bytes, rng: random.Random) -> bytes:
    found = list(_boxes_of(given, 0, len(given)))
    start, size = rng.choice(found)
    body = bytearray(given)
    way = rng.randrange(8)
    if way == 0:
        struct.pack_into(">I", body, start, rng.choice((0, 1, 8, size - 1, size + 1, *_EDGES)))
    elif way == 1:
        body[start + 4 : start + 8] = rng.choice(found)[0].to_bytes(4) if rng.random() < 0.2 else b"free"
    elif way == 2:
        again = body[start : start + size] * rng.choice((1, 2, 20))
        body[start:start] = again
    else:
        for _ in range(rng.choice((1, 1, 2, 4))):
            place = start + 8 + rng.randrange(max(size - 8, 1))
            width = rng.choice((1, 1, 2, 4))
            held = int.from_bytes(body[place : place + width])
            new = rng.choice((rng.choice(_EDGES), held + 1, held - 1, held ^ 1 << rng.randrange(8 * width)))
            body[place : place + width] = (new & (1 << 8 * width) - 1).to_bytes(width)
    return bytes(body)


def _boxes_of(given: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give place and length of every box, those within others too."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", given, start)
        if not 8 <= size <= end - start:
            return
        yield start, size
        if kind in _BOXES_IN:
            yield from _boxes_of(given, start + 8 + _BOXES_IN[kind], start + size)
        start += size


# JSON: one value anywhere in it is replaced, left out, or put deeper; the text stays JSON.

_ODD: tuple[object, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        49,
        50,
        100,
        101,
        999,
        2**31,
        2**63,
        -(2**64),
        0.5,
        1e308,
        float("inf"),
        float("nan"),
    ),
    *("", "a", "\x00", "\ud800", "f" * 64, "F" * 63, "image", "original", "low_quality", "reader_died", "a" * 5000),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00+00:00", "2026-01-01", "24:00"),
    *([], {}, [[]], ["a", "b"], [301, "a"], {"unhashable": "blank"}, {"pdq": "0" * 64}),
)


def _json(given: bytes, rng: random.Random) -> bytes:
    value = json.loads(given)
    places = list(_places(value))
    if not places:
        return bytes_changed(given, rng)
    held, key = rng.choice(places)
    way = rng.randrange(6)
    if way < 3:
        held[key] = rng.choice(_ODD)
    elif way == 3:
        del held[key]
    elif way == 4:
        held[key] = rng.choice(([held[key]], {"a": held[key]}, [held[key]] * 101))
    else:
        other, place = rng.choice(places)
        held[key] = json.loads(json.dumps(other[place])) if place in other or isinstance(other, list) else None
    return json.dumps(value).encode()


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Give every (container, key) of it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes, random.Random], bytes]], ...] = (
    (lambda given: given.startswith(_PNG), _png),
    (lambda given: given.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda given: given.startswith((b"II*\x00", b"MM\x00*")), _tiff),
    (lambda given: given.startswith(b"RIFF") and given[8:12] == b"WEBP", _webp),
    (lambda given: given.startswith(b"GIF8"), _gif),
    (lambda given: given[4:8] == b"ftyp", _boxes),
    (lambda given: given.startswith(b"{"), _json),
)
