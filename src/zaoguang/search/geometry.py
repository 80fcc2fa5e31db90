"""The geometry of an index: how the 256 bits are dealt out to tables, and how far each table is searched.

Multi-index hashing (Norouzi, Punjani, Fleet, 2014): with table radii t such that sum(t + 1) = radius + 1, a hash within
the radius is within t of the query in at least one table, else it would be at least sum(t + 1) bits away.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BITS", "Table", "table_count", "table_radii", "tables_of"]

BITS: Final = 256
_WORDS: Final = 4
_SEED: Final = b"zaoguang index 1: the order in which bits are dealt out"

_COUNTS: Final = ((16_000, 0), (400_000, 16), (800_000, 14), (2_000_000, 13), (5_000_000, 12))
"""(entries below which, tables): measured, see docs/explain/scale.md. 0 tables: every query looks at everything."""

_TABLES_OF_MANY: Final = 11


@dataclass(frozen=True, slots=True)
class Table:
    """One table: which bits make its key, as 256 of them in four 64-bit words, and how many."""

    bits: tuple[int, ...]  # ascending; bit b is bit b % 64 of the little-endian word b // 64

    @property
    def width(self) -> int:
        """Give the number of bits of a key."""
        return len(self.bits)

    @property
    def buckets(self) -> int:
        """Give how many keys there are."""
        return 1 << self.width

    @property
    def mask(self) -> NDArray[np.uint64]:
        """Give the four words in which exactly the bits of the key are set."""
        words = [sum(1 << (bit % 64) for bit in self.bits if bit // 64 == word) for word in range(_WORDS)]
        return np.array(words, np.dtype("<u8"))


@cache
def _order() -> tuple[int, ...]:
    """Give the fixed random order of the bits: neighbouring bits of a PDQ hash are alike, those of a key must not be.

    Measured on hashes of photographs: keys of contiguous bits meet 1.6 times the candidates of random ones.
    """
    drawn = np.frombuffer(hashlib.shake_256(_SEED).digest(BITS * 8), np.dtype("<u8"))
    return tuple(int(bit) for bit in np.argsort(drawn, kind="stable"))


@cache
def tables_of(count: int) -> tuple[Table, ...]:
    """Give that many tables over all 256 bits, the wider ones first."""
    if not count:
        return ()
    whole, wider = divmod(BITS, count)
    ends = [0]
    for number in range(count):
        ends.append(ends[-1] + whole + (number < wider))
    return tuple(Table(tuple(sorted(_order()[start:end]))) for start, end in pairwise(ends))


def table_count(entries: int) -> int:
    """Give how many tables serve that many entries best; 0 where looking at everything is faster."""
    return next((count for below, count in _COUNTS if entries < below), _TABLES_OF_MANY)


def table_radii(count: int, radius: int) -> tuple[int, ...]:
    """Give each table's radius, so that sum(t + 1) = radius + 1; -1 is a table that need not be looked at."""
    whole, further = divmod(radius + 1, count)
    return tuple(whole - (number >= further) for number in range(count))
