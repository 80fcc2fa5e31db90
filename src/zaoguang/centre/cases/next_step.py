"""What a case needs next: one suggestion, so that a person with ten minutes starts with the right thing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zaoguang.casework import CaseStatus, ConsentUse, NoticeState
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.models import Case
from zaoguang.centre.intake.models import ArrivalState
from zaoguang.centre.notices.groups import still_to_ask
from zaoguang.centre.notices.models import Due, DueState, Notice
from zaoguang.centre.notices.sheet import by_hand
from zaoguang.centre.sightings.models import CheckState, LinkCheck

__all__ = ["NextStep", "Step", "next_step"]


class Step(StrEnum):
    """The kinds of suggestion, most pressing first."""

    REFER = "refer"  # a referral: nothing is captured here any more
    CLOSED = "closed"
    SETTLE = "settle"  # a notice waits for a person's word
    REVIEW = "review"  # several drafts wait for one yes
    FILL = "fill"  # a confirmed notice waits for a person to fill in a form, or to hand it over
    ARRIVED = "arrived"  # she has sent fingerprints
    CONSENT = "consent"  # she has not agreed to matching and sealing
    ITEMS = "items"
    READING = "reading"  # a check runs
    CHECK = "check"
    AGREE = "agree"  # copies stand, and she has not agreed to notices
    DEMAND = "demand"
    WAIT = "wait"  # all is under way; `due_at` says when the centre looks again
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One suggestion; ``notice``, ``check`` and ``due_at`` are there where the step has one."""

    step: Step
    count: int = 0
    notice: Notice | None = None
    check: LinkCheck | None = None
    due_at: datetime | None = None


# What is urgent comes first: an unknown result, then what certainly was not sent, then what was never confirmed.
_ORDER = (NoticeState.UNKNOWN, NoticeState.NOT_SENT, NoticeState.PROPOSED, NoticeState.DRAFT)

_DRAFTS = frozenset({NoticeState.PROPOSED, NoticeState.DRAFT})


def next_step(case: Case) -> NextStep:
    """Give the suggestion for a case as it stands now."""
    if case.status != CaseStatus.OPEN.value:
        return NextStep(Step.REFER if case.status == CaseStatus.REFERRAL.value else Step.CLOSED)
    return _deciding(case) or _looking(case) or _asking(case)


def _deciding(case: Case) -> NextStep | None:
    waiting = [notice for state in _ORDER for notice in case.notices.filter(state=state.value)]
    if waiting and waiting[0].step in _DRAFTS and len(waiting) > 1:
        return NextStep(Step.REVIEW, count=len(waiting))
    if waiting:
        return NextStep(Step.SETTLE, count=len(waiting), notice=waiting[0])
    if ConsentUse.NOTICE not in consents.live(case):
        return None
    sheets = by_hand(case)
    first = sheets.first()
    return NextStep(Step.FILL, count=sheets.count(), notice=first) if first is not None else None


def _looking(case: Case) -> NextStep | None:
    arrived = case.arrivals.filter(state=ArrivalState.WAITING).count()
    if arrived:
        return NextStep(Step.ARRIVED, count=arrived)
    if not {ConsentUse.MATCH, ConsentUse.SEAL} <= consents.live(case):
        return NextStep(Step.CONSENT)
    if not case.items.filter(removed_at__isnull=True).exists():
        return NextStep(Step.ITEMS)
    running = case.checks.filter(state__in=[CheckState.WAITING, CheckState.RUNNING]).first()
    if running is not None:
        return NextStep(Step.READING, check=running)
    return None if case.checks.exists() else NextStep(Step.CHECK)


def _asking(case: Case) -> NextStep:
    standing = still_to_ask(case)
    if standing:
        agreed = ConsentUse.NOTICE in consents.live(case)
        return NextStep(Step.DEMAND if agreed else Step.AGREE, count=standing)
    due = Due.objects.filter(notice__case=case, state=DueState.WAITING).first()
    return NextStep(Step.WAIT, due_at=due.due_at) if due else NextStep(Step.NOTHING)
