"""The reader process: it alone fetches, and it can keep nothing.

Started as ``python -I -B -m zaoguang.watch.reader_child`` with an empty environment and three pipes' ends, and, where
it has neighbours, an empty file to take turns by (see `neighbours`); see `wire` for what is said over the pipes.
Before it reads its first word it gives up writing files, dumping core and being looked into; and where the kernel has
Landlock, every path but those of its own program, of names and of certificates. It ends when its standard input ends
or its parent is gone.
"""

import json
import os
import select
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from zaoguang.sandbox import Sandbox
from zaoguang.watch.address import AddressPolicy
from zaoguang.watch.confined import give_up
from zaoguang.watch.fetch import Fetcher
from zaoguang.watch.look import Batch, Looker
from zaoguang.watch.neighbours import Neighbours
from zaoguang.watch.report import FetchLimits
from zaoguang.watch.turns import Turns
from zaoguang.watch.wire import line_of, report_to_json

__all__ = ["main"]

_MAX_WORD_BYTES = 4 << 20
_PARENT_CHECK_SECONDS = 2.0


def main() -> None:
    """Serve until standard input ends."""
    give_up()
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
    """Take the file of turns, of which our children get nothing; it is empty and stays so (see `confined.give_up`)."""
    if file is None:
        return None
    os.set_inheritable(file, False)  # noqa: FBT003 -- the call takes no names
    return Neighbours(file, lambda host: not _is_loopback(host))


def _is_loopback(host: str) -> bool:
    """Whether this is the rehearsal's own machine; a name that only resolves to it is held to the common limit."""
    return host.rpartition(":")[0] in {"127.0.0.1", "::1", "localhost"}


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
