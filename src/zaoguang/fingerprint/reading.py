"""From a file's bytes to its fingerprint, through the sandbox: the caller's side, where nothing is ever decoded."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.container import HEAD_BYTES, container_of
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.kernel import kernel_here
from zaoguang.fingerprint.record import Fingerprint, Reason, Unhashable, from_json
from zaoguang.fingerprint.screening import REFUSED, screened
from zaoguang.sandbox import Json, Refusal, Sandbox

__all__ = ["FILE_BYTES_MOST", "fingerprint_bytes", "fingerprint_file", "fingerprint_picture"]

FILE_BYTES_MOST: Final = 64 << 20


def fingerprint_bytes(
    untrusted_bytes: bytes, sandbox: Sandbox, *, exact: bool = True
) -> Fingerprint | Film | Unhashable:
    """Give what a picture's or a film's bytes are known by, or why there is nothing. Any thread may call this.

    A film is laid into a file that exists in memory only. ``exact``: as in ``fingerprint_picture``.
    """
    if container_of(untrusted_bytes[:HEAD_BYTES]) is None:
        return fingerprint_picture(untrusted_bytes, sandbox, exact=exact)
    descriptor = os.memfd_create("film")
    with open(descriptor, "r+b", buffering=0) as file:  # noqa: PTH123  # this opens a descriptor, not a path
        file.write(untrusted_bytes)
        file.seek(0)
        return screened(descriptor, sandbox)


def fingerprint_picture(untrusted_bytes: bytes, sandbox: Sandbox, *, exact: bool = True) -> Fingerprint | Unhashable:
    """Give the fingerprint of a picture file's bytes, or why there is none; a film is no picture here.

    Not ``exact``: a large JPEG is decoded at a smaller scale, many times faster; a few of its bits may differ
    (docs/decisions/0008-quick-way.md). What a person gives, and what a bank keeps, is always made exactly.
    """
    if not untrusted_bytes:
        return Unhashable(Reason.EMPTY)
    untrusted_answer = sandbox.run("picture", untrusted_bytes, {"kernel": kernel_here().value, "exact": exact})
    if isinstance(untrusted_answer, Refusal):
        return Unhashable(REFUSED[untrusted_answer])
    return _checked(untrusted_answer, hashlib.sha256(untrusted_bytes).hexdigest())


def fingerprint_file(
    path: Path,
    sandbox: Sandbox,
    *,
    film: Callable[[int], Film | Unhashable] | None = None,
    exact: bool = True,
    first_look: bool = False,
) -> Fingerprint | Film | Unhashable:
    """Give what a picture or film file is known by, or why there is nothing; never raises for what the file is like.

    ``exact``: as in ``fingerprint_picture``. ``first_look``: of a film, its keyframes only, which misses shots
    (docs/reference/films.md). ``film``: what to do with a film's descriptor, where ``screened`` would not do.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        return Unhashable(Reason.UNREADABLE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe or device is refused without waiting for it
        os.close(descriptor)
        return Unhashable(Reason.UNREADABLE)
    with open(descriptor, "rb") as file:  # noqa: PTH123  # this opens a descriptor, not a path
        try:
            if container_of(os.pread(descriptor, HEAD_BYTES, 0)) is not None:
                return film(descriptor) if film is not None else screened(descriptor, sandbox, first_look=first_look)
            untrusted_bytes = file.read(FILE_BYTES_MOST + 1)
        except OSError:
            return Unhashable(Reason.UNREADABLE)
    if len(untrusted_bytes) > FILE_BYTES_MOST:
        return Unhashable(Reason.TOO_LARGE)
    return fingerprint_picture(untrusted_bytes, sandbox, exact=exact)


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
