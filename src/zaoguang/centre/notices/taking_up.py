"""Putting on the clock again what was let go while nobody might look: a case opened again, a yes given again."""

from datetime import datetime

from zaoguang.casework import NoticeState
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices.models import Due, DueKind, DueState, Notice

__all__ = ["take_up"]


def take_up(case: Case, now: datetime) -> None:
    """Let the clock look at once at what was demanded, and propose what fell due meanwhile; the caller holds the case.

    A look that came due while there was no leave to look was not taken, and the watch after it never began.
    """
    for notice in Notice.objects.filter(case=case, state=NoticeState.SENT.value):
        waiting = Due.objects.filter(notice=notice, state=DueState.WAITING)
        if not waiting.filter(kind=DueKind.RECHECK, due_at__lte=now).exists():
            Due.objects.create(kind=DueKind.RECHECK, notice=notice, due_at=now)
        overdue = notice.deadline_at is not None and notice.deadline_at <= now
        if overdue and not notice.escalations.exists() and not waiting.filter(kind=DueKind.DEADLINE).exists():
            Due.objects.create(kind=DueKind.DEADLINE, notice=notice, due_at=now)
