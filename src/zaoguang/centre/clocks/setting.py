"""Starting a clock and changing it; each change counts its deadline anew, in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.db import transaction

from zaoguang import notices
from zaoguang.casework import CaseStatus
from zaoguang.casework.deadlines import KINDS, ClockKind, Due, Period, Place, standing
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.clocks.models import CaseClock, ClockPause, ClockState
from zaoguang.centre.notices.models import Notice
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Change", "OwnPeriod", "change", "count_anew", "may_extend", "new_clock", "start"]

MOST_CLOCKS = 100
_LONGEST_AGO = timedelta(days=50 * 366)


class Change(StrEnum):
    """What a person may do to a clock."""

    PAUSE = "pause"
    GO_ON = "go_on"
    EXTEND = "extend"
    DONE = "done"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class OwnPeriod:
    """What a person gives for a deadline that no rule names."""

    place: Place
    period: Period
    extension: None = None


class Rule(Protocol):
    """What a clock is made from, whoever holds the rule."""

    @property
    def place(self) -> Place:
        """Whose calendar counts."""

    @property
    def period(self) -> Period:
        """How long it runs."""

    @property
    def extension(self) -> Period | None:
        """By how much it may be extended; none where it may not."""


def new_clock(
    case: Case, kind: ClockKind, rule: Rule, begun: datetime, now: datetime, *, notice: Notice | None = None
) -> CaseClock:
    """Make a clock that runs by that rule, in the transaction of a caller that holds the case and has checked it."""
    clock = CaseClock(
        case=case,
        notice=notice,
        kind=kind.value,
        place=rule.place.value,
        amount=rule.period.amount,
        unit=rule.period.unit.value,
        extension=rule.extension.amount if rule.extension is not None else 0,
        begun_at=begun,
        changed_at=now,
    )
    count_anew(clock)
    clock.save(force_insert=True)
    return clock


@transaction.atomic
def start(
    case: Case, kind: ClockKind, begun: datetime, by: Person, now: datetime, own: OwnPeriod | None = None
) -> CaseClock:
    """Start a clock at the moment that it counts from.

    Raises:
        UserMistake: that moment has not come, a deadline of one's own has no period, or there are too many clocks.
    """
    case = hold(case.pk)
    if case.status == CaseStatus.CLOSED.value:
        raise UserMistake(_("This case is closed."))
    if begun > now:
        raise UserMistake(_("A clock cannot begin in the future; give the time at which it began."))
    if begun < now - _LONGEST_AGO:
        raise UserMistake(_("A clock cannot begin that long ago; give the time at which it began."))
    if case.clocks.filter(notice=None).count() >= MOST_CLOCKS:
        raise UserMistake(_("This case has too many deadlines; drop those that are over."))
    rule = KINDS.get(kind) or own
    if rule is None:
        raise UserMistake(_("Give the place and the length of a deadline of your own."))
    clock = new_clock(case, kind, rule, begun, now)
    record(Verb.CLOCK_STARTED, now=now, person=by, case=case, subject=clock.pk)
    return clock


@transaction.atomic
def change(clock: CaseClock, what: Change, by: Person, now: datetime) -> None:
    """Let a clock stand still, go on, run longer, or be over.

    Raises:
        UserMistake: it does not stand as this change needs it, is over already, or may not be extended again.
    """
    hold(clock.case_id)
    clock = CaseClock.objects.select_for_update().get(pk=clock.pk)
    if clock.state not in _FROM[what]:
        raise UserMistake(_("This deadline was changed in the meantime; look at it again."))
    if what is Change.EXTEND:
        _extend(clock)
    elif what is Change.PAUSE:
        _stand_still(clock, now)
    elif what is Change.GO_ON:
        clock.pauses.filter(ended_at__isnull=True).update(ended_at=now)
    else:
        clock.state = ClockState.DONE if what is Change.DONE else ClockState.DROPPED
    if what in {Change.EXTEND, Change.PAUSE, Change.GO_ON}:
        count_anew(clock)
    clock.changed_at = now
    clock.save()
    record(Verb.CLOCK_CHANGED, now=now, person=by, case=clock.case, subject=clock.pk)


_LIVE = frozenset({ClockState.RUNNING.value, ClockState.STANDING.value})
_FROM = {
    Change.PAUSE: frozenset({ClockState.RUNNING.value}),
    Change.GO_ON: frozenset({ClockState.STANDING.value}),
    Change.EXTEND: frozenset({ClockState.RUNNING.value}),
    Change.DONE: _LIVE,
    Change.DROP: _LIVE,
}


def may_extend(clock: CaseClock) -> bool:
    """Tell whether the law lets a clock be extended (once more)."""
    rule = KINDS.get(ClockKind(clock.kind))
    if clock.notice is not None:
        return clock.extended < notices.regime(clock.notice.regime).deadline.most_extended
    return rule is not None and clock.extended < rule.most_extended


def _extend(clock: CaseClock) -> None:
    if not may_extend(clock):
        raise UserMistake(_("The law lets this deadline be extended no further."))
    clock.extended += 1


def _stand_still(clock: CaseClock, now: datetime) -> None:
    if clock.due_at is not None and clock.due_at <= now:  # the pause would count for nothing and stay open
        raise UserMistake(_("This deadline has passed; it cannot stand still any more."))
    ClockPause.objects.create(clock=clock, begun_at=max(now, clock.begun_at))


def count_anew(clock: CaseClock) -> None:
    """Set when a clock is due and how it stands, from its rule; the caller saves it."""
    stands = standing(clock.rule())
    if isinstance(stands, Due):
        clock.due_at, clock.announced, clock.state = stands.at, stands.announced, ClockState.RUNNING
    else:
        clock.due_at, clock.state = None, ClockState.STANDING
