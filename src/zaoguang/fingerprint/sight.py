"""A decoded picture as a person sees it: upright, in plain colours, over white and over black. Child side only."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["as_seen", "upright"]

_ORIENTATION_TAG: Final = 0x0112
_Turn = Image.Transpose
_UPRIGHT: Final = {  # EXIF 2.32 §4.6.4 A: what undoes each value
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}
_OPAQUE: Final = 255
_SIXTEEN_BITS: Final = 65535


def upright(picture: Image.Image) -> Image.Image:
    """Give the picture turned as its EXIF orientation asks; a broken EXIF block asks for nothing."""
    try:
        turn = _UPRIGHT.get(picture.getexif().get(_ORIENTATION_TAG, 1))
    except (ValueError, TypeError, SyntaxError, OSError, LookupError, struct.error):
        turn = None
    return picture if turn is None else picture.transpose(turn)


def as_seen(picture: Image.Image) -> list[Image.Image]:
    """Give the picture in RGB: once, or if it is transparent twice: over white, then over black."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return [_from_deep_grey(picture)]
    if not picture.has_transparency_data:
        return [picture if picture.mode == "RGB" else picture.convert("RGB")]
    layered = picture.convert("RGBA")
    lowest, _ = layered.getchannel("A").getextrema()
    if lowest == _OPAQUE:
        return [layered.convert("RGB")]
    return [_over(layered, ground) for ground in ("white", "black")]


def _over(layered: Image.Image, ground: str) -> Image.Image:
    seen = Image.new("RGB", layered.size, ground)
    seen.paste(layered, mask=layered.getchannel("A"))
    return seen


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """Give a 16- or 32-bit grey picture in RGB: 16 bits by their whole range, wider ones by the range they use."""
    grey = np.asarray(picture)
    low, high = _range_16_bits(grey) if _fits_16_bits(picture.mode, grey) else _range(grey)
    scaled = np.subtract(grey, low, dtype=np.float32) * np.float32(255.0 / max(high - low, 1e-9))
    eight_bits = np.clip(np.nan_to_num(scaled) + 0.5, 0, _OPAQUE).astype(np.uint8)
    return Image.fromarray(eight_bits).convert("RGB")


def _fits_16_bits(mode: str, grey: NDArray[np.generic]) -> bool:
    return mode.startswith("I;16") or (mode == "I" and int(grey.min()) >= 0 and int(grey.max()) <= _SIXTEEN_BITS)


def _range_16_bits(grey: NDArray[np.generic]) -> tuple[float, float]:
    """Give the whole range; or that of eight bits, when a converter only widened them and left the high byte empty."""
    return 0.0, float(_SIXTEEN_BITS if int(grey.max()) > _OPAQUE else _OPAQUE)


def _range(grey: NDArray[np.generic]) -> tuple[float, float]:
    finite = np.asarray(grey, dtype=np.float32)
    finite = finite[np.isfinite(finite)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
