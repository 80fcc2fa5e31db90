"""The audit trail of a case, and moving a rehearsal's time."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, PersonRequest, member, person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.clock import move_on
from zaoguang.centre.pages import speaks_errors, time_of

__all__ = ["let_time_pass", "trail"]

_MOST_EVENTS = 500
_LONGEST_NUMBER = 4


@member(Permission.READ_AUDIT)
@require_GET
def trail(request: CaseRequest, case_id: object) -> HttpResponse:
    """List who did what in this case, newest first."""
    del case_id
    events = request.open_case.case.trail.select_related("person")[:_MOST_EVENTS]
    return render(request, "audit/trail.html", {"case": request.open_case.case, "events": events})


@person()
@require_POST
@speaks_errors
def let_time_pass(request: PersonRequest) -> HttpResponse:
    """Move a rehearsal's time on by some hours; there is no such address outside a rehearsal."""
    if not settings.REHEARSAL:
        raise Http404
    hours = request.POST.get("hours", "")[:_LONGEST_NUMBER]
    move_on(timedelta(hours=int(hours) if hours.isascii() and hours.isdigit() else 0))
    record(Verb.TIME_MOVED, now=time_of(request), person=request.user, case=None)
    return redirect("cases")
