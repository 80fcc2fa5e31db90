"""The sandbox: a few locked children for each kind of job, started when first needed, shared by all threads."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import MappingProxyType, TracebackType
from typing import Self

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.sandbox.frames import Json
from zaoguang.sandbox.limits import JOBS, Limits, Refusal
from zaoguang.sandbox.process import Child
from zaoguang.words import gettext as _

__all__ = ["Sandbox"]

_NO_OPTIONS: Mapping[str, Json] = MappingProxyType({})
_DEFAULT_LIMITS = Limits()


class Sandbox(AbstractContextManager["Sandbox"]):
    """Up to ``children`` locked processes for each kind of job; a child that dies costs its one job and is replaced.

    Thread-safe. Use it as a context manager, or ``close`` it.
    """

    def __init__(self, *, children: int = 1, limits: Limits = _DEFAULT_LIMITS) -> None:
        if children < 1:
            raise UserMistake(_("A sandbox needs at least one child process; ask for 1 or more."))
        self._children = children
        self._limits = limits
        self._changed = threading.Condition()
        self._closed = False
        self._idle: defaultdict[str, list[Child]] = defaultdict(list)
        self._busy: defaultdict[str, int] = defaultdict(int)
        self._asked: set[Child] = set()
        # The kernel ends a child together with the THREAD that started it, so one thread that lives as long as the
        # sandbox starts them all: a caller's thread may end while its child serves others.
        self._nursery = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zaoguang-nursery")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandbox."""
        self.close()

    def __enter__(self) -> Self:
        """Give the sandbox itself."""
        return self

    def run(self, job: str, untrusted_bytes: bytes, options: Mapping[str, Json] = _NO_OPTIONS) -> Json | Refusal:
        """Give what the job says of the bytes, or a refusal; waits for a free child.

        ``UserMistake`` only for a job that does not exist. The answer is JSON, bounded in size and depth; what is in
        it comes from a process that may have been taken over, so check it like anything from outside.
        """
        if job not in JOBS:
            raise UserMistake(_("There is no job named “{job}” in the sandbox.").format(job=job))
        if len(untrusted_bytes) > self._limits.input_bytes:
            return Refusal.TOO_LARGE
        child = self._take(job)
        if isinstance(child, Refusal):
            return child
        try:
            return child.ask(untrusted_bytes, options)
        finally:
            self._give_back(job, child)

    def stream(
        self, job: str, descriptor: int, limits: Limits, options: Mapping[str, Json] = _NO_OPTIONS
    ) -> Iterator[Json | Refusal]:
        """Give part by part what the job says of an open file; a refusal is the last part. Waits for a free place.

        ``descriptor``: a file opened for reading, the only one a child of its own gets; the child moves its position.
        ``limits.wall_seconds`` holds for each part, the others for the whole, for which a child is waited at most ten
        times ``limits.cpu_seconds`` longer. The child ends when the caller stops.
        """
        if job not in JOBS:
            raise UserMistake(_("There is no job named “{job}” in the sandbox.").format(job=job))
        child = self._take(job, limits, descriptor)
        if isinstance(child, Refusal):
            yield child
            return
        try:
            yield from child.parts(options)
        finally:
            child.kill(Refusal.CLOSED)
            self._give_back(job, child)

    def protections(self) -> dict[str, bool]:
        """Give which protections hold in a child on this machine, by the names of ``Protection``."""
        child = self._take("probe")
        if isinstance(child, Refusal):
            raise OutsideFailure(_("The process that opens pictures could not be started on this machine."))
        held = dict(child.protections)
        self._give_back("probe", child)
        return held

    def close(self) -> None:
        """End all children; callers that wait get ``Refusal.CLOSED``. Closing twice is fine."""
        with self._changed:
            self._closed = True
            idle = [child for children in self._idle.values() for child in children]
            self._idle.clear()
            for child in self._asked:
                child.kill(Refusal.CLOSED)
            self._changed.notify_all()
        for child in idle:
            child.bury()
        self._nursery.shutdown(wait=False)

    def _take(self, job: str, limits: Limits | None = None, handed: int | None = None) -> Child | Refusal:
        """Give a child for that job, waiting for a free one or starting one; it counts as busy until given back."""
        with self._changed:
            while not self._closed and not self._idle[job] and self._busy[job] >= self._children:
                self._changed.wait()
            if self._closed:
                return Refusal.CLOSED
            self._busy[job] += 1
            if self._idle[job]:
                child = self._idle[job].pop()
                self._asked.add(child)
                return child
        return self._start(job, limits or self._limits, handed)

    def _start(self, job: str, limits: Limits, handed: int | None) -> Child | Refusal:
        """Start a child and wait for its greeting, outside the lock."""
        try:
            child = self._nursery.submit(Child, job, limits, handed).result()
        except (OSError, RuntimeError):  # no process to be had; or the nursery was closed this instant
            self._release(job)
            return Refusal.CLOSED if self._closed else Refusal.CRASHED
        with self._changed:
            self._asked.add(child)
            if self._closed:
                child.kill(Refusal.CLOSED)
        refusal = child.greet()
        if refusal is not None:
            child.kill(refusal)
            self._give_back(job, child)
            return refusal
        return child

    def _give_back(self, job: str, child: Child) -> None:
        with self._changed:
            self._asked.discard(child)
            kept = child.reusable and not self._closed
            if kept:
                self._idle[job].append(child)
        if not kept:
            child.bury()
        self._release(job)

    def _release(self, job: str) -> None:
        with self._changed:
            self._busy[job] -= 1
            self._changed.notify()
