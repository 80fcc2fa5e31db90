"""Stopping what is under way, in the transaction that takes its ground away: a withdrawn yes, a referral, a closing."""

from datetime import datetime

from zaoguang.casework import NoticeState
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.models import Case
from zaoguang.centre.intake.models import Arrival, ArrivalState, Invitation
from zaoguang.centre.notices.models import Due, DueState, Notice
from zaoguang.centre.sightings.models import CheckState, Link, LinkCheck, LinkState

__all__ = ["drop_clocks", "shut_the_door", "stop_looking", "stop_sending"]

_ON_THE_WAY = (NoticeState.CONFIRMED.value, NoticeState.NOT_SENT.value)


def stop_looking(case: Case, now: datetime) -> None:
    """Stop every link check that waits or runs; a reader that comes back with a report finds its link stopped."""
    running = LinkCheck.objects.filter(case=case, state__in=[CheckState.WAITING, CheckState.RUNNING])
    checks = list(running)
    left = Link.objects.filter(check_run__in=checks, state__in=[LinkState.WAITING, LinkState.TAKEN])
    left.update(state=LinkState.STOPPED)
    for check in checks:
        LinkCheck.objects.filter(pk=check.pk).update(state=CheckState.STOPPED, finished_at=now)
        record(Verb.CHECK_FINISHED, now=now, person=None, case=case, subject=check.pk)


def shut_the_door(case: Case, now: datetime) -> None:
    """End every invitation to send fingerprints, and delete those that were sent and nobody has taken yet."""
    Invitation.objects.filter(case=case, ended_at__isnull=True, used_at__isnull=True).update(ended_at=now)
    waiting = Arrival.objects.filter(case=case, state=ArrivalState.WAITING)
    for subject in list(waiting.values_list("pk", flat=True)):
        waiting.filter(pk=subject).update(state=ArrivalState.DROPPED, lines=b"", settled_at=now)
        record(Verb.ARRIVAL_DROPPED, now=now, person=None, case=case, subject=subject)


def stop_sending(case: Case, now: datetime) -> None:
    """Withdraw every notice that was confirmed and has not left, and empty the outbox.

    Where nobody knows whether a notice left, a person still says what became of it; but its message is gone, so that
    it cannot leave again.
    """
    for notice in Notice.objects.filter(case=case, state__in=_ON_THE_WAY):
        Notice.objects.filter(pk=notice.pk).update(state=NoticeState.WITHDRAWN.value, outbox=b"")
        Due.objects.filter(notice=notice, state=DueState.WAITING).update(state=DueState.DROPPED)
        record(Verb.NOTICE_WITHDRAWN, now=now, person=None, case=case, subject=notice.pk)
    Notice.objects.filter(case=case, state=NoticeState.UNKNOWN.value).update(outbox=b"")


def drop_clocks(case: Case) -> None:
    """Drop everything that is still due in a case that was referred: nothing is looked at again."""
    Due.objects.filter(notice__case=case, state=DueState.WAITING).update(state=DueState.DROPPED)
