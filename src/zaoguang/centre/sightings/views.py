"""Pasting links and watching them being read."""

from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.pages import time_of
from zaoguang.centre.sightings.links import MOST_LINKS, progress, read_addresses, start_check
from zaoguang.centre.sightings.models import CheckState, LinkCheck
from zaoguang.centre.sightings.tasks import check_links
from zaoguang.errors import UserMistake

__all__ = ["check_page", "new_check"]


@member(Permission.ADD_LINKS)
@require_http_methods(["GET", "POST"])
def new_check(request: CaseRequest, case_id: object) -> HttpResponse:
    """Take up to 500 addresses and begin to read them; the text comes back with the sentence if a line is wrong."""
    text, mistake = request.POST.get("addresses", ""), ""
    if request.method == "POST":
        try:
            addresses = read_addresses(text)
            with transaction.atomic():
                check = start_check(request.open_case.case, addresses, request.user, time_of(request))
                check_links.enqueue(str(check.pk))
        except UserMistake as error:
            mistake = str(error)
        else:
            return redirect("check", case_id=case_id, check_id=check.pk)
    shown = {"case": request.open_case.case, "text": text, "mistake": mistake, "most": MOST_LINKS}
    return render(request, "sightings/new.html", shown, status=422 if mistake else 200)


@member(Permission.READ_SIGHTINGS)
@require_GET
def check_page(request: CaseRequest, case_id: object, check_id: UUID) -> HttpResponse:
    """Show how far a check is; the page asks again by itself while it runs, without any script."""
    del case_id
    case = request.open_case.case
    check = get_object_or_404(LinkCheck, pk=check_id, case=case)
    running = check.state in {CheckState.WAITING, CheckState.RUNNING}
    links = [(link, link.where()) for link in check.links.all()]
    shown = {"case": case, "check": check, "progress": progress(check), "running": running, "links": links}
    return render(request, "sightings/check.html", shown)
