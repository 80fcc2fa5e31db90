"""The journal: what came of each unit, on disk before it is shown, so that a scan that was killed can go on.

Each line is ``length checksum JSON``; the first says what is sought and where. It holds no fingerprint.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from zaoguang.errors import DoesNotHold, OutsideFailure, UserMistake
from zaoguang.scan.looking import Seen
from zaoguang.scan.plan import Unit
from zaoguang.words import gettext as _

__all__ = ["Journal", "NoJournal"]

_CHECKSUM: Final = 32
_LINE_MOST: Final = 1 << 30


class NoJournal:
    """Keeps what came of units only until it is shown."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}

    def knows(self, unit: Unit) -> bool:
        """Say whether it is known what came of the unit."""
        return unit.number in self._seen

    def put(self, unit: Unit, seen: Seen) -> None:
        """Write down what came of it, once."""
        self._seen.setdefault(unit.number, seen)

    def take(self, number: int) -> Seen:
        """Give what came of a unit that is known, for the last time."""
        return self._seen.pop(number)


class Journal:
    """A journal on disk; one process at a time has it."""

    def __init__(self, file: int, path: Path) -> None:
        self._file, self._path = file, path
        self._places: dict[int, tuple[int, int, str]] = {}  # unit: where, length, its key
        self._end = 0

    @classmethod
    def opened(cls, path: Path, task: Mapping[str, Any]) -> Self:
        """Open or begin a journal for a task.

        Raises:
            UserMistake: it is another task's, or another process has it.
            DoesNotHold: it is damaged.
        """
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UserMistake(_("The journal “{path}” cannot be written.").format(path=path)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(file)
            raise UserMistake(_("Another scan is writing the journal “{path}” just now.").format(path=path)) from error
        journal = cls(file, path)
        said = journal._read()
        if said is None:
            journal._append({"task": dict(task)})
            _sync_folder(path)
        elif said != json.loads(json.dumps(dict(task))):
            raise UserMistake(
                _(
                    "The journal “{path}” is of another scan: the source, the bank or an option is not the same. "
                    "Name another journal, or delete this one."
                ).format(path=path)
            )
        return journal

    def __del__(self) -> None:
        os.close(self._file)

    def knows(self, unit: Unit) -> bool:
        """Say whether it is known what came of the unit; ``UserMistake`` when the source changed since."""
        if unit.number not in self._places:
            return False
        if self._places[unit.number][2] != unit.key:
            raise UserMistake(
                _(
                    "The source is no longer as the journal “{path}” knows it. "
                    "Name another journal, or delete this one."
                ).format(path=self._path)
            )
        return True

    def put(self, unit: Unit, seen: Seen) -> None:
        """Write down what came of it, once; on disk when this returns."""
        if unit.number in self._places:
            return
        said = {"unit": unit.number, "key": unit.key, "looked_at": seen.looked_at}
        at, length = self._append(said | {"matches": seen.matches, "passed_over": seen.passed_over})
        self._places[unit.number] = (at, length, unit.key)

    def take(self, number: int) -> Seen:
        """Give what came of a unit that is known."""
        at, length, _key = self._places[number]
        said = _said(os.pread(self._file, length, at))
        if said is None:
            raise self._damaged()
        return Seen(said["matches"], said["passed_over"], said["looked_at"])

    def _append(self, said: Mapping[str, Any]) -> tuple[int, int]:
        text = json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()
        line = f"{len(text)} {_checksum(text)} ".encode() + text + b"\n"
        at = self._end
        try:
            rest = memoryview(line)
            while rest:
                written = os.pwrite(self._file, rest, at + len(line) - len(rest))
                rest = rest[written:]
            os.fdatasync(self._file)
        except OSError as error:
            raise OutsideFailure(
                _("The journal “{path}” cannot be written; is the disk full?").format(path=self._path)
            ) from error
        self._end += len(line)
        return at, len(line)

    def _read(self) -> Mapping[str, Any] | None:
        """Take up what is there; what a kill left unfinished at the end is cut off."""
        task: Mapping[str, Any] | None = None
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123  # this opens a descriptor, not a path
            file.seek(0)
            while line := file.readline(_LINE_MOST):
                said = _said(line)
                if said is None and not file.readline(1):
                    break
                if said is None or (task is None) is not ("task" in said):
                    raise self._damaged()
                if "task" in said:
                    task = said["task"]
                else:
                    self._places[said["unit"]] = (self._end, len(line), said["key"])
                self._end += len(line)
        os.ftruncate(self._file, self._end)
        return task

    def _damaged(self) -> DoesNotHold:
        return DoesNotHold(
            _("The journal “{path}” is damaged, or no journal; name another one.").format(path=self._path)
        )


def _checksum(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=_CHECKSUM // 2).hexdigest()


def _said(line: bytes) -> dict[str, Any] | None:
    """Give what a line says; None when it is not whole."""
    length, _space, rest = line.partition(b" ")
    checksum, _space, text = rest.partition(b" ")
    if not text.endswith(b"\n") or length != str(len(text) - 1).encode():
        return None
    text = text[:-1]
    if checksum != _checksum(text).encode():
        return None
    said = json.loads(text)
    return said if isinstance(said, dict) else None


def _sync_folder(path: Path) -> None:
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
