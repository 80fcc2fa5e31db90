"""PDQ of 8-bit pixels in NumPy: the twin of ``_pdq.c``, with the same bits, for machines on which that is not built.

Every float32 sum is added up in pdqhash's own order, and products are rounded before they are added: so no matrix
product, and no sum along the axis that lies in memory item by item (NumPy adds that up pairwise), may stand in for a
sum here. What keeps the order: a loop, ``accumulate``, and a sum over whole rows. docs/decisions/0006-own-pdq.md.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRID", "SIDE_MOST", "grid_hashes", "hashes", "hashes_of", "quality_of", "waves_of"]

SIDE_MOST: Final = 1 << 20

_Floats = NDArray[np.float32]

GRID: Final = 64
_WAVES: Final = 16
_TURNS: Final = 8
_HASH_BYTES: Final = 32
_SIDE_LEAST: Final = 5  # as pdqhash: below it there is nothing to hash
_AT_A_TIME: Final = 1 << 20  # pixels; fewer would mean more, shorter steps, which cost more than their sums
_NARROW: Final = 128  # columns at most
_LUMA: Final = np.array([299, 587, 114], dtype=np.float32)
_ODD: Final = np.where(np.arange(_WAVES) % 2 == 0, np.float32(1), np.float32(-1))  # waves are counted from 1
_BRIGHTEST: Final = 1024.0
_COSINES: Final = np.array(
    [
        [
            float(np.float32(math.sqrt(2 / GRID))) * math.cos(math.pi / 2 / GRID * (wave + 1) * (2 * place + 1))
            for wave in range(_WAVES)
        ]
        for place in range(GRID)
    ],
    dtype=np.float32,
)


def hashes(pixels: bytes, height: int, width: int, channels: int) -> tuple[bytes, int]:
    """Give eight hashes (8 x 32 bytes, the order of ``ORIENTATIONS``) and the quality (0-100) of 8-bit pixels.

    ``pixels``: rows from the top, without gaps; ``channels``: 3 for red, green, blue, or 1 for grey. ``ValueError``
    when they do not fill the sides. A side below 5 pixels gives zeros, as in pdqhash.
    """
    fits = channels in {1, 3} and 1 <= height <= SIDE_MOST and 1 <= width <= SIDE_MOST
    flat = np.frombuffer(pixels, dtype=np.uint8)
    if not fits or flat.size != height * width * channels:
        raise ValueError("the pixels do not fill height x width x channels")
    if min(height, width) < _SIDE_LEAST:
        return bytes(_TURNS * _HASH_BYTES), 0
    picture = flat.reshape(height, width, channels)
    # A picture of just the grid's size is taken as it is: so does pdqhash.compute (its compute_dihedral filters it).
    grid = _luma(picture) if height == width == GRID else _filtered(picture)
    return hashes_of(waves_of(grid)), quality_of(grid)


def grid_hashes(grid: bytes) -> tuple[bytes, int]:
    """Give the eight hashes and the quality of 64 x 64 float32 brightnesses that are decimated already."""
    floats = np.frombuffer(grid, dtype=np.float32)
    if floats.size != GRID * GRID:
        raise ValueError("a grid is 64 x 64 float32")
    if not np.all(np.abs(floats) <= _BRIGHTEST):  # refuses NaN too, whose order is undefined
        raise ValueError("a grid holds brightness, 0-255")
    square = floats.reshape(GRID, GRID)
    return hashes_of(waves_of(square)), quality_of(square)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of the filter. Its box slides by one item a step; the box of item i is complete ``lag`` steps after."""

    length: int
    window: int
    lag: int
    kept: NDArray[np.intp]  # the 64 items that decimation keeps
    counts: _Floats  # by step: how many items lie in the box

    @classmethod
    @lru_cache(maxsize=4)  # of the longest side there may be, each takes 4 MB
    def of(cls, length: int) -> "_Axis":
        """Work out the filter for so many items."""
        window = -(-length // (2 * GRID))
        lag = (window + 2) // 2 - 1
        steps = np.arange(length + lag)
        counts = np.minimum(steps, length - 1) - np.maximum(steps - window, -1)
        kept = ((np.arange(GRID) + 0.5) * length / GRID).astype(np.intp)
        return cls(length, window, lag, kept, counts.astype(np.float32))


class _Descent:
    """The box sliding down the columns, fed some rows at a time."""

    def __init__(self, down: _Axis, columns: int) -> None:
        self._down = down
        self._sums = np.zeros(columns, dtype=np.float32)
        self._behind = np.zeros((down.window, columns), dtype=np.float32)
        self._step = 0

    def takes(self, rows: _Floats) -> tuple[int, _Floats]:
        """Give the number of the first box that these rows complete, and the means of all boxes they complete."""
        joined = np.concatenate((self._behind, rows))
        means = _slid(joined, self._down.window, self._sums)
        self._sums = means[-1].copy() if len(means) else self._sums
        means /= self._down.counts[self._step : self._step + len(rows), None]
        first = self._step - self._down.lag
        self._step += len(rows)
        self._behind = joined[len(rows) :]
        return max(first, 0), means[max(-first, 0) :]


def _slid(items: _Floats, window: int, sums: _Floats) -> _Floats:
    """Slide the box on from ``sums``: after each step, the item that comes in is added, then the one that leaves taken.

    ``items``: ``window`` that are in the box already, then one row a step; gives as many rows as there are steps.
    """
    if items.shape[1] <= _NARROW:
        return _slid_narrow(items, window, sums)
    slid = np.empty_like(items[window:])
    raised = np.empty_like(sums)
    for added, gone, lowered in zip(items[window:], items, slid, strict=False):
        np.add(sums, added, raised)
        sums = np.subtract(raised, gone, lowered)
    return slid


def _slid_narrow(items: _Floats, window: int, sums: _Floats) -> _Floats:
    """Do the same in one running sum of what comes in and, with the other sign, what leaves.

    For few columns, where two calls of NumPy a step cost more than the sums. Two columns count as one complex number:
    its parts are added up each by itself, and so in half as many steps.
    """
    steps, columns = len(items) - window, items.shape[1]
    changes = np.zeros((2 * steps + 1, columns + columns % 2), dtype=np.float32)
    changes[0, :columns] = sums
    changes[1::2, :columns] = items[window:]
    np.negative(items[:steps], out=changes[2::2, :columns])
    pairs = changes.view(np.complex64)
    return np.add.accumulate(pairs, axis=0, out=pairs).view(np.float32)[2::2, :columns]


def _filtered(picture: NDArray[np.uint8]) -> _Floats:
    """Give the 64 x 64 decimated luma: boxes along rows, down columns, along rows, down columns; then every 64th."""
    height, width, _ = picture.shape
    across, down = _Axis.of(width), _Axis.of(height)
    first, second = _Descent(down, width), _Descent(down, GRID)
    every, kept = np.arange(width), across.kept
    grid = np.empty((GRID, GRID), dtype=np.float32)
    for rows in _rows(picture, down.lag):
        _, means = first.takes(_boxed(rows, across, every))
        _keep(grid, down, *second.takes(_boxed(means, across, kept)))
    _keep(grid, down, *second.takes(np.zeros((down.lag, GRID), dtype=np.float32)))
    return grid


def _boxed(rows: _Floats, across: _Axis, columns: NDArray[np.intp]) -> _Floats:
    """Give the means of the boxes around these columns of each row; it slides down a turned copy, which is faster."""
    items = np.zeros((across.window + across.length + across.lag, len(rows)), dtype=np.float32)
    items[across.window : across.window + across.length] = rows.T
    slid = _slid(items, across.window, np.zeros(len(rows), dtype=np.float32))
    steps = columns + across.lag
    chosen = slid[across.lag :] if len(columns) == across.length else slid[steps]
    chosen /= across.counts[steps, None]
    return np.ascontiguousarray(chosen.T)


def _rows(picture: NDArray[np.uint8], lag: int) -> Iterator[_Floats]:
    """Give the luma some rows at a time, the last of them with ``lag`` empty rows below."""
    height, width, _ = picture.shape
    pieces = -(-height * width // _AT_A_TIME)
    edges = [height * piece // pieces for piece in range(pieces + 1)]
    for top, end in pairwise(edges[:-1]):
        yield _luma(picture[top:end])
    yield np.concatenate((_luma(picture[edges[-2] :]), np.zeros((lag, width), dtype=np.float32)))


def _luma(rows: NDArray[np.uint8]) -> _Floats:
    """Give the float32 nearest to 0.299 r + 0.587 g + 0.114 b; the sum of whole numbers before the division is exact.

    pdqhash rounds from float64, which is off by less than 2⁻⁴⁴: too little to reach another float32.
    """
    if rows.shape[2] == 1:
        return rows[:, :, 0].astype(np.float32)
    luma: _Floats = rows.astype(np.float32) @ _LUMA
    luma /= np.float32(1000)
    return luma


def _keep(grid: _Floats, down: _Axis, first: int, means: _Floats) -> None:
    here = (down.kept >= first) & (down.kept < first + len(means))
    grid[here] = means[down.kept[here] - first]


def quality_of(grid: _Floats) -> int:
    """Sum the marked steps in brightness between neighbours, each cut to a whole percentage."""
    total = 0
    for steps in (grid[:-1] - grid[1:], grid[:, :-1] - grid[:, 1:]):
        total += int(np.abs((steps * np.float32(100) / np.float32(255)).astype(np.int32)).sum())
    return min(total // 90, 100)


def hashes_of(waves: _Floats) -> bytes:
    """Give the eight hashes of 16 x 16 waves: the bit of every wave above the lower median is set."""
    flat = np.stack(_turned(waves)).reshape(_TURNS, -1)
    lower = flat.shape[1] // 2 - 1
    medians = np.partition(flat, lower, axis=1)[:, lower, None]
    return np.packbits(flat[:, ::-1] > medians).tobytes()  # the last wave's bit is the first


def waves_of(grid: _Floats) -> _Floats:
    """Give the 16 x 16 lowest waves but the flat ones, summed from the first place to the last."""
    rows = _added(np.multiply(_COSINES[:, :, None], grid[:, None], order="C"))
    return _added(np.multiply(rows.T[:, :, None], _COSINES[:, None], order="C"))


def _added(layers: _Floats) -> _Floats:
    """Add up layers, each in memory without gaps, one onto the other."""
    added: _Floats = np.add.reduce(layers, axis=0, initial=np.float32(0))
    return added


def _turned(waves: _Floats) -> tuple[_Floats, ...]:
    """Give the waves of the picture turned each way: transposed or not, some waves with the other sign."""
    odd, even = _ODD, -_ODD
    return (
        waves,
        (waves * even).T,
        waves * odd * odd[:, None],
        (waves * even[:, None]).T,
        waves * even[:, None],
        waves * even,
        waves.T,
        (waves * odd * odd[:, None]).T,
    )
