"""The quick way: a JPEG's hash from a decoding at a smaller scale, nearly always to the bit. Child side only.

What it cannot do well it leaves to the exact way: the reason says why (docs/decisions/0008-quick-way.md).
"""

import io
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from PIL import Image, JpegImagePlugin

from zaoguang.fingerprint.colour import in_srgb
from zaoguang.fingerprint.kernel import Hashed, Kernel, Samples, Seen, hashed_samples
from zaoguang.fingerprint.kernel_scaled import ROWS_LOOKED_AT, STEP
from zaoguang.fingerprint.orientation import turn_of
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW
from zaoguang.fingerprint.scaled_weights import SCALES, packed_weights

__all__ = ["Exactly", "Scaled", "scaled_hash"]

_Turn = Image.Transpose

_CELLS: Final = 64
_SHORT_SIDE: Final = 256  # at a smaller scale it must still be this long
_LONG_SIDE_MOST: Final = 8192
_CLIPPED_MOST: Final = 10.0  # of 255: steps in brightness between neighbours, where a colour is cut off
_NOT_CLIPPED: Final = 0.15  # what a step in brightness moves where no colour is cut off, against where one is
_MOVED: Final = 0.33  # how far a wave moves for a step of 1, were a cell one sample
_NEAR_MOST: Final = 6  # so many bits may hang on waves that could cross the median
_SPREADS: Final = 2.0
_QUALITY_DOUBT: Final = 5

_BACKWARDS: Final[dict[_Turn | None, tuple[bool, bool, bool]]] = {  # rows, columns of the file; then: are they swapped
    None: (False, False, False),
    _Turn.FLIP_LEFT_RIGHT: (False, True, False),
    _Turn.ROTATE_180: (True, True, False),
    _Turn.FLIP_TOP_BOTTOM: (True, False, False),
    _Turn.TRANSPOSE: (False, False, True),
    _Turn.ROTATE_270: (True, False, True),
    _Turn.TRANSVERSE: (True, True, True),
    _Turn.ROTATE_90: (False, True, True),
}


class Exactly(StrEnum):
    """Why a picture is left to the exact way."""

    NOT_A_JPEG = "not_a_jpeg"
    SIZE = "size"
    COLOURS = "colours"
    PROFILE = "profile"
    CLIPPED = "clipped"
    DOUBTFUL = "doubtful"
    LOW_QUALITY = "low_quality"


@dataclass(frozen=True, slots=True)
class Scaled:
    """What a picture hashes to, and its full size as a person sees it."""

    hashed: Hashed
    size: tuple[int, int]


def scaled_hash(untrusted_bytes: bytes, kernel: Kernel | None) -> Scaled | Exactly:
    """Hash a JPEG at the smallest scale that keeps the bits, or say why not; raises what Pillow raises."""
    if not untrusted_bytes.startswith(b"\xff\xd8\xff"):
        return Exactly.NOT_A_JPEG
    picture = Image.open(io.BytesIO(untrusted_bytes), formats=("JPEG",))
    width, height = picture.size
    scale = _scale(width, height)
    why = _unfit(picture) if scale else Exactly.SIZE
    if why is not None:
        return why
    picture.draft(picture.mode, (width // scale, height // scale))
    picture.load()
    if picture.size != (-(-width // scale), -(-height // scale)):
        return Exactly.SIZE
    if in_srgb(picture, picture.info.get("icc_profile")) is not picture:
        return Exactly.PROFILE
    seen = hashed_samples(_samples(picture, (width, height), scale), kernel=kernel)
    doubt = _doubt(picture, seen)
    turned = _BACKWARDS[turn_of(picture, "JPEG")][2]
    return doubt or Scaled(seen.hashed, (height, width) if turned else (width, height))


def _scale(width: int, height: int) -> int:
    """Give by how much the sides are divided, or 0: not at all."""
    short, long = sorted((width, height))
    fit = [scale for scale in SCALES if short >= scale * _SHORT_SIDE]
    return fit[0] if fit and long <= fit[0] * _LONG_SIDE_MOST else 0


def _unfit(picture: Image.Image) -> Exactly | None:
    """Say whether it is no plain JPEG: other colours than grey or red, green, blue; or a brightness saved coarsely."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return Exactly.NOT_A_JPEG
    first, *others = picture.layer
    coarse = any(other[side] > first[side] for other in others for side in (1, 2))
    if picture.mode not in {"L", "RGB"} or coarse:
        return Exactly.COLOURS
    return None


def _samples(picture: Image.Image, full: tuple[int, int], scale: int) -> Samples:
    """Give the pixels as they are, the weights from the end at which the picture begins when it stands upright."""
    down, across, swapped = _BACKWARDS[turn_of(picture, "JPEG")]
    width, height = full
    grey = picture.mode == "L"
    return Samples(
        picture.tobytes() if grey else picture.tobytes("raw", "RGBX"),
        picture.height,
        picture.width,
        1 if grey else 4,
        packed_weights(height, scale, backwards=down),
        packed_weights(width, scale, backwards=across),
        swapped,
    )


def _doubt(picture: Image.Image, seen: Seen) -> Exactly | None:
    """Say whether more than a few bits could come out otherwise than in full size.

    A cut-off colour hides what lay beyond; a mean of cut-off pixels is not the cut-off mean of pixels. So what counts
    is how brightness steps from sample to sample in a row (root mean square): beside cut-off colours, and everywhere.
    """
    if seen.hashed.quality < LOW_QUALITY_BELOW + _QUALITY_DOUBT:
        return Exactly.LOW_QUALITY
    rows = -(-picture.height // max(picture.height // ROWS_LOOKED_AT, 1))
    clipped, steps = (
        STEP * math.sqrt(squares / (rows * (picture.width - 1))) for squares in (seen.clipped_steps, seen.all_steps)
    )
    if clipped > _CLIPPED_MOST:
        return Exactly.CLIPPED
    side = min(picture.size) / _CELLS  # of a cell, in samples
    moved = _MOVED * (clipped + _NOT_CLIPPED * steps) / side
    waves = np.frombuffer(seen.waves, dtype=np.float32)
    middle = np.partition(waves, 127)[127]
    near = int(np.count_nonzero(np.abs(waves - middle) < _SPREADS * moved))
    return Exactly.DOUBTFUL if near - 1 > _NEAR_MOST else None
