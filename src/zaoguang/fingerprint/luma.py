"""PDQ of one plane of brightness, as films carry it: in C where that was built, else in NumPy with the same bits.

The cells differ from those of ``kernel.hashed`` only in how the sums round (docs/decisions): what is decoded from a
film is not the same to the bit in two decoders anyway, and this way takes a tenth of the time.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint import kernel_numpy
from zaoguang.fingerprint.kernel import Kernel, kernel_here

__all__ = ["LUMA_SIDE_MOST", "Plane", "grid_of", "hashes_of_grid", "luma_instructions"]

LUMA_SIDE_MOST: Final = 1 << 16

_GRID: Final = 64
_LEVELS: Final[list[str]] = []
_GRID_HASHES: Final[dict[Kernel, Callable[[bytes], tuple[bytes, int]]]] = {Kernel.NUMPY: kernel_numpy.grid_hashes}

with suppress(ImportError):  # it was installed on a machine without a C compiler
    from zaoguang.fingerprint import _luma, _pdq

    _LEVELS.extend(_luma.levels())
    _GRID_HASHES[Kernel.C] = _pdq.grid_hashes


@dataclass(frozen=True, slots=True)
class Plane:
    """Samples of brightness, row by row from the top; ``stride`` bytes from one row to the next."""

    samples: "memoryview | bytes"
    width: int
    height: int
    stride: int
    wide: bool = False  # two bytes a sample, the lower first; else one
    table: bytes = b""  # float32 brightness for each sample, a power of two of them; empty: as the sample is


@dataclass(frozen=True, slots=True)
class _Side:
    """What each of 64 cells takes of one side: from ``firsts[k]`` on, samples weighed by ``weights[k]``."""

    firsts: NDArray[np.int32]
    weights: NDArray[np.float32]
    firsts_bytes: bytes
    weights_bytes: bytes


def luma_instructions() -> str:
    """Name the instruction set that the C kernel for films uses here; empty where there is none."""
    return _LEVELS[-1] if _LEVELS else ""


def grid_of(plane: Plane, kernel: Kernel | None = None, level: int | None = None) -> NDArray[np.float32]:
    """Give the 64 x 64 decimated cells in the samples' own scale; ``ValueError`` when they do not fill the sides."""
    if (kernel or kernel_here()) is Kernel.NUMPY or not _LEVELS:
        return _grid_in_numpy(plane)
    down, across = _side(plane.height), _side(plane.width)
    cells = _luma.grid(
        plane.samples,
        plane.height,
        plane.width,
        plane.stride,
        plane.wide,
        plane.table,
        down.firsts_bytes,
        down.weights_bytes,
        across.firsts_bytes,
        across.weights_bytes,
        len(_LEVELS) - 1 if level is None else level,
    )
    return np.frombuffer(cells, dtype=np.float32).reshape(_GRID, _GRID)


def hashes_of_grid(grid: NDArray[np.float32], kernel: Kernel | None = None) -> tuple[bytes, int]:
    """Give the eight hashes (8 x 32 bytes, the order of ``ORIENTATIONS``) and the quality of 64 x 64 cells, 0-255."""
    chosen = kernel or kernel_here()
    return _GRID_HASHES[chosen if chosen in _GRID_HASHES else Kernel.NUMPY](grid.tobytes())


def _grid_in_numpy(plane: Plane) -> NDArray[np.float32]:
    rows = _rows(plane)
    down, across = _side(plane.height), _side(plane.width)
    lines = np.zeros((_GRID, plane.width), dtype=np.float32)
    for tap in range(down.weights.shape[1]):
        weighed = down.weights[:, tap, None] * rows[down.firsts + tap]
        np.add(lines, weighed, out=lines)
    cells = np.zeros((_GRID, _GRID), dtype=np.float32)
    for tap in range(across.weights.shape[1]):
        cells += across.weights[None, :, tap] * lines[:, across.firsts + tap]
    return cells


def _rows(plane: Plane) -> NDArray[np.float32]:
    """Give the plane as float32, checked to fill its sides."""
    kind = np.dtype("<u2") if plane.wide else np.dtype(np.uint8)
    flat = np.frombuffer(plane.samples, dtype=np.uint8)
    row = plane.width * kind.itemsize
    fits = 1 <= plane.width <= LUMA_SIDE_MOST and 1 <= plane.height <= LUMA_SIDE_MOST and plane.stride >= row
    if not fits or flat.size < (plane.height - 1) * plane.stride + row:
        raise ValueError("the samples do not fill height x width")
    shape, steps = (plane.height, row), (plane.stride, 1)
    samples = np.ascontiguousarray(np.lib.stride_tricks.as_strided(flat, shape, steps)).view(kind)
    if not plane.table:
        return samples.astype(np.float32)
    table = np.frombuffer(plane.table, dtype=np.float32)
    brightness: NDArray[np.float32] = table[samples.astype(np.intp) & (table.size - 1)]
    return brightness


@lru_cache(maxsize=64)
def _side(length: int) -> _Side:
    """Work out the weights of one side: a box over boxes, each divided by what it holds, at the 64 kept samples."""
    window = -(-length // (2 * _GRID))
    lag = (window + 2) // 2 - 1
    kept = ((np.arange(_GRID) + 0.5) * length / _GRID).astype(np.int64)
    taps = min(2 * window - 1, length)
    firsts = np.clip(kept + 2 * (lag - window + 1), 0, length - taps)
    weights = np.zeros((_GRID, taps))
    for cell, (middle, first) in enumerate(zip(kept, firsts, strict=True)):
        outer = _box(int(middle), length, window, lag)
        for each in outer:
            inner = _box(each, length, window, lag)
            weights[cell, inner.start - first : inner.stop - first] += 1 / (len(outer) * len(inner))
    firsts32, weights32 = firsts.astype(np.int32), weights.astype(np.float32)
    return _Side(firsts32, weights32, firsts32.tobytes(), weights32.tobytes())


def _box(middle: int, length: int, window: int, lag: int) -> range:
    return range(max(middle + lag - window + 1, 0), min(middle + lag, length - 1) + 1)
