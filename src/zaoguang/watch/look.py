"""One look at one link: its page, the pictures on it, their fingerprints. Runs in the reader process only."""

import base64
import binascii
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, fields, replace

from zaoguang.fingerprint import fingerprint_bytes
from zaoguang.sandbox import Json, Refusal, Sandbox
from zaoguang.watch.address import parse
from zaoguang.watch.fetch import Answer, Fetcher
from zaoguang.watch.report import Fetched, FetchLimits, PageReport, PictureSeen, Signals, Unread

__all__ = ["Batch", "Looker"]

_KNOWN_PICTURES = 8192
_MAX_LEFT_OUT = 1_000_000
_GRACE_SECONDS = 1.0
_OK = range(200, 300)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*", b"\x00\x00\x00\x0cJXL ")
_BOXED = re.compile(rb"RIFF....WEBP|....ftyp(avif|avis|heic|heix|mif1|msf1)", re.DOTALL)
_PAGE_TYPE = re.compile(r"\s*($|;|text/|application/(xhtml\+)?xml)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


class Batch:
    """The pictures already read in one batch of links, so that one shown on many pages is read once.

    Keeps results, never bytes; the oldest are forgotten beyond a bound.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Future[PictureSeen]] = OrderedDict()

    def once(self, address: str, start: Callable[[], "Future[PictureSeen]"]) -> "Future[PictureSeen]":
        """Give the reading of that address, started now if it is the first."""
        with self._lock:
            known = self._known.get(address)
            if known is None:
                known = self._known[address] = start()
                if len(self._known) > _KNOWN_PICTURES:
                    self._known.popitem(last=False)
            return known


class Looker:
    """Looks at links; thread-safe. Bytes fetched live in its frames and in its sandbox's children."""

    def __init__(self, fetcher: Fetcher, sandbox: Sandbox, pictures: ThreadPoolExecutor, limits: FetchLimits) -> None:
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._pictures = pictures
        self._limits = limits

    def look(self, link: str, untrusted_address: str, also: Collection[str], batch: Batch) -> PageReport:
        """Give the report on one link, with the pictures in `also` looked at whether or not the page shows them."""
        until = time.monotonic() + self._limits.link_seconds
        answer = self._fetcher.fetch(untrusted_address, seconds=self._limits.link_seconds)
        if isinstance(answer, Unread):
            return PageReport(link, untrusted_address, answer, self._seen(also, batch, until, on_page=False))
        page = answer.fetched
        shown: tuple[PictureSeen, ...]
        if _is_picture(answer):
            parts, shown = _Parts(), (self._picture(page.address, answer),)
        else:
            parts = self._take_apart(answer)
            del answer  # a page's bytes are not needed while its pictures are read
            shown = self._seen(parts.addresses, batch, until, on_page=True)
            shown += tuple(self._inline(content, page) for content in parts.inline)
        known = {picture.address for picture in shown}
        more = self._seen([address for address in also if address not in known], batch, until, on_page=False)
        return PageReport(link, untrusted_address, page, (*shown, *more), parts.left_out, parts.signals)

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

        def start(address: str) -> "Future[PictureSeen]":
            return self._pictures.submit(self._fetch_picture, address, until)

        readings = [(a, batch.once(a, lambda a=a: start(a))) for a in dict.fromkeys(untrusted_addresses)]  # type: ignore[misc]  # the default binds the loop's value
        seen = []
        for address, reading in readings:
            try:
                picture = reading.result(max(0.0, until - time.monotonic()) + _GRACE_SECONDS)
            except FutureTimeoutError:
                picture = PictureSeen(address, Unread.TIMED_OUT, None)
            seen.append(replace(picture, on_page=on_page))
        return tuple(seen)

    def _fetch_picture(self, address: str, until: float) -> PictureSeen:
        left = until - time.monotonic()
        if left <= 0:
            return PictureSeen(address, Unread.TIMED_OUT, None)
        answer = self._fetcher.fetch(address, seconds=left)
        return PictureSeen(address, answer, None) if isinstance(answer, Unread) else self._picture(address, answer)

    def _picture(self, address: str, answer: Answer) -> PictureSeen:
        result = fingerprint_bytes(answer.untrusted_body, self._sandbox) if answer.fetched.status in _OK else None
        return PictureSeen(address, answer.fetched, result)

    def _inline(self, untrusted_content: bytes, page: Fetched) -> PictureSeen:
        """A picture written into the page: it was fetched when the page was, and is known by its digest."""
        digest = hashlib.sha256(untrusted_content).hexdigest()
        fetched = replace(page, size=len(untrusted_content), sha256=digest)
        return PictureSeen(f"inline:sha256:{digest}", fetched, fingerprint_bytes(untrusted_content, self._sandbox))


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
