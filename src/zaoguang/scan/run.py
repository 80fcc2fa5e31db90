"""A scan: units are dealt out, what comes back is written down, and shown in the order of the units."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from itertools import chain
from types import TracebackType
from typing import Protocol, Self

from zaoguang.errors import OutsideFailure
from zaoguang.scan.journal import Journal, NoJournal
from zaoguang.scan.looking import Looker, Seen
from zaoguang.scan.plan import Unit, units
from zaoguang.scan.source import Source
from zaoguang.words import gettext as _

__all__ = ["Engine", "LocalEngine", "scan"]


class Engine(Protocol):
    """Whatever works on units: threads here, or machines elsewhere."""

    workers: int

    def submit(self, unit: Unit) -> None:
        """Take a unit to work on."""
        ...

    def done(self) -> list[tuple[Unit, Seen]]:
        """Wait until at least one unit is done, and give those that are; each once."""
        ...


class LocalEngine(AbstractContextManager["LocalEngine"]):
    """Works on this machine: threads that read, beside the sandbox's processes that decode."""

    def __init__(self, looker: Looker, workers: int) -> None:
        self.workers = workers
        self._looker = looker
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="zaoguang-scan")
        self._at_work: dict[Future[Seen], Unit] = {}

    def __enter__(self) -> Self:
        """Give the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what was not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, unit: Unit) -> None:
        """Take a unit to work on."""
        self._at_work[self._pool.submit(self._looker.look, unit)] = unit

    def done(self) -> list[tuple[Unit, Seen]]:
        """Wait until at least one unit is done, and give those that are."""
        ready, _rest = wait(self._at_work, return_when=FIRST_COMPLETED)
        return [(self._at_work.pop(future), future.result()) for future in ready]


def scan(source: Source, engine: Engine, journal: Journal | NoJournal) -> Iterator[Seen]:
    """Give what came of each unit, in their order, whatever order they were worked on in; memory stays bounded.

    Raises:
        OutsideFailure: the source cannot be listed (any more), or an engine failed.
    """
    ahead = engine.workers * 4
    shown = 0
    waiting: deque[Unit] = deque()  # planned and not shown
    for unit in chain(_planned(source), [None]):
        if unit is not None:
            waiting.append(unit)
            if not journal.knows(unit):
                engine.submit(unit)
        while waiting and (unit is None or len(waiting) >= ahead or journal.knows(waiting[0])):
            if not journal.knows(waiting[0]):
                for done, seen in engine.done():
                    journal.put(done, seen)
                continue
            waiting.popleft()
            yield journal.take(shown)
            shown += 1


def _planned(source: Source) -> Iterator[Unit]:
    try:
        yield from units(source)
    except OSError as error:
        raise OutsideFailure(
            _("The source stopped answering; the same command goes on where this one ended.")
        ) from error
