"""A notice as an e-mail message (RFC 5322), byte for byte the same for the same input."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from zaoguang.errors import UserMistake
from zaoguang.notices.text import Text
from zaoguang.notices.values import is_mail_address, refuse_hidden
from zaoguang.words import gettext as _

__all__ = ["checked_address", "compose"]

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}>")


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
    return message.as_bytes()


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
