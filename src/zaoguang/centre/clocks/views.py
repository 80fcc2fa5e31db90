"""The list of deadlines, the same as a calendar file, and the forms that start and change a case's clocks."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zaoguang.casework import Permission
from zaoguang.casework.deadlines.calendar_file import calendar_file
from zaoguang.centre.access import CaseRequest, PersonRequest, member, person
from zaoguang.centre.clocks.forms import ClockForm
from zaoguang.centre.clocks.listing import due_list, entries
from zaoguang.centre.clocks.models import CaseClock
from zaoguang.centre.clocks.setting import Change, may_extend
from zaoguang.centre.clocks.setting import change as change_clock
from zaoguang.centre.clocks.setting import start as start_clock
from zaoguang.centre.letters.models import Letter, LetterState
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake

__all__ = ["calendar", "case_clocks", "change", "due"]


@person(Permission.SEE_CASE)
@require_GET
def due(request: PersonRequest) -> HttpResponse:
    """List what is overdue, due today and next, over this person's cases."""
    letters = Letter.objects.filter(notice__case__memberships__person=request.user, state=LetterState.WAITING)
    shown = {"found": due_list(request.user, time_of(request)), "letters": letters.select_related("notice__case")}
    return render(request, "clocks/due.html", shown)


@person(Permission.SEE_CASE)
@require_GET
def calendar(request: PersonRequest) -> HttpResponse:
    """Give the same as a calendar file."""
    file = calendar_file(entries(due_list(request.user, time_of(request))))
    answer = HttpResponse(file, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="deadlines.ics"'
    return answer


@member(Permission.RECORD_OUTCOME)
@require_http_methods(["GET", "POST"])
@speaks_errors
def case_clocks(request: CaseRequest, case_id: object) -> HttpResponse:
    """Show a case's clocks, and start one."""
    case = request.open_case.case
    form = ClockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        start_clock(case, form.chosen(), form.begun_at(), request.user, time_of(request), form.own())
        messages.success(request, _("The clock runs."))
        return redirect("clocks", case_id=case_id)
    clocks = [(clock, may_extend(clock)) for clock in case.clocks.filter(notice=None)]
    shown = {"case": case, "form": form, "clocks": clocks}
    return render(request, "clocks/case.html", shown, status=422 if form.errors else 200)


@member(Permission.RECORD_OUTCOME)
@require_POST
@speaks_errors
def change(request: CaseRequest, case_id: object, clock_id: UUID) -> HttpResponse:
    """Let a clock stand still, go on, run longer, or be over."""
    clock = get_object_or_404(CaseClock, pk=clock_id, case=request.open_case.case, notice=None)
    try:
        what = Change(request.POST.get("change", ""))
    except ValueError as error:
        raise UserMistake(str(_("Choose what to change."))) from error
    change_clock(clock, what, request.user, time_of(request))
    return redirect("clocks", case_id=case_id)
