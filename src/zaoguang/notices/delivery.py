"""One attempt to hand a message to a mail server, and an honest word on how it ended.

There are three ends, and the difference is what keeps a notice from being sent twice (RFC 5321 sections 3.3, 4.2.5):

1. ``Accepted``: the server said yes after the final dot; it is now its business.
2. ``NotSent``: the server certainly has nothing: it failed or refused before the text began, or refused after its end.
3. ``Unknown``: the connection broke or fell silent after the text began and before an answer. It may have been taken.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from zaoguang.errors import UserMistake
from zaoguang.notices.mail import checked_address
from zaoguang.words import gettext as _

__all__ = ["Accepted", "Delivery", "MailServer", "NotSent", "Reason", "Unknown", "deliver"]

_MAX_REPLY = 64 * 1024  # bytes of one reply; RFC 5321 section 4.5.3.1.5 allows 512 a line
_REPLY_LINE = re.compile(rb"[2-5][0-9]{2}([ -].*)?\r?\n", re.DOTALL)
_START_TEXT = 354
_NO_CODE = 0


class Reason(StrEnum):
    """Why a message was not sent, or why nobody can know."""

    NO_CONNECTION = "no_connection"
    TIMED_OUT = "timed_out"
    BROKEN_CONNECTION = "broken_connection"
    NO_TLS = "no_tls"  # encryption was asked for and could not be had, or the certificate is wrong
    NOT_LOGGED_IN = "not_logged_in"
    NOT_A_MAIL_SERVER = "not_a_mail_server"
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    TEXT_REFUSED = "text_refused"
    STRANGE_ANSWER = "strange_answer"  # after the text, neither yes nor no


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in; ``timeout`` bounds, in seconds, each try to reach it and then all talk."""

    host: str
    port: int
    starttls: bool = True
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 60.0
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)  # None: the system's certificates


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the message."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The server certainly did not take the message; ``code`` is None where it gave none."""

    reason: Reason
    code: int | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can know whether the server took the message: a person must decide, a machine must not try again."""

    reason: Reason


Delivery = Accepted | NotSent | Unknown


def deliver(message: bytes, envelope_from: str, envelope_to: str, server: MailServer) -> Delivery:
    """Try once to hand the message to the server, within ``server.timeout`` seconds once the host is reached.

    Raises:
        UserMistake: an address is unusable, the message is empty, or a password would go over an open line.
    """
    checked_address(envelope_from, "envelope_from")
    checked_address(envelope_to, "envelope_to")
    _check_server(server)
    if not message:
        raise UserMistake(_("There is no message to send."))
    session = _Session(local_hostname=envelope_from.rpartition("@")[2], timeout=server.timeout)
    with _cut_off(session, server.timeout):
        refusal = _prepare(session, envelope_from, envelope_to, server)
        return refusal if refusal is not None else _hand_over(session, message)


def _check_server(server: MailServer) -> None:
    if not server.host or not 1 <= server.port <= 65535 or not 0 < server.timeout <= 3600:  # noqa: PLR2004 -- ports, an hour
        raise UserMistake(_("The mail server needs a host, a port and a timeout of at most an hour."))
    if server.username and not server.starttls and not _is_loopback(server.host):
        raise UserMistake(_("The mail password would go over an open line; turn STARTTLS on."))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Session(smtplib.SMTP):
    """The standard library's client, with a bound on what a server may make us keep, and a word on being cut off."""

    cut = False
    connected = False
    lifeline: socket.socket | None = None  # a second handle: TLS takes the first away while it shakes hands

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply of at most 64 KiB; the library's own reads lines for ever."""
        if self.lifeline is None and self.sock is not None:
            self.lifeline = self.sock.dup()
        if self.cut:  # looked at after the lifeline is there, so that the cut finds one or the other
            raise smtplib.SMTPServerDisconnected(_NO_CODE)
        if self.file is None:
            self.file = self.sock.makefile("rb") if self.sock else None
        size = 0
        lines: list[bytes] = []
        while self.file is not None and size < _MAX_REPLY:
            line = self.file.readline(_MAX_REPLY)
            size += len(line)
            if not line.endswith(b"\n") and len(line) < _MAX_REPLY:
                break  # the line was cut off in the middle
            if not _REPLY_LINE.fullmatch(line):
                raise smtplib.SMTPResponseException(_NO_CODE, line)
            lines.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        raise smtplib.SMTPServerDisconnected(_NO_CODE)

    def encrypt(self, server: MailServer) -> None:
        """Turn the line into a TLS line to that host, and forget all that was said before (RFC 3207 section 4.2).

        The library's own ``starttls`` checks the certificate against a host only if it connected on construction.
        """
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected(_NO_CODE)
        if self.file is not None:
            self.file.close()  # with what the other side may have sent ahead, unencrypted (CVE-2011-0411)
            self.file = None
        context = server.tls or ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=server.host)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False


@contextmanager
def _cut_off(session: _Session, seconds: float) -> Iterator[None]:
    """Close the line after that time, however slowly and steadily the other side keeps talking."""

    def cut() -> None:
        session.cut = True
        if session.lifeline is not None:
            with suppress(OSError):  # closed just now: what was to be cut is already gone
                session.lifeline.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        session.close()
        if session.lifeline is not None:
            session.lifeline.close()


def _prepare(session: _Session, envelope_from: str, envelope_to: str, server: MailServer) -> NotSent | None:
    """Go as far as the server's permission to send the text; whatever fails here, nothing was sent."""
    try:
        return (
            _greet(session, server)
            or _refused(session.mail(envelope_from), {250}, Reason.SENDER_REFUSED)
            or _refused(session.rcpt(envelope_to), {250, 251}, Reason.RECIPIENT_REFUSED)
            or _refused(session.docmd("DATA"), {_START_TEXT}, Reason.TEXT_REFUSED)
        )
    except ssl.SSLError:
        return NotSent(Reason.TIMED_OUT if session.cut else Reason.NO_TLS)
    except smtplib.SMTPAuthenticationError as error:
        return NotSent(Reason.NOT_LOGGED_IN, error.smtp_code, _readable(error.smtp_error))
    except smtplib.SMTPResponseException as error:
        return NotSent(Reason.NOT_A_MAIL_SERVER, error.smtp_code or None, _readable(error.smtp_error))
    except smtplib.SMTPNotSupportedError:
        return NotSent(Reason.NOT_LOGGED_IN)
    except (
        smtplib.SMTPException,
        OSError,
        ValueError,
    ) as error:  # ValueError: the host is no name that can be asked for
        return NotSent(_why_broken(session, error, connected=session.connected))


def _greet(session: _Session, server: MailServer) -> NotSent | None:
    refusal = _refused(session.connect(server.host, server.port), {220}, Reason.NOT_A_MAIL_SERVER)
    if refusal is not None:
        return refusal
    session.connected = True
    session.ehlo_or_helo_if_needed()
    if server.starttls:
        if not session.has_extn("starttls"):
            return NotSent(Reason.NO_TLS)
        refusal = _refused(session.docmd("STARTTLS"), {220}, Reason.NO_TLS)
        if refusal is not None:
            return refusal
        session.encrypt(server)
        session.ehlo_or_helo_if_needed()
    if server.username:
        session.login(server.username, server.password)
    return None


def _refused(answer: tuple[int, bytes], wanted: set[int], reason: Reason) -> NotSent | None:
    code, reply = answer
    return None if code in wanted else NotSent(reason, code, _readable(reply))


def _hand_over(session: _Session, message: bytes) -> Delivery:
    """Send the text and its final dot; from the first byte on, silence means that nobody knows."""
    try:
        session.send(_on_the_wire(message))
        code, reply = session.getreply()
    except smtplib.SMTPResponseException:
        return Unknown(Reason.STRANGE_ANSWER)
    except (smtplib.SMTPException, OSError) as error:
        return Unknown(_why_broken(session, error, connected=True))
    with suppress(smtplib.SMTPException, OSError):  # the answer is had; how the farewell goes changes nothing
        session.putcmd("QUIT")
    if 200 <= code <= 299:  # noqa: PLR2004 -- RFC 5321 section 4.2.1: positive completion
        return Accepted(code, _readable(reply))
    if code >= 400:  # noqa: PLR2004 -- the same: transient and permanent refusals
        return NotSent(Reason.TEXT_REFUSED, code, _readable(reply))
    return Unknown(Reason.STRANGE_ANSWER)


def _on_the_wire(message: bytes) -> bytes:
    """Give the message with CRLF line ends, a second dot before each leading dot, and the final dot.

    A bare CR or LF must not reach the server: servers disagree on where such a text ends, so that a second message
    could be smuggled inside (CVE-2023-51764). RFC 5321 sections 2.3.8, 4.5.2.
    """
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", text) + b".\r\n"


def _why_broken(session: _Session, error: Exception, *, connected: bool) -> Reason:
    if session.cut or isinstance(error, TimeoutError):
        return Reason.TIMED_OUT
    return Reason.BROKEN_CONNECTION if connected else Reason.NO_CONNECTION


def _readable(reply: bytes | str) -> str:
    """Give a server's reply as one short line of visible characters: it is the addressee's text, not ours."""
    text = reply if isinstance(reply, str) else reply.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
