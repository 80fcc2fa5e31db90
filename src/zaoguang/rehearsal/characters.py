"""How each platform answers notices as the hours pass: a pure function of what it was told, when, and the time now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zaoguang.rehearsal.cast import Character

__all__ = ["RETURN_AFTER", "Look", "Told", "again", "look_of"]


class Look(StrEnum):
    """How a picture is to be seen at one of its addresses."""

    UP = "up"
    GONE = "gone"
    GEOBLOCKED = "geoblocked"
    WALLED = "walled"  # the site asks for a login first
    GATED = "gated"  # the site asks for an age first
    SAID_GONE = "said_gone"  # words say that it is not found; the answer is 200
    REPLACED = "replaced"  # another picture is there
    DARK = "dark"  # nothing listens at the site any more
    CLOSED = "closed"  # the account that showed it is closed


@dataclass(frozen=True, slots=True)
class Told:
    """One notice that a platform got: when, and which addresses it named."""

    at: datetime
    addresses: frozenset[str]
    message_id: str = ""


_THEN = {
    Character.HOURS: (timedelta(hours=5), Look.GONE),
    Character.ESCALATION: (timedelta(hours=3), Look.GONE),
    Character.GEOBLOCKS: (timedelta(hours=8), Look.GEOBLOCKED),
    Character.RETURNS: (timedelta(hours=4), Look.GONE),
    Character.AT_ONCE: (timedelta(minutes=40), Look.GONE),
    Character.ASKS: (timedelta(hours=3), Look.GONE),
    Character.WALLS: (timedelta(hours=4), Look.WALLED),
    Character.GATES: (timedelta(hours=4), Look.GATED),
    Character.SAYS_GONE: (timedelta(hours=4), Look.SAID_GONE),
    Character.REPLACES: (timedelta(hours=4), Look.REPLACED),
    Character.CLOSES: (timedelta(hours=4), Look.CLOSED),
    Character.DIES: (timedelta(hours=4), Look.DARK),
}
"""How long after it was told enough a platform acts, and what is to be seen then; who is not here never acts."""

_WANTS_TWO = frozenset({Character.ESCALATION, Character.ASKS})
RETURN_AFTER = timedelta(days=10)


def _naming(told: Sequence[Told], address: str) -> list[datetime]:
    return sorted(notice.at for notice in told if address in notice.addresses)


def look_of(character: Character, told: Sequence[Told], address: str, now: datetime) -> Look:
    """Give how the picture first hung at ``address`` is to be seen there now."""
    times, then = _naming(told, address), _THEN.get(character)
    wanted = 2 if character in _WANTS_TWO else 1
    if then is None or len(times) < wanted or now < times[wanted - 1] + then[0]:
        return Look.UP
    return then[1]


def again(character: Character, told: Sequence[Told], first: str, second: str, now: datetime) -> Look:
    """Give how a picture that comes back is to be seen at its second address: not there before, gone when told."""
    times = _naming(told, first)
    if character is not Character.RETURNS or not times or now < times[0] + RETURN_AFTER:
        return Look.GONE
    later = _naming(told, second)
    return Look.GONE if later and now >= later[0] + _THEN[character][0] else Look.UP
