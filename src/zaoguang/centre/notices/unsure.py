"""What a person decides about a notice that the machine may not decide: unknown results, forms, withdrawal."""

from datetime import datetime

from django.db import transaction

from zaoguang.casework import NoticeState, settle
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.notices.clock import take_receipt
from zaoguang.centre.notices.models import Answer, Attempt, AttemptResult, Due, DueKind, DueState, Notice, Route
from zaoguang.centre.notices.proposals import propose_if_due
from zaoguang.centre.notices.sending import set_clock
from zaoguang.centre.sealed import write
from zaoguang.centre.sightings.outcomes import change_outcome, outcome_of
from zaoguang.errors import UserMistake
from zaoguang.vault import SecretKey
from zaoguang.watch import Finding
from zaoguang.words import gettext as _

__all__ = ["record_answer", "resolve", "send_again", "submitted", "withdraw"]


def _moved_on() -> UserMistake:
    return UserMistake(_("This notice has moved on in the meantime; look at it again."))


def _expect(notice: Notice, *states: NoticeState) -> Notice:
    hold(notice.case_id)
    fresh = Notice.objects.select_for_update().get(pk=notice.pk)
    if fresh.step not in states:
        raise _moved_on()
    return fresh


@transaction.atomic
def resolve(notice: Notice, by: Person, now: datetime, *, arrived: bool) -> None:
    """Say of an attempt whose result is unknown that the notice arrived, or that it did not and may be sent again."""
    notice = _expect(notice, NoticeState.UNKNOWN)
    attempt = notice.attempts.filter(result=AttemptResult.UNKNOWN, resolved_by__isnull=True).last()
    if attempt is None:
        raise _moved_on()
    attempt.result = AttemptResult.ACCEPTED if arrived else AttemptResult.NOT_SENT
    attempt.resolved_by = by
    attempt.ended_at = now
    attempt.save(update_fields=["result", "resolved_by", "ended_at"])
    record(Verb.ATTEMPT_RESOLVED, now=now, person=by, case=notice.case, subject=notice.pk)
    if arrived:
        set_clock(notice, attempt.started_at)
    else:
        _queue(notice, now)


def _queue(notice: Notice, now: datetime) -> None:
    if not Notice.objects.get(pk=notice.pk).outbox:  # emptied when her consent went: it can never leave again
        Notice.objects.filter(pk=notice.pk).update(state=NoticeState.WITHDRAWN.value)
        record(Verb.NOTICE_WITHDRAWN, now=now, person=None, case=notice.case, subject=notice.pk)
        return
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.CONFIRMED.value)
    Due.objects.create(kind=DueKind.SEND, notice=notice, due_at=now)


@transaction.atomic
def send_again(notice: Notice, by: Person, now: datetime) -> None:
    """Try a notice again that certainly was not sent."""
    notice = _expect(notice, NoticeState.NOT_SENT)
    record(Verb.NOTICE_CONFIRMED, now=now, person=by, case=notice.case, subject=notice.pk)
    _queue(notice, now)


@transaction.atomic
def submitted(notice: Notice, key: SecretKey, receipt: str, by: Person, now: datetime) -> None:
    """Record that the person filled in and sent the addressee's form herself, with the receipt it gave."""
    notice = _expect(notice, NoticeState.SENDING)
    attempt = Attempt.objects.filter(notice=notice, result=AttemptResult.STARTED).first()
    if attempt is None or notice.route == Route.EMAIL:
        raise _moved_on()
    attempt.result, attempt.ended_at, attempt.resolved_by = AttemptResult.ACCEPTED, now, by
    attempt.save(update_fields=["result", "ended_at", "resolved_by"])
    write(notice, "receipt", receipt.strip()[:500], key)
    notice.save(update_fields=["receipt"])
    record(Verb.ATTEMPT_ENDED, now=now, person=by, case=notice.case, subject=notice.pk)
    set_clock(notice, now)


@transaction.atomic
def withdraw(notice: Notice, by: Person, now: datetime) -> None:
    """Take back a notice that has not left yet; a form counts as left only when a person says that she submitted it."""
    held = [NoticeState.PROPOSED, NoticeState.DRAFT, NoticeState.CONFIRMED, NoticeState.NOT_SENT]
    notice = _expect(notice, *held, *([NoticeState.SENDING] if notice.route != Route.EMAIL else []))
    notice.attempts.filter(result=AttemptResult.STARTED).update(
        result=AttemptResult.NOT_SENT, ended_at=now, resolved_by=by
    )
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.WITHDRAWN.value, outbox=b"")
    Due.objects.filter(notice=notice, state=DueState.WAITING).update(state=DueState.DROPPED)
    record(Verb.NOTICE_WITHDRAWN, now=now, person=by, case=notice.case, subject=notice.pk)


@transaction.atomic
def record_answer(
    notice: Notice, answer: Answer, by: Person, now: datetime, *, arrived_at: datetime | None = None
) -> None:
    """Record what the addressee said, as this person read it; outcomes follow from looking, a refusal from its word.

    ``arrived_at`` is when it came by mail: a receipt then lets the clock count from it, where the law says so.
    """
    notice = _expect(notice, NoticeState.SENT)
    Notice.objects.filter(pk=notice.pk).update(answer=answer.value, answered_at=now)
    record(Verb.ANSWER_RECORDED, now=now, person=by, case=notice.case, subject=notice.pk)
    if answer is Answer.RECEIPT and arrived_at is not None:
        take_receipt(notice, arrived_at, by, now)
    if answer is Answer.REFUSED:
        _refused(notice, by, now)


def _refused(notice: Notice, by: Person, now: datetime) -> None:
    """What still stands was refused; the next step is proposed at once, for a refusal needs no waiting.

    The word of somebody who does not show the copies, or who was not asked to take them down, is no such refusal.
    """
    if notice.beside:
        return
    for sighting in notice.sightings.select_related("case"):
        unseen = Finding.UNCLEAR.value  # nobody looked: only the word "refused" speaks
        settled = settle(outcome_of(sighting), unseen, notice.deadline_at, now, refused=True)
        change_outcome(sighting, settled.outcome, by, now)
    propose_if_due(notice, now)
