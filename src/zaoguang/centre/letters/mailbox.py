"""The mailbox by IMAP, read-only: nothing is deleted, moved or marked as seen there (EXAMINE and PEEK, RFC 9051)."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.notices.incoming import MAX_BYTES
from zaoguang.words import gettext as _

__all__ = ["AT_ONCE", "Folder", "ImapServer", "Mail", "imap_server", "open_folder"]

AT_ONCE = 100
"""Mails fetched in one round."""

_MAX_LITERAL = MAX_BYTES + 4096
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where answers are fetched from."""

    host: str
    port: int
    tls: str  # "tls" from the first byte, "starttls", or "" on loopback only
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)  # None: the system's certificates


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the server gave it: its first 256 KiB."""

    uid: int
    untrusted_bytes: bytes


class Folder(Protocol):
    """A folder of the mailbox, open for reading."""

    validity: int

    def after(self, uid: int) -> Iterator[Mail]:
        """Yield the mails whose number is greater, in order, at most `AT_ONCE`."""


def imap_server(given: str | None = None) -> ImapServer | None:
    """Read ``ZAOGUANG_IMAP_SERVER``; none where it is not set.

    Raises:
        UserMistake: it is no such address, or a password would go over an open line.
    """
    parts = urlsplit(settings.IMAP_SERVER if given is None else given)
    if not parts.scheme:
        return None
    ways = {"imaps": ("tls", 993), "imap+tls": ("starttls", 143), "imap": ("", 143)}
    if parts.scheme not in ways or not parts.hostname or not parts.username:
        raise UserMistake(
            _("ZAOGUANG_IMAP_SERVER must be imaps://user:password@host:port/folder, or imap+tls:// for STARTTLS.")
        )
    tls, port = ways[parts.scheme]
    if not tls and not _is_loopback(parts.hostname):
        raise UserMistake(_("The mailbox's password would go over an open line; use imaps:// or imap+tls://."))
    return ImapServer(
        parts.hostname,
        parts.port or port,
        tls,
        unquote(parts.username),
        unquote(parts.password or ""),
        unquote(parts.path.lstrip("/")) or "INBOX",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Bounded(imaplib.IMAP4):
    """The standard library's client, which would otherwise read as many bytes as the server says there are."""

    def read(self, size: int) -> bytes:
        if size > _MAX_LITERAL:
            raise self.abort("literal too long")
        return super().read(size)


class _BoundedTls(imaplib.IMAP4_SSL):
    def read(self, size: int) -> bytes:
        if size > _MAX_LITERAL:
            raise self.abort("literal too long")
        return super().read(size)


@contextmanager
def open_folder(server: ImapServer) -> Iterator[Folder]:
    """Open the folder for reading and close the connection after.

    Raises:
        OutsideFailure: the server cannot be reached, refuses, or says what is no IMAP.
    """
    try:
        client = _connect(server)
    except (OSError, imaplib.IMAP4.error) as error:
        raise _failure(server) from error
    try:
        client.login(server.username, server.password)
        yield _ImapFolder(client, server.folder)
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise _failure(server) from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            client.logout()


def _failure(server: ImapServer) -> OutsideFailure:
    return OutsideFailure(_("The mailbox at {host} could not be read; it is tried again.").format(host=server.host))


def _connect(server: ImapServer) -> imaplib.IMAP4:
    context = server.context or ssl.create_default_context()
    if server.tls == "tls":
        return _BoundedTls(server.host, server.port, ssl_context=context, timeout=_SECONDS)
    client = _Bounded(server.host, server.port, timeout=_SECONDS)
    if server.tls == "starttls":
        client.starttls(context)
    return client


class _ImapFolder:
    def __init__(self, client: imaplib.IMAP4, name: str) -> None:
        self._client = client
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._expect(client.select(quoted, readonly=True))
        told = client.response("UIDVALIDITY")[1]
        self.validity = int(told[0]) if told and told[0] is not None else 0

    def after(self, uid: int) -> Iterator[Mail]:
        found = self._expect(self._client.uid("SEARCH", f"UID {uid + 1}:*"))
        # "n:*" names the last mail even where its number is less (RFC 9051 §9, seq-range).
        numbers = sorted({int(each) for line in found if isinstance(line, bytes) for each in line.split()})
        for number in [each for each in numbers if each > uid][:AT_ONCE]:
            answer = self._expect(self._client.uid("FETCH", str(number), f"(UID BODY.PEEK[]<0.{MAX_BYTES}>)"))
            content = next((row[1] for row in answer if isinstance(row, tuple)), None)
            if content is not None:  # it may have been deleted by somebody else in between
                yield Mail(number, content)

    @staticmethod
    def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(answer[0])
        return answer[1]
