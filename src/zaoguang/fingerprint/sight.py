"""A decoded picture as a person sees it: in plain colours, over white and over black. Child side only."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zaoguang.fingerprint.colour import by_gamma, in_srgb

__all__ = ["as_seen", "has_own_colours"]

_OPAQUE: Final = 255
_SIXTEEN_BITS: Final = 65535
_AS_IT_IS: Final = frozenset({"RGB", "RGBA", "L", "LA", "CMYK"})
_AS_GREY: Final = frozenset({"1"})


def has_own_colours(picture: Image.Image) -> bool:
    """Say whether the file says how its colours are meant."""
    return "icc_profile" in picture.info or "gamma" in picture.info


def as_seen(picture: Image.Image, *, true_colours: bool = True) -> list[Image.Image]:
    """Give the picture in RGB: once, or if it is transparent twice: over white, then over black.

    ``true_colours``: whether to heed what the file says of its colours.
    """
    plain = _in_eight_bits(picture)
    shown = _in_true_colours(plain, picture.info) if true_colours else plain
    if shown.mode not in {"LA", "RGBA"}:
        return [shown if shown.mode == "RGB" else shown.convert("RGB")]
    layered = shown.convert("RGBA")
    lowest, _ = layered.getchannel("A").getextrema()
    if lowest == _OPAQUE:
        return [layered.convert("RGB")]
    return [_over(layered, ground) for ground in ("white", "black")]


def _in_true_colours(picture: Image.Image, info: Mapping[str | tuple[int, int], object]) -> Image.Image:
    """Go by the profile; without one, a PNG file may say its gamma, unless it says that it is sRGB already."""
    if "icc_profile" in info:
        return in_srgb(picture, info["icc_profile"])
    return picture if "srgb" in info else by_gamma(picture, info.get("gamma"))


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Give the picture in one of the modes that colour profiles are made for."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_deep_grey(picture)
    if picture.has_transparency_data:
        return picture if picture.mode in _AS_IT_IS and picture.mode.endswith("A") else picture.convert("RGBA")
    if picture.mode in _AS_IT_IS:
        return picture
    return picture.convert("L" if picture.mode in _AS_GREY else "RGB")


def _over(layered: Image.Image, ground: str) -> Image.Image:
    seen = Image.new("RGB", layered.size, ground)
    seen.paste(layered, mask=layered.getchannel("A"))
    return seen


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """Give a 16- or 32-bit grey picture in eight: 16 bits by their whole range, wider ones by the range they use."""
    grey = np.asarray(picture)
    low, high = _range_16_bits(grey) if _fits_16_bits(picture.mode, grey) else _range(grey)
    scaled = np.subtract(grey, low, dtype=np.float32) * np.float32(255.0 / max(high - low, 1e-9))
    return Image.fromarray(np.clip(np.nan_to_num(scaled) + 0.5, 0, _OPAQUE).astype(np.uint8))


def _fits_16_bits(mode: str, grey: NDArray[np.generic]) -> bool:
    return mode.startswith("I;16") or (mode == "I" and int(grey.min()) >= 0 and int(grey.max()) <= _SIXTEEN_BITS)


def _range_16_bits(grey: NDArray[np.generic]) -> tuple[float, float]:
    """Give the whole range; or that of eight bits, when a converter only widened them and left the high byte empty."""
    return 0.0, float(_SIXTEEN_BITS if int(grey.max()) > _OPAQUE else _OPAQUE)


def _range(grey: NDArray[np.generic]) -> tuple[float, float]:
    finite = np.asarray(grey, dtype=np.float32)
    finite = finite[np.isfinite(finite)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
