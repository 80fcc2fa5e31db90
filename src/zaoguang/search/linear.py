"""The linear scan: compares each query with each entry; the oracle that every other index is held to."""

from collections.abc import Collection, Iterable
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.search.entry import HASH_BYTES, Entry, checked_banks, checked_entry, checked_hash
from zaoguang.search.matches import Matches
from zaoguang.search.searchable import MAX_RADIUS, Searchable, checked_hashes, checked_radius
from zaoguang.words import gettext as _

__all__ = ["LinearIndex"]

_WORDS = HASH_BYTES // 8
_BLOCK_ENTRIES = 1 << 16
"""Entries compared in one step: four columns of 512 KiB, so that a step stays near the cache."""

_BLOCK_PAIRS = 1 << 18
"""Pairs compared in one step at most; bounds the working memory of a query to some 5 MiB however large it is."""


class LinearIndex(Searchable):
    """A ``Searchable`` that looks at everything: 64-bit XOR and population count, block by block.

    Hashes lie as four columns of 64-bit words, each contiguous. An entry's set of banks is a small number, so that
    a query decides once per set, not once per entry.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._size = 0
        self._words = np.empty((_WORDS, 0), np.uint64)
        self._entries = np.empty(0, np.int64)
        self._bank_sets = np.empty(0, np.int32)
        self._slot_of: dict[int, int] = {}
        self._set_number: dict[frozenset[str], int] = {}

    @classmethod
    def build(cls, entries: Iterable[Entry]) -> Self:
        """Give an index of these entries; UserMistake as for ``insert``."""
        index = cls()
        for entry in entries:
            index.insert(entry.hash, entry.entry, entry.banks)
        return index

    def __len__(self) -> int:
        return self._size

    def insert(self, hash: bytes, entry: int, banks: Collection[str]) -> None:  # noqa: A002 (the field's word)
        """Bank one fingerprint; UserMistake when the id is taken or no bank is named."""
        words = np.frombuffer(checked_hash(hash), np.uint64)
        entry, bank_set = checked_entry(entry), checked_banks(banks)
        if not bank_set:
            raise UserMistake(_("An entry must belong to at least one bank."))
        with self._lock:
            if entry in self._slot_of:
                raise UserMistake(_("Entry %(entry)d is banked already; remove it first.") % {"entry": entry})
            self._make_room()
            slot = self._size
            self._words[:, slot] = words
            self._entries[slot] = entry
            self._bank_sets[slot] = self._set_number.setdefault(bank_set, len(self._set_number))
            self._slot_of[entry] = slot
            self._size += 1

    def remove(self, entry: int) -> bool:
        """Forget one entry; True if it was there. The last entry takes its place, and its bytes are overwritten."""
        entry = checked_entry(entry)
        with self._lock:
            slot = self._slot_of.pop(entry, -1)
            if slot < 0:
                return False
            last = self._size - 1
            if slot != last:
                self._words[:, slot] = self._words[:, last]
                self._entries[slot] = self._entries[last]
                self._bank_sets[slot] = self._bank_sets[last]
                self._slot_of[int(self._entries[slot])] = slot
            self._words[:, last] = 0
            self._size = last
            return True

    def query(
        self, hashes: NDArray[np.uint8], radius: int = MAX_RADIUS, banks: Collection[str] | None = None
    ) -> Matches:
        """Give every entry within ``radius`` of each row of ``hashes`` that the named banks let the query see."""
        queries = checked_hashes(hashes).view(np.uint64)
        radius = checked_radius(radius)
        seen = None if banks is None else checked_banks(banks)
        with self._lock:
            visible = self._visible_slots(seen)
            parts = [
                self._scan(queries, first_row, rows, slots, radius)
                for slots in self._blocks(visible)
                for first_row, rows in _row_blocks(len(queries), len(self._entries[slots]))
            ]
        return Matches.joined(parts)

    def _make_room(self) -> None:
        capacity = len(self._entries)
        if self._size < capacity:
            return
        more = max(16, capacity)
        self._words = np.concatenate([self._words, np.zeros((_WORDS, more), np.uint64)], axis=1)
        self._entries = np.concatenate([self._entries, np.zeros(more, np.int64)])
        self._bank_sets = np.concatenate([self._bank_sets, np.zeros(more, np.int32)])

    def _visible_slots(self, seen: frozenset[str] | None) -> NDArray[np.int64] | None:
        """Give the places of the entries that may be seen, None for all of them."""
        if seen is None:
            return None
        allowed = np.array([not seen.isdisjoint(banks) for banks in self._set_number], np.bool_)
        return np.flatnonzero(allowed[self._bank_sets[: self._size]]).astype(np.int64, copy=False)

    def _blocks(self, visible: NDArray[np.int64] | None) -> Iterable[slice | NDArray[np.int64]]:
        count = self._size if visible is None else len(visible)
        for start in range(0, count, _BLOCK_ENTRIES):
            stop = min(start + _BLOCK_ENTRIES, count)
            yield slice(start, stop) if visible is None else visible[start:stop]

    def _scan(
        self, queries: NDArray[np.uint64], first_row: int, rows: int, slots: slice | NDArray[np.int64], radius: int
    ) -> Matches:
        """Compare some rows with some entries; the (rows, entries) table of distances is the working memory."""
        block = queries[first_row : first_row + rows]
        entries = self._entries[slots]
        distances = np.zeros((len(block), len(entries)), np.uint16)
        for word in range(_WORDS):
            distances += np.bitwise_count(block[:, word, None] ^ self._words[word, slots][None, :])
        row, column = np.nonzero(distances <= radius)
        return Matches((row + first_row).astype(np.int64, copy=False), entries[column], distances[row, column])


def _row_blocks(queries: int, entries: int) -> Iterable[tuple[int, int]]:
    """Give (first row, number of rows) so that no step compares more than ``_BLOCK_PAIRS`` pairs."""
    rows = max(1, _BLOCK_PAIRS // max(1, entries))
    return ((start, min(rows, queries - start)) for start in range(0, queries, rows))
