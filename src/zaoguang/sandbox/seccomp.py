"""A seccomp filter, written as BPF: a short list of system calls that pure computing needs, and nothing else.

Every other call fails with EPERM: no socket, no file opened (not even for reading), no program, no process, no
tracing. Of the calls on the list, three are looked into: ``write`` reaches only the answer pipe, memory never becomes
executable, and ``prlimit64`` touches only the processor time.
Source: Linux Documentation/userspace-api/seccomp_filter.rst; numbers from each architecture's unistd.h.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

__all__ = ["filter_program", "install"]

_AUDIT_ARCH: Final = MappingProxyType({"x86_64": 0xC000003E, "aarch64": 0xC00000B7})
_COLUMN: Final = MappingProxyType({"x86_64": 0, "aarch64": 1})
_X32_BIT: Final = 0x40000000  # x86_64 also answers to a second table of numbers, from this one on

_PLAIN_CALLS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {  # name: (x86_64, aarch64)
        "read": (0, 63),
        "close": (3, 57),
        "fstat": (5, 80),
        "lseek": (8, 62),
        "munmap": (11, 215),
        "brk": (12, 214),
        "rt_sigaction": (13, 134),
        "rt_sigprocmask": (14, 135),
        "rt_sigreturn": (15, 139),
        "sched_yield": (24, 124),
        "mremap": (25, 216),
        "madvise": (28, 233),
        "getpid": (39, 172),
        "exit": (60, 93),
        "gettimeofday": (96, 169),
        "getrusage": (98, 165),
        "sigaltstack": (131, 132),
        "gettid": (186, 178),
        "futex": (202, 98),
        "sched_getaffinity": (204, 123),
        "restart_syscall": (219, 128),
        "clock_gettime": (228, 113),
        "clock_getres": (229, 114),
        "exit_group": (231, 94),
        "getrandom": (318, 278),
        "rseq": (334, 293),
    }
)
_WRITE: Final = (1, 64)
_MMAP: Final = (9, 222)
_MPROTECT: Final = (10, 226)
_PRLIMIT64: Final = (302, 261)

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_PROT_EXEC: Final = 4
_RLIMIT_CPU: Final = 0
_ANSWER_FD: Final = 1
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

_Step = tuple[int, int, int, int]  # code, steps to skip if true, if false, constant


def filter_program(machine: str) -> bytes | None:
    """Give the BPF program for that machine (``platform.machine()``), ``None`` when its numbers are not known here."""
    if machine not in _COLUMN:
        return None
    column = _COLUMN[machine]
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        steps += [(_JUMP_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    for numbers in _PLAIN_CALLS.values():
        steps += [(_JUMP_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    steps += _only_when(_WRITE[column], 0, (_JUMP_EQUAL, _ANSWER_FD), passes=True)
    steps += _only_when(_PRLIMIT64[column], 1, (_JUMP_EQUAL, _RLIMIT_CPU), passes=True)
    steps += _only_when(_MMAP[column], 2, (_JUMP_ANY_BIT, _PROT_EXEC), passes=False)
    steps += _only_when(_MPROTECT[column], 2, (_JUMP_ANY_BIT, _PROT_EXEC), passes=False)
    steps.append((_RETURN, 0, 0, _REFUSE))
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _only_when(number: int, argument: int, test: tuple[int, int], *, passes: bool) -> Sequence[_Step]:
    """Allow the call only when the low half of that argument passes (or fails) the test.

    Enough for file descriptors, resources and protection bits, which are all 32 bits wide for the kernel.
    """
    code, constant = test
    if_true, if_false = (0, 1) if passes else (1, 0)
    return [
        (_JUMP_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument),
        (code, if_true, if_false, constant),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install() -> bool:
    """Put the filter on this process for good; needs no-new-privileges first. Say whether the kernel took it."""
    steps = filter_program(platform.machine())
    if steps is None:
        return False
    program = _Program(len(steps) // 8, steps)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
