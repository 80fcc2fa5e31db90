"""A job that tries what a hostile decoder would try, so that a machine can show that its sandbox holds."""

import ctypes
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from zaoguang.sandbox.frames import Json

__all__ = ["ATTEMPTS", "job"]


def job(untrusted_bytes: bytes, options: Mapping[str, Json]) -> Json:
    """Make the attempt that ``options["attempt"]`` names and say how it ended: ``done`` or the error's name."""
    attempt = ATTEMPTS[str(options["attempt"])]
    try:
        return {"ended": attempt(untrusted_bytes)}
    except OSError as error:
        return {"ended": type(error).__name__}


def _socket(_: bytes) -> Json:
    socket.socket().close()
    return "done"


def _read_file(_: bytes) -> Json:
    os.close(os.open("/proc/version", os.O_RDONLY))
    return "done"


def _write_file(untrusted_path: bytes) -> Json:
    os.close(os.open(untrusted_path, os.O_WRONLY | os.O_CREAT, 0o600))
    return "done"


def _program(_: bytes) -> Json:
    os.execv(sys.executable, [sys.executable, "-c", ""])  # noqa: S606  # the point is that this fails


def _fork(_: bytes) -> Json:
    if os.fork() == 0:
        os._exit(0)
    return "done"


def _executable_memory(_: bytes) -> Json:
    # Not through the mmap module, which copies a file descriptor first and would fail for that reason.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    private_anonymous, writable_executable = 0x22, 0x7
    where = libc.mmap(None, 4096, writable_executable, private_anonymous, -1, 0)
    if where == ctypes.c_void_p(-1).value:
        raise PermissionError(ctypes.get_errno())
    return "done"


def _trace(_: bytes) -> Json:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0, 0, 0, 0) != 0:  # PTRACE_TRACEME
        raise PermissionError(ctypes.get_errno())
    return "done"


def _environment(_: bytes) -> Json:
    return [*os.environ]


def _memory(_: bytes) -> Json:
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))


def _time(_: bytes) -> Json:
    while True:
        pass


def _half_a_second(_: bytes) -> Json:
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    return "done"


def _die(_: bytes) -> Json:
    os._exit(1)


def _broken_memory(_: bytes) -> Json:
    return ctypes.string_at(8).decode()


def _large_answer(untrusted_size: bytes) -> Json:
    return "a" * int(untrusted_size)


def _deep_answer(untrusted_depth: bytes) -> Json:
    value: Json = []
    for _ in range(int(untrusted_depth)):
        value = [value]
    return value


def _false_size(_: bytes) -> Json:
    os.write(1, b"\xff\xff\xff\xff" + b"[" * 64)
    return "done"


def _false_json(_: bytes) -> Json:
    os.write(1, b"\x00\x00\x00\x04NaN!")
    return "done"


def _chatter(_: bytes) -> Json:
    while True:
        os.write(1, b"\x00\x01\x00\x00")


def _silence(_: bytes) -> Json:
    os.close(1)
    while True:
        pass


ATTEMPTS: Mapping[str, Callable[[bytes], Json]] = MappingProxyType(
    {
        "socket": _socket,
        "read_file": _read_file,
        "write_file": _write_file,
        "program": _program,
        "fork": _fork,
        "executable_memory": _executable_memory,
        "trace": _trace,
        "environment": _environment,
        "memory": _memory,
        "time": _time,
        "half_a_second": _half_a_second,
        "die": _die,
        "broken_memory": _broken_memory,
        "large_answer": _large_answer,
        "deep_answer": _deep_answer,
        "false_size": _false_size,
        "false_json": _false_json,
        "chatter": _chatter,
        "silence": _silence,
        "nothing": len,
    }
)
"""What can be tried, by name."""
