"""What is overdue, what is due today and what comes next, over the cases of one person: codes and kinds, no names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from zaoguang.casework import CaseStatus, NoticeState
from zaoguang.casework.deadlines.calendar_file import Entry
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.cases.models import Case
from zaoguang.centre.clocks.models import CaseClock, ClockState
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.sightings.listing import GONE
from zaoguang.centre.sightings.models import Sighting

__all__ = ["DueLine", "DueList", "due_list", "entries"]

_MOST = 1000

_NOT_GONE_OUT = (NoticeState.PROPOSED.value, NoticeState.DRAFT.value, NoticeState.WITHDRAWN.value)


@dataclass(frozen=True, slots=True)
class DueLine:
    """One deadline: of a clock, or of a notice whose copies still stand."""

    id: UUID
    case: Case
    at: datetime | None  # none while it stands still
    changed_at: datetime
    clock: CaseClock | None
    notice: Notice | None
    announced: bool  # False: the year's working days are not announced yet

    def summary(self) -> str:
        """Say what it is: the case's number and what is waited for; nothing that names anybody."""
        what = self.clock.get_kind_display() if self.clock is not None else gettext("Deadline of a notice")
        return f"{self.case.number}: {what}"


@dataclass(frozen=True, slots=True)
class DueList:
    """Deadlines sorted by how they press."""

    overdue: tuple[DueLine, ...]
    today: tuple[DueLine, ...]
    following: tuple[DueLine, ...]
    standing: tuple[DueLine, ...]


def due_list(person: Person, now: datetime) -> DueList:
    """Give the deadlines of a person's open cases; a day is one of the centre's own time zone."""
    lines = list(_lines(person))
    tomorrow = _tomorrow(now)
    running = sorted(((each.at, each.id, each) for each in lines if each.at is not None), key=lambda row: row[:2])
    return DueList(
        tuple(each for at, _id, each in running if at <= now),
        tuple(each for at, _id, each in running if now < at <= tomorrow),
        tuple(each for at, _id, each in running if at > tomorrow),
        tuple(each for each in lines if each.at is None),
    )


def _tomorrow(now: datetime) -> datetime:
    local = timezone.localtime(now)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _lines(person: Person) -> Iterator[DueLine]:
    cases = Case.objects.filter(memberships__person=person).exclude(status=CaseStatus.CLOSED.value)
    clocks = CaseClock.objects.filter(case__in=cases, notice=None, state__in=[ClockState.RUNNING, ClockState.STANDING])
    for clock in clocks.select_related("case")[:_MOST]:
        yield DueLine(clock.pk, clock.case, clock.due_at, clock.changed_at, clock, None, clock.announced)
    for notice in _standing(cases.filter(status=CaseStatus.OPEN.value)).select_related("case", "clock")[:_MOST]:
        own = notice.clock
        yield DueLine(notice.pk, notice.case, notice.deadline_at, own.changed_at, None, notice, own.announced)


def _standing(cases: QuerySet[Case]) -> QuerySet[Notice]:
    """Give the sent notices some of whose copies still stand; a next step that nobody has confirmed yet hides none."""
    sent = Notice.objects.filter(case__in=cases, state=NoticeState.SENT.value, clock__isnull=False)
    followed = Notice.objects.exclude(state__in=_NOT_GONE_OUT).filter(escalates__isnull=False)
    up = sent.exclude(pk__in=followed.values("escalates"))
    return up.filter(sightings__in=Sighting.objects.exclude(outcome__in=GONE)).distinct()


def entries(found: DueList) -> Iterable[Entry]:
    """Give what goes into the calendar file: every deadline that has a time."""
    lines = (*found.overdue, *found.today, *found.following)
    return tuple(Entry(each.id, each.at, each.changed_at, each.summary()) for each in lines if each.at is not None)
