"""What each pixel of a JPEG decoded at a smaller scale weighs in PDQ's 64 cells, along one axis.

PDQ filters with a box, twice, then keeps 64 items: that is linear, so along one axis it is a matrix of 64 x length.
A decoder that gives 4, 2 or 1 samples for each block of 8 keeps the block's lowest waves (ITU-T T.81, A.3.3). Spread
out again over the 8 pixels, what they are worth in a cell is the same matrix times the spreading: 64 x scaled length.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "SCALES", "scaled_weights"]

BLOCK: Final = 8
SCALES: Final = (8, 4, 2)
"""By how much a JPEG decoder can divide the sides."""

_CELLS: Final = 64
_Doubles = NDArray[np.float64]
_Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Boxes:
    """The box around each item, cut at the ends of the axis, as ``_Axis`` in kernel_numpy has it."""

    length: int

    @property
    def window(self) -> int:
        return -(-self.length // (2 * _CELLS))

    def around(self, items: _Places) -> tuple[_Places, _Places]:
        """Give the first and the last item of each box."""
        last = items + (self.window + 2) // 2 - 1
        return np.maximum(last - self.window + 1, 0), np.minimum(last, self.length - 1)


@lru_cache(maxsize=32)
def scaled_weights(length: int, scale: int, *, backwards: bool = False) -> NDArray[np.float32]:
    """Give 64 x ⌈length / scale⌉ weights; each row sums to 1. ``length``: full pixels; ``scale``: one of ``SCALES``.

    ``backwards``: the axis is read from its other end once the picture stands upright.
    """
    starts, pixels = _pixel_weights(_Boxes(length), backwards=backwards)
    kept = BLOCK // scale
    blocks = pixels.shape[1] // BLOCK
    by_block = pixels.reshape(_CELLS, blocks, BLOCK)
    # Of a block that sticks out some samples are not given: there each sample stands for the pixels it covers.
    sticks_out = (length % BLOCK != 0) & (starts[:, None] + np.arange(blocks) == length // BLOCK)
    spread = np.where(sticks_out[:, :, None], by_block @ _flat(kept), by_block @ _waved(kept))
    scaled = -(-length // scale)
    weights = np.zeros((_CELLS, scaled + blocks * kept + BLOCK))
    places = starts[:, None] * kept + np.arange(blocks * kept)
    np.put_along_axis(weights, places, spread.reshape(_CELLS, -1), axis=1)
    found = np.ascontiguousarray(weights[:, :scaled], dtype=np.float32)
    found.flags.writeable = False
    return found


def _pixel_weights(boxes: _Boxes, *, backwards: bool) -> tuple[_Places, _Doubles]:
    """Give, for each cell, the block in which its weights begin and the weights of the pixels from there on.

    A cell is the mean of a box of means of boxes: each inner box adds one even stretch, of which the beginning and the
    end are noted and summed up after.
    """
    cells = ((np.arange(_CELLS) + 0.5) * boxes.length / _CELLS).astype(np.intp)
    first, last = boxes.around(cells)
    inner = first[:, None] + np.arange(boxes.window)
    worth = np.where(inner <= last[:, None], 1.0 / (last - first + 1)[:, None], 0.0)
    begins, ends = boxes.around(np.minimum(inner, last[:, None]))
    worth /= ends - begins + 1
    if backwards:
        begins, ends = boxes.length - 1 - ends, boxes.length - 1 - begins
    starts = begins.min(axis=1) // BLOCK
    width = BLOCK * (-(-2 * boxes.window // BLOCK) + 1)
    row = np.arange(_CELLS)[:, None] * (width + 1) - starts[:, None] * BLOCK
    size = _CELLS * (width + 1)
    steps = np.bincount((row + begins).ravel(), worth.ravel(), size)
    steps -= np.bincount((row + ends + 1).ravel(), worth.ravel(), size)
    return starts, steps.reshape(_CELLS, width + 1).cumsum(axis=1)[:, :width]


def _flat(kept: int) -> _Doubles:
    """Give 8 x kept: each sample spread evenly over the pixels it stands for."""
    return np.asarray(np.kron(np.eye(kept), np.ones((BLOCK // kept, 1))), dtype=np.float64)


def _waved(kept: int) -> _Doubles:
    """Give 8 x kept: the samples' waves, drawn over 8 pixels."""
    spread: _Doubles = _waves(BLOCK)[:kept].T @ _waves(kept) * math.sqrt(BLOCK / kept)
    return spread


def _waves(samples: int) -> _Doubles:
    """Give the orthonormal cosine waves of that many samples, one a row."""
    wave, place = np.mgrid[:samples, :samples]
    cosines = np.cos((2 * place + 1) * wave * (np.pi / (2 * samples))) * math.sqrt(2 / samples)
    cosines[0] /= math.sqrt(2)
    return np.asarray(cosines, dtype=np.float64)
