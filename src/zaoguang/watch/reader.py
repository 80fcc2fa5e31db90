"""The parent's handle of the one reader process; what comes back is checked word by word before it is a report."""

import dataclasses
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Never, Self

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.watch.address import MAX_ADDRESS_LENGTH, AddressPolicy
from zaoguang.watch.report import FetchLimits, PageReport, Unread
from zaoguang.watch.wire import MAX_LINE_BYTES, BrokenWordError, line_of, report_from_line
from zaoguang.words import gettext as _

__all__ = ["MAX_ALSO", "MAX_LINKS", "Reader"]

MAX_LINKS = 500
MAX_ALSO = 100
"""Pictures that may be asked for besides what one page shows."""

_SPARE_SECONDS = 90.0  # beyond a link's own limit: the reader's start, the sandbox's last pictures
_LISTEN_SECONDS = 30.0
_PIPE_ATOM = 4096  # bytes that fit whenever a pipe is writable at all (POSIX PIPE_BUF on Linux)
_NO_ALSO: Mapping[str, Collection[str]] = MappingProxyType({})


class ReaderGoneError(Exception):
    """The reader process ended, fell silent or said something that is no report; stays inside this module."""


def _gone() -> Never:
    raise ReaderGoneError


class _Process:
    """One reader process and the two pipes to it."""

    def __init__(self, settings: Mapping[str, Any], turns: Path | None) -> None:
        file = None if turns is None else os.open(turns, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-B", "-m", "zaoguang.watch.reader_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a traceback could hold an address
                env={},
                cwd="/",
                bufsize=0,
                pass_fds=() if file is None else (file,),
            )
        finally:
            if file is not None:
                os.close(file)
        if self._child.stdin is None or self._child.stdout is None:
            raise ReaderGoneError
        self._to_child, self._from_child = self._child.stdin.fileno(), self._child.stdout.fileno()
        os.set_blocking(self._to_child, False)
        self._pending = bytearray()
        self.say({**settings, "turns": file})

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def say(self, word: Mapping[str, Any]) -> None:
        """Say one word; a reader that does not listen is gone."""
        rest = memoryview(line_of(word))
        deadline = time.monotonic() + _LISTEN_SECONDS
        while rest:
            _, ready, _ = select.select([], [self._to_child], [], max(0.0, deadline - time.monotonic()))
            try:
                rest = rest[os.write(self._to_child, rest[:_PIPE_ATOM]) :] if ready else _gone()
            except OSError:
                raise ReaderGoneError from None

    def hear(self, expected: Collection[str], seconds: float) -> PageReport:
        """Wait for the next report, which must be one of those expected."""
        deadline = time.monotonic() + seconds
        while (end := self._pending.find(b"\n")) < 0:
            ready, _, _ = select.select([self._from_child], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._from_child, 1 << 18) if ready else b""
            if not piece or len(self._pending) > MAX_LINE_BYTES:
                raise ReaderGoneError
            self._pending += piece
        line = bytes(self._pending[:end])
        del self._pending[: end + 1]
        try:
            report = report_from_line(line)
        except BrokenWordError:
            raise ReaderGoneError from None
        if report.link not in expected:
            raise ReaderGoneError
        return report

    def end(self) -> None:
        """Kill it, and with it all it fetched."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()


class Reader(AbstractContextManager["Reader"]):
    """Reads links in one hardened process: it has the network, no environment, no secrets, and can write no file.

    The process is started at the first `read` and kept for later ones. Use as a context manager, or `close` it.
    `connections` pages and as many pictures are fetched at a time, and `decoders` processes take them apart. Readers
    that are given the same file of `turns` keep the limits of each host together, whichever processes they are in.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        limits: FetchLimits | None = None,
        *,
        connections: int = 8,
        decoders: int = 2,
        turns: Path | None = None,
    ) -> None:
        self._turns = turns
        self._limits = FetchLimits() if limits is None else limits
        self._connections = connections
        self._settings = {
            "limits": dataclasses.asdict(self._limits),
            "loopback_ports": sorted(policy.loopback_ports),
            "connections": connections,
            "decoders": decoders,
        }
        self._process: _Process | None = None
        self._reading = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The reader process's id while there is one."""
        return None if self._process is None else self._process.pid

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the reader process."""
        self.close()

    def __enter__(self) -> Self:
        """Give the reader itself."""
        return self

    def close(self) -> None:
        """End the reader process and with it all it fetched."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def read(
        self, links: Iterable[tuple[str, str]], *, also: Mapping[str, Collection[str]] = _NO_ALSO
    ) -> Iterator[PageReport]:
        """Look at links, given as (your id, address), and yield each report as it is done: every link exactly once.

        `also` names, by link id, pictures to look at even if the page shows them no longer, as a recheck must. At most
        500 links with ids that differ; one reading at a time. When the reader process dies, the links it was at come
        back as ``Unread.READER_DIED``, and a new one reads the rest.
        """
        return self._read(_asked(links, also))

    def _read(self, asked: Mapping[str, "_Asked"]) -> Iterator[PageReport]:
        if not self._reading.acquire(blocking=False):
            raise UserMistake(_("This reader is busy with other links; wait for them or use another reader."))
        under_way: set[str] = set()
        try:
            for report in self._reports(asked, under_way):
                one = asked[report.link]
                yield dataclasses.replace(report, link=one.link, address=one.address)
        finally:
            if under_way:  # given up in the middle: nobody wants what is still coming
                self.close()
            self._reading.release()

    def _reports(self, asked: Mapping[str, "_Asked"], under_way: set[str]) -> Iterator[PageReport]:
        """Yield a report for each number asked, keeping the reader supplied and replacing it when it dies."""
        waiting = deque(asked)
        told: _Process | None = None
        while waiting or under_way:
            try:
                process = self._started()
                if process is not told:
                    process.say({"batch": True})
                    told = process
                while waiting and len(under_way) < self._connections:
                    number = waiting.popleft()
                    under_way.add(number)
                    process.say(asked[number].word(number))
                report = process.hear(under_way, self._limits.link_seconds + _SPARE_SECONDS)
            except ReaderGoneError:
                self.close()
                lost = sorted(under_way)
                under_way.clear()
                yield from (PageReport(number, "", Unread.READER_DIED) for number in lost)
            else:
                under_way.remove(report.link)
                yield report

    def _started(self) -> _Process:
        if self._process is None:
            try:
                self._process = _Process(self._settings, self._turns)
            except OSError:
                raise OutsideFailure(
                    _("The process that fetches pages could not be started on this machine.")
                ) from None
        return self._process


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """One link as the caller gave it; the reader knows it by a number only."""

    link: str
    address: str
    also: tuple[str, ...]

    def word(self, number: str) -> dict[str, Any]:
        """What the reader is told."""
        # An address that is too long is cut to a length that the reader still refuses.
        return {"link": number, "address": self.address[: MAX_ADDRESS_LENGTH + 1], "also": self.also}


def _asked(links: Iterable[tuple[str, str]], also: Mapping[str, Collection[str]]) -> dict[str, _Asked]:
    asked = [_Asked(link, address, _also(also.get(link, ()))) for link, address in islice(links, MAX_LINKS + 1)]
    if len(asked) > MAX_LINKS or len({one.link for one in asked}) < len(asked):
        message = _("At most %(most)d links can be read at a time, each with its own id; give fewer, or other ids.")
        raise UserMistake(message % {"most": MAX_LINKS})
    return {str(number): one for number, one in enumerate(asked)}


def _also(addresses: Collection[str]) -> tuple[str, ...]:
    """Only what can have been a picture's address in a report: the wire carries no other back."""
    return tuple(a for a in addresses if len(a) <= MAX_ADDRESS_LENGTH and a.isprintable())[:MAX_ALSO]
