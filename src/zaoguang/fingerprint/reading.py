"""From a file's bytes to its fingerprint, through the sandbox: the caller's side, where no picture is ever decoded."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.kernel import kernel_here
from zaoguang.fingerprint.record import Fingerprint, Reason, Unhashable, from_json
from zaoguang.sandbox import Json, Refusal, Sandbox

__all__ = ["FILE_BYTES_MOST", "fingerprint_bytes", "fingerprint_file"]

FILE_BYTES_MOST: Final = 64 << 20

_REFUSED: Final[Mapping[Refusal, Reason]] = MappingProxyType(
    {
        Refusal.TOO_LARGE: Reason.TOO_LARGE,
        Refusal.TIMED_OUT: Reason.TIMED_OUT,
        Refusal.OUT_OF_MEMORY: Reason.OUT_OF_MEMORY,
        Refusal.CRASHED: Reason.CRASHED,
        Refusal.CLOSED: Reason.CLOSED,
    }
)


def fingerprint_bytes(untrusted_bytes: bytes, sandbox: Sandbox) -> Fingerprint | Unhashable:
    """Give the fingerprint of a picture file's bytes, or why there is none. Any thread may call this."""
    if not untrusted_bytes:
        return Unhashable(Reason.EMPTY)
    untrusted_answer = sandbox.run("picture", untrusted_bytes, {"kernel": kernel_here().value})
    if isinstance(untrusted_answer, Refusal):
        return Unhashable(_REFUSED[untrusted_answer])
    return _checked(untrusted_answer, hashlib.sha256(untrusted_bytes).hexdigest())


def fingerprint_file(path: Path, sandbox: Sandbox) -> Fingerprint | Unhashable:
    """Give the fingerprint of a picture file, or why there is none; never raises for what the file is like."""
    untrusted_bytes = _file_bytes(path)
    if isinstance(untrusted_bytes, Reason):
        return Unhashable(untrusted_bytes)
    return fingerprint_bytes(untrusted_bytes, sandbox)


def _checked(untrusted_answer: Json, sha256: str) -> Fingerprint | Unhashable:
    """Believe of the child's answer only its form; what the file's hash is, we worked out ourselves."""
    if not isinstance(untrusted_answer, dict):
        return Unhashable(Reason.CRASHED)
    try:
        return from_json(
            untrusted_answer if "unhashable" in untrusted_answer else untrusted_answer | {"sha256": sha256}
        )
    except UserMistake:
        return Unhashable(Reason.CRASHED)


def _file_bytes(path: Path) -> bytes | Reason:
    """Read an ordinary file, bounded; a pipe or device is refused without waiting for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        return Reason.UNREADABLE
    with open(descriptor, "rb") as file:  # noqa: PTH123  # this opens a descriptor, not a path
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return Reason.UNREADABLE
            untrusted_bytes = file.read(FILE_BYTES_MOST + 1)
        except OSError:
            return Reason.UNREADABLE
    return untrusted_bytes if len(untrusted_bytes) <= FILE_BYTES_MOST else Reason.TOO_LARGE
