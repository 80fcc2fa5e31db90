"""The fingerprint page as a browser meets it: served by the centre's own stack, with every request it makes kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Page

PLACE = Path(__file__).parents[2] / "src" / "zaoguang" / "centre" / "fingerprint_page"
ENGINE = (PLACE / "engine.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file as a person chooses it; its name is hers, and must never be met again."""

    name: str
    mimeType: str  # noqa: N815  (Playwright's own name)
    buffer: bytes

    def payload(self) -> dict[str, object]:
        """Give it in Playwright's form."""
        return {"name": self.name, "mimeType": self.mimeType, "buffer": self.buffer}


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's own name)
        del format, args


@dataclass
class Served:
    """Where the page is, and all that reached the server."""

    address: str
    requests: list[str] = field(default_factory=list)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)  # content type and body of each form that was sent


@contextmanager
def served() -> Iterator[Served]:
    """Serve the centre's pages from this process; the fingerprint page needs no database, and gets none.

    What is sent is kept and answered here, for the centre's own answer would need one.
    """
    centre = get_wsgi_application()
    seen: list[str] = []
    bodies: list[tuple[str, bytes]] = []

    def watched(environ: WSGIEnvironment, start: StartResponse) -> object:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']} {headers} {sent!r}")
        if environ["REQUEST_METHOD"] == "POST":
            bodies.append((environ["CONTENT_TYPE"], sent))
            start("200 OK", [("Content-Type", "text/html")])
            return [b"<!doctype html><link rel=icon href=data:,><title>received</title>received"]
        return centre(environ, start)

    with make_server("127.0.0.1", 0, watched, handler_class=_Silent) as server:  # type: ignore[arg-type]  # WSGI's own
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Served(f"http://127.0.0.1:{server.server_port}/fingerprint/", seen, bodies)
        server.shutdown()


@dataclass
class Listener:
    """A server of somebody else's: an address to leak to, and what arrived there, connections without a word too."""

    address: str
    heard: list[str] = field(default_factory=list)


class _Ear(BaseHTTPRequestHandler):
    heard: list[str] = []  # noqa: RUF012  (each listener's class gets its own)

    def setup(self) -> None:
        self.heard.append("a connection")
        super().setup()

    def do_GET(self) -> None:
        self.heard.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815  (the base class's own names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's own name)
        del format, args


@contextmanager
def listener() -> Iterator[Listener]:
    """Listen on loopback."""
    heard: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Ear", (_Ear,), {"heard": heard})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Listener(f"http://127.0.0.1:{server.server_port}", heard)
        server.shutdown()


def say_adult(page: Page) -> None:
    """Answer the age question so that pictures can be chosen."""
    page.locator("#adult").check()


def begin(page: Page, *files: Chosen) -> None:
    """Choose these files."""
    page.locator("#files").set_input_files([file.payload() for file in files])  # type: ignore[arg-type]  # its own form


def choose(page: Page, *files: Chosen) -> str:
    """Choose these files and give the lines that the page works out from them."""
    begin(page, *files)
    done = "n => [...document.querySelectorAll('#list p')].filter(p => p.dataset.state !== 'busy').length >= n"
    page.wait_for_function(done, arg=len(files), timeout=60_000)
    return page.locator("#lines").input_value()
