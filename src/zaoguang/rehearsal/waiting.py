"""Waiting for something to be so, with an end."""

import time
from collections.abc import Callable

__all__ = ["wait_until"]


def wait_until(ready: Callable[[], bool], seconds: float, *, every: float = 0.1) -> bool:
    """Ask again and again until the answer is yes, or the time is over; give the last answer."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() >= until:
            return False
        time.sleep(every)
    return True
