"""Sending a confirmed notice: the attempt is on record before it is made, its result after; never twice (P08).

The order, each step committed before the next begins:

1. the notice goes from *confirmed* to *sending* by compare-and-set, and an attempt *started* is written;
2. the message is handed to the mail server;
3. the result is written. *accepted* makes the notice *sent* and sets its clock; *not sent* is certain, so a later try
   is safe; *unknown* waits for a person.

A process that dies between 1 and 3 leaves a started attempt. Only one clock worker runs (`alone`), so on its start
each such attempt is nobody's: it becomes *unknown*.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from zaoguang import casework, notices
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices import brakes, clock
from zaoguang.centre.notices.mail import envelope_from, mail_server
from zaoguang.centre.notices.models import Attempt, AttemptResult, Due, DueKind, DueState, Notice, Route
from zaoguang.centre.sealed import read_b
from zaoguang.errors import ZaoguangError

__all__ = ["TRIES", "Held", "abandon_started", "begin", "finish", "send", "set_clock"]

TRIES = 6
_PERMANENT = 500
_UNTIL_JUDGED = timedelta(hours=1)
_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))


@dataclass(frozen=True, slots=True)
class Held:
    """A notice that may not leave before that time; it stays confirmed."""

    until: datetime


@dataclass(frozen=True, slots=True)
class _Result:
    """What an attempt came to."""

    result: AttemptResult
    code: int | None = None


def send(notice: Notice, now: datetime) -> AttemptResult | Held | None:
    """Try once to hand a confirmed notice to the mail server; none when there is nothing to send any more."""
    attempt = begin(notice, now)
    if attempt is None or isinstance(attempt, Held):
        return attempt
    result = _hand_over(notice)
    finish(attempt, result.result, now, code=result.code)
    return result.result


@transaction.atomic
def begin(notice: Notice, now: datetime) -> Attempt | Held | None:
    """Record the attempt before it is made; none if the notice may not be sent (any more), or until when it is held."""
    case = hold(notice.case_id)
    if not _may_leave(case) or notice.sightings.filter(on_request=True).exists():
        _take_back(notice, now)
        return None
    if notice.sightings.filter(judged_at=None).exists():
        return Held(now + _UNTIL_JUDGED)
    tag = brakes.addressee_tag(notice.to())
    until = brakes.held_until(brakes.hold_gate(), tag, now, notice.channel)
    if until is not None:
        return Held(until)
    moved = Notice.objects.filter(pk=notice.pk, state=NoticeState.CONFIRMED.value).update(
        state=NoticeState.SENDING.value
    )
    if not moved:
        return None
    attempt = Attempt.objects.create(notice=notice, started_at=now, tag=tag)
    record(Verb.ATTEMPT_STARTED, now=now, person=None, case=case, subject=notice.pk)
    return attempt


def _may_leave(case: Case) -> bool:
    return case.is_open and ConsentUse.NOTICE in consents.live(case)


def _take_back(notice: Notice, now: datetime) -> None:
    """Withdraw a confirmed notice that may leave no more (consent, a trap); its message is deleted from the outbox."""
    gone = Notice.objects.filter(pk=notice.pk, state=NoticeState.CONFIRMED.value).update(
        state=NoticeState.WITHDRAWN.value, outbox=b""
    )
    if gone:
        record(Verb.NOTICE_WITHDRAWN, now=now, person=None, case=notice.case, subject=notice.pk)


def _hand_over(notice: Notice) -> _Result:
    """Deliver the message; what is not certain is unknown."""
    try:
        message = read_b(Notice.objects.get(pk=notice.pk), "outbox").encode()
        delivery = notices.deliver(message, envelope_from(), notice.to(), mail_server())
    except ZaoguangError:
        return _Result(AttemptResult.NOT_SENT)  # raised before a connection was made
    match delivery:
        case notices.Accepted(code=code):
            return _Result(AttemptResult.ACCEPTED, code)
        case notices.NotSent(code=code):
            return _Result(AttemptResult.NOT_SENT, code)
        case notices.Unknown():
            return _Result(AttemptResult.UNKNOWN)


_STATES = {
    AttemptResult.ACCEPTED: NoticeState.SENT,
    AttemptResult.NOT_SENT: NoticeState.NOT_SENT,
    AttemptResult.UNKNOWN: NoticeState.UNKNOWN,
}


@transaction.atomic
def finish(attempt: Attempt, result: AttemptResult, now: datetime, *, code: int | None = None) -> None:
    """Record what became of an attempt, once."""
    hold(attempt.notice.case_id)
    notice = Notice.objects.select_for_update().get(pk=attempt.notice_id)
    ended = Attempt.objects.filter(pk=attempt.pk, result=AttemptResult.STARTED)
    if not ended.update(result=result, ended_at=now, code=code):
        return
    Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING.value).update(state=_STATES[result].value)
    verb = Verb.ATTEMPT_UNKNOWN if result == AttemptResult.UNKNOWN else Verb.ATTEMPT_ENDED
    record(verb, now=now, person=None, case=notice.case, subject=notice.pk)
    if result == AttemptResult.ACCEPTED:
        set_clock(notice, now)
    elif result == AttemptResult.NOT_SENT:
        _try_later(notice, code, now)
        if notice.route == Route.EMAIL:
            brakes.blow_fuse(notice, now)


def _try_later(notice: Notice, code: int | None, now: datetime) -> None:
    """Confirmed stays confirmed: what certainly was not sent is tried again a few times, then a person is asked.

    A server that refuses for good (RFC 5321 §4.2.1, 5yz) is not asked again: a person is, while the clock matters.
    """
    tries = notice.attempts.count()
    refused_for_good = code is not None and code >= _PERMANENT
    if tries >= TRIES or refused_for_good:
        return
    Notice.objects.filter(pk=notice.pk, state=NoticeState.NOT_SENT.value).update(state=NoticeState.CONFIRMED.value)
    Due.objects.create(kind=DueKind.SEND, notice=notice, due_at=now + _PAUSES[min(tries, len(_PAUSES)) - 1])


def set_clock(notice: Notice, sent_at: datetime) -> None:
    """Store the deadline and the rechecks of a notice that was sent, and delete its message from the outbox."""
    due_at = clock.begin(notice, sent_at)
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.SENT.value, sent_at=sent_at, deadline_at=due_at, outbox=b""
    )
    Due.objects.filter(notice=notice, state=DueState.WAITING).update(state=DueState.DROPPED)
    Due.objects.bulk_create(
        [Due(kind=DueKind.RECHECK, notice=notice, due_at=moment) for moment in casework.recheck_times(sent_at, due_at)]
        + [Due(kind=DueKind.DEADLINE, notice=notice, due_at=due_at)]
    )


def abandon_started(now: datetime) -> int:
    """Make every started e-mail attempt unknown; only the one clock worker may call this, when it starts."""
    orphans = Attempt.objects.filter(result=AttemptResult.STARTED, notice__route="email").select_related("notice__case")
    for attempt in orphans:
        finish(attempt, AttemptResult.UNKNOWN, now)
    return len(orphans)
