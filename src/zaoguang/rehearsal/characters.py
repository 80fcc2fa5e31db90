"""How each platform answers notices as the hours pass: a pure function of what it was told, when, and the time now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zaoguang.rehearsal.plan import Character

__all__ = ["RETURN_AFTER", "Look", "Told", "again", "look_of"]


class Look(StrEnum):
    """How a picture is to be seen at one of its addresses."""

    UP = "up"
    GONE = "gone"
    GEOBLOCKED = "geoblocked"


@dataclass(frozen=True, slots=True)
class Told:
    """One notice that a platform got: when, and which addresses it named."""

    at: datetime
    addresses: frozenset[str]
    message_id: str = ""


_AFTER = {
    Character.HOURS: timedelta(hours=5),
    Character.ESCALATION: timedelta(hours=3),
    Character.GEOBLOCKS: timedelta(hours=8),
    Character.RETURNS: timedelta(hours=4),
}
RETURN_AFTER = timedelta(days=10)


def _naming(told: Sequence[Told], address: str) -> list[datetime]:
    return sorted(notice.at for notice in told if address in notice.addresses)


def look_of(character: Character, told: Sequence[Told], address: str, now: datetime) -> Look:
    """Give how the picture first hung at ``address`` is to be seen there now."""
    times = _naming(told, address)
    wanted = 2 if character is Character.ESCALATION else 1
    if character in {Character.REFUSES, Character.SILENT} or len(times) < wanted:
        return Look.UP
    if now < times[wanted - 1] + _AFTER[character]:
        return Look.UP
    return Look.GEOBLOCKED if character is Character.GEOBLOCKS else Look.GONE


def again(character: Character, told: Sequence[Told], first: str, second: str, now: datetime) -> Look:
    """Give how a picture that comes back is to be seen at its second address: not there before, gone when told."""
    times = _naming(told, first)
    if character is not Character.RETURNS or not times or now < times[0] + RETURN_AFTER:
        return Look.GONE
    later = _naming(told, second)
    return Look.GONE if later and now >= later[0] + _AFTER[character] else Look.UP
