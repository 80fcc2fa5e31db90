"""The supervisor's page about sending: the switch that stops it all, and the addressees that a fuse stopped."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from zaoguang.casework import Permission
from zaoguang.centre.access import PersonRequest, person
from zaoguang.centre.notices.brakes import (
    all_stopped,
    resume_addressee,
    resume_all,
    stop_all,
    stopped_addressees,
)
from zaoguang.centre.notices.models import AddresseeStop
from zaoguang.centre.pages import speaks_errors, time_of

__all__ = ["resume", "sending", "switch"]


@person(Permission.STOP_SENDING)
@require_GET
def sending(request: PersonRequest) -> HttpResponse:
    """Show whether anything is sent, and to whom nothing is."""
    stops = [(stop, stop.to()) for stop in stopped_addressees()]
    return render(request, "notices/sending.html", {"stopped": all_stopped(), "stops": stops})


@person(Permission.STOP_SENDING)
@require_POST
@speaks_errors
def switch(request: PersonRequest) -> HttpResponse:
    """Stop all sending, or let it go on."""
    wanted = request.POST.get("sending")
    if wanted == "stop":
        under_way = stop_all(request.user, time_of(request))
        messages.success(request, _("Sending is stopped."))
        if under_way:
            said = _("Being handed over when it was stopped: {count}.")
            messages.warning(request, str(said).format(count=under_way))
    elif wanted == "resume" and resume_all(request.user, time_of(request)):
        messages.success(request, _("Sending goes on."))
    return redirect("sending")


@person(Permission.STOP_SENDING)
@require_POST
@speaks_errors
def resume(request: PersonRequest, stop_id: UUID) -> HttpResponse:
    """Let sending to one addressee go on."""
    stop = get_object_or_404(AddresseeStop, pk=stop_id)
    if resume_addressee(stop, request.user, time_of(request)):
        messages.success(request, _("Notices to this addressee go out again."))
    return redirect("sending")
