"""A decoded picture's colours as a browser shows them: by the colour profile that the file carries. Child side only.

A profile matters where it changes brightness, for that is what is hashed: linear light, a gamma other than sRGB's,
printing inks. One that is broken, too large, or made for other colours than the picture has is ignored.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageCms

__all__ = ["PROFILE_BYTES_MOST", "by_gamma", "in_srgb"]

PROFILE_BYTES_MOST: Final = 16 << 20
"""What fits in a JPEG file (255 segments), so that nobody can pad a profile past us; a larger one is ignored."""

_Colours = Callable[[Image.Image], Image.Image]
_HEADER_BYTES: Final = 128  # ICC.1:2022 §7.2
_SPACES: Final = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_PROBE_STEPS: Final = 9
_NOTICED: Final = 2  # of 255 in brightness; less than a re-save changes

_GAMMA_LEAST, _GAMMA_MOST = 0.1, 10.0
_STRAIGHT_UP_TO: Final = 0.0031308  # sRGB: IEC 61966-2-1 §5.2
_IDENTITY: Final = np.arange(256)

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def in_srgb(picture: Image.Image, untrusted_profile: object) -> Image.Image:
    """Give an 8-bit picture (L, RGB or CMYK; the first two perhaps with alpha) in sRGB, by its profile if any."""
    if not isinstance(untrusted_profile, bytes) or not _HEADER_BYTES < len(untrusted_profile) <= PROFILE_BYTES_MOST:
        return picture
    space = _SPACES.get(untrusted_profile[16:20])
    if picture.mode in {"LA", "RGBA"}:
        plain = in_srgb(picture.convert(picture.mode[:-1]), untrusted_profile)
        plain.putalpha(picture.getchannel("A"))
        return plain
    if picture.mode == "L" and space == "RGB":
        picture = picture.convert("RGB")
    if picture.mode != space:
        return picture
    colours = _colours(untrusted_profile, space)
    return picture if colours is None else colours(picture)


def by_gamma(picture: Image.Image, untrusted_gamma: object) -> Image.Image:
    """Give an 8-bit picture (L or RGB, perhaps with alpha) in sRGB, by the gamma a PNG file says (PNG §11.3.2.2)."""
    if not isinstance(untrusted_gamma, float) or not _GAMMA_LEAST <= untrusted_gamma <= _GAMMA_MOST:
        return picture
    linear = (_IDENTITY / 255) ** (1 / untrusted_gamma)
    encoded = np.where(linear <= _STRAIGHT_UP_TO, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    curve = (encoded * 255).round().astype(int)
    if np.abs(curve - _IDENTITY).max() <= _NOTICED or picture.mode == "CMYK":
        return picture
    bands = [_IDENTITY if band == "A" else curve for band in picture.getbands()]
    return picture.point([int(value) for band in bands for value in band])


@lru_cache(maxsize=2)  # most pictures of a batch have one of few profiles
def _colours(untrusted_profile: bytes, mode: str) -> _Colours | None:
    """Give what the profile does to pictures of that mode; ``None`` if it is broken or does nothing one would see.

    By the perceptual tables where there are any, else relative colorimetric: what browsers do.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(untrusted_profile))
        transform = ImageCms.ImageCmsTransform(profile, _SRGB, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        changes = mode == "CMYK" or _is_noticed(transform, mode)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None
    return transform.apply if changes else None


def _is_noticed(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Try the profile on colours from all over the cube."""
    probe = _probe().convert(mode)
    before, after = (np.asarray(each.convert("L"), dtype=np.int16) for each in (probe, transform.apply(probe)))
    return int(np.abs(before - after).max()) > _NOTICED


def _probe() -> Image.Image:
    steps = np.linspace(0, 255, _PROBE_STEPS).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    return Image.fromarray(cube.reshape(_PROBE_STEPS, -1, 3))
