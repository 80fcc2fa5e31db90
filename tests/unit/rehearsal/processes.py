"""The world's processes, as tests start and kill them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from zaoguang.rehearsal.waiting import wait_until

SECONDS = 30.0


@contextmanager
def running(module: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module as a process of its own, and end it at the end."""
    child = subprocess.Popen([sys.executable, "-m", module, *words])
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def kill_nine(child: subprocess.Popen[bytes]) -> None:
    """Kill it as a power cut would."""
    child.kill()
    child.wait()


def waited(ready: object) -> None:
    """Wait until that is so, and fail if it never is."""
    assert callable(ready)
    assert wait_until(ready, SECONDS, every=0.02)
