"""A clock: from when it runs, how long, what stopped it meanwhile, and when it is due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from zaoguang.casework.deadlines.period import Period, Unit, last_day, next_working_day
from zaoguang.casework.deadlines.place import Place, day_at, day_begins, is_announced
from zaoguang.casework.moment import in_utc
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Clock", "CountsFrom", "Due", "NotStarted", "Pause", "Stands", "standing"]


class CountsFrom(StrEnum):
    """What sets a clock running."""

    SENDING = "sending"
    RECEIPT = "receipt"  # known only when the addressee, or a stamp, says so


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stands still, such as while a counter-statement is answered; open without an end."""

    begun: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One period that runs in one place; ``sent_at`` and ``received_at`` are None where that has not happened."""

    place: Place
    period: Period
    counts_from: CountsFrom = CountsFrom.SENDING
    sent_at: datetime | None = None
    received_at: datetime | None = None
    extension: Period | None = None
    extended: int = 0
    pauses: tuple[Pause, ...] = ()
    moves_off_holidays: bool = True  # a last day on which nobody works moves to the next working day; never for hours


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Nothing runs yet: what it counts from has not happened."""


@dataclass(frozen=True, slots=True)
class Stands:
    """The clock stands still; when it is due is known when it goes on."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """The first moment, in UTC, at which the period is over."""

    at: datetime
    last: date  # the last day in that place
    announced: bool  # False: that year's working days are not announced yet, so that the day may move


def standing(clock: Clock) -> NotStarted | Stands | Due:
    """Give when a clock is due, or why it is not.

    Hours are real hours, whatever the clocks on the wall do. Everything else ends with its last day in that place: at
    the moment when the next day begins there.

    Raises:
        UserMistake: a time has no zone, a pause ends before it begins, or an extension is in another unit.
    """
    start = clock.sent_at if clock.counts_from is CountsFrom.SENDING else clock.received_at
    if start is None:
        return NotStarted()
    begun, pauses = in_utc(start), _in_order(clock.pauses)
    period = clock.period.longer(clock.extension or clock.period, clock.extended)
    closed = [(each.begun, each.ended) for each in pauses if each.ended is not None]
    due = _due(begun, period, clock, [(max(a, begun), b) for a, b in closed if b > begun])
    still = next((each.begun for each in pauses if each.ended is None and each.begun < due.at), None)
    return due if still is None else Stands(max(still, begun))


def _due(begun: datetime, period: Period, clock: Clock, pauses: Sequence[tuple[datetime, datetime]]) -> Due:
    place = clock.place
    if period.unit is Unit.HOURS:
        at = begun + timedelta(hours=period.amount)
        for stopped, went_on in pauses:
            at += went_on - stopped if stopped < at else timedelta(0)
        return Due(at, day_at(at, place), announced=True)
    stood_still = {day for stopped, went_on in pauses for day in _days(stopped, went_on, place)}
    last = last_day(day_at(begun, place), period, place, stood_still)
    if clock.moves_off_holidays:
        last = next_working_day(last, place, stood_still)
    counts_working = clock.moves_off_holidays or period.unit is Unit.WORKING_DAYS
    announced = not counts_working or is_announced(last.year, place)
    return Due(day_begins(last + timedelta(days=1), place), last, announced)


def _in_order(pauses: Sequence[Pause]) -> list[Pause]:
    """Give pauses as UTC, sorted, none within another."""
    merged: list[Pause] = []
    for each in sorted((Pause(in_utc(p.begun), p.ended and in_utc(p.ended)) for p in pauses), key=lambda p: p.begun):
        if each.ended is not None and each.ended < each.begun:
            raise UserMistake(_("A pause cannot end before it begins."))
        before = merged[-1] if merged else None
        if before is None or (before.ended is not None and before.ended < each.begun):
            merged.append(each)
        elif before.ended is not None:
            merged[-1] = Pause(before.begun, None if each.ended is None else max(before.ended, each.ended))
    return merged


def _days(stopped: datetime, went_on: datetime, place: Place) -> Iterator[date]:
    """Yield each day of that place on which the clock stood still at any time."""
    if went_on <= stopped:
        return
    day, last = day_at(stopped, place), day_at(went_on - timedelta(microseconds=1), place)
    while day <= last:
        yield day
        day += timedelta(days=1)
