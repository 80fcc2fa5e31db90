"""Matches: what a query found, as three parallel arrays."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Matches"]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Every match of a query, sorted by (row, distance, entry); the three arrays have one length.

    ``rows`` (int64) are positions in the queried array, ``entries`` (int64) the ids of the banked fingerprints,
    ``distances`` (uint16) the Hamming distances in bits.
    """

    rows: NDArray[np.int64]
    entries: NDArray[np.int64]
    distances: NDArray[np.uint16]

    @classmethod
    def sorted_from(cls, rows: NDArray[np.int64], entries: NDArray[np.int64], distances: NDArray[np.uint16]) -> Self:
        """Give the matches in their one order, whatever order they were found in."""
        if len(rows) <= 1:
            return cls(rows, entries, distances)
        order = np.lexsort((entries, distances, rows))
        return cls(rows[order], entries[order], distances[order])

    @classmethod
    def none(cls) -> Self:
        """Give no matches."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))

    @classmethod
    def joined(cls, parts: "list[Matches]") -> Self:
        """Give the matches of all parts in their one order."""
        return cls.sorted_from(
            np.concatenate([np.empty(0, np.int64), *(part.rows for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.entries for part in parts)]),
            np.concatenate([np.empty(0, np.uint16), *(part.distances for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.rows)
