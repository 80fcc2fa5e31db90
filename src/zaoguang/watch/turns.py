"""Whose turn it is: work for many hosts done by a few threads, so that no slow host holds up the rest."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Turns"]

_T = TypeVar("_T")


class _Work(Generic[_T]):
    def __init__(self, host: str, do: Callable[[], _T]) -> None:
        self.host = host
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
    """Hands work to `threads` threads, hosts in rotation, never more than `most(host)` at one host at a time."""

    def __init__(self, threads: int, most: Callable[[str], int]) -> None:
        self._most = most
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
                    self._changed.wait()
            work.run()
            with self._changed:
                self._busy[work.host] -= 1
                if not self._busy[work.host]:
                    del self._busy[work.host]
                self._changed.notify()

    def _next(self) -> _Work[object] | None:
        """Take the next work, from the first host in turn that is not at its limit, and send that host to the back."""
        for host, queue in self._queues.items():
            if self._busy.get(host, 0) < self._most(host):
                work = queue.popleft()
                del self._queues[host]
                if queue:
                    self._queues[host] = queue
                self._busy[host] = self._busy.get(host, 0) + 1
                return work
        return None
