"""One look at one link: its page, the pictures on it, their fingerprints. Runs in the reader process only."""

import base64
import binascii
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import TypeVar

from zaoguang.fingerprint import Fingerprint, Unhashable, fingerprint_picture
from zaoguang.sandbox import Json, Refusal, Sandbox
from zaoguang.watch.address import parse, port_of
from zaoguang.watch.fetch import Answer, Fetcher
from zaoguang.watch.report import Fetched, FetchLimits, PageReport, PictureSeen, Signals, Unread
from zaoguang.watch.turns import Turns

__all__ = ["Batch", "Looker"]

_T = TypeVar("_T")
_KNOWN_MOST = 2048  # a picture of 64 frames takes 60 KB
_MAX_LEFT_OUT = 1_000_000
_GRACE_SECONDS = 1.0
_OK = range(200, 300)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*", b"\x00\x00\x00\x0cJXL ")
_BOXED = re.compile(rb"RIFF....WEBP|....ftyp(avif|avis|heic|heix|mif1|msf1)", re.DOTALL)
_PAGE_TYPE = re.compile(r"\s*($|;|text/|application/(xhtml\+)?xml)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


class Batch:
    """What was already read in one batch of links, so that a picture shown on many pages is read and opened once.

    Keeps results, never bytes; the oldest are forgotten beyond a bound.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: OrderedDict[str, Future[PictureSeen]] = OrderedDict()
        self._fingerprints: OrderedDict[str, Fingerprint] = OrderedDict()

    def reading(self, address: str, start: "Callable[[], Future[PictureSeen]]") -> "Future[PictureSeen]":
        """Give the reading of that address, started now if it is the first."""
        with self._lock:
            if address not in self._readings:
                _keep(self._readings, address, start())
            return self._readings[address]

    def fingerprint(self, untrusted_bytes: bytes, sha256: str, sandbox: Sandbox) -> Fingerprint | Unhashable:
        """Give the fingerprint of those bytes, from memory if the same bytes came from another address."""
        with self._lock:
            known = self._fingerprints.get(sha256)
        if known is not None:
            return known
        result = fingerprint_picture(untrusted_bytes, sandbox)
        if isinstance(result, Fingerprint):  # a refusal may have been our own trouble: try those again
            with self._lock:
                _keep(self._fingerprints, sha256, result)
        return result


def _keep(known: OrderedDict[str, _T], key: str, value: _T) -> None:
    known[key] = value
    if len(known) > _KNOWN_MOST:
        known.popitem(last=False)


class Looker:
    """Looks at links; thread-safe. Bytes fetched live in its frames and in its sandbox's children."""

    def __init__(self, fetcher: Fetcher, sandbox: Sandbox, turns: Turns, limits: FetchLimits) -> None:
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._turns = turns
        self._limits = limits

    def look(self, link: str, untrusted_address: str, also: Collection[str], batch: Batch) -> PageReport:
        """Give the report on one link, with the pictures in `also` looked at whether or not the page shows them."""
        until = time.monotonic() + self._limits.link_seconds
        answer = self._fetch(untrusted_address, until).result()
        if isinstance(answer, Unread):
            return PageReport(link, untrusted_address, answer, self._seen(also, batch, until, on_page=False))
        page = answer.fetched
        shown: tuple[PictureSeen, ...]
        if _is_picture(answer):
            parts, shown = _Parts(), (self._picture(page.address, answer, batch),)
        else:
            parts = self._take_apart(answer)
            del answer  # a page's bytes are not needed while its pictures are read
            shown = self._seen(parts.addresses, batch, until, on_page=True)
            shown += tuple(self._inline(content, page, batch) for content in parts.inline)
        known = {picture.address for picture in shown}
        more = self._seen([address for address in also if address not in known], batch, until, on_page=False)
        return PageReport(link, untrusted_address, page, (*shown, *more), parts.left_out, parts.signals)

    def _fetch(self, untrusted_address: str, until: float) -> "Future[Answer | Unread]":
        return self._turns.submit(_host(untrusted_address), lambda: self._fetch_now(untrusted_address, until))

    def _fetch_now(self, untrusted_address: str, until: float) -> Answer | Unread:
        left = until - time.monotonic()
        return self._fetcher.fetch(untrusted_address, seconds=left) if left > 0 else Unread.TIMED_OUT

    def _take_apart(self, answer: Answer) -> "_Parts":
        """Have the sandbox find what the page shows; a page that cannot be taken apart counts as something left out."""
        if not _PAGE_TYPE.match(answer.content_type):
            return _Parts(left_out=1)
        charset = _CHARSET.search(answer.content_type)
        options = {
            "address": answer.fetched.final_address,
            "charset": charset.group(1) if charset else "",
            "pictures": self._limits.pictures_per_page,
        }
        untrusted_parts = self._sandbox.run("page", answer.untrusted_body, options)
        if isinstance(untrusted_parts, Refusal):
            return _Parts(left_out=1)
        return _parts(untrusted_parts, self._limits.pictures_per_page)

    def _seen(
        self, untrusted_addresses: Collection[str], batch: Batch, until: float, *, on_page: bool
    ) -> tuple[PictureSeen, ...]:
        """Read pictures side by side, in the given order; what is not read by `until` has timed out."""
        readings = {
            address: batch.reading(address, partial(self._start, address, until, batch))
            for address in dict.fromkeys(untrusted_addresses)
        }
        return tuple(
            replace(_result(address, reading, until), on_page=on_page) for address, reading in readings.items()
        )

    def _start(self, address: str, until: float, batch: Batch) -> "Future[PictureSeen]":
        return self._turns.submit(_host(address), lambda: self._read_picture(address, until, batch))

    def _read_picture(self, address: str, until: float, batch: Batch) -> PictureSeen:
        answer = self._fetch_now(address, until)
        if isinstance(answer, Unread):
            return PictureSeen(address, answer, None)
        return self._picture(address, answer, batch)

    def _picture(self, address: str, answer: Answer, batch: Batch) -> PictureSeen:
        fetched = answer.fetched
        if fetched.status not in _OK:
            return PictureSeen(address, fetched, None)
        return PictureSeen(address, fetched, batch.fingerprint(answer.untrusted_body, fetched.sha256, self._sandbox))

    def _inline(self, untrusted_content: bytes, page: Fetched, batch: Batch) -> PictureSeen:
        """A picture written into the page: it was fetched when the page was, and is known by its digest."""
        digest = hashlib.sha256(untrusted_content).hexdigest()
        fetched = replace(page, size=len(untrusted_content), sha256=digest)
        result = batch.fingerprint(untrusted_content, digest, self._sandbox)
        return PictureSeen(f"inline:sha256:{digest}", fetched, result)


def _result(address: str, reading: "Future[PictureSeen]", until: float) -> PictureSeen:
    try:
        return reading.result(max(0.0, until - time.monotonic()) + _GRACE_SECONDS)
    except FutureTimeoutError:
        return PictureSeen(address, Unread.TIMED_OUT, None)


def _host(untrusted_address: str) -> str:
    """The host and port whose turn it must be; one and the same for everything that will be refused anyway."""
    url = parse(untrusted_address)
    return "" if isinstance(url, Unread) else f"{url.host}:{port_of(url)}"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the sandbox found on a page."""

    addresses: tuple[str, ...] = ()
    inline: tuple[bytes, ...] = ()
    left_out: int = 0
    signals: Signals = field(default_factory=Signals)


def _parts(untrusted_parts: Json, most: int) -> _Parts:
    """Check the sandbox's answer, which a page that took its child over could have written itself."""
    if not isinstance(untrusted_parts, dict):
        return _Parts(left_out=1)
    pictures = untrusted_parts.get("pictures")
    left_out = untrusted_parts.get("left_out")
    signals = untrusted_parts.get("signals")
    if not (isinstance(pictures, list) and isinstance(left_out, int) and isinstance(signals, dict) and left_out >= 0):
        return _Parts(left_out=1)
    addresses = [str(url) for p in pictures[:most] if isinstance(p, str) and not isinstance(url := parse(p), Unread)]
    inline = [content for p in pictures[:most] if isinstance(p, dict) for content in _content(p.get("inline"))]
    return _Parts(
        tuple(dict.fromkeys(addresses)),
        tuple(inline),
        min(left_out, _MAX_LEFT_OUT),
        Signals(**{each.name: signals.get(each.name) is True for each in fields(Signals)}),
    )


def _content(untrusted_base64: Json) -> Iterator[bytes]:
    if isinstance(untrusted_base64, str):
        try:
            yield base64.b64decode(untrusted_base64, validate=True)
        except binascii.Error:
            return


def _is_picture(answer: Answer) -> bool:
    kind = answer.content_type.lower()
    sniffed = answer.untrusted_body.startswith(_MAGIC) or _BOXED.match(answer.untrusted_body) is not None
    return sniffed or (kind.startswith("image/") and not kind.startswith("image/svg"))
