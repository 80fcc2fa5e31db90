"""What the platforms were told: notices from the mailbox's journal and from their report forms, read back as facts."""

import re
from base64 import b64decode
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from zaoguang.rehearsal.characters import Told
from zaoguang.rehearsal.journal import Journal, read_lines
from zaoguang.rehearsal.mailbox import read_journal

__all__ = ["addresses_in", "forms_told", "letters_told", "note_form"]

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def addresses_in(text: str) -> frozenset[str]:
    """Give the web addresses that a text names."""
    return frozenset(address.rstrip(".,;)") for address in _ADDRESS.findall(text))


def letters_told(mailbox: Path) -> dict[str, list[Told]]:
    """Give each abuse address's notices; when a notice came is its own Date, for a rehearsal's time is simulated."""
    found: dict[str, list[Told]] = {}
    for record in read_journal(mailbox):
        message = message_from_bytes(b64decode(record["message"]), policy=default)
        if not isinstance(message, EmailMessage):
            continue
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        at = parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
        told = Told(at, addresses_in(text), str(message["Message-ID"]))
        for recipient in record["to"]:
            found.setdefault(recipient, []).append(told)
    return found


def note_form(journal: Journal, site: str, text: str, at: datetime, receipt: str) -> None:
    """Write down a report that came through a form; it is on disk when this returns."""
    addresses = sorted(addresses_in(text))
    journal.append({"site": site, "at": at.isoformat(), "addresses": addresses, "receipt": receipt})


def forms_told(path: Path) -> dict[str, list[Told]]:
    """Give each site's form reports."""
    found: dict[str, list[Told]] = {}
    for record in read_lines(path):
        told = Told(datetime.fromisoformat(record["at"]), frozenset(record["addresses"]), record["receipt"])
        found.setdefault(record["site"], []).append(told)
    return found
