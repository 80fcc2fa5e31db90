"""Handing a notice in: sent, certainly not sent, or unknown; never a guess, never for ever, never on an open line."""

import logging
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.notices.mail_servers import (
    Mailbox,
    Talk,
    accept_login,
    certificate,
    hear,
    mail_server,
    talker,
    until_text,
)
from zaoguang.errors import UserMistake
from zaoguang.notices import Accepted, Delivery, MailServer, NotSent, Reason, Unknown, deliver
from zaoguang.notices.delivery import _on_the_wire

pytestmark = pytest.mark.slow  # seconds as a whole

MESSAGE = b"Subject: x\r\n\r\n.a line with a dot\r\n..two\r\n.\r\nQUIT\r\nlast"
PATIENCE = 1.0


def send(port: int, message: bytes = MESSAGE, timeout: float = PATIENCE, **options: object) -> Delivery:
    """Send to a server on loopback."""
    server = MailServer("127.0.0.1", port, **{"starttls": False, "timeout": timeout, **options})  # type: ignore[arg-type]  # options of each test
    return deliver(message, "desk@centre.example", "abuse@platform.example", server)


def sent_to(talk: Talk, timeout: float = PATIENCE) -> Delivery:
    """Send to a server that misbehaves as told."""
    with talker(talk) as port:
        return send(port, timeout=timeout)


def test_a_server_that_takes_it_has_it_once_and_as_written() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        result = send(port, timeout=10)
    assert result == Accepted(250, "Taken")
    assert mailbox.kept == [MESSAGE + b"\r\n"]


def test_a_refused_recipient_is_not_sent() -> None:
    mailbox = Mailbox(rcpt="550 no such desk")
    with mail_server(mailbox) as port:
        assert send(port, timeout=10) == NotSent(Reason.RECIPIENT_REFUSED, 550, "no such desk")
    assert not mailbox.kept


@pytest.mark.parametrize("code", [452, 554, 421])
def test_a_refusal_after_the_text_is_not_sent(code: int) -> None:
    with mail_server(Mailbox(data=f"{code} full")) as port:
        assert send(port, timeout=10) == NotSent(Reason.TEXT_REFUSED, code, "full")


def test_nobody_listening_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send(port) == NotSent(Reason.NO_CONNECTION)


def test_a_name_that_is_no_name_is_not_sent() -> None:
    server = MailServer("a" * 300 + ".example", 25, starttls=False, timeout=1)
    assert deliver(MESSAGE, "a@b.example", "c@d.example", server) == NotSent(Reason.NO_CONNECTION)


def before_text(*answers: bytes) -> Talk:
    """Give these answers, then hang up."""

    def talk(connection: socket.socket) -> None:
        for number, answer in enumerate(answers):
            if number:
                hear(connection)
            connection.sendall(answer)

    return talk


@pytest.mark.parametrize(
    ("talk", "reason", "code"),
    [
        (before_text(), Reason.NO_CONNECTION, None),
        (before_text(b"554 closed today\r\n"), Reason.NOT_A_MAIL_SERVER, 554),
        (before_text(b"HTTP/1.1 400 Bad Request\r\n"), Reason.NOT_A_MAIL_SERVER, None),
        (before_text(b"220 hi\r\n"), Reason.BROKEN_CONNECTION, None),
        (before_text(b"220 hi\r\n", b"500 no\r\n", b"500 no\r\n"), Reason.NOT_A_MAIL_SERVER, 500),
        (before_text(b"220 hi\r\n", b"250 hi\r\n", b"550 not you\r\n"), Reason.SENDER_REFUSED, 550),
        (before_text(b"220 hi\r\n", b"250 hi\r\n", b"250 OK\r\n", b"252 maybe\r\n"), Reason.RECIPIENT_REFUSED, 252),
        (
            before_text(b"220 hi\r\n", b"250 hi\r\n", b"250 OK\r\n", b"250 OK\r\n", b"451 later\r\n"),
            Reason.TEXT_REFUSED,
            451,
        ),
        (before_text(b"220 hi\r\n", b"250 hi\r\n", b"250 OK\r\n", b"250 OK\r\n"), Reason.BROKEN_CONNECTION, None),
    ],
)
def test_whatever_fails_before_the_text_is_certainly_not_sent(talk: Talk, reason: Reason, code: int | None) -> None:
    result = sent_to(talk, timeout=5)
    assert isinstance(result, NotSent)
    assert (result.reason, result.code) == (reason, code)


def after_text(answer: bytes) -> Talk:
    """Take the text, answer so, hang up."""

    def talk(connection: socket.socket) -> None:
        until_text(connection)
        hear(connection, b"\r\n.\r\n")
        connection.sendall(answer)

    return talk


def hang_up_in_the_text(connection: socket.socket) -> None:
    """Hang up as soon as the text begins."""
    until_text(connection)
    connection.recv(1)


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (after_text(b""), Reason.BROKEN_CONNECTION),
        (after_text(b"250"), Reason.BROKEN_CONNECTION),
        (after_text(b"250 Taken"), Reason.BROKEN_CONNECTION),
        (after_text(b"thanks\r\n"), Reason.STRANGE_ANSWER),
        (after_text(b"354 go on\r\n"), Reason.STRANGE_ANSWER),
        (after_text(b"250-a\r\n"), Reason.BROKEN_CONNECTION),
        (hang_up_in_the_text, Reason.BROKEN_CONNECTION),
    ],
)
def test_silence_after_the_text_began_is_unknown(talk: Talk, reason: Reason) -> None:
    assert sent_to(talk, timeout=5) == Unknown(reason)


def hang(connection: socket.socket) -> None:
    """Say nothing more until the other side goes."""
    with suppress(OSError):
        while connection.recv(65536):
            pass


def drip(connection: socket.socket, start: bytes = b"") -> None:
    """Keep a reply going for ever, one byte at a time, faster than any single read's patience."""
    with suppress(OSError):
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)  # the attack itself, not a wait


def flood(connection: socket.socket) -> None:
    """Never stop greeting."""
    with suppress(OSError):
        while True:
            connection.sendall(b"220-more\r\n" * 1000)


def then(first: Talk, second: Talk) -> Talk:
    """Do one thing after another."""

    def talk(connection: socket.socket) -> None:
        first(connection)
        second(connection)

    return talk


@pytest.mark.parametrize(
    ("talk", "result"),
    [
        (hang, NotSent(Reason.TIMED_OUT)),
        (drip, NotSent(Reason.TIMED_OUT)),
        (lambda connection: drip(connection, b"220-"), NotSent(Reason.TIMED_OUT)),
        (then(until_text, hang), Unknown(Reason.TIMED_OUT)),
        (then(until_text, drip), Unknown(Reason.TIMED_OUT)),
        (then(until_text, lambda connection: drip(connection, b"250-")), Unknown(Reason.TIMED_OUT)),
    ],
)
def test_a_server_that_never_finishes_costs_only_the_given_time(talk: Talk, result: Delivery) -> None:
    started = time.monotonic()
    assert sent_to(talk, timeout=0.6) == result
    assert time.monotonic() - started < 30  # without the cut: never


def test_a_server_that_never_stops_greeting_is_left() -> None:
    result = sent_to(flood, timeout=10)
    assert isinstance(result, NotSent)
    assert result.reason is Reason.NO_CONNECTION


@given(
    st.lists(st.sampled_from([b".", b"..", b"a", b"\r", b"\n", b"\r\n", b"\r\n.\r\n", b"\n.\n", b"QUIT"]), min_size=1)
)
def test_no_message_ends_early_or_smuggles_in_a_second(parts: list[bytes]) -> None:
    message = b"".join(parts)
    wire = _on_the_wire(message)
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    body = wire[:-3]
    assert b"\r\n.\r\n" not in b"\r\n" + body
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    read = re.sub(rb"(?m)^\.", b"", body)
    assert read in {re.sub(rb"\r\n|\r|\n", b"\r\n", message) + ending for ending in (b"", b"\r\n")}


@pytest.mark.parametrize("address", ["a@b.example\r\nRCPT TO:<x@evil.example>", "a@b.example>", "", "é@b.example"])
def test_no_address_smuggles_in_a_command(address: str) -> None:
    server = MailServer("127.0.0.1", 1, starttls=False)
    with pytest.raises(UserMistake):
        deliver(MESSAGE, address, "c@d.example", server)
    with pytest.raises(UserMistake):
        deliver(MESSAGE, "a@b.example", address, server)


@pytest.mark.parametrize(
    "server",
    [
        MailServer("", 25),
        MailServer("mail.example", 0),
        MailServer("mail.example", 25, timeout=0),
        MailServer("mail.example", 25, timeout=1e9),
        MailServer("mail.example", 25, starttls=False, username="desk", password="p"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused(server: MailServer) -> None:
    with pytest.raises(UserMistake):
        deliver(MESSAGE, "a@b.example", "c@d.example", server)


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(UserMistake):
        deliver(b"", "a@b.example", "c@d.example", MailServer("127.0.0.1", 1))


def test_the_password_is_not_shown() -> None:
    assert "right" not in repr(MailServer("mail.example", 25, password="right"))


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate: the server's context, and the client's that trusts it."""
    return certificate(tmp_path)


def test_over_tls_with_a_password(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, tls_context=tls[0], require_starttls=True, authenticator=accept_login) as port:
        known = {"starttls": True, "tls": tls[1], "username": "desk", "timeout": 10}
        assert isinstance(send(port, password="right", **known), Accepted)  # type: ignore[arg-type]  # options
        wrong = send(port, password="wrong", **known)  # type: ignore[arg-type]  # options
    assert isinstance(wrong, NotSent)
    assert (wrong.reason, wrong.code) == (Reason.NOT_LOGGED_IN, 535)
    assert len(mailbox.kept) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    mailbox = Mailbox()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    with mail_server(mailbox, tls_context=tls[0]) as port:
        assert send(port, timeout=10, starttls=True) == NotSent(Reason.NO_TLS)
    assert not mailbox.kept


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert send(port, timeout=10, starttls=True) == NotSent(Reason.NO_TLS)
    assert not mailbox.kept


def tls_then(rest: Callable[[socket.socket], None]) -> Talk:
    """Offer STARTTLS, agree to it, then do something else."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 hi\r\n")
        hear(connection)
        connection.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        hear(connection)
        connection.sendall(b"220 go\r\n")
        rest(connection)

    return talk


@pytest.mark.parametrize("rest", [hang, lambda connection: drip(connection, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")])
def test_a_handshake_that_never_ends_costs_only_the_given_time(rest: Talk) -> None:
    started = time.monotonic()
    with talker(tls_then(rest)) as port:
        assert send(port, timeout=0.6, starttls=True) == NotSent(Reason.TIMED_OUT)
    assert time.monotonic() - started < 30  # without the cut: never
