"""The child locks itself: limits and prohibitions that it cannot take back, each reported as holding or not."""

import ctypes
import math
import resource
import signal
import time
from pathlib import Path
from typing import Final

from zaoguang.sandbox import landlock, seccomp
from zaoguang.sandbox.limits import Limits, Protection

__all__ = ["arm_cpu_limit", "cpu_seconds_left", "lock_process"]

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_STANDARD_FILES: Final = 3


def lock_process(limits: Limits) -> dict[str, bool]:
    """Lock this process for good and give which protections hold, by the names of ``Protection``."""
    address_space = _address_space()
    held = {
        Protection.NO_PATHS: landlock.confine(),  # first: it needs a descriptor for a moment
        Protection.MEMORY_LIMIT: _limit(resource.RLIMIT_AS, address_space + limits.memory_bytes),
        Protection.CPU_LIMIT: arm_cpu_limit(limits.cpu_seconds),
        Protection.NO_FILE_GROWS: _limit(resource.RLIMIT_FSIZE, 0),
        Protection.NO_NEW_FILES: _limit(resource.RLIMIT_NOFILE, _STANDARD_FILES),
        Protection.NO_NEW_PROCESSES: _limit(resource.RLIMIT_NPROC, 0),
        Protection.NO_CORE_DUMP: _limit(resource.RLIMIT_CORE, 0),
        Protection.DIES_WITH_PARENT: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
        Protection.NOT_DUMPABLE: _prctl(_PR_SET_DUMPABLE, 0),
        Protection.NO_NEW_PRIVILEGES: _prctl(_PR_SET_NO_NEW_PRIVS, 1),
    }
    held[Protection.SYSCALL_FILTER] = seccomp.install()
    return {name.value: holds for name, holds in held.items()}


def arm_cpu_limit(seconds: int) -> bool:
    """Give this process that many more seconds of processor time, after which the kernel ends it (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    except (OSError, ValueError):
        return False
    return True


def cpu_seconds_left() -> float:
    """Give how many seconds of processor time the kernel still grants this process; infinite where it sets no end."""
    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
    return math.inf if soft == resource.RLIM_INFINITY else soft - time.process_time()


def _address_space() -> int:
    """Give the bytes of address space in use now, so that the limit is what a job adds to the loaded decoders."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 512 << 20
    return pages * resource.getpagesize()


def _limit(what: int, most: int) -> bool:
    try:
        resource.setrlimit(what, (most, most))
    except (OSError, ValueError):
        return False
    return True


def _prctl(option: int, value: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, value, 0, 0, 0) == 0)
