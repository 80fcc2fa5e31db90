"""The sandbox's job “picture”: decode untrusted bytes with Pillow and hash what a person would see. Child side only.

Nothing here runs in the caller's process: a decoder that is taken over finds itself in a locked child.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
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

from zaoguang.fingerprint.colour import PROFILE_BYTES_MOST
from zaoguang.fingerprint.ending import says_it_goes_on
from zaoguang.fingerprint.frames import Distinct, FrameTime, Look, TooManyFramesError, later_frames
from zaoguang.fingerprint.heif import register_heif
from zaoguang.fingerprint.kernel import Hashed, Kernel, hashed
from zaoguang.fingerprint.orientation import upright
from zaoguang.fingerprint.pdq import ORIENTATIONS, Pdq
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW, Reason
from zaoguang.fingerprint.scaled import Scaled, scaled_hash
from zaoguang.fingerprint.sight import as_seen, has_own_colours
from zaoguang.sandbox import Json

__all__ = ["FORMATS", "PIXELS_MOST", "job", "prepare"]

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF", "HEIF")
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
    RuntimeError,  # libavif and libheif, of whatever they cannot do
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


@dataclass(frozen=True, slots=True)
class Poor:
    """A frame without a fingerprint: blank, or of so low a quality."""

    pdq: Pdq | None = None
    quality: int | None = None


def prepare() -> None:
    """Set Pillow up for the locked child, in which no thread can be started and no module loaded any more."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MOST // 2  # Pillow warns at this number and refuses at twice it
    warnings.simplefilter("ignore")
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    PngImagePlugin.MAX_TEXT_CHUNK = PROFILE_BYTES_MOST  # it bounds the colour profile too
    register_heif()
    Image._initialized = 2  # noqa: SLF001  # Pillow looks for more plugins on disk when a file fits none of those loaded


def job(untrusted_bytes: bytes, options: Mapping[str, Json]) -> Json:
    """Give what ``record.from_json`` reads, but for ``sha256``: a fingerprint, or why there is none.

    ``options``: ``kernel`` may name the kernel to hash with (tests compare the two); ``exact``: false lets a JPEG be
    hashed at a smaller scale, and the answer says so.
    """
    kernel = Kernel(str(options["kernel"])) if "kernel" in options else None
    frame_time = FrameTime.of_this_job()
    quick = _quick(untrusted_bytes, kernel) if options.get("exact") is False else None
    if quick is not None:
        return quick
    try:
        picture = _picture(untrusted_bytes)
        if isinstance(picture, Reason):
            return {"unhashable": picture.value}
        first = _look(picture, kernel)
    except _DECODER_ERRORS as error:
        return {"unhashable": _reason_for(error).value}
    return _answer(*_looked_through(picture, first, kernel, frame_time))


def _looked_through(
    picture: Image.Image, first: Look | Poor, kernel: Kernel | None, frame_time: FrameTime
) -> tuple[Distinct, Poor, bool]:
    """Give the distinct looks of all frames, the best of the poor ones, and whether something was not looked at."""
    distinct, poor, partial = Distinct(), Poor(), False
    looks = chain([first], (_later_look(picture, kernel) for _ in later_frames(picture, frame_time)))
    try:
        for look in looks:
            if isinstance(look, Look):
                distinct.add(look)
            elif look.quality is not None and look.quality > (poor.quality or -1):
                poor = look
    except (TooManyFramesError, MemoryError, Image.DecompressionBombError, *_DECODER_ERRORS):
        partial = True  # a viewer, too, shows what came before
    return distinct, poor, partial or distinct.full


def _later_look(picture: Image.Image, kernel: Kernel | None) -> Look | Poor:
    """Decode the frame that was sought and hash it; a page of another size than is hashed is passed over."""
    if _wrong_size(picture) is not None:
        return Poor()
    picture.load()
    return _look(picture, kernel) if _wrong_size(picture) is None else Poor()


def _look(picture: Image.Image, kernel: Kernel | None) -> Look | Poor:
    """Hash the frame now decoded; a colour profile that would hide it from us is left aside."""
    turned = upright(picture, picture.format)
    look = _best_look(as_seen(turned), picture.tell(), kernel)
    if isinstance(look, Poor) and has_own_colours(turned):
        look = _best_look(as_seen(turned, true_colours=False), picture.tell(), kernel)
    return look


def _best_look(grounds: list[Image.Image], number: int, kernel: Kernel | None) -> Look | Poor:
    """Hash a frame on each ground and choose the one that shows it: white if it is good enough there, else black."""
    found = [each for each in (_hashed(seen, kernel) for seen in grounds) if each is not None]
    good = [each for each in found if each.quality >= LOW_QUALITY_BELOW]
    if not good:
        best = max(found, key=lambda each: each.quality, default=None)
        return Poor() if best is None else Poor(best.variants[0], best.quality)
    first, *rest = good
    on_black = rest[0].variants[0] if rest and rest[0].variants[0] != first.variants[0] else None
    return Look(number, first.variants, first.quality, on_black, grounds[0].size)


def _quick(untrusted_bytes: bytes, kernel: Kernel | None) -> Json:
    """Hash a JPEG at a smaller scale; ``None`` when it must be done exactly, or whatever is wrong with it be told."""
    try:
        found = scaled_hash(untrusted_bytes, kernel)
    except (Image.DecompressionBombError, *_DECODER_ERRORS):
        return None
    if not isinstance(found, Scaled):
        return None
    only = Look(0, found.hashed.variants, found.hashed.quality, None, found.size)
    return {**_described(only), "exact": False}


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
        picture = _decoded(_without_exif(untrusted_bytes))
    except (Image.DecompressionBombError, *_DECODER_ERRORS):
        return reason
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return picture if isinstance(picture, Reason) or _almost_whole(picture) else reason


def _without_exif(untrusted_bytes: bytes) -> bytes:
    """Rename the EXIF item of an AVIF or HEIC file: Pillow opens none whose block is broken, and viewers do."""
    return untrusted_bytes.replace(b"Exif", b"Free") if untrusted_bytes[4:8] == b"ftyp" else untrusted_bytes


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


def _answer(distinct: Distinct, poor: Poor, partial: bool) -> Json:  # noqa: FBT001  # spread from a tuple
    if not distinct.kept:
        if poor.pdq is None:
            return {"unhashable": Reason.BLANK.value}
        return {"unhashable": Reason.LOW_QUALITY.value, "pdq": poor.pdq.hex, "quality": poor.quality}
    first, *rest = distinct.kept
    answer = _described(first)
    if rest:
        answer["frames"] = [{"number": look.number, **_hashes(look)} for look in distinct.kept]
    if partial:
        answer["partial"] = True
    return answer


def _described(look: Look) -> dict[str, Json]:
    return {"kind": "image", "width": look.size[0], "height": look.size[1], **_hashes(look)}


def _hashes(look: Look) -> dict[str, Json]:
    hashes: dict[str, Json] = {
        "pdq": look.variants[0].hex,
        "quality": look.quality,
        "variants": {name: pdq.hex for name, pdq in zip(ORIENTATIONS, look.variants, strict=True)},
    }
    return hashes | ({"on_black": look.on_black.hex} if look.on_black is not None else {})


def _reason_for(error: BaseException) -> Reason:
    """Tell a file that ends too early from one that is wrong; Pillow has no type for it, only words."""
    if isinstance(error, UnidentifiedImageError):
        return Reason.NOT_A_PICTURE
    words = str(error).lower()
    cut = isinstance(error, EOFError) or any(word in words for word in ("truncated", "not enough image data", "eof"))
    return Reason.TRUNCATED if cut else Reason.NOT_A_PICTURE
