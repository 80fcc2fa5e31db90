"""The delta: what was banked and withdrawn since the snapshot, in memory, searched by looking at everything.

Rows are only ever added, or marked as seen by nobody (set 0) and overwritten with zeros, so that a query may run over
them while they change.
"""

from collections.abc import Collection
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.search import kernel
from zaoguang.search.entry import HASH_BYTES
from zaoguang.search.kernel import Body
from zaoguang.search.matches import Matches
from zaoguang.search.spool import RECORD, BankSets, Chunk

__all__ = ["Delta"]

_ROOM: Final = 256
_NOBODY: Final = 0
_FEW: Final = 64


class Delta:
    """Entries and withdrawals since a snapshot."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._size = 0
        self._rows = np.zeros((_ROOM, HASH_BYTES), np.uint8)
        self._ids = np.zeros(_ROOM, np.int64)
        self._sets = np.zeros(_ROOM, np.uint32)
        self.sets = BankSets({frozenset(): _NOBODY})
        self._slot_of: dict[int, int] = {}
        self.removed_at: dict[int, int] = {}  # id: sequence of its last removal
        self._hidden: set[int] = set()  # ids that the snapshot may hold, and that are no longer there
        self._hidden_array = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, entry: int) -> bool:
        return entry in self._slot_of

    def hides(self, entry: int) -> bool:
        """Say whether the snapshot's entry of that id is no longer there."""
        return entry in self._hidden

    @property
    def highest(self) -> int:
        """Give the highest id that was added, -1 for none."""
        with self._lock:
            return max(self._slot_of, default=-1)

    @property
    def weight(self) -> int:
        """Give how much a merge would clear away."""
        return self._size + len(self._hidden)

    def insert(self, hash: bytes, entry: int, banks: frozenset[str]) -> None:  # noqa: A002 (the field's word)
        """Add a checked entry whose id is free."""
        with self._lock:
            if self._size == len(self._ids):
                self._grow()
            slot = self._size
            self._rows[slot] = np.frombuffer(hash, np.uint8)
            self._ids[slot] = entry
            self._sets[slot] = self.sets.number(banks)
            self._slot_of[entry] = slot
            self._size += 1

    def remove(self, entry: int, sequence: int) -> None:
        """Take an id away, here and from what is seen of the snapshot."""
        with self._lock:
            self.removed_at[entry] = sequence
            slot = self._slot_of.pop(entry, -1)
            if slot >= 0:
                self._sets[slot] = _NOBODY  # before the hash goes: a query that meets the zeros must not report them
                self._rows[slot] = 0
            self._hidden.add(entry)

    def remember_removal(self, entry: int, sequence: int) -> None:
        """Know of a removal that the snapshot already has."""
        self.removed_at[entry] = sequence

    def _grow(self) -> None:
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
        self._sets = np.concatenate([self._sets, np.zeros_like(self._sets)])

    def query(self, hashes: NDArray[np.uint8], radius: int, banks: Collection[str] | None) -> Matches:
        """Give the matches among what was added; everything given was checked before."""
        if not self._size:
            return Matches.none()
        with self._lock:
            size, rows, ids, sets = self._size, self._rows, self._ids, self._sets
            listed = self.sets.listed()
        seen = [bool(names) and (banks is None or not names.isdisjoint(banks)) for names in listed]
        hits = kernel.found(Body(rows[:size], sets[:size]), hashes, np.array(seen, np.uint8), radius)
        with self._lock:  # what was removed meanwhile is not reported, whatever of it the search saw
            hits = hits[self._sets[hits[:, 1]] != _NOBODY]
        return Matches.sorted_from(hits[:, 0].astype(np.int64), ids[hits[:, 1]], hits[:, 2].astype(np.uint16))

    def left_of(self, matches: Matches) -> Matches:
        """Give those of the snapshot's matches that are still there."""
        if not self._hidden or not len(matches):
            return matches
        if len(matches) <= _FEW:
            stays = np.array([entry not in self._hidden for entry in matches.entries.tolist()], np.bool_)
        else:
            stays = ~self.hidden_among(matches.entries)
        return Matches(matches.rows[stays], matches.entries[stays], matches.distances[stays])

    def hidden_among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each id whether the snapshot's entry is no longer there."""
        with self._lock:
            if len(self._hidden_array) != len(self._hidden):
                self._hidden_array = np.array(sorted(self._hidden), np.int64)
            return np.isin(ids, self._hidden_array)

    def hidden(self) -> NDArray[np.int64]:
        """Give the ids whose entries in the snapshot are no longer there, ascending."""
        with self._lock:
            return np.array(sorted(self._hidden), np.int64)

    def banks_of(self, entry: int) -> frozenset[str]:
        """Give the banks of an entry that is here."""
        return self.sets.listed()[int(self._sets[self._slot_of[entry]])]

    def chunk(self) -> Chunk:
        """Give all that was added, in the order of the ids; the sets are numbered as in ``sets``."""
        with self._lock:
            slots = np.array([slot for _entry, slot in sorted(self._slot_of.items())], np.int64)
            chunk = np.zeros(len(slots), RECORD)
            chunk["hash"], chunk["id"], chunk["set"] = self._rows[slots], self._ids[slots], self._sets[slots]
            return chunk
