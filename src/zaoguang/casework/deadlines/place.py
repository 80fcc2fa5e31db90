"""A place's clock and calendar: its time zone, its public holidays, its working days.

Holidays come from the pinned ``holidays`` library. For mainland China it knows the make-up working days (调休) that the
State Council announces each autumn for the year after: a Saturday worked is a working day here too, and a year that was
not announced yet is told as such (`is_announced`), because its days may still move.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

__all__ = ["Place", "day_at", "day_begins", "is_announced", "is_working_day"]


class Place(StrEnum):
    """A jurisdiction, by the code that the law's data uses; or, for what belongs to none, `ANY`."""

    CN = "CN"
    HK = "HK"
    TW = "TW"
    KR = "KR"
    JP = "JP"
    US = "US"
    EU = "EU"
    UK = "UK"
    AU = "AU"
    IN = "IN"
    ANY = "ZZ"  # no one place: days of UTC, Monday to Friday, no public holidays

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that its authorities keep; where there are several, that of the seat of government."""
        return ZoneInfo(_ZONES[self])


_ZONES: Mapping[Place, str] = {
    Place.CN: "Asia/Shanghai",
    Place.HK: "Asia/Hong_Kong",
    Place.TW: "Asia/Taipei",
    Place.KR: "Asia/Seoul",
    Place.JP: "Asia/Tokyo",
    Place.US: "America/New_York",
    Place.EU: "Europe/Brussels",
    Place.UK: "Europe/London",
    Place.AU: "Australia/Sydney",
    Place.IN: "Asia/Kolkata",
    Place.ANY: "UTC",
}
_SATURDAY = 5
_CALENDARS: Mapping[Place, tuple[str, str | None]] = {
    Place.EU: ("BE", None),  # the Commission's seat: which Member State's days count is not known beforehand
    Place.UK: ("GB", "ENG"),
    Place.AU: ("AU", "ACT"),
}
"""Where the library knows the place by another code, or by a part of it."""


@cache
def _calendar(place: Place) -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415  (a third of a second that most commands need not wait)

    country, part = _CALENDARS.get(place, (place.value, None))
    return country_holidays(country, subdiv=part)


def is_working_day(day: date, place: Place) -> bool:
    """Tell whether offices of that place work on that day: no weekend, no public holiday, or a make-up day."""
    return day.weekday() < _SATURDAY if place is Place.ANY else bool(_calendar(place).is_working_day(day))


def is_announced(year: int, place: Place) -> bool:
    """Tell whether that year's days are settled; only mainland China's move by a yearly announcement."""
    if place is not Place.CN:
        return True
    calendar = _calendar(place)
    calendar.get(date(year, 1, 1))  # the library fills a year in when it is first asked about
    return any(day.year == year for day in calendar.weekend_workdays)


def day_at(moment: datetime, place: Place) -> date:
    """Give the day that it is in that place at that moment."""
    return moment.astimezone(place.zone).date()


def day_begins(day: date, place: Place) -> datetime:
    """Give the first moment of a day in that place, in UTC, where the clocks are turned at midnight too.

    A midnight that is left out (the clock goes from 24:00 to 1:00) is the moment of the change; one that comes twice
    is the first of the two.
    """
    return datetime.combine(day, time(), place.zone).astimezone(UTC)
