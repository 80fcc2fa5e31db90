"""A real IMAP server for one test: Dovecot as a private process in a folder of its own, on loopback ports."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "a-test-password"
_PROGRAM = "/usr/sbin/dovecot"
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A running server: its plain port, its TLS port and certificate, and the folder of its one user's mail."""

    port: int
    tls_port: int
    certificate: Path
    new: Path

    def deliver(self, name: str, content: bytes) -> None:
        """Put a mail there as a delivery agent does: written aside, then moved in whole."""
        aside = self.new.parent / "tmp" / name
        aside.write_bytes(content)
        if os.geteuid() == 0:
            os.chown(aside, *_user())
        aside.rename(self.new / name)

    def names(self) -> list[str]:
        """Give every mail that is there, whatever marks it carries."""
        return sorted(path.name for folder in ("new", "cur") for path in (self.new.parent / folder).iterdir())


def is_there() -> bool:
    """Say whether the server's programs are installed."""
    return Path(_PROGRAM).exists() and Path("/usr/lib/dovecot/imap").exists()


def _user() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path, port: int, tls_port: int) -> str:
    uid, gid = _user()
    name = pwd.getpwuid(uid).pw_name
    return f"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {name}
default_internal_group = {_group(gid)}
default_login_user = {name}
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def _group(gid: int) -> str:
    import grp  # noqa: PLC0415  (POSIX only)

    return grp.getgrgid(gid).gr_name


def _certificate(folder: Path) -> None:
    order = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    order += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    order += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(order, check=True, capture_output=True)


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """Run a server in that folder until the block ends."""
    home = Path("/tmp") / f"zg-imap-{os.getpid()}-{_free_port()}"  # noqa: S108 -- sockets need a short path
    for part in ("run", "mail/new", "mail/cur", "mail/tmp"):
        (home / part).mkdir(parents=True)
    del folder
    if os.geteuid() == 0:
        for path in (home / "mail", *(home / "mail").iterdir()):
            os.chown(path, *_user())
    _certificate(home)
    port, tls_port = _free_port(), _free_port()
    (home / "dovecot.conf").write_text(_settings(home, port, tls_port))
    server = subprocess.Popen(
        [_PROGRAM, "-F", "-c", str(home / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _until_it_answers(server, port, home / "log")
        yield Mailbox(port, tls_port, home / "cert.pem", home / "mail/new")
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stderr is not None:
            server.stderr.close()
        shutil.rmtree(home, ignore_errors=True)


def _until_it_answers(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                if line.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
    told = log.read_text() if log.exists() else (server.stderr.read().decode() if server.stderr else "")
    raise AssertionError(f"the IMAP server did not come up: {told[-2000:]}")
