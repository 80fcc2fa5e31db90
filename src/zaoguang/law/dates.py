"""Deadlines as dates: from which day they run, when they end, and whether that is past."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from zaoguang.law.facts import Done, Facts, PlatformAnswer, PoliceAnswer
from zaoguang.law.harm import Door
from zaoguang.law.model import Anchor, Deadline, Runs

__all__ = ["DatedDeadline", "State", "dated", "days_after", "months_after"]


class State(StrEnum):
    """Where a deadline stands."""

    RUNNING = "running"
    PASSED = "passed"
    MET = "met"  # what it asked for was done in time
    GOES_ON = "goes_on"  # counted from the end of what goes on; ``due`` is by the strictest count, from its first day
    GOES_ON_LATE = "goes_on_late"  # the same, and by the strictest count it has passed
    NOT_STARTED = "not_started"  # the moment it runs from is not known
    IF_TODAY = "if_today"  # it would run from today, if the step were taken today


@dataclass(frozen=True, slots=True)
class DatedDeadline:
    """A deadline with its days; None where the day it runs from is not known, or has not come."""

    rule: Deadline
    start: date | None
    due: date | None
    state: State


def dated(rule: Deadline, facts: Facts, door: Door, at: date) -> DatedDeadline:
    """Give a deadline's days.

    Periods by years, months and days end on the day of the same number (the first day is not counted, as in the
    Civil Code of China Art. 201); a month that is too short ends on its last day. Hours run from the hour of sending.
    """
    start, assumed = _start(rule.start, facts, at)
    if rule.start is Anchor.ACT and facts.ongoing:
        return _going_on(rule, None if facts.act is None else _due(rule, facts.act), at)
    if start is None:
        return DatedDeadline(rule, None, None, State.NOT_STARTED)
    due = _due(rule, start)
    return DatedDeadline(rule, start, due, _state(rule, facts, door, due, at, assumed=assumed))


def _going_on(rule: Deadline, strict: date | None, at: date) -> DatedDeadline:
    late = strict is not None and strict < at
    return DatedDeadline(rule, None, strict, State.GOES_ON_LATE if late else State.GOES_ON)


def _due(rule: Deadline, start: date) -> date:
    return days_after(months_after(start, 12 * rule.years + rule.months), rule.days + rule.hours // 24)


def _start(anchor: Anchor, facts: Facts, at: date) -> tuple[date | None, bool]:
    """Give the day a period runs from, and whether that day only assumes that the step is taken today."""
    if anchor is Anchor.ACT:
        return (None if facts.ongoing else facts.last_act or facts.act), False
    answered = facts.platform and facts.platform.answer == PlatformAnswer.COUNTER_STATEMENT
    told = {
        Anchor.LEARNED: facts.learned,
        Anchor.POLICE_DECISION: facts.police.answered if facts.police else None,
        Anchor.PLATFORM_DECISION: facts.platform.answered if facts.platform else None,
        Anchor.COUNTER_STATEMENT: facts.platform.answered if facts.platform and answered else None,
    }
    if anchor in told:
        return told[anchor], False
    if anchor is Anchor.POLICE:
        return _since(facts.police, PoliceAnswer.NOT_REPORTED, at)
    if anchor is Anchor.PLATFORM:
        return _since(facts.platform, PlatformAnswer.NOT_SENT, at)
    return at, True


def _since(done: Done | None, none: str, at: date) -> tuple[date | None, bool]:
    """Give the day a step was taken (None if that day isn't known), or today where it wasn't taken."""
    if done is None or done.answer == none:
        return at, True
    return done.on, False


def _state(rule: Deadline, facts: Facts, door: Door, due: date, at: date, *, assumed: bool) -> State:
    if assumed:
        return State.IF_TODAY
    reported = facts.police.on if facts.police else None
    if rule.runs is Runs.SURVIVOR and door in {Door.POLICE, Door.CRIME} and reported and reported <= due:
        return State.MET
    return State.PASSED if due < at else State.RUNNING


def days_after(day: date, days: int) -> date:
    """Give the day so many days later, or the last day that there is."""
    return day + min(timedelta(days=days), date.max - day)


def months_after(day: date, months: int) -> date:
    """Give the day of the same number so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    year = min(year, date.max.year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
