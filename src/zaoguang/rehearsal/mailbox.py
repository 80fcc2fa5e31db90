"""The platforms' mailbox: a real SMTP server that has each message on disk before it says that it took it.

    python -m zaoguang.rehearsal.mailbox --folder FOLDER --port PORT [--drop-every N] [--lose-every N] [--refuse TO]

``FOLDER/messages.jsonl`` holds one JSON object a message. A last line that a kill cut short is dropped at the start.
``--drop-every N`` breaks the connection after every N-th message is stored and before the reply: what a sender then
knows is nothing. ``--lose-every N`` breaks it before the message is stored: the sender knows as little.
``--refuse`` names an address, as often as it is given, to which nothing can be sent for good.
"""

import argparse
import asyncio
import signal
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from aiosmtpd.smtp import SMTP

from zaoguang.rehearsal.journal import Journal, read_lines
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
    for line in read_lines(folder / JOURNAL):
        yield Letter(at=line["at"], sender=line["sender"], to=line["to"], message=line["message"])


@dataclass(slots=True)
class _Faults:
    """After which messages the connection breaks: every N-th, 0 for never."""

    drop_every: int = 0  # stored, and the reply never comes
    lose_every: int = 0  # neither stored nor replied to
    refused: frozenset[str] = frozenset()
    count: int = 0


class _Handler:
    def __init__(self, folder: Path, faults: _Faults) -> None:
        self._faults = faults
        self._journal = Journal(folder / JOURNAL)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's)
        self,
        server: Any,  # noqa: ANN401  (aiosmtpd's)
        session: Any,  # noqa: ANN401  (the same)
        envelope: Any,  # noqa: ANN401  (the same)
        address: str,
        rcpt_options: list[str],
    ) -> str:
        del server, session
        if address in self._faults.refused:
            return "550 5.1.1 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, N802  (aiosmtpd's)
        del session
        faults = self._faults
        faults.count += 1
        if faults.lose_every and faults.count % faults.lose_every == 0:
            server.transport.abort()
            return "451 lost"
        letter = Letter(
            at=datetime.now(UTC).isoformat(),
            sender=str(envelope.mail_from),
            to=[str(each) for each in envelope.rcpt_tos],
            message=b64encode(envelope.original_content).decode(),
        )
        self._journal.append(dict(letter))
        if faults.drop_every and faults.count % faults.drop_every == 0:
            server.transport.abort()
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
    parser.add_argument("--lose-every", type=int, default=0)
    parser.add_argument("--refuse", action="append", default=[])
    given = parser.parse_args()
    host = require_loopback(given.host)
    given.folder.mkdir(parents=True, exist_ok=True)
    handler = _Handler(given.folder, _Faults(given.drop_every, given.lose_every, frozenset(given.refuse)))
    asyncio.run(_serve(host, given.port, handler))


if __name__ == "__main__":
    main()
