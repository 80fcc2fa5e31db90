"""What a look at an address gives: the records of a page, of its pictures, and the typed reasons for what was not read.

No record holds a byte of any picture: sizes, digests, fingerprints, headers and times only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from zaoguang.fingerprint import Fingerprint, Unhashable
from zaoguang.words import gettext as _

__all__ = ["FetchLimits", "Fetched", "PageReport", "PictureSeen", "Redirect", "Signals", "Unread"]


class Unread(StrEnum):
    """Why an address could not be read."""

    BAD_ADDRESS = "bad_address"  # not an address that can be fetched, or one with a name and password in it
    FORBIDDEN_SCHEME = "forbidden_scheme"  # neither http nor https
    FORBIDDEN_ADDRESS = "forbidden_address"  # leads to a private, loopback or otherwise non-public network or port
    UNKNOWN_HOST = "unknown_host"  # the name service says that there is no such name
    UNRESOLVED = "unresolved"  # the name service gave no usable answer; says nothing about the name
    REFUSED_CONNECTION = "refused_connection"  # the host is there and nothing listens
    UNREACHABLE = "unreachable"  # no way to the host just now
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"  # more bytes, or more headers, than the limits allow
    TOO_MANY_REDIRECTS = "too_many_redirects"
    LOST_REDIRECT = "lost_redirect"  # it answered with a redirect, and where that leads is not there
    TLS_FAILED = "tls_failed"
    BROKEN = "broken"  # the answer was cut short or is not HTTP
    READER_DIED = "reader_died"  # our own reader process ended; the address may be tried again

    @property
    def sentence(self) -> str:
        """The reason as a person is told it."""
        return _SENTENCES[self]()


# Said through a call, so that each sentence is translated when it is shown, into the language then spoken.
_SENTENCES: Mapping[Unread, Callable[[], str]] = MappingProxyType(
    {
        Unread.BAD_ADDRESS: lambda: _("This is not a web address that can be fetched."),
        Unread.FORBIDDEN_SCHEME: lambda: _("Only addresses that begin with http or https are fetched."),
        Unread.FORBIDDEN_ADDRESS: lambda: _(
            "The address leads into a private network or to a port that is not for the web."
        ),
        Unread.UNKNOWN_HOST: lambda: _("No site of that name exists."),
        Unread.UNRESOLVED: lambda: _("The name service gave no answer for this site; try again later."),
        Unread.REFUSED_CONNECTION: lambda: _("The site refuses connections."),
        Unread.UNREACHABLE: lambda: _("The site cannot be reached just now."),
        Unread.TIMED_OUT: lambda: _("The site did not answer in time."),
        Unread.TOO_LARGE: lambda: _("The answer is larger than the limits allow."),
        Unread.TOO_MANY_REDIRECTS: lambda: _("The address redirects too many times."),
        Unread.LOST_REDIRECT: lambda: _("The address redirects to a place that does not exist."),
        Unread.TLS_FAILED: lambda: _("The site's certificate or encryption is not valid."),
        Unread.BROKEN: lambda: _("The site's answer was cut short or is not valid."),
        Unread.READER_DIED: lambda: _("The reader stopped while reading this address; try again."),
    }
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much of one answer, one page and one link is believed before giving up."""

    page_bytes: int = 8 << 20
    picture_bytes: int = 32 << 20
    wall_seconds: float = 30.0  # one address with all its redirects, from first look-up to last byte
    silence_seconds: float = 15.0  # one wait for one connection, one answer, one packet
    link_seconds: float = 300.0  # one link: its page and all its pictures
    redirects: int = 8
    header_count: int = 200
    header_bytes: int = 64 << 10
    pictures_per_page: int = 400
    host_pause: float = 0.2  # seconds between the beginnings of two fetches at one host; not at loopback
    per_host: int = 4  # fetches at one host at a time; loopback, the rehearsal's, is only bound by `connections`


@dataclass(frozen=True, slots=True)
class Redirect:
    """One answer that pointed elsewhere."""

    status: int
    location: str  # resolved to a whole address


@dataclass(frozen=True, slots=True)
class Fetched:
    """One address that answered, with any status."""

    address: str  # asked for
    final_address: str  # after redirects
    redirects: tuple[Redirect, ...]
    status: int
    headers: tuple[tuple[str, str], ...]  # the last answer's, only those in fetch.EVIDENCE_HEADERS, values cut short
    started_at: datetime  # aware UTC
    finished_at: datetime
    ip: str  # the address that was dialled
    size: int  # bytes, after any content coding was undone: what a browser would save
    sha256: str  # hex, of the same bytes


@dataclass(frozen=True, slots=True)
class PictureSeen:
    """One picture that a page shows, or that was asked for besides."""

    address: str  # ``inline:sha256:...`` for a picture written into the page itself
    fetched: Fetched | Unread
    result: Fingerprint | Unhashable | None  # None only when `fetched` is Unread or its status is no success
    on_page: bool = True  # False: asked for besides, the page no longer shows it


@dataclass(frozen=True, slots=True)
class Signals:
    """What the words and forms of a page suggest, as yes or no; the words themselves are not kept."""

    login_form: bool = False  # a password field
    not_found_words: bool = False  # a title, heading or very short page that says "not found"
    account_words: bool = False  # ... that an account is closed, banned or deleted
    region_words: bool = False  # ... that this is not available in a country
    gate_words: bool = False  # ... that an age or cookies must be confirmed before anything is shown


@dataclass(frozen=True, slots=True)
class PageReport:
    """One link as it was found."""

    link: str  # the caller's id for it
    address: str  # as the caller gave it
    page: Fetched | Unread
    pictures: tuple[PictureSeen, ...] = ()
    left_out: int = 0  # pictures that the page shows beyond `pictures_per_page`, or that could not be taken apart
    signals: Signals = field(default_factory=Signals)
