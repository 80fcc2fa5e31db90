"""One address, fetched within limits: bytes, headers, redirects and time are all counted before they are believed."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

import httpcore
import httpx

from zaoguang.watch.address import AddressPolicy, parse
from zaoguang.watch.connect import CheckedTransport, Deadline, NoWayError, Resolve, look_up
from zaoguang.watch.report import Fetched, FetchLimits, Redirect, Unread

__all__ = ["EVIDENCE_HEADERS", "Answer", "Fetcher"]

EVIDENCE_HEADERS = (
    *("age", "cache-control", "cf-cache-status", "cf-mitigated", "cf-ray", "content-encoding", "content-language"),
    *("content-length", "content-location", "content-type", "date", "etag", "expires", "last-modified", "location"),
    *("retry-after", "server", "via", "x-amz-cf-id", "x-amz-request-id", "x-cache", "x-powered-by", "x-served-by"),
)
"""The headers kept: who answered, when, how old it is. Never Set-Cookie, which could name a visitor."""

MAX_HEADER_VALUE = 512
_MOVED = frozenset([301, 302, 303, 307, 308])
_REDIRECT_BODY_BYTES = 64 << 10
_INFLATE_STEP = 256 << 10
_CODINGS = {"": None, "identity": None, "gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib window bits
_PAGE_TYPES = re.compile(r"text/|application/(xhtml|xml|json)", re.IGNORECASE)
_AGENT = f"zaoguang/{version('zaoguang')} (deletion support; fetches pages that a person named)"
_REQUEST_HEADERS = {
    "User-Agent": _AGENT,
    "Accept": "text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}
_GONE = frozenset([Unread.UNKNOWN_HOST, Unread.REFUSED_CONNECTION])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, with its body, which lives in memory only."""

    fetched: Fetched
    untrusted_body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Asked:
    address: str
    started_at: datetime
    redirects: tuple[Redirect, ...] = ()


class Fetcher:
    """Fetches addresses, any number of threads at a time."""

    def __init__(
        self, policy: AddressPolicy, limits: FetchLimits, *, connections: int, resolve: Resolve = look_up
    ) -> None:
        self._limits = limits
        self._deadline = Deadline()
        self._transport = CheckedTransport(policy, self._deadline, connections=connections, resolve=resolve)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def fetch(self, untrusted_address: str, *, seconds: float | None = None) -> Answer | Unread:
        """Fetch one address with its redirects in at most `seconds` (and never more than `wall_seconds`)."""
        wall = self._limits.wall_seconds
        self._deadline.start(wall if seconds is None else min(seconds, wall))
        url = parse(untrusted_address)
        if isinstance(url, Unread):
            return url
        asked = _Asked(str(url), datetime.now(UTC))
        while True:
            answer = self._step(url, asked)
            if not isinstance(answer, Redirect):
                return Unread.LOST_REDIRECT if asked.redirects and answer in _GONE else answer
            asked = replace(asked, redirects=(*asked.redirects, answer))
            if len(asked.redirects) > self._limits.redirects:
                return Unread.TOO_MANY_REDIRECTS
            url = httpx.URL(answer.location)

    def _step(self, url: httpx.URL, asked: _Asked) -> Answer | Redirect | Unread:
        try:
            response = self._ask(url)
            try:
                return self._take(response, url, asked)
            finally:
                response.close()
        except NoWayError as error:
            return error.unread
        except httpcore.TimeoutException:
            return Unread.TIMED_OUT
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, zlib.error):
            return Unread.BROKEN

    def _ask(self, url: httpx.URL) -> httpx.Response:
        """Send the request, a second time when a kept-alive connection turns out to have been closed meanwhile."""
        waits = dict.fromkeys(("connect", "read", "write", "pool"), self._limits.silence_seconds)
        request = httpx.Request("GET", url, headers=_REQUEST_HEADERS, extensions={"timeout": waits})
        try:
            return self._transport.handle_request(request)
        except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
            self._deadline.left()
            return self._transport.handle_request(request)

    def _take(self, response: httpx.Response, url: httpx.URL, asked: _Asked) -> Answer | Redirect | Unread:
        raw = response.headers.raw
        if len(raw) > self._limits.header_count or sum(len(n) + len(v) for n, v in raw) > self._limits.header_bytes:
            return Unread.TOO_LARGE
        if response.status_code in _MOVED and "location" in response.headers:
            return self._redirect(response, url)
        content_type = response.headers.get("content-type", "")
        is_page = _PAGE_TYPES.match(content_type)
        body = self._body(response, self._limits.page_bytes if is_page else self._limits.picture_bytes)
        if isinstance(body, Unread):
            return body
        fetched = Fetched(
            address=asked.address,
            final_address=str(url),
            redirects=asked.redirects,
            status=response.status_code,
            headers=_evidence(response.headers),
            started_at=asked.started_at,
            finished_at=datetime.now(UTC),
            ip=str(response.extensions["network_stream"].get_extra_info("server_addr")[0]),
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
        )
        return Answer(fetched, body, content_type[:MAX_HEADER_VALUE])

    def _redirect(self, response: httpx.Response, url: httpx.URL) -> Redirect | Unread:
        onward = parse(response.headers["location"], base=url)
        if isinstance(onward, Unread):
            return onward
        self._body(response, _REDIRECT_BODY_BYTES)  # a short one is read to its end, and the connection used again
        return Redirect(response.status_code, str(onward))

    def _body(self, response: httpx.Response, limit: int) -> bytes | Unread:
        """Read the whole body, content coding undone, if it stays within `limit` bytes on the wire and in memory."""
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in _CODINGS:
            return Unread.BROKEN
        window_bits = _CODINGS[coding]
        inflater = None if window_bits is None else zlib.decompressobj(window_bits)
        body = bytearray()
        wire = 0
        for part in response.stream:  # type: ignore[union-attr]  # ours, and synchronous
            self._deadline.left()
            wire += len(part)
            for piece in (part,) if inflater is None else _inflated(inflater, part):
                body += piece
                if len(body) > limit:
                    return Unread.TOO_LARGE
            if wire > limit:
                return Unread.TOO_LARGE
        cut_short = inflater is not None and wire > 0 and not inflater.eof
        return Unread.BROKEN if cut_short else bytes(body)


def _inflated(inflater: "zlib._Decompress", part: bytes) -> Iterator[bytes]:
    """Undo a coding a step at a time: a few kilobytes of it can hold gigabytes (a gzip bomb)."""
    while part and not inflater.eof:
        yield inflater.decompress(part, _INFLATE_STEP)
        part = inflater.unconsumed_tail


def _evidence(headers: httpx.Headers) -> tuple[tuple[str, str], ...]:
    found = ((name, headers[name]) for name in EVIDENCE_HEADERS if name in headers)
    return tuple((name, _printable(value[:MAX_HEADER_VALUE])) for name, value in found)


def _printable(untrusted_text: str) -> str:
    """Show what cannot be printed as its escape, so that a header cannot play tricks where it is shown."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in untrusted_text)
