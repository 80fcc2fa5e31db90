"""The sandbox's job “picture”: decode untrusted bytes with Pillow and hash what a person would see. Child side only.

Nothing here runs in the caller's process: a decoder that is taken over finds itself in a locked child.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pdqhash
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
from zaoguang.fingerprint.pdq import ORIENTATIONS
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW, Reason
from zaoguang.fingerprint.sight import as_seen, upright
from zaoguang.sandbox import Json

__all__ = ["FORMATS", "PIXELS_MOST", "job", "prepare"]

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF")
"""The only formats that are ever opened; each further decoder is a further way in."""

PIXELS_MOST: Final = 64_000_000
"""More than phones take at once; told from the header, before a pixel is decoded."""

_EXACT_PIXELS: Final = 20_000_000  # pdqhash needs about 40 bytes a pixel; above this the picture is halved first
_SHORT_SIDE_LEAST: Final = 16
_MISSING_MOST: Final = 1 / 16  # of the rows
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
    NotImplementedError,
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


class _Hashed(NamedTuple):
    variants: tuple[str, ...]
    quality: int
    blank: bool


def prepare() -> None:
    """Set Pillow up for the locked child, in which no thread can be started and no module loaded any more."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MOST // 2  # Pillow warns at this number and refuses at twice it
    warnings.simplefilter("ignore")
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image._initialized = 2  # noqa: SLF001  # Pillow looks for more plugins on disk when a file fits none of those loaded


def job(untrusted_bytes: bytes, options: Mapping[str, Json]) -> Json:
    """Give ``pdq``, ``quality``, ``width``, ``height``, ``variants`` and perhaps ``on_black``, or ``unhashable``."""
    del options
    try:
        picture = _picture(untrusted_bytes)
        if isinstance(picture, Reason):
            return {"unhashable": picture.value}
        grounds = as_seen(upright(picture))
        return _answer([_hashed(seen) for seen in grounds], grounds[0].size)
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


def _hashed(seen: Image.Image) -> _Hashed:
    """Hash one RGB picture in its eight orientations.

    Very large ones are halved until pdqhash fits into memory: at that size a cell of its grid is dozens of pixels
    wide, so a bit or two may move.
    """
    if int(np.ptp(np.asarray(seen.convert("L")))) <= _BLANK_RANGE:
        return _Hashed((), 0, blank=True)
    while seen.width * seen.height > _EXACT_PIXELS:
        seen = seen.reduce(2)
    vectors, quality = pdqhash.compute_dihedral(np.asarray(seen))
    return _Hashed(tuple(np.packbits(vector).tobytes().hex() for vector in vectors), int(quality), blank=False)


def _answer(grounds: list[_Hashed], size: tuple[int, int]) -> Json:
    """Choose the ground that shows the picture: white if it is good enough there, else black if it is there."""
    good = [hashed for hashed in grounds if not hashed.blank and hashed.quality >= LOW_QUALITY_BELOW]
    if not good:
        return _no_good(grounds)
    first, *rest = good
    answer: dict[str, Json] = {
        "kind": "image",
        "pdq": first.variants[0],
        "quality": first.quality,
        "width": size[0],
        "height": size[1],
        "variants": dict(zip(ORIENTATIONS, first.variants, strict=True)),
    }
    if rest and rest[0].variants[0] != first.variants[0]:
        answer["on_black"] = rest[0].variants[0]
    return answer


def _no_good(grounds: list[_Hashed]) -> Json:
    best = max((hashed for hashed in grounds if not hashed.blank), key=lambda hashed: hashed.quality, default=None)
    if best is None:
        return {"unhashable": Reason.BLANK.value}
    return {"unhashable": Reason.LOW_QUALITY.value, "pdq": best.variants[0], "quality": best.quality}


def _reason_for(error: BaseException) -> Reason:
    """Tell a file that ends too early from one that is wrong; Pillow has no type for it, only words."""
    if isinstance(error, UnidentifiedImageError):
        return Reason.NOT_A_PICTURE
    words = str(error).lower()
    cut = isinstance(error, EOFError) or any(word in words for word in ("truncated", "not enough image data", "eof"))
    return Reason.TRUNCATED if cut else Reason.NOT_A_PICTURE
