"""How each platform takes a report: a small catalogue, each entry with its grade, its source and its last look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from zaoguang.errors import UserMistake
from zaoguang.law import Grade, Source, Wording
from zaoguang.law.checking import REVIEW_DAYS
from zaoguang.law.record import Record, read_record, read_sources
from zaoguang.notices.batch import Limit
from zaoguang.notices.mail import checked_address
from zaoguang.notices.regime import NOTICE_LANGUAGES, regimes
from zaoguang.words import gettext as _

__all__ = ["OPEN_ROUTES", "Channel", "Route", "StaleChannel", "channel", "channel_for", "channels", "stale_channels"]

_CHANNELS = Path(__file__).parent / "channels"
_PORTS = {"http": 80, "https": 443}


class Route(StrEnum):
    """The way a report goes in."""

    EMAIL = "email"
    FORM = "form"  # a web form, filled in by a person from a sheet
    IN_APP = "in_app"  # steps inside the application, done by a person
    PHONE = "phone"
    AUTHORITY_ONLY = "authority_only"  # takes orders of authorities and nobody else's notices
    HASH_PROGRAMME = "hash_programme"  # takes fingerprints made on the person's own device


OPEN_ROUTES = frozenset({Route.EMAIL, Route.FORM, Route.IN_APP})
"""The ways that a caseworker's notice can take."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach one platform; ``hosts`` are the places whose pages it answers for."""

    id: str
    name: str
    hosts: tuple[str, ...]  # example.org stands for all below it; 127.0.0.1:8001 for exactly that
    route: Route
    address: str  # a mail address, the form's https address, a number, or words; "" where the application is the place
    steps: Wording | None  # what to press, in the application
    limit: Limit
    answers: Wording | None  # the time in which it says it answers; None where it publishes none
    regimes: tuple[str, ...]  # best first; empty: it takes none of our notices yet
    languages: tuple[str, ...]
    asks: Wording | None  # what else the form wants, said to a person
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


def channels(extra: Path | None = None) -> tuple[Channel, ...]:
    """Give the catalogue, led by the entries of an extra file or folder of ``*.yaml`` where one is given.

    Raises:
        UserMistake: a file or key is wrong, or an id is there twice.
    """
    added = _load(_files(extra)) if extra is not None else ()
    known = (*added, *_catalogue())
    names = [each.id for each in known]
    for name in names:
        if names.count(name) > 1:
            raise UserMistake(_("The channel %(id)s is there twice.") % {"id": name})
    return known


def channel(id: str, extra: Path | None = None) -> Channel:  # noqa: A002 -- the word the data uses
    """Give one channel, e.g. ``telegram``.

    Raises:
        UserMistake: there is none of that id.
    """
    for candidate in channels(extra):
        if candidate.id == id:
            return candidate
    raise UserMistake(_("No channel has the id %(id)r.") % {"id": id})


def channel_for(address: str, channels: Iterable[Channel], regime: str | None = None) -> Channel | None:
    """Give the channel that answers for a page's address: the most exact host wins, then the first.

    With a regime, only channels that take it are looked at. A host answers for itself and everything below it:
    ``example.com`` for ``img.example.com`` and never for ``badexample.com``. None where nobody is known.
    """
    place = _place(address)
    if place is None:
        return None
    best: tuple[int, Channel] | None = None
    for candidate in channels:
        if regime is not None and regime not in candidate.regimes:
            continue
        fit = max((_fit(host, *place) for host in candidate.hosts), default=0)
        if fit and (best is None or fit > best[0]):
            best = (fit, candidate)
    return best[1] if best else None


@dataclass(frozen=True, slots=True)
class StaleChannel:
    """A channel that a person should look at again: read too long ago, never, or never verified."""

    channel: Channel
    since: date | None  # the day it fell due; None where it was never read or is not due yet
    due: bool


def stale_channels(known: Iterable[Channel], at: date) -> tuple[StaleChannel, ...]:
    """Give the channels that are due to be read again on that day, or unverified, in their order.

    The less sure the grade, the sooner a channel is due, as with the law's facts.
    """
    found = []
    for each in known:
        since = each.checked + timedelta(days=REVIEW_DAYS[each.grade]) if each.checked is not None else None
        due = since is None or since <= at
        if due or not each.verified:
            found.append(StaleChannel(each, since if due else None, due))
    return tuple(found)


def _place(address: str) -> tuple[str, int] | None:
    """Give an address's host and port, or None where a browser might read another host than we do."""
    if "\\" in address or any(character.isspace() or not character.isprintable() for character in address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS[parts.scheme]
        host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".")
    except (ValueError, KeyError, UnicodeError):
        return None
    return (host, port) if host else None


def _fit(pattern: str, host: str, port: int) -> int:
    """Give how exactly a pattern names the host, 0 for not at all."""
    name, colon, wanted_port = pattern.rpartition(":") if not pattern.endswith("]") else (pattern, "", "")
    if not colon:
        name = pattern
    elif int(wanted_port) != port:
        return 0
    if host == name:
        return 2 * len(name) + (1 if colon else 0)
    return 2 * len(name) if not colon and not _is_ip(name) and host.endswith("." + name) else 0


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _catalogue() -> tuple[Channel, ...]:
    return _load(_files(_CHANNELS))


def _files(place: Path) -> tuple[Path, ...]:
    return tuple(sorted(place.glob("*.yaml"))) if place.is_dir() else (place,)


def _load(files: Iterable[Path]) -> tuple[Channel, ...]:
    found: list[Channel] = []
    for path in files:
        top = read_record(path)
        sources = read_sources(top) if top.has("sources") else {}
        found += [_read(record, sources) for record in top.records("channels")]
        top.done()
    return tuple(found)


def _read(record: Record, sources: dict[str, Source]) -> Channel:
    grade, verified, source = record.graded(sources)
    route = record.choice("route", Route)
    read = Channel(
        id=record.text("id"),
        name=record.text("name"),
        hosts=_read_hosts(record),
        route=route,
        address=_read_address(record, route),
        steps=_read_steps(record, route),
        limit=_read_limit(record),
        answers=record.wording("answers") if record.has("answers") else None,
        regimes=_among(record, "regimes", {regime.id for regime in regimes()}),
        languages=_among(record, "languages", set(NOTICE_LANGUAGES)),
        asks=record.wording("asks") if record.has("asks") else None,
        grade=grade,
        verified=verified,
        source=source,
        checked=record.optional("checked", record.day),
    )
    record.done()
    return read


def _read_hosts(record: Record) -> tuple[str, ...]:
    hosts = record.texts("hosts")
    for host in hosts:
        place = _place(f"http://{host}")
        if place is None or (f"{place[0]}:{place[1]}" if ":" in host else place[0]) != host or "." not in host:
            raise record.mistake("hosts", _("must be hosts such as example.org, or one with its port"))
    return hosts


def _read_steps(record: Record, route: Route) -> Wording | None:
    if route is Route.IN_APP or record.has("steps"):
        return record.wording("steps")
    return None


def _read_limit(record: Record) -> Limit:
    if not record.has("limit"):
        return Limit()
    inner = record.record("limit")
    read = Limit(
        per_notice=inner.optional("per_notice", inner.number) or None,
        per_day=inner.optional("per_day", inner.number) or None,
    )
    inner.done()
    return read


def _read_address(record: Record, route: Route) -> str:
    if route is Route.IN_APP:
        return record.optional("address", record.text) or ""
    address = record.text("address")
    if route not in {Route.EMAIL, Route.FORM}:
        return address
    if route is Route.EMAIL:
        try:
            return checked_address(address, "address")
        except UserMistake as error:
            raise record.mistake("address", _("must be one e-mail address, such as name@example.org")) from error
    place = _place(address)
    if place is None or not (address.startswith("https://") or place[0] == "127.0.0.1"):
        raise record.mistake("address", _("must be the form's https address"))
    return address


def _among(record: Record, key: str, known: set[str]) -> tuple[str, ...]:
    named = record.texts(key)
    for name in named:
        if name not in known:
            raise record.mistake(key, _("names %(name)s, which is not known here") % {"name": name})
    return named
