"""A period of time, and the day on which it ends.

The day on which a period begins is not counted (Civil Code of China Art. 201, Regulation 1182/71 Art. 3). Months and
years end on the day of the same number; a month that is too short ends on its last day (Art. 202 of the Civil Code).
"""

from calendar import monthrange
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from zaoguang.casework.deadlines.place import Place, is_working_day
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Period", "Unit", "last_day", "next_working_day"]


class Unit(StrEnum):
    """What a period is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


_MOST = {Unit.HOURS: 24 * 3660, Unit.DAYS: 3660, Unit.WORKING_DAYS: 1000, Unit.MONTHS: 1200, Unit.YEARS: 100}


@dataclass(frozen=True, slots=True)
class Period:
    """So many of one unit."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse what is no period.

        Raises:
            UserMistake: the amount is less than 1, or longer than anybody waits.
        """
        if not 1 <= self.amount <= _MOST[self.unit]:
            raise UserMistake(
                _("A period of {amount} {unit} makes no sense; it must be between 1 and {most}.").format(
                    amount=self.amount, unit=self.unit.value, most=_MOST[self.unit]
                )
            )

    def longer(self, more: "Period", times: int) -> "Period":
        """Give the period extended so many times: one count from the same beginning, as 30 and 30 days are 60.

        Raises:
            UserMistake: the extension is counted in something else.
        """
        if times and more.unit is not self.unit:
            raise UserMistake(_("An extension must be counted in the same unit as the period."))
        return Period(self.amount + times * more.amount, self.unit) if times else self


def last_day(begun: date, period: Period, place: Place, stood_still: Collection[date] = ()) -> date:
    """Give the last day of a period of days, working days, months or years that began on that day.

    Days in ``stood_still`` are not counted.

    Raises:
        UserMistake: the period is one of hours, which end at a moment and not with a day.
    """
    if period.unit is Unit.HOURS:
        raise UserMistake(_("Hours end at a moment, not with a day."))
    if period.unit is Unit.WORKING_DAYS:
        return _count(begun, period.amount, lambda day: day not in stood_still and is_working_day(day, place))
    if period.unit is Unit.DAYS:
        return _count(begun, period.amount, lambda day: day not in stood_still)
    end = _months_after(begun, period.amount * (12 if period.unit is Unit.YEARS else 1))
    owed = sum(begun < day <= end for day in set(stood_still))
    return _count(end, owed, lambda day: day not in stood_still)


def next_working_day(day: date, place: Place, stood_still: Collection[date] = ()) -> date:
    """Give that day if it is a working day there, else the next that is (Civil Code Art. 203) and is counted."""
    if is_working_day(day, place):
        return day
    return _count(day, 1, lambda each: each not in stood_still and is_working_day(each, place))


def _count(day: date, amount: int, counts: Callable[[date], bool]) -> date:
    while amount:
        day += timedelta(days=1)
        amount -= counts(day)
    return day


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
