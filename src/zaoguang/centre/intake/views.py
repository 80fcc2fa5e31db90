"""Taking in fingerprint lines, and taking an item out."""

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
from zaoguang.centre.intake import items
from zaoguang.centre.intake.models import Item
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake

__all__ = ["add_items", "remove_item"]


@member(Permission.ADD_ITEMS)
@require_http_methods(["GET", "POST"])
def add_items(request: CaseRequest, case_id: object) -> HttpResponse:
    """Take fingerprint lines in; the text comes back with the sentence if one of them fails."""
    text, mistake = request.POST.get("lines", ""), ""
    if request.method == "POST":
        try:
            key = request.open_case.identity_key()
            found = items.read_lines(text)
            made = items.add_items(request.open_case.case, key, found, request.user, time_of(request))
        except UserMistake as error:
            mistake = str(error)
        else:
            said = ngettext("%(count)d item was added.", "%(count)d items were added.", len(made))
            messages.success(request, said % {"count": len(made)})
            return redirect("case", case_id=case_id)
    page_address = request.build_absolute_uri(reverse("fingerprint"))
    shown = {
        "case": request.open_case.case,
        "text": text,
        "mistake": mistake,
        "most": items.MOST_ITEMS,
        "page_address": page_address,
    }
    return render(request, "intake/add.html", shown, status=422 if mistake else 200)


@member(Permission.ADD_ITEMS)
@require_POST
@speaks_errors
def remove_item(request: CaseRequest, case_id: object, item_id: UUID) -> HttpResponse:
    """Take an item out: its fingerprints are deleted."""
    item = get_object_or_404(Item, pk=item_id, case=request.open_case.case, removed_at__isnull=True)
    items.remove_item(item, request.user, time_of(request))
    messages.success(request, _("The item was taken out and its fingerprints deleted."))
    return redirect("case", case_id=case_id)
