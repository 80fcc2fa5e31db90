"""What the tests of the repository itself look at: its root, its tracked files, its Markdown."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support import ground

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_OURS = {
    ".git",
    ".venv",
    "build",
    "dist",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
}


@cache
def tracked_files() -> tuple[Path, ...]:
    """Give every file that is tracked or about to be; in an unpacked archive, every file but the tools' leavings."""
    if not (ROOT / ".git").exists():
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not _NOT_OURS & set(path.parts))
    if shutil.which("git") is None:
        ground.missing("git")
    order = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    """Give a file's text, or ``None`` for one that is not text."""
    raw = path.read_bytes()
    if b"\0" in raw:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a Markdown page."""

    page: Path
    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """Give every Markdown page a reader may open: those at the root and those under docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path) -> list[Block]:
    """Give the fenced blocks of a page, in order."""
    found: list[Block] = []
    language, opened, lines = "", 0, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if not opened and line.startswith("```"):
            language, opened, lines = line.removeprefix("```").strip(), number, []
        elif opened and line.startswith("```"):
            found.append(Block(page, opened, language, "\n".join(lines)))
            opened = 0
        elif opened:
            lines.append(line)
    return found
