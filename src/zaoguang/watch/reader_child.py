"""The reader process: it alone fetches, and it can keep nothing.

Started as ``python -I -B -m zaoguang.watch.reader_child`` with an empty environment and three pipes' ends, and, where
it has neighbours, an empty file to take turns by (see `neighbours`); see `wire` for what is said over the pipes.
Before it reads its first word it gives up writing files, dumping core and being looked into; and where the kernel has
Landlock, every path but those of its own program, of names and of certificates. It ends when its standard input ends
or its parent is gone.
"""

import ctypes
import json
import os
import resource
import select
import sys
import sysconfig
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import zaoguang
from zaoguang.sandbox import Sandbox, landlock
from zaoguang.sandbox.landlock import Access
from zaoguang.watch.address import AddressPolicy
from zaoguang.watch.fetch import Fetcher
from zaoguang.watch.look import Batch, Looker
from zaoguang.watch.neighbours import Neighbours
from zaoguang.watch.report import FetchLimits
from zaoguang.watch.turns import Turns
from zaoguang.watch.wire import line_of, report_to_json

__all__ = ["main"]

_PR_SET_DUMPABLE = 4
_MAX_WORD_BYTES = 4 << 20
_PARENT_CHECK_SECONDS = 2.0
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")
_READ_ONLY = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/etc/ld.so.cache"),
    *("/etc/localtime", "/proc", "/sys/devices/system/cpu", "/dev/urandom"),
)
"""What resolving a name, checking a certificate and measuring oneself read. In /proc, what belongs to a process outside
and is not for everybody stays closed: Landlock counts reading it as tracing that process."""


def main() -> None:
    """Serve until standard input ends."""
    _give_up()
    words = _words(os.getppid())
    settings = next(words, None)
    if settings is None:
        return
    limits = FetchLimits(**settings["limits"])
    policy = AddressPolicy(frozenset(settings["loopback_ports"]))
    connections = int(settings["connections"])
    pages = ThreadPoolExecutor(connections, thread_name_prefix="page")
    turns = Turns(
        connections,
        lambda host: connections if _is_loopback(host) else limits.per_host,
        lambda host: 0.0 if _is_loopback(host) else limits.host_pause,
        _neighbours(settings["turns"]),
    )
    fetcher = Fetcher(policy, limits, connections=connections)
    with Sandbox(children=int(settings["decoders"])) as sandbox:
        _serve(words, Looker(fetcher, sandbox, turns, limits), pages)
        os._exit(0)  # the parent is gone or has closed: whatever is still being fetched is of no use to anyone


def _serve(words: Iterator[dict[str, Any]], looker: Looker, pages: ThreadPoolExecutor) -> None:
    speaking = threading.Lock()
    batch = Batch()

    def look(word: dict[str, Any], batch: Batch) -> None:
        try:
            report = looker.look(str(word["link"]), word["address"], word["also"], batch)
            line = line_of(report_to_json(report))
            with speaking:
                _say(line)
        except BaseException:  # noqa: BLE001 - the child's edge: a link is never lost, so the parent must see us die
            os._exit(1)

    for word in words:
        if "batch" in word:
            batch = Batch()
        else:
            pages.submit(look, word, batch)


def _neighbours(file: int | None) -> Neighbours | None:
    """Take the file of turns, of which our children get nothing; it is empty and stays so (see `_give_up`)."""
    if file is None:
        return None
    os.set_inheritable(file, False)  # noqa: FBT003 -- the call takes no names
    return Neighbours(file, lambda host: not _is_loopback(host))


def _is_loopback(host: str) -> bool:
    """Whether this is the rehearsal's own machine; a name that only resolves to it is held to the common limit."""
    return host.rpartition(":")[0] in {"127.0.0.1", "::1", "localhost"}


def _give_up() -> None:
    """Give up, for this process and all its children, what could leave a trace of a picture behind."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can grow by a byte
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:  # no dump, no reading our memory
        sys.exit(1)
    landlock.confine(_paths(), connects=True)  # where the kernel has it; `zaoguang doctor` says where not


def _paths() -> list[tuple[str, Access]]:
    """Give what is left of the file system: programs and libraries to start decoders, and what names resolve by."""
    package = Path(zaoguang.__file__).parent
    roots = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
    program = Access.READ | Access.LIST | Access.RUN
    return [
        *((root, program) for root in (*sorted(roots), str(package), *_LIBRARIES)),
        (str(package.parent), Access.LIST),  # a path entry, where this is installed from its sources
        *((os.path.realpath(path), Access.READ | Access.LIST) for path in _READ_ONLY),
        ("/dev/null", Access.READ | Access.WRITE),
    ]


def _words(parent: int) -> Iterator[dict[str, Any]]:
    """The parent's words, until it closes the pipe or is gone (a copy of the pipe may outlive it in a fork of it)."""
    pending = bytearray()
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], _PARENT_CHECK_SECONDS)
        if not ready:
            continue
        piece = os.read(0, 1 << 16)
        if not piece or len(pending) > _MAX_WORD_BYTES:
            return
        pending += piece
        *lines, rest = bytes(pending).split(b"\n")
        pending = bytearray(rest)
        yield from (json.loads(line) for line in lines)


def _say(line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
