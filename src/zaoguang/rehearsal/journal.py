"""A journal: one JSON object a line, each on disk before anybody is told so; a kill can only cut the last one short."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Journal", "read_lines", "write_whole"]

_BLOCK = 1 << 16


class Journal:
    """A journal to write to; opening it cuts off a last line that a kill left unfinished."""

    def __init__(self, path: Path) -> None:
        """Take the journal's place, whose folder is there."""
        self._file = path.open("ab")
        os.truncate(path, _end_of_last_line(path))

    def append(self, record: Mapping[str, object]) -> None:
        """Write one record, and return when it is on disk."""
        self._file.write(json.dumps(record).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _end_of_last_line(path: Path) -> int:
    """Give the length of the file up to and with its last line end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every record that was written whole, oldest first; nothing where there is no journal yet."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a kill, meets the old text or the new one and nothing between."""
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)
