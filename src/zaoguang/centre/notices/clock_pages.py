"""A notice's clock on its page: what it counts, and the buttons that let it stand still, go on, or count anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from zaoguang import notices
from zaoguang.casework import Permission
from zaoguang.casework.deadlines import CountsFrom, Place
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.clocks.models import CaseClock, ClockState
from zaoguang.centre.clocks.setting import Change, may_extend
from zaoguang.centre.notices import clock as notice_clock
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake
from zaoguang.law import ClockBasis, provision
from zaoguang.words import spoken

__all__ = ["ClockShown", "clock_shown", "received", "turn"]


class _ReceivedForm(forms.Form):
    """When the addressee received a notice, read in the centre's time zone."""

    received = forms.DateTimeField(input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])


@dataclass(frozen=True, slots=True)
class ClockShown:
    """A notice's clock as its page shows it."""

    clock: CaseClock
    by_law: bool
    from_receipt: bool  # the time counts from receipt
    waits_for_receipt: bool  # and nobody has said when that was
    somewhere: bool  # a place's calendar counts
    stands: bool
    stands_since: datetime | None
    may_stand: bool
    stands_by: str  # the article that lets it stand; "" where the centre itself set the time
    may_extend: bool
    passed: bool


def clock_shown(notice: Notice, now: datetime) -> ClockShown | None:
    """Give the clock of a notice; none before it is sent."""
    clock = CaseClock.objects.filter(notice=notice).first()
    if clock is None:
        return None
    rule = notices.regime(notice.regime).deadline
    open_pause = clock.pauses.filter(ended_at__isnull=True).first()
    return ClockShown(
        clock=clock,
        by_law=rule.basis is ClockBasis.LAW,
        from_receipt=rule.counts_from is CountsFrom.RECEIPT,
        waits_for_receipt=notice_clock.waits_for_receipt(notice, clock),
        somewhere=clock.place != Place.ANY,
        stands=clock.state == ClockState.STANDING,
        stands_since=open_pause.begun_at if open_pause is not None else None,
        may_stand=rule.may_stand,
        stands_by=_article(rule.stands_by),
        may_extend=may_extend(clock),
        passed=clock.due_at is not None and clock.due_at <= now,
    )


def _article(name: str) -> str:
    """Say which provision that is, as cited, in the language of the page."""
    if not name:
        return ""
    law, language = provision(name), spoken()
    space = "" if language == "zh-Hans" else " "
    return f"{law.instrument(language)}{space}{law.cited(language)}"


def _notice(request: CaseRequest, notice_id: UUID) -> Notice:
    return get_object_or_404(Notice, pk=notice_id, case=request.open_case.case)


@member(Permission.RECORD_OUTCOME)
@require_POST
@speaks_errors
def turn(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Let a notice's clock stand still, go on, or run longer."""
    try:
        what = Change(request.POST.get("change", ""))
    except ValueError as error:
        raise UserMistake(str(_("Choose what to change."))) from error
    notice_clock.turn(_notice(request, notice_id), what, request.user, time_of(request))
    messages.success(request, _("The deadline was changed."))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.RECORD_OUTCOME)
@require_POST
@speaks_errors
def received(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Count a notice's clock from the moment at which it was received."""
    form = _ReceivedForm(request.POST)
    if not form.is_valid():
        raise UserMistake(str(_("Give the time as in 2026-03-02 14:30.")))
    moment: datetime = form.cleaned_data["received"]
    notice_clock.received(_notice(request, notice_id), moment, request.user, time_of(request))
    messages.success(request, _("The deadline was changed."))
    return redirect("notice", case_id=case_id, notice_id=notice_id)
