"""How often a wrong code is answered as such: bounded for all who send one together, so that no address is kept.

A code has 128 random bits and is not guessed; the bound is for a mistake in that, and says no before it costs. A right
code is never refused for it: whoever sends wrong ones must not be able to keep a survivor out.
"""

import threading
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Allowance", "allowance"]

_AT_ONCE: Final = 60
_A_SECOND: Final = 1.0


@dataclass(slots=True)
class Allowance:
    """So many at once, and so many a second after; for one process, and forgotten with it."""

    at_once: float = _AT_ONCE
    a_second: float = _A_SECOND
    _used: float = 0.0
    _at: float = 0.0  # seconds of the clock that was given last
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now: float) -> bool:
        """Use one up, if there is one left at that time (``time.monotonic``)."""
        with self._lock:
            self._used = max(self._used - max(now - self._at, 0.0) * self.a_second, 0.0)
            self._at = max(now, self._at)
            if self._used + 1 > self.at_once:
                return False
            self._used += 1
            return True


allowance: Final = Allowance()
"""This process's."""
