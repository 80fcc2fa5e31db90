"""The clock's worker: takes what is due by compare-and-set, does it, and says that it is done."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from zaoguang.casework import watch_after
from zaoguang.centre.notices.brakes import all_stopped
from zaoguang.centre.notices.models import Due, DueKind, DueState
from zaoguang.centre.notices.rechecks import look_again, settle_deadline
from zaoguang.centre.notices.sending import Held, abandon_started, send
from zaoguang.centre.sightings.leave import may_look
from zaoguang.watch import Reader

__all__ = ["recover", "tick"]

_AT_ONCE = 50


def recover(now: datetime) -> None:
    """Put right what a worker that is no more left behind; only the one clock worker may call this, when it starts."""
    abandon_started(now)
    Due.objects.filter(state=DueState.TAKEN).update(state=DueState.WAITING)


def tick(now: datetime, reader: Callable[[], Reader]) -> int:
    """Do what is due at ``now`` and give how many things that was; ``reader`` is asked for only to read."""
    done = 0
    for due in [] if all_stopped() else _take(DueKind.SEND, now):
        result = send(due.notice, now)
        if isinstance(result, Held):
            _put_back(due, result.until)
        else:
            _done([due])
            done += 1
    looks = [*_take(DueKind.RECHECK, now), *_take(DueKind.DEADLINE, now)]
    if looks:
        look_again(list({due.notice_id: due.notice for due in looks}.values()), reader(), now)
        for due in looks:
            if due.kind == DueKind.DEADLINE:
                settle_deadline(due.notice, now)
        _watch_on(looks, now)  # before they are done: a clock that dies here looks again, and the watch goes on
        _done(looks)
    return done + len(looks)


def _waiting(kind: DueKind, now: datetime) -> QuerySet[Due]:
    return Due.objects.filter(kind=kind, state=DueState.WAITING, due_at__lte=now)


def _take(kind: DueKind, now: datetime) -> list[Due]:
    """Take what is due, each row by compare-and-set: of two workers, one gets it."""
    waiting = _waiting(kind, now).select_related("notice__case")[:_AT_ONCE]
    return [
        due for due in waiting if Due.objects.filter(pk=due.pk, state=DueState.WAITING).update(state=DueState.TAKEN)
    ]


def _put_back(due: Due, until: datetime) -> None:
    Due.objects.filter(pk=due.pk, state=DueState.TAKEN).update(state=DueState.WAITING, due_at=until)


def _watch_on(looks: Sequence[Due], now: datetime) -> None:
    """Let the standing watch begin, or go on, where a notice's schedule has come to its end and we may still look."""
    for notice in {due.notice_id: due.notice for due in looks if due.kind == DueKind.RECHECK}.values():
        waiting = Due.objects.filter(notice=notice, kind=DueKind.RECHECK, state=DueState.WAITING)
        if may_look(notice.case) and not waiting.exists():
            Due.objects.create(notice=notice, kind=DueKind.RECHECK, due_at=watch_after(now))


def _done(dues: Sequence[Due]) -> None:
    Due.objects.filter(pk__in=[due.pk for due in dues], state=DueState.TAKEN).update(state=DueState.DONE)
