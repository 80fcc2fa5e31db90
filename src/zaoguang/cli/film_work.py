"""How ``zaoguang fingerprint`` works through films: progress in bytes with the time left, and the vPDQ text."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

import click

from zaoguang.fingerprint import Film, Reason, Unhashable, Watcher
from zaoguang.fingerprint.journal import Journal, cannot_write
from zaoguang.fingerprint.screening import file_sha256, screened
from zaoguang.fingerprint.sights import Sight
from zaoguang.fingerprint.vpdq_text import vpdq_line
from zaoguang.sandbox import Sandbox
from zaoguang.words import gettext as _

__all__ = ["FIRST_LOOK_MISSES", "FilmWork", "Progress"]

FIRST_LOOK_MISSES: Final = 38
"""Of a hundred shots of half a second to five; measured over five encoders: docs/reference/films.md."""


_PASSING: Final = frozenset({Reason.CRASHED, Reason.TIMED_OUT, Reason.OUT_OF_MEMORY, Reason.CLOSED})
"""What may go better the next time; such a film is looked at again."""


class Progress(AbstractContextManager["Progress"]):
    """A bar on standard error that counts bytes, so that one long film moves it too; any thread may move it."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = [max(size, 1) for size in sizes]
        self._counted = [0] * len(self._sizes)
        self._lock = threading.Lock()
        hidden = not sys.stderr.isatty() or sys.stdout.isatty()  # lines on the terminal show the progress themselves
        self._bar = click.progressbar(
            length=sum(self._sizes), file=sys.stderr, label=_("fingerprinting"), hidden=hidden, show_eta=True
        )

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End its line."""
        self._bar.__exit__(kind, error, trace)

    def part(self, number: int, share: float) -> None:
        """Say what share (0-1) of a file is done."""
        with self._lock:
            counted = int(self._sizes[number] * min(max(share, 0.0), 1.0))
            self._bar.update(max(counted - self._counted[number], 0))
            self._counted[number] = max(counted, self._counted[number])

    def done(self, number: int) -> None:
        """Say that a file is done."""
        self.part(number, 1.0)


class FilmWork:
    """What is to be done with each film: how closely it is looked at, and what is written of it."""

    def __init__(
        self,
        progress: Progress,
        paths: Sequence[Path],
        *,
        first_look: bool,
        every_frame: bool,
        vpdq_folder: Path | None,
        journal: Journal | None,
    ) -> None:
        self._progress, self._journal = progress, journal
        self._first_look, self._every_frame = first_look, every_frame
        self._texts = [None] * len(paths) if vpdq_folder is None else _texts(vpdq_folder, paths)
        self._begun: set[str] = set()
        self._lock = threading.Lock()

    def look(self, number: int, descriptor: int, sandbox: Sandbox) -> Film | Unhashable:
        """Give what the film in an open file is known by; ``number`` is its place among the paths."""
        with _Text(self._texts[number]) as text:
            sha256 = file_sha256(descriptor)
            key = f"{sha256}:{int(self._first_look)}:{int(self._every_frame)}"
            earlier = self._journal.known(key) if self._journal else ()
            done = self._journal.done(key) if self._journal else None
            if done is not None:
                text.add(earlier)
                text.keep()
                return done
            journal = self._journal if self._is_first(key) else None
            found = screened(
                descriptor,
                sandbox,
                first_look=self._first_look,
                every_frame=self._every_frame,
                watcher=_AtWork(self._progress, number, text, journal, key),
                known=earlier,
                sha256=sha256,
            )
            if isinstance(found, Film):
                text.keep()
                if journal and found.cut_short not in _PASSING:
                    journal.finish(key, found)
        return found

    def _is_first(self, key: str) -> bool:
        """Say whether no copy of this film was begun before: two that wrote at a time would mix their frames."""
        with self._lock:
            first = key not in self._begun
            self._begun.add(key)
        return first


class _Text(AbstractContextManager["_Text"]):
    """A vPDQ text that is there whole or not at all; without a folder, nothing."""

    def __init__(self, target: Path | None) -> None:
        self._target = target
        self._count = 0
        self._kept = False
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if self._target is not None:
            with self._writing():
                self._file = self._beside().open("w", encoding="ascii")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None or self._target is None:
            return
        try:
            with self._writing():
                self._file.close()
                if self._kept and kind is None:
                    self._beside().replace(self._target)
        finally:
            with suppress(OSError):  # where it was kept, it is not there any more
                self._beside().unlink()

    def begin(self) -> None:
        self._count = 0
        if self._file is not None:
            with self._writing():
                self._file.seek(0)
                self._file.truncate()

    def add(self, sights: Sequence[Sight]) -> None:
        if self._file is None:
            return
        with self._writing():
            for sight in sights:
                self._file.write(vpdq_line(self._count, sight) + "\n")
                self._count += 1

    def keep(self) -> None:
        self._kept = True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Say that the text cannot be written, lest whoever reads the film take it for the film's fault."""
        try:
            yield
        except OSError as error:
            raise cannot_write(self._target or Path()) from error

    def _beside(self) -> Path:
        target = self._target or Path()
        return target.with_name(f".{target.name}.{os.getpid()}.part")


class _AtWork(Watcher):
    """Passes on what is seen of one film."""

    def __init__(self, progress: Progress, number: int, text: _Text, journal: Journal | None, key: str) -> None:
        self._progress, self._number, self._text = progress, number, text
        self._journal, self._key = journal, key
        self._promised = 0.0

    def begins(self, seconds: float) -> None:
        self._promised = seconds
        self._text.begin()
        if self._journal:
            self._journal.begin(self._key)

    def goes_on(self, known: Sequence[Sight], seconds: float) -> None:
        self._promised = seconds
        self._text.begin()
        self._text.add(known)

    def sees(self, sights: Sequence[Sight]) -> None:
        self._text.add(sights)
        if self._journal:
            self._journal.add(self._key, sights)
        if self._promised > 0:
            self._progress.part(self._number, sights[-1].seconds / self._promised)


def _texts(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """Make the folder and name the text of each path after it; of those with one name, the later ones are numbered."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder) from error
    names: dict[str, None] = {}
    alike: Counter[str] = Counter()
    for path in paths:
        name = f"{path.name}.txt"
        while name in names:
            alike[path.name] += 1
            name = f"{path.name}.{alike[path.name] + 1}.txt"
        names[name] = None
    return [folder / name for name in names]
