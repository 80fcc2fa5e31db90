"""A notice as an e-mail message (RFC 5322), byte for byte the same for the same input."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from zaoguang.errors import UserMistake
from zaoguang.notices.text import Text
from zaoguang.notices.values import is_mail_address, refuse_hidden
from zaoguang.words import gettext as _

__all__ = ["Annex", "checked_address", "compose"]

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}>")


@dataclass(frozen=True, slots=True)
class Annex:
    """A file that goes with a message; its name in the message is its number and the ending."""

    content: bytes
    kind: str  # media type, such as application/pdf
    ending: str


def compose(
    text: Text,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    *,
    sender_name: str = "",
    reply_to: str = "",
    in_reply_to: str = "",
    annexes: Sequence[Annex] = (),
) -> bytes:
    """Give the message to hand to :func:`deliver`; lines end with CRLF and every byte is ASCII.

    ``message_id`` is the notice's own and stays the same however often the sending is tried. ``in_reply_to`` is the
    Message-ID of the earlier notice that this one follows up.

    Raises:
        UserMistake: an address, a Message-ID, a name or the time is unusable, or would smuggle in a header.
    """
    if date.utcoffset() is None:
        raise UserMistake(_("The time %(time)s has no time zone; give it in UTC.") % {"time": date.isoformat()})
    refuse_hidden(text.subject, "subject")
    refuse_hidden(sender_name, "sender_name")
    message = EmailMessage(policy=SMTP)
    message["Date"] = date.astimezone(UTC).replace(microsecond=0)
    message["From"] = Address(sender_name, addr_spec=checked_address(sender, "sender"))
    message["To"] = checked_address(recipient, "recipient")
    if reply_to:
        message["Reply-To"] = checked_address(reply_to, "reply_to")
    message["Message-ID"] = _checked_id(message_id)
    if in_reply_to:
        message["In-Reply-To"] = message["References"] = _checked_id(in_reply_to)
    message["Subject"] = text.subject
    # Fixed by us and not by the library's guess, so that a newer Python writes the same bytes; both are safe for a
    # server that takes 7 bits only and for lines of any length (RFC 2045 section 6).
    message.set_content(text.body, charset="utf-8", cte="quoted-printable" if text.body.isascii() else "base64")
    _annex(message, annexes)
    return message.as_bytes()


def _annex(message: EmailMessage, annexes: Sequence[Annex]) -> None:
    """Attach each annex under a name that says nothing; the border between the parts is made from what they hold."""
    for number, annex in enumerate(annexes, start=1):
        main, _slash, sub = annex.kind.partition("/")
        message.add_attachment(annex.content, maintype=main, subtype=sub, filename=f"annex-{number}.{annex.ending}")
    if annexes:
        message.set_boundary(f"=-{sha256(b''.join(annex.content for annex in annexes)).hexdigest()[:48]}")


def checked_address(address: str, where: str) -> str:
    """Give the address back if it is one plain ASCII mail address.

    Raises:
        UserMistake: it isn't; the sentence names the place and not the address.
    """
    if not is_mail_address(address):
        raise UserMistake(_("“%(field)s” must be one e-mail address, such as name@example.org.") % {"field": where})
    return address


def _checked_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise UserMistake(_("A Message-ID must look like <name@example.org>, in plain ASCII."))
    return message_id
