"""Mail servers with characters, for the delivery's tests: real ones (aiosmtpd) and ones that misbehave on purpose."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Talk = Callable[[socket.socket], None]


class Mailbox:
    """What aiosmtpd calls at each step; answers can be set, messages are kept."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 Taken") -> None:
        self.rcpt = rcpt
        self.data = data
        self.kept: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: object, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        del server, session, rcpt_options
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- the same
        """Answer the final dot."""
        del server, session
        if self.data.startswith("250"):
            content = envelope.original_content
            self.kept.append(content if isinstance(content, bytes) else b"")
        return self.data


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[int]:  # noqa: ANN401 -- aiosmtpd's own options
    """Run a real SMTP server on loopback and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # aiosmtpd does not find a free port by itself
        port = listener.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def talker(talk: Talk) -> Iterator[int]:
    """Run a server that accepts one connection and then does whatever ``talk`` does; give its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            connection, _peer = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(10)
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(15)


def hear(connection: socket.socket, end: bytes = b"\r\n") -> bytes:
    """Read up to an ending."""
    heard = b""
    while not heard.endswith(end):
        more = connection.recv(65536)
        if not more:
            break
        heard += more
    return heard


def until_text(connection: socket.socket) -> None:
    """Be a good server up to and including the 354."""
    connection.sendall(b"220 hello\r\n")
    for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
        hear(connection)
        connection.sendall(answer)


def accept_login(_server: object, _session: object, _envelope: object, mechanism: str, login: Any) -> AuthResult:  # noqa: ANN401 -- aiosmtpd's type
    """Take desk with its password and nobody else."""
    del mechanism
    return AuthResult(success=login.login == b"desk" and login.password == b"right", handled=False)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; give the server's context and one of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "pair.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + pem
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pair.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
