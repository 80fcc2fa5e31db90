"""The servers of the world: one small HTTP server a site, and one for the rehearsal's own control."""

import json
import socket
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from zaoguang.rehearsal.cast import Character, Site, SiteKind
from zaoguang.rehearsal.characters import Look
from zaoguang.rehearsal.loopback import require_loopback
from zaoguang.rehearsal.scene import Scene
from zaoguang.rehearsal.sites import PATHS, SCREENS
from zaoguang.rehearsal.told import addresses_in
from zaoguang.rehearsal.traps import trap_page

__all__ = ["control_server", "darken", "site_server"]

_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_LONGEST_BODY = 4 << 20
_SLOW_SECONDS = 0.3
_SCREENED = {Look.WALLED: HTTPStatus.FORBIDDEN, Look.CLOSED: HTTPStatus.NOT_FOUND}
"""What a hidden picture's own address answers; 200 with the page of words where it is not here."""
_LISTENS = (socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
_FORM_FIELDS = ("addresses", "statement", "name", "email", "signature")
_FORM = """<!doctype html><html><head><meta charset="utf-8"><title>Report</title></head><body><h1>{name}: report</h1>
<form method="post" action="/report"><textarea name="addresses"></textarea><textarea name="statement"></textarea>
<input name="name"><input name="email"><input name="signature"><button>Send</button></form></body></html>"""


class _Handler(BaseHTTPRequestHandler):
    """What both kinds of server share: short answers that keep the connection."""

    protocol_version = "HTTP/1.1"
    server_version = "world"
    sys_version = ""
    disable_nagle_algorithm: ClassVar[bool] = True
    wbufsize = 1 << 16  # headers and body leave in one packet

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing."""

    def answer(self, status: int, content: bytes = b"", content_type: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def body(self) -> bytes:
        untrusted_length = self.headers.get("Content-Length") or "0"
        if not untrusted_length.isdecimal() or int(untrusted_length) > _LONGEST_BODY:
            self.close_connection = True  # the rest would be taken for the next request
            return b""
        return self.rfile.read(int(untrusted_length))


def _server(handler: type[_Handler], port: int) -> ThreadingHTTPServer:
    require_loopback("127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


class _SiteHandler(_Handler):
    """One site's pages, pictures and small things; and its report form, where it has one."""

    scene: ClassVar[Scene]
    site: ClassVar[Site]

    def do_GET(self) -> None:
        if self.site.character is Character.DIES and self.scene.is_dark(self.site):
            self.close_connection = True  # one that was kept open from before
            return
        if self.site.kind is SiteKind.SEARCH:
            self.search()
            return
        path, prefix = urlsplit(self.path).path, PATHS[self.site.kind].format("")
        if path.startswith(prefix) and path.removeprefix(prefix).isdecimal():
            page = self.scene.page(self.site, int(path.removeprefix(prefix)))
            self.answer(HTTPStatus.OK, page.encode()) if page else self.answer(HTTPStatus.NOT_FOUND)
        elif path.startswith("/asset/"):
            self.asset(path)
        elif path == "/report" and self.site.route == "form":
            self.answer(HTTPStatus.OK, _FORM.format(name=self.site.name).encode())
        else:
            self.picture(path)

    def search(self) -> None:
        asked = urlsplit(self.path)
        page = trap_page(self.site, asked.path, asked.query)
        picture = self.scene.asked(self.site, asked.path, asked.query) if page is None else None
        if page is not None:
            self.answer(HTTPStatus.OK, page.encode())
        elif picture is not None:
            self.answer(HTTPStatus.OK, picture.content, picture.content_type)
        else:
            self.answer(HTTPStatus.NOT_FOUND)

    def asset(self, path: str) -> None:
        if path.endswith("missing.jpg"):
            self.answer(HTTPStatus.NOT_FOUND)
        elif path.endswith("go.gif"):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", "/asset/blank.gif")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            if path.endswith("slow.gif"):
                time.sleep(_SLOW_SECONDS)
            self.answer(HTTPStatus.OK, _GIF, "image/gif")

    def picture(self, path: str) -> None:
        found = self.scene.look(self.site, path)
        if found is None:
            self.answer(HTTPStatus.NOT_FOUND)
        elif found[0] is Look.GONE:
            self.answer(HTTPStatus.GONE if found[1].number % 2 else HTTPStatus.NOT_FOUND)
        elif found[0] is Look.GEOBLOCKED:
            self.answer(HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS)
        elif found[0] in SCREENS:
            self.answer(_SCREENED.get(found[0], HTTPStatus.OK), SCREENS[found[0]].encode())
        else:
            pictures = self.scene.pictures
            made = pictures.instead(found[1]) if found[0] is Look.REPLACED else pictures.of(found[1])
            self.answer(HTTPStatus.OK, made.content, made.content_type)

    def do_POST(self) -> None:
        given = parse_qs(self.body().decode("utf-8", "replace"))
        if self.path != "/report" or self.site.route != "form":
            self.answer(HTTPStatus.NOT_FOUND)
        elif not all(given.get(name) for name in _FORM_FIELDS) or not addresses_in(given["addresses"][0]):
            self.answer(HTTPStatus.UNPROCESSABLE_ENTITY, b"Every field is needed, and web addresses in the first.")
        else:
            receipt = self.scene.take_form(self.site, given["addresses"][0])
            self.answer(HTTPStatus.OK, f'<p>Receipt <b id="receipt">{receipt}</b></p>'.encode())


def site_server(scene: Scene, site: Site, port: int) -> ThreadingHTTPServer:
    """Give the server of one site, bound to loopback."""
    return _server(type("SiteHandler", (_SiteHandler,), {"scene": scene, "site": site}), port)


def darken(scene: Scene, servers: Mapping[str, ThreadingHTTPServer]) -> None:
    """Stop listening where a site has gone off the net; its port stays taken, so that nobody else answers there."""
    for site in scene.plan.sites:
        if site.character is Character.DIES and scene.is_dark(site) and servers[site.name].socket.getsockopt(*_LISTENS):
            servers[site.name].shutdown()
            servers[site.name].socket.shutdown(socket.SHUT_RDWR)


def control_server(
    scene: Scene, token: str, port: int, servers: Mapping[str, ThreadingHTTPServer]
) -> ThreadingHTTPServer:
    """Give the rehearsal's own server: what time it is, what was written back; asks for the token."""

    class Handler(_Handler):
        def guarded(self, reply: Callable[[], object]) -> None:
            if not compare_digest(self.headers.get("X-World-Token", ""), token):
                self.answer(HTTPStatus.FORBIDDEN)
                return
            self.answer(HTTPStatus.OK, json.dumps(reply()).encode(), "application/json")

        def do_GET(self) -> None:
            self.guarded(lambda: {"now": scene.now.isoformat(), "replies": [asdict(each) for each in scene.replies()]})

        def do_POST(self) -> None:
            content = self.body()

            def move() -> object:
                scene.move_to(datetime.fromisoformat(json.loads(content)["now"]))
                darken(scene, servers)
                return {"now": scene.now.isoformat()}

            self.guarded(move)

    return _server(Handler, port)
