"""One limit for each host, kept together by all readers of one machine: link checks and rechecks run side by side.

Who may fetch from a host holds locks on bytes of one empty file: one byte is the pause between two beginnings, each of
the others one fetch at a time. The kernel lets go of a process's locks however it ends, so nobody has to give them back
for it. Nothing is ever written to the file: a host is a place in it, far beyond its end (fcntl(2), POSIX record locks).
"""

import errno
import fcntl
import threading
import time
from collections.abc import Callable
from hashlib import blake2b

__all__ = ["Neighbours", "Slot"]

Slot = int
"""A place in the file, at which one fetch is under way; 0 for a host that is not shared."""

_MOST_AT_ONCE = 63
_STRIDE = _MOST_AT_ONCE + 1  # bytes for a host: the first is its pause
_PLACES = 1 << 40  # two hosts in one place would only share their limit
_TAKEN = (errno.EACCES, errno.EAGAIN)


class Neighbours:
    """This process's part in it. One object to a process and file: a process's own locks do not exclude each other.

    ``file`` is a descriptor of the file, open for writing; ``shared`` tells which hosts are limited together.
    """

    def __init__(self, file: int, shared: Callable[[str], bool] = lambda _host: True) -> None:
        self._file, self._shared = file, shared
        self._held: set[Slot] = set()
        self._resting: dict[int, float] = {}  # the place of a pause, and when it ends on the monotonic clock
        self._changed = threading.Condition()
        threading.Thread(target=self._end_pauses, name="pauses", daemon=True).start()

    def begin(self, host: str, most: int, pause: float) -> Slot | None:
        """Take one of the host's fetches and begin its pause; none while the neighbours have them, or its pause."""
        if not self._shared(host):
            return 0
        start = _STRIDE * (1 + int.from_bytes(blake2b(host.encode(), digest_size=8).digest(), "big") % _PLACES)
        with self._changed:
            if start not in self._resting and not self._lock(start):
                return None
            slots = (start + number for number in range(1, min(most, _MOST_AT_ONCE) + 1))
            slot = next((each for each in slots if each not in self._held and self._lock(each)), None)
            if slot is not None:
                self._held.add(slot)
                self._resting[start] = time.monotonic() + pause
                self._changed.notify()
            elif start not in self._resting:
                self._unlock(start)
            return slot

    def end(self, slot: Slot) -> None:
        """Give a fetch back."""
        if slot:
            with self._changed:
                self._held.remove(slot)
                self._unlock(slot)

    def _end_pauses(self) -> None:
        with self._changed:
            while True:
                moment = time.monotonic()
                for start in [start for start, until in self._resting.items() if until <= moment]:
                    del self._resting[start]
                    self._unlock(start)
                self._changed.wait(max(0.0, min(self._resting.values()) - moment) if self._resting else None)

    def _lock(self, place: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True

    def _unlock(self, place: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
