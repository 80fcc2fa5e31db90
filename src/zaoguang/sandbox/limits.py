"""What a job may use, why it may be refused, and which jobs exist at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["JOBS", "Limits", "Protection", "Refusal"]

JOBS: Mapping[str, str] = MappingProxyType(
    {
        "film": "zaoguang.fingerprint.projector",
        "picture": "zaoguang.fingerprint.picture",
        "page": "zaoguang.watch.page",
        "probe": "zaoguang.sandbox.probe",
    }
)
"""The only jobs a child can be started for: name → module with ``job(untrusted_bytes, options)``.

A module may also have ``prepare()``, called before the child locks itself, to load what it would load late. A job that
answers part by part (``Sandbox.stream``) is ``parts(descriptor, options)`` instead: it reads the one file it is handed.
"""


class Refusal(StrEnum):
    """Why there is no answer; what a job itself has to say about its bytes travels inside its answer."""

    TOO_LARGE = "too_large"  # the bytes, or the answer, are over the limit
    TIMED_OUT = "timed_out"  # processor time or waiting time is used up; the child was killed
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"  # the child died, could not start, or did not answer in the agreed form
    CLOSED = "closed"  # the sandbox was closed before an answer came


class Protection(StrEnum):
    """One thing that keeps a child from harm or from harming; each is reported as holding or not."""

    MEMORY_LIMIT = "memory_limit"  # RLIMIT_AS
    CPU_LIMIT = "cpu_limit"  # RLIMIT_CPU, armed again for each job
    NO_FILE_GROWS = "no_file_grows"  # RLIMIT_FSIZE 0
    NO_NEW_FILES = "no_new_files"  # RLIMIT_NOFILE: nothing beyond the two pipes
    NO_NEW_PROCESSES = "no_new_processes"  # RLIMIT_NPROC 0 (means nothing for root; the filter then stands alone)
    NO_CORE_DUMP = "no_core_dump"  # RLIMIT_CORE 0
    NOT_DUMPABLE = "not_dumpable"  # PR_SET_DUMPABLE 0: no crash dump, no reading of its memory by its own user
    NO_NEW_PRIVILEGES = "no_new_privileges"  # PR_SET_NO_NEW_PRIVS
    DIES_WITH_PARENT = "dies_with_parent"  # PR_SET_PDEATHSIG
    NO_PATHS = "no_paths"  # Landlock: nothing in the file system, no TCP, no signals or sockets to others
    SYSCALL_FILTER = "syscall_filter"  # seccomp: no sockets, no files, no programs, no processes


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one job may use; over any of these the caller gets a ``Refusal``."""

    memory_bytes: int = 1 << 30  # address space on top of the loaded decoders
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    input_bytes: int = 64 << 20
    answer_bytes: int = 4 << 20
    jobs_per_child: int = 2000  # a child is then replaced, which bounds leaks and what one bad picture could spoil
