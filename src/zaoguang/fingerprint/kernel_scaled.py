"""PDQ of a picture decoded at a smaller scale, in NumPy: the twin of ``_pdq_scaled.h``, with the same bits.

Every sum is of whole numbers and stays below 2⁵³, so it is exact in float64 in whatever order it is added up, a matrix
product's too; only the last division rounds.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.kernel_numpy import GRID, hashes_of, quality_of, waves_of
from zaoguang.fingerprint.scaled_weights import ONE

__all__ = ["ROWS_LOOKED_AT", "STEP", "scaled_hashes"]

_Doubles = NDArray[np.float64]

_SLABS: Final = 8  # of rows of cells: a band is mostly zeros, and few rows of samples count in a slab
_LUMA: Final = np.array([299, 587, 114, 0], dtype=np.float64)
_GREY: Final = np.array([1000], dtype=np.float64)
_UNIT: Final = 1000.0 * ONE * ONE
_EDGE: Final = 3  # of 255: how near to black or full a colour is taken for cut off
ROWS_LOOKED_AT: Final = 128
"""Of so many rows at least, evenly apart, the steps are taken."""

_STEP_SHIFT: Final = 8
STEP: Final = (1 << _STEP_SHIFT) / 1000
"""The unit of a step in brightness, of 255."""


def scaled_hashes(
    samples: bytes,
    height: int,
    width: int,
    channels: int,
    down: bytes,
    across: bytes,
    swapped: bool,  # noqa: FBT001  # as the C kernel takes it
) -> tuple[bytes, int, bytes, int, int]:
    """Give eight hashes, the quality, 16 x 16 waves as float32, and the squared steps: beside cut-off colours, and all.

    ``samples``: rows from the top; ``channels``: 4 (red, green, blue, and one that means nothing) or 1. ``swapped``:
    rows become columns, once filtered. ``down``, ``across``: ``packed_weights``.
    """
    rows = np.frombuffer(samples, dtype=np.uint8).reshape(height, width, channels)
    luma: _Doubles = rows.astype(np.float64) @ (_LUMA if channels > 1 else _GREY)
    turned = (_weighed(_weighed(luma, down).T, across) / _UNIT).astype(np.float32)
    grid = np.ascontiguousarray(turned if swapped else turned.T)
    waves = waves_of(grid)
    return hashes_of(waves), quality_of(grid), waves.tobytes(), *_steps(rows, luma)


@lru_cache(maxsize=16)
def _slabs(band: bytes, samples: int) -> tuple[tuple[slice, _Doubles], ...]:
    """Cut 64 x samples weights, mostly zeros, into slabs of eight rows: which samples count, and their weights."""
    numbers = np.frombuffer(band, dtype=np.int32)
    weights = numbers[GRID:].reshape(GRID, -1)
    full = np.zeros((GRID, samples))
    np.put_along_axis(full, numbers[:GRID, None] + np.arange(weights.shape[1]), weights, axis=1)
    slabs = []
    for rows in full.reshape(_SLABS, GRID // _SLABS, samples):
        used = np.flatnonzero(rows.any(axis=0))
        part = slice(int(used[0]), int(used[-1]) + 1)
        slabs.append((part, np.ascontiguousarray(rows[:, part])))
    return tuple(slabs)


def _weighed(items: _Doubles, band: bytes) -> _Doubles:
    """Give 64 rows: what the band makes of the items, row by row."""
    return np.concatenate([weights @ items[part] for part, weights in _slabs(band, len(items))])


def _steps(rows: NDArray[np.uint8], luma: _Doubles) -> tuple[int, int]:
    """Give the sums of squares of what brightness steps by along the rows looked at."""
    every = max(len(rows) // ROWS_LOOKED_AT, 1)
    edge: NDArray[np.bool] = np.any((rows[::every, :, :3] + np.uint8(_EDGE)) < 2 * _EDGE, axis=2)
    whole = luma[::every].astype(np.int64) >> _STEP_SHIFT
    squares = np.square(whole[:, 1:] - whole[:, :-1])
    return int(squares[edge[:, 1:] | edge[:, :-1]].sum()), int(squares.sum())
