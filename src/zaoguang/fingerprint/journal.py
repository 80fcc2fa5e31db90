"""What was already seen of films, kept in a file, so that work that was broken off goes on where it was.

One JSON object a line, only ever added to. It holds fingerprints and is a secret like them: only its owner can read it.
"""

import fcntl
import json
import os
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from zaoguang.errors import OutsideFailure, UserMistake, ZaoguangError
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.film_record import film_from_json, film_to_json
from zaoguang.fingerprint.sights import Sight, sight_from
from zaoguang.sandbox import Json
from zaoguang.words import gettext as _

__all__ = ["Journal", "cannot_write"]

_HEAD: Final = b'{"zaoguang_journal":1}\n'
_LINE_MOST: Final = 1 << 30  # a finished film that moves in every frame for a day


class Journal(AbstractContextManager["Journal"]):
    """The journal at a path, made if it is not there; any thread may add to it, only one process may have it open."""

    def __init__(self, path: Path) -> None:
        """Open and read it; ``UserMistake`` for a file that is none, or that another process has open.

        ``OutsideFailure``, here and whenever something is added, where it cannot be written.
        """
        self._path = path
        self._lock = threading.Lock()
        self._begun: dict[str, list[bytes]] = {}
        self._done: dict[str, Film] = {}
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot_write(path) from error
        self._file: BinaryIO = open(descriptor, "r+b", buffering=0)  # noqa: PTH123, SIM115  # a descriptor; closed in close()
        try:
            self._take_over(path)
        except OSError as error:
            self._file.close()
            raise cannot_write(path) from error
        except ZaoguangError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Give the journal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._file.close()

    def done(self, key: str) -> Film | None:
        """Give a film that was finished earlier."""
        return self._done.get(key)

    def known(self, key: str) -> tuple[Sight, ...]:
        """Give the frames that were seen of a film, from its first on."""
        with self._lock:
            lines = list(self._begun.get(key, ()))
        return tuple(sight for line in lines for each in json.loads(line)["frames"] if (sight := sight_from(each)))

    def begin(self, key: str) -> None:
        """Write that a film is looked at from its first frame; what was known of it before does not count any more."""
        self._add({"film": key, "begins": True})

    def add(self, key: str, sights: Sequence[Sight]) -> None:
        """Write the next frames of a film."""
        self._add({"film": key, "frames": [sight.as_json() for sight in sights]})

    def finish(self, key: str, film: Film) -> None:
        """Write that a film is finished."""
        self._add({"film": key, "done": film_to_json(film)})

    def _take_over(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserMistake(
                _("Another run is writing the journal “{path}”; wait for it.").format(path=path)
            ) from None
        reading = open(self._file.fileno(), "rb", closefd=False)  # noqa: SIM115  # the same descriptor, buffered
        head = reading.readline(len(_HEAD))
        if _broken_off(head) and not reading.read(1):
            self._file.truncate(0)
            self._file.write(_HEAD)
            return
        if head != _HEAD:
            raise UserMistake(_("“{path}” is not a journal of this command; name another file.").format(path=path))
        good = len(_HEAD)
        while line := reading.readline(_LINE_MOST):
            if not line.endswith(b"\n") or not self._take(line):
                break  # a line that was being written when the work was broken off
            good += len(line)
        self._file.truncate(good)

    def _take(self, line: bytes) -> bool:
        """Take one line of the file; say whether it was one."""
        try:
            untrusted = json.loads(line)
            key = untrusted["film"]
            if not isinstance(key, str):
                return False
            if "begins" in untrusted:
                self._begun[key] = []
            elif "done" in untrusted:
                self._done[key] = film_from_json(untrusted["done"])
            elif all(sight_from(each) for each in untrusted["frames"]):
                self._begun.setdefault(key, []).append(line)
            else:
                return False
        except (ValueError, KeyError, TypeError, RecursionError, UserMistake):
            return False
        return True

    def _add(self, value: dict[str, Json]) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[self._file.write(rest) :]  # a disk that fills takes a part of it
                os.fdatasync(self._file.fileno())  # a power cut takes away at most what came since
            except OSError as error:
                raise cannot_write(self._path) from error


def cannot_write(path: Path) -> OutsideFailure:
    """Give the error for a file that the system does not let be written."""
    return OutsideFailure(_("“{path}” cannot be written; choose another folder.").format(path=path))


def _broken_off(head: bytes) -> bool:
    """Say whether this is a journal's beginning, broken off while it was written; a power cut may leave zeros."""
    return head != _HEAD and _HEAD.startswith(head.rstrip(b"\0"))
