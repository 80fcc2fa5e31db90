"""Landlock: a process gives up the file system, but for a few paths, and what it could do to other processes.

The system call filter says which calls a child may make; this says which files they may be about, and so it also suits
a process that needs the network, threads and programs of its own. It cannot be taken back and binds all descendants.
Source: Linux Documentation/userspace-api/landlock.rst; include/uapi/linux/landlock.h.
"""

import ctypes
import os
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import IntFlag
from typing import Final

__all__ = ["Access", "confine", "version_here"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_FIRST_WITH_NETWORK, _FIRST_WITH_SCOPES = 4, 6
_NOT_SIGNALS_NOR_SOCKETS: Final = 0b11  # abstract Unix sockets of others; signals to others


class Access(IntFlag):
    """What may be done beneath a path (LANDLOCK_ACCESS_FS_*)."""

    RUN = 1 << 0
    WRITE = 1 << 1
    READ = 1 << 2
    LIST = 1 << 3


class Connection(IntFlag):
    """What may be done with TCP (LANDLOCK_ACCESS_NET_*)."""

    LISTEN = 1 << 0
    CONNECT = 1 << 1


_EVERY_ACCESS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_EVERY_ACCESS_SINCE_5: Final = (1 << 16) - 1


def version_here() -> int:
    """Give the kernel's Landlock version, 0 where it has none or it is switched off."""
    return max(0, _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_ASK_VERSION)))


def confine(allowed: Collection[tuple[str, Access]] = (), *, connects: bool = False) -> bool:
    """Leave this thread, and all it starts from now on, only that access beneath those paths; say whether it holds.

    A path that is not there is passed over. Listening on TCP is given up, connecting too unless ``connects``; so are
    signals and abstract Unix sockets to processes outside (each where the kernel's version knows of it).
    """
    version = version_here()
    if version < 1 or ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    handled = _EVERY_ACCESS.get(version, _EVERY_ACCESS_SINCE_5)
    with _ruleset(version, handled, connects=connects) as ruleset:
        if ruleset < 0 or not all(_allow(ruleset, path, access & handled) for path, access in allowed):
            return False
        return _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0


@contextmanager
def _ruleset(version: int, handled: int, *, connects: bool) -> Iterator[int]:
    """Give a descriptor of a new set of rules, or a negative number; a longer struct is refused by an older kernel."""
    fields = [handled]
    if version >= _FIRST_WITH_NETWORK:
        fields.append(Connection.LISTEN if connects else Connection.LISTEN | Connection.CONNECT)
    if version >= _FIRST_WITH_SCOPES:
        fields.append(_NOT_SIGNALS_NOR_SOCKETS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    try:
        yield ruleset
    finally:
        if ruleset >= 0:
            os.close(ruleset)


def _allow(ruleset: int, path: str, access: Access) -> bool:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        beneath = struct.pack("=Qi", access if os.path.isdir(path) else access & ~Access.LIST, place)  # noqa: PTH112  # plain text paths
        return _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), beneath, ctypes.c_uint(0)) == 0
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return int(libc.syscall(ctypes.c_long(number), *arguments))
