"""The sandbox's job “picture”: decode untrusted bytes with Pillow and hash what a person would see. Child side only.

Nothing here runs in the caller's process: a decoder that is taken over finds itself in a locked child.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageCms,
    ImageColor,
    ImageFile,
    ImagePalette,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from zaoguang.fingerprint.ending import says_it_goes_on
from zaoguang.fingerprint.kernel import Hashed, Kernel, hashed
from zaoguang.fingerprint.pdq import ORIENTATIONS
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW, Reason
from zaoguang.fingerprint.sight import as_seen, upright
from zaoguang.sandbox import Json

__all__ = ["FORMATS", "PIXELS_MOST", "job", "prepare"]

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF")
"""The only formats that are ever opened; each further decoder is a further way in."""

PIXELS_MOST: Final = 64_000_000
"""More than phones take at once; told from the header, before a pixel is decoded."""

_SHORT_SIDE_LEAST: Final = 16
_MISSING_MOST: Final = 1 / 16  # of the rows
_STRIP_PIXELS: Final = 1 << 18
_ROWS_BY: Final = 16  # what the kernel takes at a time
_BLANK_RANGE: Final = 4  # of 255; JPEG noise on one even colour stays below this

# What Pillow's decoders raise on hostile input; all of them mean the same to us. MemoryError passes: it is a refusal.
_DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    EOFError,
    AttributeError,
    RuntimeError,  # libavif, of whatever it cannot do
    AssertionError,  # Pillow asserts what only a right file has: a palette
    struct.error,
    zlib.error,
)


# Imported for what their import does: it registers a decoder, or makes ready what Pillow would otherwise load late
# (JPEG with several pictures in it, as phones write; Lab colours in TIFF; names of colours; palettes).
_LOADED: Final = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    ImageCms,
    ImageColor,
    ImagePalette,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)


def prepare() -> None:
    """Set Pillow up for the locked child, in which no thread can be started and no module loaded any more."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MOST // 2  # Pillow warns at this number and refuses at twice it
    warnings.simplefilter("ignore")
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image._initialized = 2  # noqa: SLF001  # Pillow looks for more plugins on disk when a file fits none of those loaded


def job(untrusted_bytes: bytes, options: Mapping[str, Json]) -> Json:
    """Give ``pdq``, ``quality``, ``width``, ``height``, ``variants`` and perhaps ``on_black``, or ``unhashable``.

    ``options``: ``kernel`` may name the kernel to hash with (tests compare the two).
    """
    kernel = Kernel(str(options["kernel"])) if "kernel" in options else None
    try:
        picture = _picture(untrusted_bytes)
        if isinstance(picture, Reason):
            return {"unhashable": picture.value}
        grounds = as_seen(upright(picture))
        return _answer([_hashed(seen, kernel) for seen in grounds], grounds[0].size)
    except _DECODER_ERRORS as error:
        return {"unhashable": _reason_for(error).value}


def _picture(untrusted_bytes: bytes) -> Image.Image | Reason:
    """Decode strictly; if that fails, as forgivingly as a browser: a flaw that nobody sees must not hide a picture."""
    try:
        return _decoded(untrusted_bytes)
    except Image.DecompressionBombError:
        return Reason.TOO_MANY_PIXELS
    except _DECODER_ERRORS as error:
        reason = Reason.TRUNCATED if says_it_goes_on(untrusted_bytes) else _reason_for(error)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        picture = _decoded(untrusted_bytes)
    except (Image.DecompressionBombError, *_DECODER_ERRORS):
        return reason
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return picture if isinstance(picture, Reason) or _almost_whole(picture) else reason


def _decoded(untrusted_bytes: bytes) -> Image.Image | Reason:
    """Decode the first frame, if the header promises a size that is neither too much nor too little."""
    picture = Image.open(io.BytesIO(untrusted_bytes), formats=FORMATS)
    wrong = _wrong_size(picture)
    if wrong is None:
        picture.load()
        wrong = _wrong_size(picture)  # some headers (ICO) promise another size than they hold
    return picture if wrong is None else wrong


def _wrong_size(picture: Image.Image) -> Reason | None:
    width, height = picture.size
    if width * height > PIXELS_MOST:
        return Reason.TOO_MANY_PIXELS
    return Reason.TOO_SMALL if min(width, height) < _SHORT_SIDE_LEAST else None


def _almost_whole(picture: Image.Image) -> bool:
    """Say whether a forgivingly decoded picture lost at most its last rows, which a browser would not mind either.

    Rows that never came hold one single value (JPEG: 128, others: 0). Rows that are flat by themselves are counted as
    missing too, and an interlaced picture misses its part everywhere: neither is taken for whole.
    """
    missing = int(np.count_nonzero(np.ptp(np.asarray(picture).reshape(picture.height, -1), axis=1) == 0))
    return missing <= picture.height * _MISSING_MOST and not picture.info.get("interlace")


def _hashed(seen: Image.Image, kernel: Kernel | None) -> Hashed | None:
    """Hash one RGB picture in its eight orientations; ``None`` when it is blank."""
    return None if _is_blank(seen) else hashed(_pieces(seen), *seen.size, kernel=kernel)


def _is_blank(seen: Image.Image) -> bool:
    """Look at the brightness piece by piece: few pictures need more than the first."""
    lowest, highest = 255, 0
    for piece in _strips(seen):
        grey = np.asarray(piece.convert("L"))
        lowest, highest = min(lowest, int(grey.min())), max(highest, int(grey.max()))
        if highest - lowest > _BLANK_RANGE:
            return False
    return True


def _pieces(seen: Image.Image) -> Iterator[bytes]:
    return (piece.tobytes() for piece in _strips(seen))


def _strips(seen: Image.Image) -> Iterator[Image.Image]:
    """Cut the picture into strips so small that the memory of one serves for the next, which is far faster."""
    rows = max(_STRIP_PIXELS // seen.width // _ROWS_BY, 1) * _ROWS_BY
    for top in range(0, seen.height, rows):
        yield seen.crop((0, top, seen.width, min(top + rows, seen.height)))


def _answer(grounds: list[Hashed | None], size: tuple[int, int]) -> Json:
    """Choose the ground that shows the picture: white if it is good enough there, else black if it is there."""
    good = [ground for ground in grounds if ground is not None and ground.quality >= LOW_QUALITY_BELOW]
    if not good:
        return _no_good(grounds)
    first, *rest = good
    answer: dict[str, Json] = {
        "kind": "image",
        "pdq": first.variants[0].hex,
        "quality": first.quality,
        "width": size[0],
        "height": size[1],
        "variants": {name: pdq.hex for name, pdq in zip(ORIENTATIONS, first.variants, strict=True)},
    }
    if rest and rest[0].variants[0] != first.variants[0]:
        answer["on_black"] = rest[0].variants[0].hex
    return answer


def _no_good(grounds: list[Hashed | None]) -> Json:
    best = max((ground for ground in grounds if ground is not None), key=lambda ground: ground.quality, default=None)
    if best is None:
        return {"unhashable": Reason.BLANK.value}
    return {"unhashable": Reason.LOW_QUALITY.value, "pdq": best.variants[0].hex, "quality": best.quality}


def _reason_for(error: BaseException) -> Reason:
    """Tell a file that ends too early from one that is wrong; Pillow has no type for it, only words."""
    if isinstance(error, UnidentifiedImageError):
        return Reason.NOT_A_PICTURE
    words = str(error).lower()
    cut = isinstance(error, EOFError) or any(word in words for word in ("truncated", "not enough image data", "eof"))
    return Reason.TRUNCATED if cut else Reason.NOT_A_PICTURE
