"""The photographs that a rehearsal is played with: harmless, and free (public domain or CC0) by their own statements.

Each is listed in ``PROVENANCE.yaml`` with its source, author, licence, what was changed, and its SHA-256.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

__all__ = ["Photograph", "photographs"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Photograph:
    """One JPEG of at most 512 pixels on its long side."""

    name: str  # the file's, without its ending
    path: Path
    content: bytes
    licence: str


@cache
def photographs() -> tuple[Photograph, ...]:
    """Give every photograph, by name."""
    listed = yaml.safe_load((_FOLDER / "PROVENANCE.yaml").read_text(encoding="utf-8"))["photographs"]
    return tuple(
        Photograph(
            Path(record["file"]).stem,
            _FOLDER / record["file"],
            (_FOLDER / record["file"]).read_bytes(),
            record["licence"],
        )
        for record in sorted(listed, key=lambda record: str(record["file"]))
    )
