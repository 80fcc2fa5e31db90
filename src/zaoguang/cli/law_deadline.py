"""``zaoguang law deadline``: when a period is over in a place, counted step by step."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

import click

from zaoguang.casework.deadlines import Clock, Due, Period, Place, Unit, is_working_day, last_day, standing
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["deadline"]

_MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@dataclass(frozen=True, slots=True)
class _Counted:
    """A period that was counted, and the day it would have ended on if nobody had a day off; None for hours."""

    due: Due
    counted: date | None


@click.command()
@click.argument("begun", type=_MOMENT, metavar="BEGUN")
@click.argument("amount", type=click.IntRange(1, 100_000))
@click.argument("unit", type=click.Choice([unit.value for unit in Unit]))
@click.argument("place", type=click.Choice([place.value for place in Place]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def deadline(begun: datetime, amount: int, unit: str, place: str, *, as_json: bool) -> None:
    """Count so many hours, days … from BEGUN by the calendar of a place, and say why the time ends when it does.

    BEGUN is a day, or for hours a moment such as 2026-03-02T14:30, in the time of that place. ZZ is no one place: days
    of UTC, Monday to Friday. Days, working days, months and years end with their last day; one on which nobody works
    there moves to the next working day.
    """
    where, period = Place(place), Period(amount, Unit(unit))
    try:
        counted = _count(begun, period, where)
    except (OverflowError, ValueError) as error:
        raise UserMistake(_("That is too long ago, or too far ahead, to be counted.")) from error
    if as_json:
        click.echo(json.dumps(_record(counted), ensure_ascii=False))
        return
    for line in _lines(begun, period, where, counted):
        click.echo(line)


def _count(begun: datetime, period: Period, place: Place) -> _Counted:
    moment = begun.replace(tzinfo=place.zone).astimezone(UTC)
    due = standing(Clock(place, period, sent_at=moment))
    if not isinstance(due, Due):  # nothing makes it stand still
        raise UserMistake(_("That is too long ago, or too far ahead, to be counted."))
    return _Counted(due, None if period.unit is Unit.HOURS else last_day(begun.date(), period, place))


def _record(found: _Counted) -> dict[str, object]:
    return {
        "over": found.due.at.isoformat(),
        "last_day": found.due.last.isoformat() if found.counted is not None else None,
        "counted_to": found.counted.isoformat() if found.counted is not None else None,
        "announced": found.due.announced,
    }


def _lines(begun: datetime, period: Period, place: Place, found: _Counted) -> list[str]:
    over = found.due.at.astimezone(place.zone)
    if found.counted is None:
        return [_("Over at {moment}: hours are counted as they pass.").format(moment=f"{over:%Y-%m-%d %H:%M %Z}")]
    lines = [_("Last day: {day}. Over at {moment}.").format(day=found.due.last, moment=f"{over:%Y-%m-%d %H:%M %Z}")]
    lines.append(_("{day}, the day on which it begins, is not counted.").format(day=begun.date()))
    if period.unit is Unit.WORKING_DAYS:
        off = sum(not is_working_day(date.fromordinal(day), place) for day in _days(begun.date(), found.counted))
        lines.append(_("Days up to then on which nobody works there: {count}.").format(count=off))
    if found.due.last != found.counted:
        lines.append(
            _("It is counted to {day}, on which nobody works there, and moves to the next working day.").format(
                day=found.counted
            )
        )
    if not found.due.announced:
        lines.append(_("That year’s holidays are not known here: not announced yet or too long ago. The day may move."))
    return lines


def _days(begun: date, last: date) -> range:
    return range(begun.toordinal() + 1, last.toordinal() + 1)
