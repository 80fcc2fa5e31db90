"""Whose turn it is: work for many hosts done by a few threads, so that no slow host holds up the rest."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from zaoguang.watch.neighbours import Neighbours, Slot

__all__ = ["Turns"]

_T = TypeVar("_T")
_HAIR = 0.005  # seconds, so that a wait does not end just before its time
_AGAIN_SECONDS = 0.01  # until a host is tried again at which another process has the turn: well within a pause


class _Work(Generic[_T]):
    def __init__(self, host: str, do: Callable[[], _T]) -> None:
        self.host = host
        self.slot: Slot = 0
        self.done: Future[_T] = Future()
        self._do = do

    def run(self) -> None:
        """Do it, and tell whoever waits."""
        try:
            result = self._do()
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits for this work, as an executor does
            self.done.set_exception(error)
        else:
            self.done.set_result(result)


class Turns:
    """Hands work to `threads` threads, hosts in rotation, never more than `most(host)` at one host at a time.

    Between two beginnings at one host lie at least `pause(host)` seconds. With `neighbours` both hold for all the
    processes together that share them.
    """

    def __init__(
        self,
        threads: int,
        most: Callable[[str], int],
        pause: Callable[[str], float] = lambda _host: 0.0,
        neighbours: Neighbours | None = None,
    ) -> None:
        self._most, self._pause, self._neighbours = most, pause, neighbours
        self._turned_away = False  # by a neighbour, at the last look for work
        self._not_before: dict[str, float] = {}  # by host, on the monotonic clock; forgotten when it is past
        self._changed = threading.Condition()
        self._queues: dict[str, deque[_Work[object]]] = {}  # in the order of whose turn is next; never an empty queue
        self._busy: dict[str, int] = {}
        for number in range(threads):
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def submit(self, host: str, do: Callable[[], _T]) -> Future[_T]:
        """Have it done when its host's turn comes."""
        work = _Work(host, do)
        with self._changed:
            self._queues.setdefault(host, deque()).append(work)  # type: ignore[arg-type]  # each keeps its own type
            self._changed.notify()
        return work.done

    def _work(self) -> None:
        while True:
            with self._changed:
                while (work := self._next()) is None:
                    self._changed.wait(self._until_next())
            work.run()
            if self._neighbours is not None:
                self._neighbours.end(work.slot)
            with self._changed:
                self._busy[work.host] -= 1
                if not self._busy[work.host]:
                    del self._busy[work.host]
                self._changed.notify()

    def _next(self) -> _Work[object] | None:
        """Take the next work, from the first host in turn that is not at its limit, and send that host to the back."""
        moment = time.monotonic()
        self._turned_away = False
        for host, queue in self._queues.items():
            free = self._busy.get(host, 0) < self._most(host) and self._not_before.get(host, 0.0) <= moment
            if free and (slot := self._among_neighbours(host)) is not None:
                self._set_pause(host, moment)
                work = queue.popleft()
                work.slot = slot
                del self._queues[host]
                if queue:
                    self._queues[host] = queue
                self._busy[host] = self._busy.get(host, 0) + 1
                return work
        return None

    def _among_neighbours(self, host: str) -> Slot | None:
        if self._neighbours is None:
            return 0
        slot = self._neighbours.begin(host, self._most(host), self._pause(host))
        self._turned_away |= slot is None
        return slot

    def _set_pause(self, host: str, moment: float) -> None:
        self._not_before = {each: at for each, at in self._not_before.items() if at > moment}
        if (pause := self._pause(host)) > 0:
            self._not_before[host] = moment + pause

    def _until_next(self) -> float | None:
        """Give the seconds until a host that waits for its pause alone may be asked, or none if no host does.

        A host at its limit is left out: the end of one of its works wakes us, and its pause may be long past. Nothing
        wakes us when a neighbour's work ends.
        """
        moment = time.monotonic()
        free = [host for host in self._queues if self._busy.get(host, 0) < self._most(host)]
        waits = [max(0.0, self._not_before[host] - moment) + _HAIR for host in free if host in self._not_before]
        return min([*waits, *([_AGAIN_SECONDS] if self._turned_away else [])], default=None)
