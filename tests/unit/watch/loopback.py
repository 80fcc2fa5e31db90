"""A real web server on loopback whose every answer the test writes itself, bytes and all."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zaoguang.watch import AddressPolicy

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: "Site"
    timeout = 20
    disable_nagle_algorithm = True  # as real servers do; else each answer waits 40 ms for an acknowledgement

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's own name
        pass

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        self.site.requests.append(dict(self.headers))
        self.site.peers.add(self.client_address)
        answer = self.site.answers.get(self.path.partition("?")[0], self.site.otherwise)
        if answer is None:
            self.say(404, b"nothing here", "text/plain")
        else:
            answer(self)

    def say(self, status: int, body: bytes, content_type: str = "text/html", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say_raw(self, pieces: Iterable[bytes], pause: float = 0.0) -> None:
        """Send bytes as they are, pausing after each, until the other side goes away or the site closes."""
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            if self.site.closing.wait(pause):
                return


@dataclass
class Site:
    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    otherwise: Answer | None = None  # what every other path gives
    asked: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def policy(self) -> AddressPolicy:
        return AddressPolicy(frozenset([self.port]))

    def gives(self, path: str, body: bytes, content_type: str = "text/html", status: int = 200, **headers: str) -> str:
        self.answers[path] = lambda handler: handler.say(status, body, content_type, **headers)
        return self.url(path)

    def redirects(self, path: str, location: str, status: int = 302) -> str:
        return self.gives(path, b"", status=status, Location=location)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up in the middle are what these tests are about
