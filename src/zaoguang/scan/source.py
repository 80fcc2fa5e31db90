"""Source: the archive that is looked through, wherever fsspec finds it: a folder, one file, object storage."""

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, cast

import fsspec
from fsspec.core import url_to_fs

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.scan.why import Why
from zaoguang.words import gettext as _

__all__ = ["Held", "Source"]

_DEPTH_MOST: Final = 128
_MARKS: Final = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True, slots=True)
class Held:
    """One file of a source: its name within it, and what changes when the file does."""

    name: str
    size: int
    mark: str = ""
    why_not: Why | None = None  # known already when the folder was listed

    def name_or(self, address: str) -> str:
        """Give its name; a source that is one file has only its address."""
        return self.name or address


class Source:
    """Where files are read from; opened anew, by its address, in each process that works."""

    def __init__(self, address: str, filesystem: fsspec.AbstractFileSystem, root: str) -> None:
        self.address, self._filesystem, self._root = address, filesystem, root.rstrip("/") or "/"
        self.is_local = isinstance(filesystem, fsspec.get_filesystem_class("file"))

    @classmethod
    def opened(cls, address: str) -> Self:
        """Open a path or an address; ``UserMistake`` when there is no such kind, ``OutsideFailure`` when not readable.

        Chained addresses (``simplecache::…``) are refused: they may lay copies on the disk.
        """
        if "::" in address:
            raise UserMistake(_("The source must be a path or one plain address, without “::”."))
        try:
            filesystem, root = url_to_fs(address if "://" in address else str(Path(address).absolute()))
            source = cls(address, filesystem, root)
            source.info()
        except (ValueError, ImportError) as error:
            raise UserMistake(
                _("This kind of source cannot be opened here; its fsspec driver may have to be installed first.")
            ) from error
        except Exception as error:  # every driver raises its own kinds
            raise OutsideFailure(
                _("The source cannot be read; check its name, and that you may open it. Nothing was done.")
            ) from error
        return source

    def info(self) -> dict[str, Any]:
        """Give what the file system says of the source itself."""
        return cast("dict[str, Any]", self._filesystem.info(self._root))

    def answering(self) -> AbstractContextManager[None]:
        """Say in one sentence that object storage stopped answering; what a disk would not do stays an ``OSError``."""
        return nullcontext() if self.is_local else _answering()

    def held(self) -> Iterator[Held]:
        """Give every file, in an order that depends on the names only; folders are listed one at a time."""
        with self.answering():
            said = self.info()
        if said["type"] == "directory":
            yield from self._below("", 0)
        else:
            yield _held("", said)

    def now(self, held: Held) -> Held:
        """Give what is said of that file now; ``OSError`` when it is not there."""
        with self.answering():
            return _held(held.name, self._filesystem.info(self._path(held.name)))

    def open(self, held: Held) -> BinaryIO:
        """Open that file for reading; ``OSError`` when it cannot be."""
        if self.is_local:  # a pipe that took the file's place is not waited for
            file = os.open(self._path(held.name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            return open(file, "rb")  # noqa: PTH123  # this opens a descriptor, not a path
        with self.answering():
            return cast("BinaryIO", _Stored(self._filesystem.open(self._path(held.name), "rb")))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}" if name else self._root

    def _below(self, folder: str, depth: int) -> Iterator[Held]:
        if depth > _DEPTH_MOST:
            yield Held(folder, 0, why_not=Why.TOO_DEEP)
            return
        path = self._path(folder)
        try:
            with self.answering():
                listed = self._filesystem.ls(path, detail=True)
        except PermissionError:
            yield Held(folder, 0, why_not=Why.UNREADABLE)
            return
        by_name = {_last(each["name"]): each for each in listed if _same(each["name"], path) is False}
        for last in sorted(by_name):
            said, name = by_name[last], f"{folder}/{last}" if folder else last
            if said["type"] == "directory" and not said.get("islink"):
                yield from self._below(name, depth + 1)
            else:
                yield _held(name, said)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, PermissionError):
        raise  # an answer: of this one file
    except Exception as error:  # every driver raises its own kinds
        raise OutsideFailure(
            _("The source stopped answering; the same command goes on where this one ended.")
        ) from error


class _Stored(io.RawIOBase):
    """A file in object storage: where it stops answering, that is no damage of an archive in it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        with _answering():
            return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _answering():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _same(one: str, other: str) -> bool:
    return one.strip("/") == other.strip("/")


def _mark(said: object) -> str:
    """Give one form of a date: some drivers list it as a number and say it as a date."""
    return str(said.timestamp() if isinstance(said, datetime) else said)


def _held(name: str, said: dict[str, Any]) -> Held:
    mark = next((_mark(said[key]) for key in _MARKS if said.get(key) is not None), "")
    if said.get("islink"):
        return Held(name, 0, mark, Why.LINK)
    if said["type"] != "file":
        return Held(name, 0, mark, Why.UNREADABLE)
    return Held(name, int(said["size"] or 0), mark)
