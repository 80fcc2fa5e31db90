"""The folder of an index: which snapshot and which log are the current ones, and what else lies there.

``current`` names them and is replaced in one step; whatever it does not name is left over from a kill and goes at the
next chance. Files are written under another name, synced, renamed, and the folder synced.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

from zaoguang.errors import OutsideFailure
from zaoguang.search.defect import Defect, Refused
from zaoguang.words import gettext as _

__all__ = ["Current", "Folder", "unreadable"]

_CURRENT: Final = "current"
_OURS: Final = ("snapshot-", "changes-", "spool-", "current.")
_CURRENT_MOST: Final = 4096
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Current:
    """What the index is made of now."""

    generation: int
    sealed: bool
    identity: str  # of the snapshot
    log: str  # the identity of the log
    version: int = _VERSION
    digest: str = ""

    @property
    def snapshot_name(self) -> str:
        """Give the snapshot's file name."""
        return f"snapshot-{self.generation}"

    @property
    def log_name(self) -> str:
        """Give the log's file name."""
        return f"changes-{self.generation}"

    def to_bytes(self) -> bytes:
        """Give it as it is written, with the digest of all the rest."""
        return json.dumps(asdict(replace(self, digest=self._digest())), sort_keys=True).encode() + b"\n"

    def _digest(self) -> str:
        return hashlib.blake2b(json.dumps(asdict(replace(self, digest="")), sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it; ``Refused`` when it is missing, foreign, of another version or damaged."""
        try:
            with path.open("rb") as file:
                said = json.loads(file.read(_CURRENT_MOST))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Refused(Defect.MISSING, path.parent) from error
        except ValueError as error:
            raise Refused(Defect.FOREIGN, path) from error
        except OSError as error:
            raise unreadable(path.parent, error) from error
        if not isinstance(said, dict) or "version" not in said:
            raise Refused(Defect.FOREIGN, path)
        if said["version"] != _VERSION:
            raise Refused(Defect.VERSION, path)
        try:
            current = cls(**said)
        except TypeError as error:
            raise Refused(Defect.DAMAGED, path) from error
        if current.digest != current._digest():
            raise Refused(Defect.DAMAGED, path)
        return current


def unreadable(path: Path, error: OSError) -> OutsideFailure:
    """Say in one sentence that the system does not let the index in that folder be read."""
    return OutsideFailure(_("The index at “{path}” cannot be read: {why}.").format(path=path, why=error.strerror))


class Folder:
    """The folder of one index."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._current = os.fspath(path / _CURRENT)

    def make(self) -> None:
        """Make the folder, readable by its owner only."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutsideFailure(
                _("The index folder “{path}” cannot be made: {why}.").format(path=self.path, why=error.strerror)
            ) from error

    @property
    def is_index(self) -> bool:
        """Say whether there is an index here."""
        return Path(self._current).exists()

    @property
    def mark(self) -> tuple[int, int]:
        """Give what changes whenever the index is made of other files: one look at the folder; (0, 0) for no index."""
        try:
            seen = os.stat(self._current)  # noqa: PTH116  (asked at every query: a Path would cost more than the rest)
        except (FileNotFoundError, NotADirectoryError):
            return (0, 0)
        except OSError as error:
            raise unreadable(self.path, error) from error
        return (seen.st_ino, seen.st_mtime_ns)

    def current(self) -> Current:
        """Give what the index is made of now; ``Refused`` when there is none."""
        return Current.read(Path(self._current))

    def file(self, name: str) -> Path:
        """Give the path of one of its files."""
        return self.path / name

    def new_file(self, name: str) -> int:
        """Open an empty file under another name than its own, see ``keep``."""
        return os.open(self.file(name + ".new"), os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def keep(self, file: int, name: str) -> None:
        """Give a finished file its name; it is on disk when this returns."""
        os.fsync(file)
        self.file(name + ".new").replace(self.file(name))
        self.sync()

    def switch(self, current: Current) -> None:
        """Make the index of other files from now on, in one step that a kill cannot halve."""
        file = os.open(self._current + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, current.to_bytes())
            os.fsync(file)
        finally:
            os.close(file)
        Path(self._current + ".new").replace(self._current)
        self.sync()

    def sync(self) -> None:
        """See to it that names are on disk too."""
        file = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def highest_generation(self) -> int:
        """Give the highest number of any snapshot or log here, 0 for none: the next one must not meet it."""
        numbers = [path.name.partition("-")[2].partition(".")[0] for path in self.files()]
        return max([0, *(int(number) for number in numbers if number.isdecimal())])

    def leftovers(self) -> list[Path]:
        """Give the files of ours that the index is not made of: what a kill or an interrupted build left."""
        named: set[str] = set()
        with suppress(Refused):
            current = self.current()
            named = {current.snapshot_name, current.log_name}
        return sorted(path for path in self.files() if path.name.startswith(_OURS) and path.name not in named)

    def files(self) -> Iterator[Path]:
        """Give every file in the folder."""
        return (path for path in self.path.iterdir() if path.is_file() and not path.is_symlink())

    def size(self) -> int:
        """Give how many bytes its files have together."""
        size = 0
        for path in self.files():
            with suppress(FileNotFoundError):  # another process merges
                size += path.stat().st_size
        return size

    def tidy(self) -> None:
        """Remove the leftovers; only while nothing is being built or merged."""
        gone = self.leftovers()
        for path in gone:
            path.unlink(missing_ok=True)
        if gone:
            self.sync()
