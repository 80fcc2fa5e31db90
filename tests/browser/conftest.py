"""A centre of real processes, with a home of its own, for the browser to look at."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.made_pictures import made_picture, saved
from zaoguang.centre.serving import zaoguang_command
from zaoguang.fingerprint import Fingerprint, fingerprint_picture, to_json
from zaoguang.sandbox import Sandbox

PASSPHRASE = "correct horse battery"
_START_SECONDS = 60.0


class _Site(BaseHTTPRequestHandler):
    """A site with one page that shows one picture."""

    picture = b""

    def do_GET(self) -> None:
        page = b'<!doctype html><title>t</title><img src="/p.png">'
        kind, content = ("image/png", self.picture) if self.path == "/p.png" else ("text/html", page)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's own name)
        del format, args


@dataclass(frozen=True, slots=True)
class Running:
    """A centre that runs, and a loopback site with a copy of the item whose fingerprint line is given."""

    base: str
    site: str
    line: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _site(picture: bytes) -> Iterator[int]:
    handler = type("Site", (_Site,), {"picture": picture})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def _process(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(zaoguang_command(*words), env=environment, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError("the centre ended while it started")
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/login/")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the centre did not start in time")


def _line(picture: bytes) -> str:
    with Sandbox() as sandbox:
        found = fingerprint_picture(picture, sandbox)
    if not isinstance(found, Fingerprint):
        raise TypeError(found.sentence)
    return json.dumps(to_json(found))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a running centre: web and reader, in rehearsal so that the reader may visit loopback."""
    home: Path = tmp_path_factory.mktemp("browser-centre")
    picture, port = saved(made_picture(11), "PNG"), free_port()
    with ExitStack() as stack:
        site = stack.enter_context(_site(picture))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ZAOGUANG_DATABASE")},
            "ZAOGUANG_HOME": str(home),
            "ZAOGUANG_REHEARSAL": "1",
            "ZAOGUANG_REHEARSAL_PORTS": str(site),
            "ZAOGUANG_CENTRE_NAME": "Example Centre",
        }
        passphrase = home / "passphrase"
        passphrase.write_text(PASSPHRASE)
        subprocess.run(zaoguang_command("centre", "prepare"), env=environment, check=True, capture_output=True)
        for handle, role in (("lin", "supervisor"), ("vol", "volunteer")):
            order = ("centre", "add-person", handle, "--role", role, "--passphrase-file", str(passphrase))
            subprocess.run(zaoguang_command(*order), env=environment, check=True, capture_output=True)
        web = stack.enter_context(_process(environment, "centre", "web", "--port", str(port)))
        stack.enter_context(_process(environment, "centre", "reader"))
        _wait_for(port, web)
        yield Running(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{site}", _line(picture))
