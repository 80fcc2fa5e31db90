"""The NumPy twin of ``_mih.c``: the same matches and the same tables, without a compiler."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zaoguang.search.geometry import Table

__all__ = ["Probe", "count", "fill", "found", "keys_of"]

_BLOCK: Final = 1 << 15  # rows compared in one step
_FOUND_MOST: Final = 1 << 26


class Probe(NamedTuple):
    """A table to look into: where it lies among all tables, and within what radius to look."""

    table: Table
    offsets_at: int
    entries_at: int
    radius: int


def found(
    queries: NDArray[np.uint8],
    rows: NDArray[np.uint8],
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
    probes: list[Probe],
    sets: NDArray[Any],
    allowed: NDArray[np.uint8],
    radius: int,
    most_candidates: int,
) -> NDArray[np.uint32]:
    """Give (query, row, distance) as (k, 3) uint32; see ``kernel.found``."""
    words = rows.view("<u8")
    parts = [np.empty((0, 3), np.uint32)]
    held = 0
    for number, query in enumerate(queries):
        for among in _rows_to_compare(query, len(rows), offsets, entries, probes, most_candidates):
            apart = np.bitwise_count(words[among] ^ query.view("<u8")).sum(axis=1, dtype=np.uint32)
            near = np.flatnonzero(apart <= radius)
            hit = (near + among.start if isinstance(among, slice) else among[near]).astype(np.uint32)
            seen = allowed[sets[hit] if len(sets) else np.zeros(len(hit), np.uint8)] != 0
            hit = hit[seen]
            held += len(hit)
            if held > _FOUND_MOST:
                raise OverflowError
            parts.append(np.column_stack([np.full(len(hit), number, np.uint32), hit, apart[near][seen]]))
    return np.concatenate(parts)


def _rows_to_compare(
    query: NDArray[np.uint8],
    count: int,
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
    probes: list[Probe],
    most_candidates: int,
) -> Iterator[slice | NDArray[np.uint32]]:
    """Give the rows in which a match can lie, each once: of the buckets near the query's, or block after block."""
    ranges = []
    candidates = 0
    for probe in probes:
        buckets = keys_of(query[None], probe.table) ^ _flips(probe.table.width, probe.radius)
        first = offsets[probe.offsets_at + buckets.astype(np.int64)].astype(np.int64)
        past = offsets[probe.offsets_at + buckets.astype(np.int64) + 1].astype(np.int64)
        if (first > past).any() or (past > count).any():
            raise ValueError("a table points outside the rows")
        candidates += int((past - first).sum())
        ranges.append((first + probe.entries_at, past - first))
    if not probes or candidates > most_candidates:
        for start in range(0, count, _BLOCK):
            yield slice(start, min(start + _BLOCK, count))
        return
    rows = np.unique(np.concatenate([entries[_spread(first, length)] for first, length in ranges]))
    if len(rows) and rows[-1] >= count:
        raise ValueError("a table points outside the rows")
    yield rows


def _spread(first: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give first, first + 1, … for each range, one after the other."""
    before = np.cumsum(length) - length
    return np.repeat(first - before, length) + np.arange(int(length.sum()))


@cache
def _flips(width: int, radius: int) -> NDArray[np.uint32]:
    """Give every difference of that many bits with at most ``radius`` of them set."""
    values = [sum(1 << bit for bit in bits) for size in range(radius + 1) for bits in combinations(range(width), size)]
    return np.array(values, np.uint32)


def keys_of(rows: NDArray[np.uint8], table: Table) -> NDArray[np.uint32]:
    """Give each row's key: the table's bits, the lowest first."""
    keys = np.zeros(len(rows), np.uint32)
    for place, bit in enumerate(table.bits):
        keys |= ((rows[:, bit // 8] >> (bit % 8)) & 1).astype(np.uint32) << np.uint32(place)
    return keys


def count(rows: NDArray[np.uint8], table: Table, offsets: NDArray[np.uint32]) -> None:
    """Do what ``kernel.count`` says."""
    keys, counts = np.unique(keys_of(rows, table), return_counts=True)
    inside = keys.astype(np.int64) + 2 < len(offsets)
    offsets[keys[inside].astype(np.int64) + 2] += counts[inside].astype(np.uint32)


def fill(
    rows: NDArray[np.uint8], first: int, table: Table, offsets: NDArray[np.uint32], entries: NDArray[np.uint32]
) -> None:
    """Do what ``kernel.fill`` says."""
    keys = keys_of(rows, table).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    distinct, starts, counts = np.unique(ordered, return_index=True, return_counts=True)
    within = np.arange(len(ordered)) - np.repeat(starts, counts)
    entries[offsets[ordered + 1] + within] = (order + first).astype(np.uint32)
    offsets[distinct + 1] += counts.astype(np.uint32)
