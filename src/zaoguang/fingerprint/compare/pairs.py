"""Which moments of two films look alike, and how much each such pair says about how the films lie in time."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.compare.timeline import Moments, Timeline, distances

__all__ = ["Pairs", "alike"]

_Floats = NDArray[np.floating[Any]]
_Indices = NDArray[np.intp]

_ROWS: Final = 64  # compared in one step: half a million pairs, which stay near the cache
_LIKEST: Final = 32  # partners kept for a moment: bounds the work where one shot fills both films
_HALVING: Final = 3.0  # bits beyond the best partner's that halve what a pair says


@dataclass(frozen=True, slots=True)
class Pairs:
    """Moments that look alike: when each is, in seconds, and what the pair weighs."""

    hers: _Floats
    upload: _Floats
    weights: _Floats

    def __len__(self) -> int:
        return len(self.weights)

    def where(self, kept: NDArray[np.bool_]) -> "Pairs":
        """Give the pairs that are kept."""
        return Pairs(self.hers[kept], self.upload[kept], self.weights[kept])


def alike(hers: Timeline, upload: Timeline, orientation: int, radius: int) -> Pairs:
    """Pair the moments of the upload with those of her film turned that way, within the radius.

    The longer film's moments each keep their likest partners. A pair weighs 1 when neither side has another partner
    as good; a shot that fits many moments says little about time, and its pairs share one weight.
    """
    ours, theirs = hers.moments(), upload.moments()
    left = hers.turned[orientation][:, ours.frames]
    right = upload.words[:, theirs.frames]
    if len(ours.times) >= len(theirs.times):
        rows, columns, bits = _likest(left, right, radius)
    else:
        columns, rows, bits = _likest(right, left, radius)
    return Pairs(ours.times[rows], theirs.times[columns], _weights(rows, columns, bits, ours, theirs))


def _likest(
    left: NDArray[np.uint64], right: NDArray[np.uint64], radius: int
) -> tuple[_Indices, _Indices, NDArray[np.uint8]]:
    """Give row, column and distance of each row's likest columns; equals are chosen among as a fixed shuffle has it."""
    shuffle = (np.arange(right.shape[1]) * 151).astype(np.uint8)
    found: list[tuple[_Indices, _Indices, NDArray[np.uint8]]] = []
    for top in range(0, left.shape[1], _ROWS):
        bits = distances(left[:, top : top + _ROWS, None], right[:, None])
        rows, columns = np.nonzero(bits <= radius)
        near = bits[rows, columns]
        order = np.lexsort((shuffle[columns] + (73 * rows).astype(np.uint8), near, rows))
        rows, columns, near = rows[order], columns[order], near[order]
        kept = np.arange(len(rows)) - np.searchsorted(rows, rows) < _LIKEST
        found.append((rows[kept] + top, columns[kept], near[kept]))
    if not found:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint8)
    rows_of, columns_of, bits_of = zip(*found, strict=True)
    return np.concatenate(rows_of), np.concatenate(columns_of), np.concatenate(bits_of)


def _weights(rows: _Indices, columns: _Indices, bits: NDArray[np.uint8], ours: Moments, theirs: Moments) -> _Floats:
    row_best = np.full(len(ours.times), 255.0)
    column_best = np.full(len(theirs.times), 255.0)
    np.minimum.at(row_best, rows, bits)
    np.minimum.at(column_best, columns, bits)
    likeness = np.exp2((row_best[rows] + column_best[columns] - 2.0 * bits) / (2 * _HALVING))
    row_sum = np.bincount(rows, likeness, len(ours.times))
    column_sum = np.bincount(columns, likeness, len(theirs.times))
    shared: _Floats = likeness / np.sqrt(row_sum[rows] * column_sum[columns])
    return shared
