"""The platforms' mailbox: a real SMTP server that has each message on disk before it says that it took it.

    python -m zaoguang.rehearsal.mailbox --folder FOLDER --port PORT [--drop-every N]

``FOLDER/messages.jsonl`` holds one JSON object a message. A last line that a kill cut short is dropped at the start.
``--drop-every N`` breaks the connection after every N-th message is stored and before the reply: what a sender then
knows is nothing.
"""

import argparse
import asyncio
import json
import os
import signal
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from aiosmtpd.smtp import SMTP

from zaoguang.rehearsal.loopback import require_loopback

__all__ = ["JOURNAL", "Letter", "main", "read_journal"]

JOURNAL = "messages.jsonl"
_MOST_BYTES = 10 << 20


class Letter(TypedDict):
    """One message as the mailbox stored it."""

    at: str
    sender: str
    to: list[str]
    message: str  # base64


def read_journal(folder: Path) -> Iterator[Letter]:
    """Yield every message that was stored whole, oldest first."""
    path = folder / JOURNAL
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the end of the file, or a line that a kill cut short


class _Handler:
    def __init__(self, folder: Path, drop_every: int) -> None:
        self._drop_every, self._count = drop_every, 0
        path = folder / JOURNAL
        if path.exists():
            whole = path.read_bytes().rpartition(b"\n")[0]
            path.write_bytes(whole + b"\n" if whole else b"")
        self._file = path.open("ab")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, N802  (aiosmtpd's)
        letter = Letter(
            at=datetime.now(UTC).isoformat(),
            sender=str(envelope.mail_from),
            to=[str(each) for each in envelope.rcpt_tos],
            message=b64encode(envelope.original_content).decode(),
        )
        self._file.write(json.dumps(letter).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._count += 1
        if self._drop_every and self._count % self._drop_every == 0:
            server.transport.abort()
        del session
        return "250 taken"


async def _serve(host: str, port: int, handler: _Handler) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="mailbox.example", data_size_limit=_MOST_BYTES, loop=loop), host, port
    )
    async with server:
        await stop.wait()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m zaoguang.rehearsal.mailbox")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--drop-every", type=int, default=0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(require_loopback(given.host), given.port, _Handler(given.folder, given.drop_every)))


if __name__ == "__main__":
    main()
