"""Which copies still need a demand, grouped by the door to knock on."""

from collections.abc import Iterable
from dataclasses import dataclass
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
from zaoguang.notices import Channel, Regime

__all__ = ["Group", "for_strangers", "known_channels", "open_groups", "unasked"]

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
    sightings: tuple[Sighting, ...]


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
    asked = Notice.objects.filter(sightings=OuterRef("pk"), state__in=live)
    came_back = Q(outcome="", outcome_at__isnull=False)
    not_since = ~Exists(asked.filter(made_at__gte=OuterRef("outcome_at")))
    return (
        case.sightings.exclude(outcome__in=GONE).filter(on_request=False).filter(~Exists(asked) | came_back & not_since)
    )


def open_groups(case: Case) -> tuple[Group, ...]:
    """Group the copies that nobody was asked to take down yet."""
    return _grouped(unasked(case).order_by("seen_at", "id"))


def _grouped(sightings: Iterable[Sighting]) -> tuple[Group, ...]:
    found: dict[str, tuple[Channel | None, str, list[Sighting]]] = {}
    for sighting in sightings:
        page = sighting.page()
        channel = notices.channel_for(page, [each for each in known_channels() if each.regimes])
        host = urlsplit(page).netloc
        found.setdefault(channel.id if channel else host, (channel, host, []))[2].append(sighting)
    return tuple(Group(key, channel, host, tuple(rows)) for key, (channel, host, rows) in sorted(found.items()))
