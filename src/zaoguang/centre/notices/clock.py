"""A notice's own clock: begun when it is sent, counted anew from its receipt, stood still, gone on, extended.

It is a `CaseClock` that belongs to the notice, and is counted and changed by the same rules; ``deadline_at`` of the
notice repeats when it is due, and is empty while it stands still.
"""

from datetime import datetime, timedelta
from typing import cast

from django.db import transaction

from zaoguang import notices
from zaoguang.casework import NoticeState
from zaoguang.casework.deadlines import ClockKind, CountsFrom
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.clocks.models import CaseClock, ClockState
from zaoguang.centre.clocks.setting import Change, change, count_anew, new_clock
from zaoguang.centre.notices.models import Due, DueKind, DueState, Notice
from zaoguang.centre.notices.proposals import propose_if_due
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["CHANGES", "begin", "received", "take_receipt", "turn", "waits_for_receipt"]

CHANGES = frozenset({Change.PAUSE, Change.GO_ON, Change.EXTEND})
_TO_THE_MINUTE = timedelta(minutes=1)  # a person gives no seconds


def begin(notice: Notice, sent_at: datetime) -> datetime:
    """Begin a notice's clock, by its law's rule, and give when it is due: from sending until a receipt is known."""
    rule = notices.regime(notice.regime).deadline
    clock = new_clock(notice.case, ClockKind.NOTICE, rule, sent_at, sent_at, notice=notice)
    return cast("datetime", clock.due_at)  # nothing has made it stand still yet


@transaction.atomic
def turn(notice: Notice, what: Change, by: Person, now: datetime) -> None:
    """Let a notice's clock stand still, go on, or run longer; what was refused while it stood is proposed now.

    Raises:
        UserMistake: it does not stand as this change needs it, its law does not allow it, or the case takes no work.
    """
    clock = _live(notice)
    if what not in CHANGES:
        raise UserMistake(_("Choose what to change."))
    if what is Change.PAUSE and not notices.regime(notice.regime).deadline.may_stand:
        raise UserMistake(_("The law sets this time, and nothing in it lets the time stand still."))
    change(clock, what, by, now)
    _follow(notice)
    if what is Change.GO_ON:
        propose_if_due(Notice.objects.get(pk=notice.pk), now)


@transaction.atomic
def received(notice: Notice, at: datetime, by: Person, now: datetime) -> None:
    """Count a notice's clock from the moment at which its addressee received it; a later word corrects an earlier.

    Raises:
        UserMistake: its time counts from sending or has passed, or the moment is not between the sending and now.
    """
    clock = _live(notice)
    if notices.regime(notice.regime).deadline.counts_from is not CountsFrom.RECEIPT:
        raise UserMistake(_("The time of this notice counts from its sending."))
    sent_at = Notice.objects.get(pk=notice.pk).sent_at or now
    if not sent_at - _TO_THE_MINUTE < at <= now:
        raise UserMistake(_("Give the time at which it was received: not before it was sent, and not in the future."))
    if _has_passed(clock, now):
        raise UserMistake(_("This deadline has passed; it is not counted anew."))
    clock.begun_at, clock.changed_at = max(at, sent_at), now
    count_anew(clock)
    clock.save()
    record(Verb.CLOCK_CHANGED, now=now, person=by, case=clock.case, subject=clock.pk)
    _follow(notice)


def take_receipt(notice: Notice, arrived_at: datetime, by: Person, now: datetime) -> None:
    """Count from the receipt that came by mail, if the clock waits for one; it came no later than that mail."""
    clock = CaseClock.objects.filter(notice=notice).select_related("case").first()
    if clock is None or not clock.case.is_open or _has_passed(clock, now):
        return
    sent_at = Notice.objects.get(pk=notice.pk).sent_at
    if sent_at is not None and sent_at <= arrived_at <= now and waits_for_receipt(notice, clock):
        received(notice, arrived_at, by, now)


def waits_for_receipt(notice: Notice, clock: CaseClock) -> bool:
    """Tell whether a clock that the law counts from receipt counts from sending still."""
    from_receipt = notices.regime(notice.regime).deadline.counts_from is CountsFrom.RECEIPT
    return from_receipt and clock.begun_at == notice.sent_at


def _has_passed(clock: CaseClock, now: datetime) -> bool:
    return clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at <= now


def _live(notice: Notice) -> CaseClock:
    """Give the clock of a sent notice, its case held."""
    case = hold(notice.case_id)
    if not case.is_open:
        raise UserMistake(_("This case takes no more work: it was referred or closed."))
    sent = CaseClock.objects.filter(notice=notice, notice__state=NoticeState.SENT.value)
    clock = sent.select_related("case", "notice").first()
    if clock is None:
        raise UserMistake(_("This notice has no clock that runs."))
    return clock


def _follow(notice: Notice) -> None:
    """Let the notice and what is due for it follow its clock; the looks go on as they were."""
    due_at = CaseClock.objects.get(notice=notice).due_at
    Notice.objects.filter(pk=notice.pk).update(deadline_at=due_at)
    Due.objects.filter(notice=notice, kind=DueKind.DEADLINE, state=DueState.WAITING).update(state=DueState.DROPPED)
    if due_at is not None:
        Due.objects.create(kind=DueKind.DEADLINE, notice=notice, due_at=due_at)
