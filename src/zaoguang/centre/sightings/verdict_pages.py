"""The page on which a person says whether a copy is kept at an address, whatever the decoys said."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from zaoguang.casework import NoticeState, Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.verdicts import judge
from zaoguang.errors import UserMistake

__all__ = ["verdict"]


@member(Permission.JUDGE_COPY)
@require_http_methods(["GET", "POST"])
@speaks_errors
def verdict(request: CaseRequest, case_id: object, sighting_id: UUID) -> HttpResponse:
    """Show what is held of one copy's address, and take a person's word on it."""
    case = request.open_case.case
    sighting = get_object_or_404(Sighting.objects.select_related("item", "judged_by"), pk=sighting_id, case=case)
    if request.method == "POST":
        said = request.POST.get("kept")
        if said not in {"yes", "no"}:
            raise UserMistake(str(_("Say whether a copy is kept there.")))
        judge(sighting, request.user, time_of(request), kept=said == "yes")
        messages.success(request, _("It is on record in your name."))
        return redirect("case", case_id=case_id)
    shown = {
        "case": case,
        "sighting": sighting,
        "page": sighting.page(),
        "picture": sighting.picture(),
        "asked": sighting.notices.exclude(state=NoticeState.WITHDRAWN.value).exists(),
    }
    return render(request, "sightings/verdict.html", shown)
