"""The index over the centre's banks: a cache beside the database, sealed under the worker key.

The file ``reflects`` says which state of the banks it shows. Whoever looks for something first asks the database for
its state; where the index is behind, it takes up what changed; where it is missing, damaged or of other banks, it is
made anew; and where neither can be done now, every fingerprint of the case is looked at instead. Whatever the index
finds, the database has the last word on whether it may be matched (docs/decisions).
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from zaoguang.centre.banks import live
from zaoguang.centre.banks.changing import Moment, changed_since, knows, moment
from zaoguang.centre.cases.models import Case
from zaoguang.centre.keyring import index_key
from zaoguang.centre.places import places
from zaoguang.errors import OutsideFailure, ZaoguangError
from zaoguang.search import Index, LinearIndex, Matches
from zaoguang.search.memory import locked
from zaoguang.words import gettext as _

__all__ = ["BankIndex", "BankStats", "Found", "bank_index"]

_REFLECTS: Final = "reflects"
_REFLECTS_MOST: Final = 1024
_LOCK: Final = "update.lock"
_VERSION: Final = 1
_TAKEN_AT_ONCE: Final = 5_000  # changes taken up while somebody waits for an answer; more are left to ``prepared``
_MERGED_AT_ONCE: Final = 20_000  # entries; up to here what was withdrawn is off the disk at once
_MERGE_AFTER: Final = 10_000  # changes


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the row of the query, the item, and by how many bits they differ."""

    row: int
    item: UUID
    distance: int


@dataclass(frozen=True, slots=True)
class BankStats:
    """How the index stands to the banks."""

    banked: int  # fingerprints that may be matched now
    entries: int  # of the index; 0 where there is none that can be read
    sequence: int  # of the banks
    reflects: int  # the sequence that the index shows; -1 where it shows none of this database's
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Reflects:
    """What the index shows, and how many changes it must at least have for that."""

    moment: Moment
    changes: int

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read it; none where it is missing or not whole: then nothing is known, and the index is made anew."""
        try:
            with path.open("rb") as file:
                said = json.loads(file.read(_REFLECTS_MOST))
            if said["version"] != _VERSION:
                return None
            seen = Moment(UUID(said["origin"]), int(said["sequence"]), UUID(said["mark"]))
            return cls(seen, int(said["changes"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, path: Path) -> None:
        """Put it in the place of the last one, in one step; on disk when this returns."""
        seen = self.moment
        said = {"version": _VERSION, "origin": seen.origin.hex, "sequence": seen.sequence, "mark": seen.mark.hex}
        new = path.with_name(path.name + ".new")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(json.dumps({**said, "changes": self.changes}).encode())
            out.flush()
            os.fsync(out.fileno())
        new.replace(path)
        _sync(path.parent)


class BankIndex:
    """The index over the banks, in one folder for all processes of a centre."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._index: Index | None = None

    def find(self, hashes: NDArray[np.uint8], radius: int, case: Case) -> list[Found]:
        """Give what the case's fingerprints within the radius of each row are, by what is committed at this moment."""
        matches = self._matches(hashes, radius, case)
        if matches is None:
            matches = LinearIndex.build(live.case_entries(case)).query(hashes, radius)
        items = live.items_of(case, matches.entries.tolist())
        found = zip(matches.rows.tolist(), matches.entries.tolist(), matches.distances.tolist(), strict=True)
        return [Found(row, items[entry], distance) for row, entry, distance in found if entry in items]

    def _matches(self, hashes: NDArray[np.uint8], radius: int, case: Case) -> Matches | None:
        """Ask the index; none where it cannot answer for these banks as they are now."""
        index = self._current(prepare=False)
        if index is None:
            return None
        before = _Reflects.read(self._reflects)
        try:
            matches = index.query(hashes, radius, [str(case.pk)])
        except ZaoguangError:
            self._distrust()
            return None
        after = _Reflects.read(self._reflects)
        if before is None or after is None or before.moment.origin != after.moment.origin:
            return None  # it was made anew meanwhile, and nobody knows which of the two answered
        return matches

    def prepared(self) -> bool:
        """Make the index show what is committed now, however long that takes; outside any transaction.

        False where the disk does not let it: then every fingerprint of a case is looked at instead.
        """
        return self._current(prepare=True) is not None

    def take_up(self) -> None:
        """Take up what was just committed, if that is quickly done."""
        if self._reflects.exists():
            self._current(prepare=False)

    def rebuild(self) -> int:
        """Make it anew, whatever there is, and give the number of entries; OutsideFailure where that cannot be done."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._path / _LOCK):
                return len(self._rebuilt())
        except OSError as error:
            raise OutsideFailure(
                _("The index at “{path}” cannot be written: {why}.").format(path=self._path, why=error.strerror)
            ) from error

    def stats(self) -> BankStats:
        """Look, and change nothing."""
        now, said, index = moment(), _Reflects.read(self._reflects), self._opened()
        whole = index is not None and said is not None and index.sequence >= said.changes and knows(said.moment)
        shows = said.moment.sequence if said is not None and whole else -1
        entries = len(index) if index is not None else 0
        return BankStats(live.count(), entries, now.sequence, shows, whole and said is not None and said.moment == now)

    # ---- keeping up ----

    @property
    def _reflects(self) -> Path:
        return self._path / _REFLECTS

    def _distrust(self) -> None:
        """Let the index be made anew at the next chance."""
        self._index = None
        with suppress(OSError):
            self._reflects.unlink(missing_ok=True)

    def _opened(self) -> Index | None:
        if self._index is None:
            with suppress(ZaoguangError, OSError):
                self._index = Index.open(self._path, key=self._key, merge_after=_MERGE_AFTER)
        return self._index

    def _whole(self) -> tuple[Index, _Reflects] | None:
        """Give the index and what it shows, if it has at least the changes that it should have."""
        said, index = _Reflects.read(self._reflects), self._opened()
        if said is None or index is None:
            return None
        try:
            return (index, said) if index.sequence >= said.changes else None
        except ZaoguangError:
            self._index = None
            return None

    def _current(self, *, prepare: bool) -> Index | None:
        """Give the index if it shows what is committed now; where it does not, bring it there if that may be done."""
        now, whole = moment(), self._whole()
        if whole is not None and whole[1].moment == now:
            return whole[0]
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._path / _LOCK, wait=prepare):
                return self._brought_up(prepare=prepare)
        except BlockingIOError:
            return None  # somebody else is at it
        except (ZaoguangError, OSError):
            return None  # a full or read-only disk: looking at everything needs none

    def _brought_up(self, *, prepare: bool) -> Index | None:
        """Take up what changed, or make the index anew; the lock is held."""
        now, whole = moment(), self._whole()
        if whole is None or not knows(whole[1].moment):
            return self._rebuilt() if prepare else None
        index, said = whole
        changed = changed_since(said.moment, now)
        if len(changed) > _TAKEN_AT_ONCE and not prepare:
            return None
        removed = self._take(index, changed)
        if said.moment != now:
            _Reflects(now, index.sequence).write(self._reflects)
        if removed and len(index) <= _MERGED_AT_ONCE:
            index.merge()
        return index

    @staticmethod
    def _take(index: Index, changed: list[int]) -> bool:
        """Make these entries what the database says they are now: doing it twice changes nothing. True if any went."""
        removed = False
        for part, entries in live.entries_among(changed):
            gone = [entry for entry in part if entry not in entries and index.banks_of(entry)]
            new = [each for entry, each in entries.items() if not index.banks_of(entry)]
            if gone:
                index.remove_many(gone)
                removed = True
            if new:
                index.insert_many(new)
        return removed

    def _rebuilt(self) -> Index:
        """Make it anew from the database; the lock is held."""
        self._distrust()  # first: killed in the midst, it is known that nothing is known
        now = moment()  # before the entries: what changes meanwhile is taken up once more
        index = Index.build(live.every_entry(), self._path, key=self._key, instead=True)
        self._index = Index.open(self._path, key=self._key, merge_after=_MERGE_AFTER)
        del index
        _Reflects(now, self._index.sequence).write(self._reflects)
        return self._index


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@cache
def _at(path: Path) -> BankIndex:
    return BankIndex(path, index_key().raw)


def bank_index() -> BankIndex:
    """Give this process's hand on the centre's index."""
    return _at(places().index)
