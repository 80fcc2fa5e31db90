"""The edits that copies of a picture go through on their way: what it shows stays the same, its bytes do not.

Strengths are such that each shipped photograph stays well within PDQ's radius of 31 bits in one of the eight
orientations. The largest distances met, over all photographs and 30 seeds each: same_bytes and png 0, exif_turned 2,
avif and cmyk_jpeg 4, recompressed 6, webp 8, gif 14, palette_png 20, resized and mirrored 22, turned 24.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from PIL import Image

__all__ = ["EDITS", "Edit"]

_ORIENTATION = 0x0112  # Exif 2.32 §4.6.4, tag 274
_Turn = Image.Transpose
# What undoes the turn that a viewer makes for an orientation tag (Exif 2.32 §4.6.4, orientations 2 to 8).
_STORED: Mapping[int, Image.Transpose] = {
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_90,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_270,
}
# Nearer to half of 512 pixels PDQ averages over other groups of them, and moves up to 30 bits: to the match radius.
_SCALES = (0.7, 0.92)
_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One kind of edit; ``make`` takes a JPEG and a source of chance, and gives a file of the kind ``suffix`` says."""

    name: str
    suffix: str
    make: Callable[[bytes, Random], bytes]

    @property
    def content_type(self) -> str:
        """The media type that a site serves it with."""
        return _TYPES[self.suffix]


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def _same(content: bytes, random: Random) -> bytes:
    del random
    return content


def _recompressed(content: bytes, random: Random) -> bytes:
    return _saved(_open(content), "JPEG", quality=random.randint(30, 80))


def _resized(content: bytes, random: Random) -> bytes:
    picture = _open(content)
    scale = random.uniform(*_SCALES)
    size = (round(picture.width * scale), round(picture.height * scale))
    return _saved(picture.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=85)


def _webp(content: bytes, random: Random) -> bytes:
    return _saved(_open(content), "WEBP", quality=random.randint(50, 90), method=1)


def _avif(content: bytes, random: Random) -> bytes:
    return _saved(_open(content), "AVIF", quality=random.randint(50, 80), speed=10, max_threads=1)


def _png(content: bytes, random: Random) -> bytes:
    return _saved(_open(content), "PNG", compress_level=random.randint(1, 2))


def _gif(content: bytes, random: Random) -> bytes:
    colours = random.randint(192, 256)
    return _saved(_open(content).quantize(colours, method=Image.Quantize.FASTOCTREE), "GIF")


def _palette_png(content: bytes, random: Random) -> bytes:
    colours = random.choice((64, 128, 256))
    return _saved(_open(content).quantize(colours, method=Image.Quantize.FASTOCTREE), "PNG", compress_level=1)


def _cmyk(content: bytes, random: Random) -> bytes:
    """Four colours for print; Pillow writes them inverted and with Adobe's marker, as Adobe's programs do."""
    return _saved(_open(content).convert("CMYK"), "JPEG", quality=random.randint(75, 90))


def _exif_turned(content: bytes, random: Random) -> bytes:
    """Store the pixels turned, with the tag that has every viewer turn them back."""
    orientation = random.choice(sorted(_STORED))
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return _saved(_open(content).transpose(_STORED[orientation]), "JPEG", quality=85, exif=exif)


def _mirrored(content: bytes, random: Random) -> bytes:
    return _saved(_open(content).transpose(_Turn.FLIP_LEFT_RIGHT), "JPEG", quality=random.randint(75, 92))


def _turned(content: bytes, random: Random) -> bytes:
    turn = random.choice((_Turn.ROTATE_90, _Turn.ROTATE_180, _Turn.ROTATE_270))
    return _saved(_open(content).transpose(turn), "JPEG", quality=random.randint(75, 92))


EDITS: Mapping[str, Edit] = {
    edit.name: edit
    for edit in (
        Edit("same_bytes", ".jpg", _same),
        Edit("recompressed", ".jpg", _recompressed),
        Edit("resized", ".jpg", _resized),
        Edit("webp", ".webp", _webp),
        Edit("avif", ".avif", _avif),
        Edit("png", ".png", _png),
        Edit("gif", ".gif", _gif),
        Edit("palette_png", ".png", _palette_png),
        Edit("cmyk_jpeg", ".jpg", _cmyk),
        Edit("exif_turned", ".jpg", _exif_turned),
        Edit("mirrored", ".jpg", _mirrored),
        Edit("turned", ".jpg", _turned),
    )
}
"""Every edit by name."""
