"""Where notices are handed over, read from the settings."""

from urllib.parse import unquote, urlsplit

from django.conf import settings

from zaoguang.errors import UserMistake
from zaoguang.notices import MailServer
from zaoguang.words import gettext as _

__all__ = ["envelope_from", "mail_server"]

_DEFAULT_PORT = 25


def mail_server() -> MailServer:
    """Read ``ZAOGUANG_MAIL_SERVER``: ``smtp://`` or ``smtp+tls://``, with name and password if the server asks."""
    parts = urlsplit(settings.MAIL_SERVER)
    if parts.scheme not in {"smtp", "smtp+tls"} or not parts.hostname:
        raise UserMistake(_("No mail server is set: ZAOGUANG_MAIL_SERVER must be smtp:// or smtp+tls://host:port."))
    return MailServer(
        host=parts.hostname,
        port=parts.port or _DEFAULT_PORT,
        starttls=parts.scheme == "smtp+tls",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def envelope_from() -> str:
    """Give the address that notices come from."""
    return str(settings.MAIL_FROM)
