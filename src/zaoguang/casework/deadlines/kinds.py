"""The clocks that a case keeps beside those of its notices: what each waits for, how long, and where that stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zaoguang.casework.deadlines.clock import CountsFrom
from zaoguang.casework.deadlines.period import Period, Unit
from zaoguang.casework.deadlines.place import Place

__all__ = ["KINDS", "ClockKind", "Kind"]


class ClockKind(StrEnum):
    """What a clock waits for."""

    POLICE_DECISION = "police_decision"
    RECONSIDERATION = "reconsideration"
    PROTECTION_ORDER = "protection_order"
    PRESERVATION_ORDER = "preservation_order"
    COUNTER_STATEMENT = "counter_statement"
    OWN = "own"
    NOTICE = "notice"  # a notice's own; its law's folder holds the rule


@dataclass(frozen=True, slots=True)
class Kind:
    """The rule of one kind; ``most_extended`` says how often it may be extended by ``extension``."""

    place: Place
    period: Period
    counts_from: CountsFrom
    extension: Period | None = None
    most_extended: int = 0
    ours_to_keep: bool = False  # it runs against the survivor: she loses something when it passes
    practice: bool = False  # no law names it; the centre keeps it


KINDS: Mapping[ClockKind, Kind] = {
    # Public-security law: 30 days from acceptance, twice 30 more in grave cases.
    ClockKind.POLICE_DECISION: Kind(
        Place.CN, Period(30, Unit.DAYS), CountsFrom.RECEIPT, Period(30, Unit.DAYS), most_extended=2
    ),
    # Administrative Reconsideration Law Art. 20: 60 days from knowing of the decision.
    ClockKind.RECONSIDERATION: Kind(Place.CN, Period(60, Unit.DAYS), CountsFrom.RECEIPT, ours_to_keep=True),
    # Anti-Domestic Violence Law Art. 28: 72 hours, 24 where urgent.
    ClockKind.PROTECTION_ORDER: Kind(Place.CN, Period(72, Unit.HOURS), CountsFrom.RECEIPT),
    # Civil Procedure Law Art. 103: 48 hours where urgent.
    ClockKind.PRESERVATION_ORDER: Kind(Place.CN, Period(48, Unit.HOURS), CountsFrom.RECEIPT),
    # Civil Code Art. 1196 names no number: within it the platform is to see a complaint or a suit.
    ClockKind.COUNTER_STATEMENT: Kind(
        Place.CN, Period(10, Unit.DAYS), CountsFrom.RECEIPT, ours_to_keep=True, practice=True
    ),
}
"""All but `ClockKind.OWN`, whose place and period a person gives, and `ClockKind.NOTICE`."""
