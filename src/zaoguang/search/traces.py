"""Traces of a fingerprint: in which files of an index's folder it can still be read, with the key and without."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from zaoguang.search.changes import ChangeLog
from zaoguang.search.defect import Refused
from zaoguang.search.entry import HASH_BYTES
from zaoguang.search.sealed import messages

__all__ = ["traces"]

_CHUNK: Final = 1 << 22
_OVERLAP: Final = 2 * HASH_BYTES


def traces(folder: Path, value: bytes, key: bytes | None) -> list[Path]:
    """Give every file in the folder that holds the hash: as bytes, in hexadecimal, or under the key's seal.

    Every file is read to its end, also one that a kill left half-written; what was merged away must be in none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if _raw(path, value) or (key is not None and _under_seal(path, value, key))]


def _raw(path: Path, value: bytes) -> bool:
    forms = (value, value.hex().encode(), value.hex().upper().encode())
    tail = b""
    with suppress(FileNotFoundError), path.open("rb") as file:  # gone meanwhile: then it holds nothing
        while chunk := file.read(_CHUNK):
            seen = tail + chunk
            if any(form in seen for form in forms):
                return True
            tail = seen[-_OVERLAP:]
    return False


def _under_seal(path: Path, value: bytes, key: bytes) -> bool:
    return any(value in content for content in _opened(path, key))


def _opened(path: Path, key: bytes) -> Iterator[bytes]:
    """Give what the key opens of a file, as far as it opens."""
    with suppress(Refused, FileNotFoundError, OverflowError):
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield from messages(file, path, key)
        finally:
            os.close(file)
    with suppress(Refused):
        for change in ChangeLog.opened(path, key).news():
            yield change.hash
