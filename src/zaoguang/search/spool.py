"""The spool: entries as they come, put into the one order of a snapshot (by id) in bounded memory.

Rows lie in a file without a name (or, for a sealed index, in memory only), so that a kill leaves nothing behind.
"""

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.search.entry import MAX_ENTRY, Entry, Rows, checked_banks, checked_entry, checked_hash
from zaoguang.search.searchable import checked_hashes
from zaoguang.words import gettext as _

__all__ = ["CHUNK", "RECORD", "BankSets", "Chunk", "Progress", "Spool", "Step", "chunks_of", "silent"]

CHUNK: Final = 1 << 16
"""Entries handled in one step."""

RECORD: Final = np.dtype([("hash", np.uint8, (32,)), ("id", "<u8"), ("set", "<u4")])
_PART: Final = 1 << 20  # entries sorted in memory at once
_SAMPLE: Final = 1 << 18

Chunk = NDArray[Any]
"""Some entries, as an array of ``RECORD``."""


class Step(StrEnum):
    """What a build is doing."""

    READ = "read"
    SORT = "sort"
    WRITE = "write"
    TABLES = "tables"
    SEAL = "seal"


Progress = Callable[[Step, int, int], None]
"""Called with a step, how much of it is done, and of how much (0: not known). May raise, to interrupt."""


def silent(_step: Step, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(slots=True)
class BankSets:
    """The distinct sets of banks met so far, numbered in the order they were met."""

    numbers: dict[frozenset[str], int] = field(default_factory=dict)

    def number(self, banks: frozenset[str]) -> int:
        """Give that set's number."""
        return self.numbers.setdefault(banks, len(self.numbers))

    def listed(self) -> list[frozenset[str]]:
        """Give the sets by number."""
        return list(self.numbers)


def chunks_of(entries: Iterable[Entry | Rows], sets: BankSets) -> Iterator[Chunk]:
    """Give checked entries in chunks; UserMistake for one that cannot be taken."""
    for many, group in groupby(entries, lambda each: isinstance(each, Rows)):
        if many:
            for rows in cast("Iterator[Rows]", group):
                yield from _chunks_of_rows(rows, sets)
        else:
            yield from _chunks_of_entries(cast("Iterator[Entry]", group), sets)


def _chunks_of_rows(rows: Rows, sets: BankSets) -> Iterator[Chunk]:
    hashes, ids = checked_hashes(rows.hashes), np.asarray(rows.entries)
    if ids.shape != (len(hashes),) or not np.issubdtype(ids.dtype, np.integer):
        raise UserMistake(_("An entry id must be a whole number."))
    if len(ids) and not (int(ids.min()) >= 0 and int(ids.max()) <= MAX_ENTRY):
        raise UserMistake(_("An entry id must lie between 0 and 2**63 - 1."))
    number = _set_number(rows.banks, sets)
    for start in range(0, len(ids), CHUNK):
        chunk = np.zeros(min(CHUNK, len(ids) - start), RECORD)
        chunk["hash"], chunk["id"] = hashes[start : start + CHUNK], ids[start : start + CHUNK]
        chunk["set"] = number
        yield chunk


def _chunks_of_entries(source: Iterator[Entry], sets: BankSets) -> Iterator[Chunk]:
    while taken := list(islice(source, CHUNK)):
        chunk = np.zeros(len(taken), RECORD)
        chunk["hash"] = np.frombuffer(b"".join(checked_hash(each.hash) for each in taken), np.uint8).reshape(-1, 32)
        chunk["id"] = [checked_entry(each.entry) for each in taken]
        chunk["set"] = [_set_number(each.banks, sets) for each in taken]
        yield chunk


def _set_number(untrusted_banks: Collection[str], sets: BankSets) -> int:
    banks = checked_banks(untrusted_banks)
    if not banks:
        raise UserMistake(_("An entry must belong to at least one bank."))
    return sets.number(banks)


class Spool:
    """Entries on their way into a snapshot; ``folder`` None keeps them in memory-backed files."""

    def __init__(self, sets: BankSets, folder: Path | None, progress: Progress = silent) -> None:
        self.sets = sets
        self.count = 0
        self._folder, self._progress = folder, progress
        self._file = self._nameless()
        self._sorted = True
        self._last = -1

    def _nameless(self) -> int:
        if self._folder is None:
            return os.memfd_create("zaoguang-spool", os.MFD_CLOEXEC)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix="spool-")
        Path(name).unlink()
        return handle

    def close(self) -> None:
        """Let the entries go."""
        os.close(self._file)

    def take(self, chunks: Iterable[Chunk]) -> None:
        """Take all of these."""
        for chunk in chunks:
            if not len(chunk):
                continue
            ids = chunk["id"].astype(np.int64)
            self._sorted &= bool(ids[0] > self._last and (np.diff(ids) > 0).all())
            self._last = int(ids[-1])
            _write_at(self._file, chunk, self.count)
            self.count += len(chunk)
            self._progress(Step.READ, self.count, 0)

    def sort(self, *, join: bool = False) -> None:
        """Put the entries in the order of their ids.

        ``join``: an id that comes again with the same hash adds its banks to the first. Otherwise, and with another
        hash, an id that comes twice is a UserMistake.
        """
        if self._sorted:
            return
        target = self._nameless()
        try:
            kept = 0
            for part in self._parts(target):
                single = self._joined(np.sort(part, order="id", kind="stable"), join=join)
                _write_at(target, single, kept)
                kept += len(single)
                self._progress(Step.SORT, kept, self.count)
        except BaseException:  # also an interrupt: let go of, and raised on
            os.close(target)
            raise
        os.close(self._file)
        self._file, self.count, self._sorted = target, kept, True
        os.ftruncate(target, kept * RECORD.itemsize)

    def chunks(self) -> Iterator[Chunk]:
        """Give the entries again, in chunks."""
        return self._read(self._file, 0, self.count)

    def ends(self) -> tuple[int, int]:
        """Give the least and the greatest id of sorted entries; (0, 0) for none."""
        if not self.count:
            return 0, 0
        first, last = (next(self._read(self._file, place, place + 1)) for place in (0, self.count - 1))
        return int(first["id"][0]), int(last["id"][0])

    def used_sets(self) -> NDArray[np.int64]:
        """Give the numbers of the sets that some entry has."""
        used: set[int] = set()
        for chunk in self.chunks():
            used.update(np.flatnonzero(np.bincount(chunk["set"])).tolist())
        return np.array(sorted(used), np.int64)

    def _parts(self, target: int) -> Iterator[Chunk]:
        """Give all entries in parts that follow each other in id: first dealt out to their parts in ``target``.

        A part is read before what comes of it is written over the parts before it: joining only makes them shorter.
        """
        splits = self._splits()
        sizes = np.zeros(len(splits) + 1, np.int64)
        for chunk in self.chunks():
            sizes += np.bincount(np.searchsorted(splits, chunk["id"], "right"), minlength=len(sizes))
        starts = np.cumsum(sizes) - sizes
        ends = starts.copy()
        for chunk in self.chunks():
            parts = np.searchsorted(splits, chunk["id"], "right")
            for part in np.unique(parts):
                piece = chunk[parts == part]
                _write_at(target, piece, int(ends[part]))
                ends[part] += len(piece)
        for start, end in zip(starts, ends, strict=True):
            pieces = list(self._read(target, int(start), int(end)))
            if pieces:
                yield np.concatenate(pieces)

    def _splits(self) -> NDArray[np.uint64]:
        """Give the ids at which one part ends and the next begins."""
        every = max(1, self.count // _SAMPLE)
        sample = np.sort(np.concatenate([chunk["id"][::every] for chunk in self.chunks()]))
        parts = -(-self.count // _PART)
        return sample[[len(sample) * part // parts for part in range(1, parts)]].astype(np.uint64)

    def _joined(self, part: Chunk, *, join: bool) -> Chunk:
        again = np.flatnonzero(part["id"][1:] == part["id"][:-1]) + 1
        if not len(again):
            return part
        listed = self.sets.listed()
        first = -1
        for place in again.tolist():
            if first < 0 or part["id"][first] != part["id"][place]:
                first = place - 1
            if not join or (part["hash"][first] != part["hash"][place]).any():
                raise UserMistake(
                    _("The id {entry} is given twice; each entry needs an id of its own.").format(
                        entry=int(part["id"][place])
                    )
                )
            together = listed[int(part["set"][first])] | listed[int(part["set"][place])]
            part["set"][first] = self.sets.number(together)
            listed = self.sets.listed() if len(self.sets.numbers) > len(listed) else listed
        return np.delete(part, again)

    @staticmethod
    def _read(file: int, start: int, end: int) -> Iterator[Chunk]:
        for at in range(start, end, CHUNK):
            wanted = (min(at + CHUNK, end) - at) * RECORD.itemsize
            yield np.frombuffer(os.pread(file, wanted, at * RECORD.itemsize), RECORD).copy()


def _write_at(file: int, chunk: Chunk, place: int) -> None:
    rest = memoryview(np.ascontiguousarray(chunk).tobytes())
    at = place * RECORD.itemsize
    while rest:
        done = os.pwrite(file, rest, at)
        rest, at = rest[done:], at + done
