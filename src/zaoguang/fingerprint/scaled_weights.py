"""What each sample of a JPEG decoded at a smaller scale weighs in PDQ's 64 cells, along one axis.

PDQ filters with a box, twice, then keeps 64 items: that is linear, so along one axis it is a matrix of 64 x length. A
decoder that divides the sides by 8, 4 or 2 gives the means of so many pixels (libjpeg's jidctred.c). Through each mean
and its two neighbours goes one parabola that has these means: what its pixels are worth in a cell, the three samples
are worth together. Past the ends the last sample goes on.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE", "SCALES", "Band", "packed_weights", "scaled_weights"]

SCALES: Final = (8, 4, 2)
"""By how much a JPEG decoder can divide the sides."""

ONE: Final = 1 << 16
"""What the weights of a cell come to, but for rounding; they are whole, so that sums of them are exact."""

_CELLS: Final = 64
_Doubles = NDArray[np.float64]
_Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Band:
    """The weights of 64 cells: few samples count in each, all others weigh nothing."""

    starts: NDArray[np.int32]  # 64: the first sample of each cell
    weights: NDArray[np.int32]  # 64 x the most samples that a cell has

    @property
    def packed(self) -> bytes:
        """Both, one after the other, as the kernels take them."""
        return self.starts.tobytes() + self.weights.tobytes()


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


@lru_cache(maxsize=64)
def packed_weights(length: int, scale: int, *, backwards: bool = False) -> bytes:
    """Give ``scaled_weights`` as the kernels take them."""
    return scaled_weights(length, scale, backwards=backwards).packed


def scaled_weights(length: int, scale: int, *, backwards: bool = False) -> Band:
    """Give the weights of ⌈length / scale⌉ samples. ``length``: full pixels; ``scale``: one of ``SCALES``.

    ``backwards``: the axis is read from its other end once the picture stands upright.
    """
    starts, pixels = _pixel_weights(_Boxes(length), scale, backwards=backwards)
    worth = _of_samples(pixels.reshape(_CELLS, -1, scale))
    samples = -(-length // scale)
    wide = min(worth.shape[1], samples)
    begins = np.clip(starts - 1, 0, samples - wide)
    places = np.clip(starts[:, None] - 1 + np.arange(worth.shape[1]), 0, samples - 1) - begins[:, None]
    cells = np.repeat(np.arange(_CELLS), worth.shape[1])
    found = np.bincount(cells * wide + places.ravel(), worth.ravel(), _CELLS * wide)
    weights = np.rint(found * ONE).astype(np.int32).reshape(_CELLS, wide)
    return Band(begins.astype(np.int32), weights)


def _of_samples(pixels: _Doubles) -> _Doubles:
    """Give what samples are worth, from one before the first, of cells x samples x the pixels that each is the mean of.

    The parabola of the means b, c, d, u samples from the middle: c + u (d - b) / 2 + (u² - its mean) (b - 2c + d) / 2.
    """
    cells, samples, scale = pixels.shape
    place = (np.arange(scale) - (scale - 1) / 2) / scale
    even, slope, bend = (
        pixels.sum(axis=2),
        pixels @ (place / 2),
        pixels @ ((np.square(place) - np.square(place).mean()) / 2),
    )
    worth = np.zeros((cells, samples + 2))
    worth[:, 1:-1] = even - 2 * bend
    worth[:, 2:] += bend + slope
    worth[:, :-2] += bend - slope
    return worth


def _pixel_weights(boxes: _Boxes, scale: int, *, backwards: bool) -> tuple[_Places, _Doubles]:
    """Give, for each cell, the sample in which its weights begin and the weights of the pixels from there on.

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
    starts = begins.min(axis=1) // scale
    width = scale * (-(-2 * boxes.window // scale) + 1)
    row = np.arange(_CELLS)[:, None] * (width + 1) - starts[:, None] * scale
    size = _CELLS * (width + 1)
    steps = np.bincount((row + begins).ravel(), worth.ravel(), size)
    steps -= np.bincount((row + ends + 1).ravel(), worth.ravel(), size)
    return starts, steps.reshape(_CELLS, width + 1).cumsum(axis=1)[:, :width]
