"""Values that may never leave their place: register one, and the run fails when it reaches a log record or a file.

    name = canary("Ms Canary 7f3a")         # a made-up value that only this test uses
    story = canary("…", files=False)        # the test itself writes it to a file: only logs are watched

Watched are log records (message, arguments, exception text and traceback) and, at the end of the run, every file
under the run's folder: databases and their logs, temp files, key folders, browser profiles.
"""

import base64
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

T = TypeVar("T", str, bytes)
CHUNK = 1 << 20
SHORTEST = 8
"""Characters a canary needs at least: a shorter one would be met by chance."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One watched value and every way it could be written down."""

    value: str | bytes
    files: bool
    forms: tuple[bytes, ...]


_watched: list[Canary] = []


def canary(value: T, *, files: bool = True) -> T:
    """Watch that value for the rest of the run, and give it back; ``files=False`` watches logs only."""
    if len(value) < SHORTEST:
        raise ValueError(f"a canary needs at least {SHORTEST} characters")
    _watched.append(Canary(value, files, tuple(forms(value))))
    return value


def forms(value: str | bytes) -> Iterator[bytes]:
    """Give the ways a value is commonly written: as it is, escaped, in hexadecimal, in base64 at each alignment."""
    raw = value.encode() if isinstance(value, str) else value
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):
        whole = (len(raw) - (-shift % 3)) // 3 * 3
        yield base64.b64encode(raw[-shift % 3 :][:whole])
    if isinstance(value, str):
        yield value.encode("utf-16-le")
        yield json.dumps(value)[1:-1].encode()
        yield quote(value).encode()


class LogWatch(logging.Handler):
    """Remembers each log record in which a canary was found."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.leaks: list[str] = []
        self._plain = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        """Search one record: the message as it would be printed, its arguments and its exception."""
        text = f"{self._plain.format(record)} {record.args!r} {record.__dict__!r}".encode(errors="replace")
        self.leaks.extend(
            f"a watched value ({form[:12]!r}…) reached the log {record.name!r} at {record.pathname}:{record.lineno}"
            for form in _found(text, _watched)
        )


def _found(text: bytes, watched: Iterable[Canary]) -> list[bytes]:
    return [found for one in watched if (found := next((form for form in one.forms if form in text), b""))]


def in_files(folders: Iterable[Path]) -> list[str]:
    """Search every file under these folders; one sentence for each file that holds a canary."""
    watched = [one for one in _watched if one.files]
    if not watched:
        return []
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [
        f"a watched value ({form[:12]!r}…) was written to {path}" for path in files for form in _in_file(path, watched)
    ]


def _in_file(path: Path, watched: Iterable[Canary]) -> set[bytes]:
    overlap = max(len(form) for one in watched for form in one.forms)
    found: set[bytes] = set()
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                seen = tail + chunk
                found.update(_found(seen, watched))
                tail = seen[-overlap:]
    except OSError:
        return found  # gone since it was listed: a process of the run was tidying up
    return found
