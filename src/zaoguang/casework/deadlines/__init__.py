"""By when: periods in hours, days, working days, months and years, counted in the calendar of the place they run in."""

from zaoguang.casework.deadlines.clock import (
    Clock,
    CountsFrom,
    Due,
    NotStarted,
    Pause,
    Stands,
    standing,
)
from zaoguang.casework.deadlines.kinds import KINDS, ClockKind, Kind
from zaoguang.casework.deadlines.period import Period, Unit, last_day
from zaoguang.casework.deadlines.place import Place, is_working_day

__all__ = [
    "KINDS",
    "Clock",
    "ClockKind",
    "CountsFrom",
    "Due",
    "Kind",
    "NotStarted",
    "Pause",
    "Period",
    "Place",
    "Stands",
    "Unit",
    "is_working_day",
    "last_day",
    "standing",
]
