"""The quick way: a JPEG's hash from a decoding at a smaller scale, nearly always to the bit. Child side only.

What it cannot do well it leaves to the exact way: the reason says why (docs/decisions/0008-quick-way.md).
"""

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from zaoguang.fingerprint.colour import in_srgb
from zaoguang.fingerprint.kernel import Hashed, Kernel, hashed_cells
from zaoguang.fingerprint.kernel_numpy import COSINES
from zaoguang.fingerprint.orientation import turn_of
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW
from zaoguang.fingerprint.scaled_weights import SCALES, scaled_weights

__all__ = ["Exactly", "Scaled", "scaled_hash"]

_Floats = NDArray[np.float32]
_Turn = Image.Transpose

_CELLS: Final = 64
_SHORT_SIDE: Final = 512  # at a smaller scale it must still be this long; a half is taken down to half as much
_LONG_SIDE_MOST: Final = 8192
_ROWS_LOOKED_AT: Final = 128
_EDGE: Final = 3  # of 255: how near to black or full a colour is taken for cut off
_CLIPPED_MOST: Final = 6.0  # of 255: steps in brightness between neighbours, where a colour is cut off
_NOT_CLIPPED: Final = 0.15  # what a step in brightness moves where no colour is cut off, against where one is
_MOVED: Final = 0.33  # how far a wave moves for a step of 1, were a cell one sample
_NEAR_MOST: Final = 8  # so many bits may hang on waves that could cross the median
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
    down, across, swapped = _BACKWARDS[turn_of(picture, "JPEG")]
    cells = _product(
        scaled_weights(height, scale, backwards=down), picture, scaled_weights(width, scale, backwards=across)
    )
    found = hashed_cells(np.ascontiguousarray(cells.T if swapped else cells).tobytes(), kernel=kernel)
    doubt = _doubt(picture, cells, found.quality)
    return doubt or Scaled(found, (height, width) if swapped else (width, height))


def _scale(width: int, height: int) -> int:
    """Give by how much the sides are divided, or 0: not at all."""
    short, long = sorted((width, height))
    fit = [scale for scale in SCALES if short >= scale * _SHORT_SIDE] or [2] * (short >= _SHORT_SIDE)
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


def _product(down: _Floats, picture: Image.Image, across: _Floats) -> _Floats:
    """Give the 64 x 64 cells: down x brightness x across. ``down`` is a band, so it is taken eight rows at a time."""
    luma = np.asarray(picture.convert("L"))
    slabs = []
    for rows in down.reshape(8, _CELLS // 8, -1):
        used = np.flatnonzero(rows.any(axis=0))
        part = slice(int(used[0]), int(used[-1]) + 1)
        slabs.append(rows[:, part] @ luma[part].astype(np.float32))
    cells: _Floats = np.concatenate(slabs) @ across.T
    return cells


def _doubt(picture: Image.Image, cells: _Floats, quality: int) -> Exactly | None:
    """Say whether more than a few bits could come out otherwise than in full size."""
    if quality < LOW_QUALITY_BELOW + _QUALITY_DOUBT:
        return Exactly.LOW_QUALITY
    clipped, all_steps = _steps(picture)
    if clipped > _CLIPPED_MOST:
        return Exactly.CLIPPED
    side = min(picture.size) / _CELLS  # of a cell, in samples
    moved = _MOVED * (clipped + _NOT_CLIPPED * all_steps) / side
    waves = COSINES.T @ cells @ COSINES
    middle = np.partition(waves.reshape(-1), 127)[127]
    near = int(np.count_nonzero(np.abs(waves - middle) < _SPREADS * moved))
    return Exactly.DOUBTFUL if near - 1 > _NEAR_MOST else None


def _steps(picture: Image.Image) -> tuple[float, float]:
    """Give how brightness steps from sample to sample in a row (root mean square): beside cut-off ones, and all.

    A cut-off colour hides what lay beyond; a mean of cut-off pixels is not the cut-off mean of pixels.
    """
    every = max(picture.height // _ROWS_LOOKED_AT, 1)
    rows = np.asarray(picture)[::every]
    at_edge = (rows + np.uint8(_EDGE)) < 2 * _EDGE
    if at_edge.ndim == 3:  # noqa: PLR2004  # rows, columns, colours
        at_edge = at_edge[..., 0] | at_edge[..., 1] | at_edge[..., 2]
    luma = np.asarray(picture.convert("L"))[::every].astype(np.float32)
    squares = np.square(luma[:, 1:] - luma[:, :-1])
    clipped = squares[at_edge[:, 1:] | at_edge[:, :-1]].sum() / squares.size
    return float(np.sqrt(clipped)), float(np.sqrt(squares.mean()))
