"""Which copies still need a demand, grouped by the door to knock on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from zaoguang import notices
from zaoguang.casework import NoticeState
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.sightings.listing import GONE
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.verdicts import nameable
from zaoguang.notices import Channel, Regime

__all__ = [
    "Group",
    "for_strangers",
    "known_channels",
    "lately_named",
    "named_by",
    "open_groups",
    "still_to_ask",
    "unasked",
]

_FOR_STRANGERS = (
    "eu-dsa-16", "us-take-it-down", "hosting-abuse", "uk-osa-48h", "in-rule-3-2-b", "cn-cc-1195", "cn-pipl-47",
    "hk-platform", "kr-icn-44-2", "jp-platform",
)  # fmt: skip
"""What fits an addressee that nobody knows yet, the widest law first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Copies that one addressee answers for; ``channel`` is None where nobody knows the addressee yet."""

    key: str  # the channel's id, or the host
    channel: Channel | None
    host: str
    batches: tuple[tuple[Sighting, ...], ...]  # the copies of each notice that may be drafted today
    later: int  # copies that the channel takes on later days only

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """Give the copies that may be asked for today."""
        return tuple(sighting for batch in self.batches for sighting in batch)


@cache
def known_channels() -> tuple[Channel, ...]:
    """Give the channels shipped and those of this centre."""
    extra = Path(settings.CHANNELS_FILE) if settings.CHANNELS_FILE else None
    return notices.channels(extra)


def for_strangers() -> tuple[Regime, ...]:
    """Give the kinds of notice that fit an addressee whom only a person knows."""
    return tuple(notices.regime(name) for name in _FOR_STRANGERS)


def unasked(case: Case) -> QuerySet[Sighting]:
    """Give the copies that still stand and for which no notice is drafted or under way.

    A copy that was out of sight and came back at the same address is open anew: what was asked before that is over.
    """
    live = [state.value for state in NoticeState if state is not NoticeState.WITHDRAWN]
    asked = Notice.objects.filter(sightings=OuterRef("pk"), state__in=live, beside=False)
    came_back = Q(outcome="", outcome_at__isnull=False)
    not_since = ~Exists(asked.filter(made_at__gte=OuterRef("outcome_at")))
    return nameable(case.sightings.all()).exclude(outcome__in=GONE).filter(~Exists(asked) | came_back & not_since)


def open_groups(case: Case, now: datetime) -> tuple[Group, ...]:
    """Group the copies that nobody was asked to take down yet; no address that an open notice names comes again."""
    return _grouped(_fresh(case), now)


def still_to_ask(case: Case) -> int:
    """Count the copies that a notice can be drafted for; 0 where a notice under way names all of their addresses."""
    return unasked(case).count() if next(_fresh(case), None) is not None else 0


def _fresh(case: Case) -> Iterator[Sighting]:
    """Give the unasked copies whose page or picture no notice under way asks for already."""
    return notices.not_pending(unasked(case).order_by("seen_at", "id"), named_by, _pending(case))


def named_by(sighting: Sighting) -> tuple[str, ...]:
    """Give the addresses that a notice names because of a copy."""
    return tuple(address for address in (sighting.page(), sighting.picture()) if address)


def _pending(case: Case) -> Iterator[str]:
    live = [state.value for state in NoticeState if state is not NoticeState.WITHDRAWN]
    asked = case.sightings.exclude(outcome__in=GONE).exclude(pk__in=unasked(case).values("pk"))
    for sighting in asked.filter(notices__state__in=live, notices__beside=False).distinct():
        yield from named_by(sighting)


def _takes_notices(channel: Channel) -> bool:
    """Tell whether a caseworker can use it: not what only authorities, counsel, a telephone or a hash go to."""
    return bool(channel.regimes) and channel.route in notices.OPEN_ROUTES


def _grouped(sightings: Iterable[Sighting], now: datetime) -> tuple[Group, ...]:
    found: dict[str, tuple[Channel | None, str, list[Sighting]]] = {}
    usable = [each for each in known_channels() if _takes_notices(each)]
    for sighting in sightings:
        page = sighting.page()
        channel = notices.channel_for(page, usable)
        host = urlsplit(page).netloc
        found.setdefault(channel.id if channel else host, (channel, host, []))[2].append(sighting)
    return tuple(_today(key, channel, host, rows, now) for key, (channel, host, rows) in sorted(found.items()))


def _today(key: str, channel: Channel | None, host: str, rows: list[Sighting], now: datetime) -> Group:
    """Hold back what the channel does not take any more today; tomorrow the page shows it."""
    limit = channel.limit if channel is not None else notices.Limit()
    used = lately_named(channel.id, now) if channel is not None and limit.per_day is not None else 0
    planned = notices.plan_batches(rows, named_by, limit, now.date(), used=used)
    today = tuple(batch.copies for batch in planned if batch.day == now.date())
    return Group(key, channel, host, today, later=len(rows) - sum(len(copies) for copies in today))


def lately_named(channel: str, now: datetime) -> int:
    """Count the addresses that the notices of the last day ask that channel for, drafts among them."""
    made = Notice.objects.filter(channel=channel, made_at__gt=now - timedelta(days=1))
    return sum(
        len({notices.same_address(address) for sighting in each.sightings.all() for address in named_by(sighting)})
        for each in made.exclude(state=NoticeState.WITHDRAWN.value).prefetch_related("sightings")
    )
