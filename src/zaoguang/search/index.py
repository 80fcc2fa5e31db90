"""The index: a snapshot, the changes since, and queries that see both; one folder, any number of processes.

Every query first looks whether the folder has news (two looks at the file system, some 3 microseconds), so a change
that was acknowledged anywhere is seen by the next query everywhere. Queries never wait for a merge.
"""

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import OutsideFailure, UserMistake, ZaoguangError
from zaoguang.search import memory
from zaoguang.search.changes import Change, ChangeLog, Kind
from zaoguang.search.defect import Defect, Refused
from zaoguang.search.delta import Delta
from zaoguang.search.entry import Entry, Rows, checked_banks, checked_entry, checked_hash
from zaoguang.search.folder import Current, Folder, unreadable
from zaoguang.search.frozen import FrozenParts
from zaoguang.search.image import Image, write_image
from zaoguang.search.matches import Matches
from zaoguang.search.memory import Memory
from zaoguang.search.sealed import KEY_BYTES, identity_of, read_sealed, write_sealed
from zaoguang.search.searchable import MAX_RADIUS, Searchable, checked_hashes, checked_radius
from zaoguang.search.spool import BankSets, Chunk, Progress, Spool, chunks_of, silent
from zaoguang.words import gettext as _

__all__ = ["Index", "Stats"]

_LOCK: Final = "lock"
_MERGE_LOCK: Final = "merge.lock"
_CARRIED: Final = 1 << 16  # changes in one frame


@dataclass(frozen=True, slots=True)
class Stats:
    """What an index is made of, for a person to look at."""

    entries: int
    banks: int
    generation: int
    sealed: bool
    tables: int
    snapshot_entries: int
    waiting: int  # changes since the snapshot
    disk_bytes: int
    memory_bytes: int  # of the mapped image


@dataclass(slots=True)
class _State:
    """What queries of one process see: replaced as a whole when the index is made of other files."""

    mark: tuple[int, int]
    current: Current
    image: Image
    memory: Memory  # held open for other processes
    log: ChangeLog
    delta: Delta
    sequence: int
    hidden: int  # entries of the snapshot that are no longer there

    def apply(self, changes: Iterable[Change]) -> None:
        """Take up changes that were not seen before, in their order."""
        for change in changes:
            if change.kind is Kind.REMOVED:
                self.delta.remember_removal(change.entry, change.sequence)
            if change.kind is Kind.REMOVED or change.sequence <= self.sequence:
                continue
            self.sequence = change.sequence
            if change.kind is Kind.INSERT:
                self.delta.insert(change.hash, change.entry, change.banks)
            else:
                self.hidden += not self.delta.hides(change.entry) and self.image.row_of(change.entry) >= 0
                self.delta.remove(change.entry, change.sequence)

    def has(self, entry: int) -> bool:
        """Say whether that id is banked."""
        return entry in self.delta or (not self.delta.hides(entry) and self.image.row_of(entry) >= 0)


class Index(Searchable):
    """Banked fingerprints on disk, searched exactly; safe to use from several threads, and from several processes.

    ``key`` (32 bytes) seals everything on disk; without it the files are plain: for lists that are public anyway.
    ``threads`` share out the queries of a batch. ``private`` searches a copy in this process's own memory instead of
    what all processes share: no clear gain where it was measured (docs/explain/scale.md). ``merge_after`` that many
    changes made here, a merge begins in the background; without it, whoever owns the index calls ``merge``.
    """

    def __init__(
        self,
        path: Path,
        *,
        key: bytes | None = None,
        threads: int = 1,
        private: bool = False,
        merge_after: int | None = None,
    ) -> None:
        _check_key(key)
        self._folder, self._key, self._threads, self._private = Folder(path), key, threads, private
        self._refreshing = threading.Lock()
        self._writing = threading.Lock()
        self._refused_mark = (0, 0)
        self._merge_after, self._merging = merge_after, threading.Lock()
        with _readable(path):
            self._state = self._loaded()
        self.defect: ZaoguangError | None = None
        """Why the files that the index is made of now are not used (the last good ones are, and every change still;
        where the changes cannot be read either, queries are refused), or why the last merge in background failed."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        key: bytes | None = None,
        threads: int = 1,
        private: bool = False,
        merge_after: int | None = None,
    ) -> Self:
        """Open the index in that folder; ``Refused`` when there is none, or when it is not whole."""
        return cls(path, key=key, threads=threads, private=private, merge_after=merge_after)

    @classmethod
    def build(
        cls,
        entries: Iterable[Entry | Rows],
        path: Path,
        *,
        key: bytes | None = None,
        instead: bool = False,
        join: bool = False,
        progress: Progress = silent,
        threads: int = 1,
    ) -> Self:
        """Build an index in that folder from a stream, in bounded memory, and open it.

        ``instead`` takes the place of an index that is there, in one step; ``join`` lets an id that comes again with
        the same hash add its banks. An interrupted build leaves what was there as it was.

        Raises:
            UserMistake: an entry cannot be taken, an id comes twice, or there is an index already.
            OutsideFailure: the disk is full, or cannot be written.
        """
        _check_key(key)
        folder = Folder(path)
        folder.make()
        if folder.is_index and not instead:
            raise UserMistake(_("There is an index at “{path}” already; nothing was changed.").format(path=path))
        sets = BankSets()
        with _disk(path), memory.locked(path / _MERGE_LOCK):
            before = _Before.of(folder, key)
            spool = Spool(sets, path if key is None else None, progress)
            try:
                spool.take(chunks_of(entries, sets))
                spool.sort(join=join)
                held = _install(folder, spool, _Making(key, progress, threads), before)
            finally:
                spool.close()
            index = cls(path, key=key, threads=threads)
            held.close()
        return index

    # ---- queries ----

    def query(
        self, hashes: NDArray[np.uint8], radius: int = MAX_RADIUS, banks: Collection[str] | None = None
    ) -> Matches:
        """Give every entry within ``radius`` of each row of ``hashes`` that the named banks let the query see."""
        hashes, radius = checked_hashes(hashes), checked_radius(radius)
        seen = None if banks is None else checked_banks(banks)
        state = self._fresh()
        added = state.delta.query(hashes, radius, seen)
        banked = state.delta.left_of(state.image.query(hashes, radius, seen, threads=self._threads))
        return Matches.joined([banked, added]) if len(added) else banked

    def banks_of(self, entry: int) -> frozenset[str]:
        """Give the banks of an entry; empty when it is not there (any more)."""
        state = self._fresh()
        if entry in state.delta:
            return state.delta.banks_of(entry)
        row = -1 if state.delta.hides(entry) else state.image.row_of(entry)
        return state.image.banks_of_row(row) if row >= 0 else frozenset()

    def __len__(self) -> int:
        state = self._fresh()
        return len(state.image) - state.hidden + len(state.delta)

    @property
    def highest(self) -> int:
        """Give the highest id that is banked, -1 for none."""
        state = self._fresh()
        return max(int(state.image.ids(slice(-1, None))[0]) if len(state.image) else -1, state.delta.highest)

    @property
    def sequence(self) -> int:
        """Give the number of the last change: read it before the truth from which an insertion is made, see there."""
        return self._fresh().sequence

    @property
    def version(self) -> str:
        """Give a name of what there is to see now: while it stays the same, so does every answer."""
        state = self._fresh()
        return f"{state.current.identity}-{state.sequence}"

    def freeze(self) -> FrozenParts:
        """Give a copy of what there is to see now, for processes that do not see the folder; it is not sealed."""
        state = self._fresh()
        delta, listed = state.delta.chunk(), state.delta.sets.listed()
        added = tuple(
            Entry(bytes(each["hash"]), int(each["id"]), tuple(sorted(listed[int(each["set"])]))) for each in delta
        )
        whole = np.frombuffer(state.image.bytes_between(0, state.image.length), np.uint8)
        return FrozenParts(state.image.header, whole, added, tuple(state.delta.hidden().tolist()))

    # ---- changes ----

    def insert(
        self,
        hash: bytes,  # noqa: A002 (the field's word)
        entry: int,
        banks: Collection[str],
        *,
        as_of: int | None = None,
    ) -> None:
        """Bank one fingerprint: on disk, and seen by every process's next query, when this returns.

        A removal wins every race: whoever banks what the database says reads ``sequence`` first, then the database,
        and gives that number as ``as_of``. When the id was removed since, the insertion is refused.

        Raises:
            UserMistake: the id is taken; or it was removed after ``as_of`` (or while this call waited).
        """
        self.insert_many([Entry(hash, entry, banks)], as_of=as_of)

    def insert_many(self, entries: Iterable[Entry], *, as_of: int | None = None) -> None:
        """Bank several, all of them or (UserMistake) none, as ``insert`` does."""
        checked = [
            Entry(checked_hash(each.hash), checked_entry(each.entry), checked_banks(each.banks)) for each in entries
        ]
        if not all(each.banks for each in checked):
            raise UserMistake(_("An entry must belong to at least one bank."))
        known = self._fresh().sequence if as_of is None else as_of
        with self._changing() as state:
            taken: set[int] = set()
            for each in checked:
                if state.has(each.entry) or each.entry in taken:
                    raise UserMistake(_("Entry %(entry)d is banked already; remove it first.") % {"entry": each.entry})
                taken.add(each.entry)
                if known < state.log.horizon or state.delta.removed_at.get(each.entry, -1) > known:
                    raise UserMistake(
                        _("Entry {entry} was withdrawn meanwhile; it was not banked.").format(entry=each.entry)
                    )
            self._write(
                state,
                [
                    Change(Kind.INSERT, state.sequence + number, each.entry, each.hash, frozenset(each.banks))
                    for number, each in enumerate(checked, 1)
                ],
            )

    def remove(self, entry: int) -> bool:
        """Forget one entry; True if it was there. On disk, and seen by every process's next query, when this returns.

        A removal is kept even when the id is not there: an insertion of it that is on its way then loses.
        """
        return self.remove_many([entry]) == 1

    def remove_many(self, entries: Iterable[int]) -> int:
        """Forget several; give how many were there."""
        checked = list(dict.fromkeys(checked_entry(entry) for entry in entries))
        with self._changing() as state:
            there = sum(state.has(entry) for entry in checked)
            self._write(
                state, [Change(Kind.REMOVE, state.sequence + number, entry) for number, entry in enumerate(checked, 1)]
            )
        return there

    @contextmanager
    def _changing(self) -> Iterator[_State]:
        """Be the only one who changes the index, with all that others changed taken up."""
        with _disk(self._folder.path), self._writing, memory.locked(self._folder.file(_LOCK)):
            state = self._fresh()
            if state.log.identity.hex() != self._folder.current().log:
                raise self.defect or Refused(Defect.MISSING, self._folder.path)
            yield state
        if self._merge_after is not None and state.delta.weight >= self._merge_after:
            threading.Thread(target=self._merge_once, name="zaoguang-merge", daemon=True).start()

    def _merge_once(self) -> None:
        """Merge in the background, one at a time; a failure is kept in ``defect``, for nobody waits here for it."""
        if not self._merging.acquire(blocking=False):
            return
        try:
            self.merge()
        except ZaoguangError as error:
            self.defect = error
        finally:
            self._merging.release()

    def _write(self, state: _State, changes: list[Change]) -> None:
        if changes:
            state.log.append(changes)
            with self._refreshing:
                state.apply(state.log.news())

    # ---- keeping up ----

    def _fresh(self) -> _State:
        """Give what there is to see now."""
        state = self._state
        if state.mark != self._folder.mark or state.log.has_news:
            with self._refreshing, _readable(self._folder.path):
                self._refresh()
        return self._state

    def _refresh(self) -> None:
        state = self._state
        state.apply(state.log.news())
        mark = self._folder.mark
        if mark in {state.mark, self._refused_mark, (0, 0)}:
            return
        try:
            self._state = self._loaded()
            self.defect = None
        except Refused as refused:
            self.defect = refused
            self._follow(state, refused)
            self._refused_mark = mark

    def _follow(self, state: _State, refused: Refused) -> None:
        """Keep the last good snapshot where the new one is refused, and take up the changes after it.

        ``Refused``, at every query, where it cannot be known what changed: something may have been withdrawn.
        """
        log = ChangeLog.opened(self._folder.file(self._folder.current().log_name), self._key)
        if log.identity == state.log.identity:
            return
        if log.base > state.sequence:  # some changes are only in the snapshot that is refused
            raise refused
        changes = log.news()
        state.log = log
        state.apply(changes)

    def _loaded(self) -> _State:
        """Open what the folder names; once more when a merge replaced it meanwhile."""
        while True:
            mark = self._folder.mark
            try:
                return self._load(mark)
            except Refused:
                if mark == self._folder.mark:
                    raise

    def _load(self, mark: tuple[int, int]) -> _State:
        current = self._folder.current()
        if current.sealed != (self._key is not None):
            raise _wrong_form(self._folder.path, sealed=current.sealed)
        log = ChangeLog.opened(self._folder.file(current.log_name), self._key)
        if log.identity.hex() != current.log:
            raise Refused(Defect.SWAPPED, log.path)
        making = _Making(self._key, silent, self._threads)
        held, image = _open_snapshot(self._folder, current, making, private=self._private)
        state = _State(mark, current, image, held, log, Delta(), log.base, 0)
        state.apply(log.news())
        return state

    # ---- merging ----

    def merge(self, progress: Progress = silent) -> bool:
        """Make a new snapshot of the last one and all changes, and remove what was withdrawn from disk.

        Queries and changes go on meanwhile, in this and every process; False when another merge is going on.
        Interrupted or killed at any instant, the index is as it was, or merged.
        """
        try:
            with _disk(self._folder.path), memory.locked(self._folder.file(_MERGE_LOCK), wait=False):
                self._merge(progress)
        except BlockingIOError:
            return False
        return True

    def _merge(self, progress: Progress) -> None:
        with self._changing() as state:
            self._folder.tidy()
            before = _Before.seen(state)
            image, added, hidden = state.image, state.delta.chunk(), state.delta.hidden()
            sets = BankSets(dict(state.delta.sets.numbers))
        spool = Spool(sets, self._folder.path if self._key is None else None, progress)
        try:
            spool.take(_merged(image, added, hidden, sets))
            held = _install(self._folder, spool, _Making(self._key, progress, self._threads), before)
        finally:
            spool.close()
        self._fresh()
        held.close()

    def stats(self) -> Stats:
        """Give what the index is made of."""
        state = self._fresh()
        names = {name for banks in state.image.shape.banks for name in banks}
        names.update(name for banks in state.delta.sets.listed() for name in banks)
        size = self._folder.size()
        return Stats(
            len(self),
            len(names),
            state.current.generation,
            state.current.sealed,
            state.image.shape.tables,
            len(state.image),
            state.delta.weight,
            size,
            state.image.length,
        )

    def check(self, progress: Progress = silent) -> Stats:
        """Check every byte that the index is made of; ``Refused`` where one is not as it was written."""
        state = self._fresh()
        if self.defect:
            raise self.defect
        state.image.check(progress)
        if self._key is not None:
            path = self._folder.file(state.current.snapshot_name)
            with _readable(self._folder.path), _opened(path) as file:
                read_sealed(file, path, self._key, progress).close()
        return self.stats()


@dataclass(frozen=True, slots=True)
class _Making:
    """How a snapshot is made."""

    key: bytes | None
    progress: Progress
    threads: int


@dataclass(frozen=True, slots=True)
class _Before:
    """The index as it was when the making of a new snapshot began: changes after that go into the new log."""

    generation: int
    log: Path | None
    key: bytes | None
    sequence: int  # of the last change that the new snapshot has
    horizon: int  # removals before it are forgotten
    removed: Mapping[int, int]

    @classmethod
    def seen(cls, state: _State) -> Self:
        """Give it for a merge of that state; the index's lock is held."""
        log = state.log
        removed = {entry: at for entry, at in state.delta.removed_at.items() if at > log.base}
        return cls(state.current.generation, log.path, log.key, state.sequence, log.base, removed)

    @classmethod
    def of(cls, folder: Folder, key: bytes | None) -> Self:
        """Give it for a build in the place of whatever is there: what cannot be read is not carried over."""
        try:
            current = folder.current()
        except Refused:
            return cls(folder.highest_generation(), None, key, 0, 0, {})
        path = folder.file(current.log_name)
        try:
            log = ChangeLog.opened(path, key)
            changes = log.news()
        except Refused:
            return cls(folder.highest_generation(), None, key, 0, 0, {})
        sequence = max([log.base, *(change.sequence for change in changes)])
        return cls(current.generation, path, key, sequence, sequence, {})

    def carried(self, image: Image) -> list[Change]:
        """Give what the new log begins with, for a snapshot with that image; the index's lock is held."""
        kept = [Change(Kind.REMOVED, at, entry) for entry, at in self.removed.items()]
        if self.log is None:
            return kept
        gone: set[int] = set()  # what was removed since may come back, though the snapshot has it
        for change in ChangeLog.opened(self.log, self.key).news():
            if change.kind is Kind.REMOVED or change.sequence <= self.sequence:
                continue
            if change.kind is Kind.REMOVE:
                gone.add(change.entry)
            if change.kind is Kind.REMOVE or change.entry in gone or image.row_of(change.entry) < 0:
                kept.append(change)
        return kept


def _install(folder: Folder, spool: Spool, making: _Making, before: _Before) -> Memory:
    """Make a snapshot of sorted entries and make the index of it; give the memory that holds a sealed one's image."""
    generation = before.generation + 1
    current = Current(generation, making.key is not None, "", "")
    file = folder.new_file(current.snapshot_name)
    try:
        if making.key is None:
            identity = write_image(file, spool, progress=making.progress, threads=making.threads).identity
            folder.keep(file, current.snapshot_name)
            held = Memory(os.dup(file))
        else:
            identity = write_sealed(file, spool, making.key, making.progress)
            folder.keep(file, current.snapshot_name)
            held = Memory(_image_in_memory(spool, identity, making))
    finally:
        os.close(file)
    with memory.locked(folder.file(_LOCK)):
        changes = before.carried(Image.opened(held.file, folder.path))
        log = ChangeLog.created(folder.file(current.log_name), making.key, base=before.sequence, horizon=before.horizon)
        for start in range(0, len(changes), _CARRIED):
            log.append(changes[start : start + _CARRIED])
            log.news()
        folder.sync()
        if making.key is not None:
            memory.share(folder.path, held.file, identity)
        folder.switch(replace(current, identity=identity, log=log.identity.hex()))
        folder.tidy()
    return held


def _image_in_memory(spool: Spool, identity: str, making: _Making) -> int:
    file = memory.new_memory()
    try:
        write_image(file, spool, sealed=identity, progress=making.progress, threads=making.threads)
    except BaseException:  # also an interrupt: let go of, and raised on
        os.close(file)
        raise
    return file


def _open_snapshot(folder: Folder, current: Current, making: _Making, *, private: bool) -> tuple[Memory, Image]:
    """Open the snapshot that the index names: mapped from disk, or from memory where it is sealed."""
    path = folder.file(current.snapshot_name)
    if making.key is None:
        with _opened(path) as file:
            image = Image.opened(file, path, private=private)
        if image.header.identity != current.identity:
            raise Refused(Defect.SWAPPED, path)
        return Memory(-1), image

    def make() -> int:
        with _opened(path) as file:
            if identity_of(file, path) != current.identity:
                raise Refused(Defect.SWAPPED, path)
            spool = read_sealed(file, path, making.key or b"", making.progress)
        try:
            return _image_in_memory(spool, current.identity, making)
        finally:
            spool.close()

    held, image = memory.attached(folder.path, current.identity, make)
    if not private:
        return held, image
    with closing(held):
        return Memory(-1), Image.opened(held.file, image.path, private=True)


def _merged(image: Image, added: Chunk, hidden: NDArray[np.int64], sets: BankSets) -> Iterator[Chunk]:
    """Give the image's entries but the hidden ones, and the added ones, in the order of the ids."""
    numbers = np.array([sets.number(frozenset(names)) for names in image.shape.banks], np.uint32)
    for chunk in image.chunks(numbers):
        before = int(np.searchsorted(added["id"], chunk["id"][-1], "right"))
        stays = chunk[~np.isin(chunk["id"].astype(np.int64), hidden)]
        together = np.concatenate([stays, added[:before]])
        yield together[np.argsort(together["id"], kind="stable")]
        added = added[before:]
    yield added


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Refused(Defect.MISSING, path) from error
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one sentence what the disk would not let be read."""
    try:
        yield
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Say in one sentence what the disk would not do."""
    try:
        yield
    except BlockingIOError:
        raise  # a lock that is held: not the disk's fault
    except OSError as error:
        raise OutsideFailure(
            _("The index at “{path}” cannot be written: {why}.").format(path=path, why=error.strerror)
        ) from error


def _check_key(key: bytes | None) -> None:
    if key is not None and len(key) != KEY_BYTES:
        raise UserMistake(_("A key has 32 bytes; this one has another length."))


def _wrong_form(path: Path, *, sealed: bool) -> UserMistake:
    if sealed:
        return UserMistake(_("The index at “{path}” is sealed; give its key.").format(path=path))
    return UserMistake(_("The index at “{path}” is plain; it has no key.").format(path=path))
