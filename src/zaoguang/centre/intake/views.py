"""Taking in fingerprint lines, inviting her to send them herself, and taking an item out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.fingerprint_page.building import fingerprint_page
from zaoguang.centre.intake import arrivals, invitations, items
from zaoguang.centre.intake.models import Arrival, Invitation, Item
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake

__all__ = ["add_items", "end_invitation", "invitations_page", "refuse_arrival", "remove_item", "take_arrival"]


@member(Permission.ADD_ITEMS)
@require_http_methods(["GET", "POST"])
def add_items(request: CaseRequest, case_id: object) -> HttpResponse:
    """Take fingerprint lines in; the text comes back with the sentence if one of them fails."""
    del case_id
    text, mistake = request.POST.get("lines", ""), ""
    if request.method == "POST":
        try:
            key = request.open_case.identity_key()
            found = items.read_lines(text)
            made = items.add_items(request.open_case.case, key, found, request.user, time_of(request))
        except UserMistake as error:
            mistake = str(error)
        else:
            return _added(request, len(made))
    shown = {
        "case": request.open_case.case,
        "text": text,
        "mistake": mistake,
        "most": items.MOST_ITEMS,
        "page_address": _page_address(request),
    }
    return render(request, "intake/add.html", shown, status=422 if mistake else 200)


def _added(request: CaseRequest, count: int) -> HttpResponse:
    said = ngettext("%(count)d item was added.", "%(count)d items were added.", count)
    messages.success(request, said % {"count": count})
    return redirect("case", case_id=request.open_case.case.pk)


def _page_address(request: CaseRequest) -> str:
    return request.build_absolute_uri(reverse("fingerprint"))


@member(Permission.ADD_ITEMS)
@require_http_methods(["GET", "POST"])
@speaks_errors
def invitations_page(request: CaseRequest, case_id: object) -> HttpResponse:
    """Show the open invitations; a POST makes one, whose code is on this one answer and nowhere else."""
    del case_id
    case, moment = request.open_case.case, time_of(request)
    invitation, code = invitations.invite(case, request.user, moment) if request.method == "POST" else (None, "")
    shown = {
        "case": case,
        "invitation": invitation,
        "code": code,
        "standing": invitations.standing(case, moment).select_related("made_by"),
        "page": fingerprint_page(),
        "page_address": _page_address(request),
    }
    return render(request, "intake/invitations.html", shown)


@member(Permission.ADD_ITEMS)
@require_POST
@speaks_errors
def end_invitation(request: CaseRequest, case_id: object, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, case=request.open_case.case)
    invitations.end(invitation, request.user, time_of(request))
    messages.success(request, _("The invitation is ended; its code opens nothing any more."))
    return redirect("invitations", case_id=case_id)


@member(Permission.ADD_ITEMS)
@require_POST
@speaks_errors
def take_arrival(request: CaseRequest, case_id: object, arrival_id: UUID) -> HttpResponse:
    """Make items of what she sent."""
    del case_id
    arrival = get_object_or_404(Arrival, pk=arrival_id, case=request.open_case.case)
    made = arrivals.take(arrival, request.open_case.identity_key(), request.user, time_of(request))
    return _added(request, len(made))


@member(Permission.ADD_ITEMS)
@require_POST
@speaks_errors
def refuse_arrival(request: CaseRequest, case_id: object, arrival_id: UUID) -> HttpResponse:
    """Delete what she sent without looking for it."""
    arrival = get_object_or_404(Arrival, pk=arrival_id, case=request.open_case.case)
    arrivals.refuse(arrival, request.user, time_of(request))
    messages.success(request, _("The fingerprints that were sent are deleted."))
    return redirect("case", case_id=case_id)


@member(Permission.ADD_ITEMS)
@require_POST
@speaks_errors
def remove_item(request: CaseRequest, case_id: object, item_id: UUID) -> HttpResponse:
    """Take an item out: its fingerprints are deleted."""
    item = get_object_or_404(Item, pk=item_id, case=request.open_case.case, removed_at__isnull=True)
    items.remove_item(item, request.user, time_of(request))
    messages.success(request, _("The item was taken out and its fingerprints deleted."))
    return redirect("case", case_id=case_id)
