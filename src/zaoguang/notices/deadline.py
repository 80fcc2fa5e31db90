"""How long the addressee of a notice has: its period, where and from when that runs, and what may lengthen it."""

from dataclasses import dataclass

from zaoguang.casework.deadlines import CountsFrom, Period, Place, Unit
from zaoguang.errors import UserMistake
from zaoguang.law import ClockBasis, provision
from zaoguang.law.record import Record
from zaoguang.words import gettext as _

__all__ = ["Deadline", "known_provision", "read_deadline"]

_UNITS = (Unit.HOURS, Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS)
_MOST = 1000
_ABOUT_HOURS = {Unit.HOURS: 1, Unit.DAYS: 24, Unit.WORKING_DAYS: 34, Unit.MONTHS: 731, Unit.YEARS: 8766}


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long the addressee has, and whether the law or the centre's practice says so."""

    period: Period
    place: Place  # whose calendar counts; hours are the same everywhere
    counts_from: CountsFrom  # receipt: from sending all the same, until somebody knows of a receipt
    basis: ClockBasis
    provision: str  # "" where no law sets a time and practice alone does
    stands_by: str  # the provision by which it stands still; "" where none does
    extension: Period | None  # by which the law lets it be extended, in the period's unit
    most_extended: int

    @property
    def may_stand(self) -> bool:
        """Tell whether a person may let it stand still: by a provision, or because the centre itself set it."""
        return self.basis is ClockBasis.PRACTICE or bool(self.stands_by)

    @property
    def about_hours(self) -> int:
        """Give roughly how many hours that is, for a plan; when it is due is counted by the calendar."""
        return self.period.amount * _ABOUT_HOURS[self.period.unit]


def read_deadline(record: Record) -> Deadline:
    """Read a regime's ``deadline``: one of hours, days, working_days and months, with what belongs to it.

    Raises:
        UserMistake: a key is missing, unknown or does not go with the others.
    """
    unit = _unit(record)
    basis = record.choice("basis", ClockBasis)
    if basis is ClockBasis.LAW and not record.has("provision"):
        raise record.mistake("provision", _("must say which provision sets the time"))
    period, place = _period(record, unit), _place(record, unit)
    extension, times = _extension(record.record("extension"), unit) if record.has("extension") else (None, 0)
    read = Deadline(
        period=period,
        place=place,
        counts_from=record.choice("counts_from", CountsFrom) if record.has("counts_from") else CountsFrom.SENDING,
        basis=basis,
        provision=known_provision(record, "provision") if record.has("provision") else "",
        stands_by=known_provision(record, "stands_by") if record.has("stands_by") else "",
        extension=extension,
        most_extended=times,
    )
    if read.extension is not None and basis is not ClockBasis.LAW:
        raise record.mistake("extension", _("belongs to a time that the law sets"))
    record.done()
    return read


def known_provision(record: Record, key: str) -> str:
    """Give the id of a provision that the law's data has.

    Raises:
        UserMistake: it has none of that id.
    """
    name = record.text(key)
    try:
        return provision(name).id
    except UserMistake as error:
        raise record.mistake(key, _("names the provision %(id)s, which the law lacks") % {"id": name}) from error


def _unit(record: Record) -> Unit:
    said = [unit for unit in _UNITS if record.has(unit.value)]
    if len(said) != 1:
        names = ", ".join(unit.value for unit in _UNITS)
        raise record.mistake("", _("must hold one of %(names)s, and one alone") % {"names": names})
    return said[0]


def _period(record: Record, unit: Unit) -> Period:
    if unit is Unit.HOURS:
        return Period(record.hours(unit.value), unit)
    amount = record.number(unit.value, _MOST)
    if not amount:
        raise record.mistake(unit.value, _("must be at least 1"))
    return Period(amount, unit)


def _place(record: Record, unit: Unit) -> Place:
    if unit is not Unit.HOURS:
        return record.choice("place", Place)
    if record.has("place"):
        raise record.mistake("place", _("does not go with hours, which are the same everywhere"))
    return Place.ANY


def _extension(record: Record, unit: Unit) -> tuple[Period, int]:
    if not record.has(unit.value):
        raise record.mistake(unit.value, _("must be there: an extension is counted as its period is"))
    period, times = _period(record, unit), record.number("times", 12)
    if not times:
        raise record.mistake("times", _("must be at least 1"))
    record.done()
    return period, times
