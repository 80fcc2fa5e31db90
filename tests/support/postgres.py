"""A real PostgreSQL for one run: a cluster in a temp folder on a loopback port, durable as in earnest, then gone."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60.0
SERVER_USER = "postgres"
"""PostgreSQL refuses to run as root: then it runs as this user, whom Debian's package makes."""


class PostgresMissingError(Exception):
    """This machine has no PostgreSQL server programs."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server: its ``postgresql://`` address, and the folder that holds all it writes."""

    address: str
    folder: Path


def programs() -> Path:
    """Give the folder of the newest server programs installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path is None:
        raise PostgresMissingError("no PostgreSQL server programs (Debian package: postgresql)")
    return Path(on_path).resolve().parent


def _as_server(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--init-groups", "--", *command]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hand_over(folder: Path) -> None:
    if os.geteuid() == 0:
        server = pwd.getpwnam(SERVER_USER)
        os.chown(folder, server.pw_uid, server.pw_gid)


def _initialise(bin_folder: Path, folder: Path, password: str) -> Path:
    word = folder / "password"
    word.write_text(password)
    _hand_over(word)
    data = folder / "cluster"
    order = [str(bin_folder / "initdb"), "-D", str(data), "-U", "zaoguang", "-A", "scram-sha-256"]
    order += ["--pwfile", str(word), "-E", "UTF8", "--locale=C.UTF-8"]
    done = subprocess.run(_as_server(order), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")
    return data


def _answers(bin_folder: Path, port: int) -> bool:
    # The port listens before the server takes anybody in: only its own word says that it is ready.
    order = [str(bin_folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(order, check=False).returncode == 0


def _wait(bin_folder: Path, server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(bin_folder, port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _start(bin_folder: Path, folder: Path, data: Path, port: int) -> subprocess.Popen[bytes]:
    log = folder / "server.log"
    order = [str(bin_folder / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1"]
    # The port is on loopback, so no socket file is needed; fsync stays on, for the tests that kill and count.
    order += ["-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "max_connections=60"]
    with log.open("wb") as output:
        server = subprocess.Popen(_as_server(order), cwd=folder, stdout=output, stderr=output)
    try:
        _wait(bin_folder, server, port, log)
    except RuntimeError:
        server.kill()
        server.wait()
        raise
    return server


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a fresh cluster for the ``with`` block; stopped and removed after."""
    bin_folder = programs()
    # Directly under /tmp: the server's user must be able to enter every folder above its own.
    folder = Path(tempfile.mkdtemp(prefix="zg-pg-", dir="/tmp"))  # mkdtemp makes it private
    _hand_over(folder)
    password = secrets.token_urlsafe(18)
    try:
        data = _initialise(bin_folder, folder, password)
        port = _free_port()
        server = _start(bin_folder, folder, data, port)
        try:
            yield Cluster(f"postgresql://zaoguang:{password}@127.0.0.1:{port}/postgres", folder)
        finally:
            server.send_signal(signal.SIGINT)  # "fast shutdown": ends sessions, writes everything, stops
            server.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
