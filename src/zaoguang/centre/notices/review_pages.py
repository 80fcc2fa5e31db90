"""The page on which all drafts of a case are read and confirmed together."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.notices import review
from zaoguang.centre.notices.brakes import all_stopped
from zaoguang.centre.notices.models import Notice, Route
from zaoguang.centre.notices.sheet import by_hand
from zaoguang.centre.pages import time_of
from zaoguang.errors import UserMistake

__all__ = ["review_page"]


@member(Permission.CONFIRM_NOTICE)
@require_http_methods(["GET", "POST"])
def review_page(request: CaseRequest, case_id: object) -> HttpResponse:
    """Show every draft with its text; let the ticked ones leave with one yes."""
    case, mistake = request.open_case.case, ""
    if request.method == "POST":
        try:
            confirmed = _confirm(request)
        except UserMistake as error:
            mistake = str(error)
        else:
            said = ngettext("%(count)d notice is confirmed.", "%(count)d notices are confirmed.", len(confirmed))
            messages.success(request, said % {"count": len(confirmed)})
            sheet = by_hand(case).first()
            return redirect("notice", case_id, sheet.pk) if sheet is not None else redirect("case", case_id)
    lines = review.lines_of(case, request.open_case.identity_key(), time_of(request))
    ready = [line for line in lines if line.shown]
    shown = {
        "case": case,
        "lines": [{"line": line, "ticked": _ticked(request, line)} for line in lines],
        "ready": len(ready),
        "addresses": sum(len(line.addresses) for line in lines),
        "by_hand": sum(line.notice.route == Route.FORM for line in ready),
        "later": max(0, review.waiting(case).count() - len(lines)),
        "identities": _identities(ready),
        "ask_identity": any(line.ask_identity for line in ready),
        "named": [line.to for line in ready if line.names_survivor],
        "stopped": all_stopped(),
        "mistake": mistake,
    }
    return render(request, "notices/review.html", shown, status=422 if mistake else 200)


def _confirm(request: CaseRequest) -> list[Notice]:
    return review.confirm_all(
        request.open_case.case,
        request.open_case.identity_key(),
        {pk: request.POST.get(f"shown-{pk}", "")[:64] for pk in _chosen(request)},
        request.user,
        time_of(request),
        identity_seen=request.POST.get("identity_seen") == "yes",
        named_seen=request.POST.get("named_seen") == "yes",
    )


def _chosen(request: CaseRequest) -> list[UUID]:
    given = request.POST.getlist("notice")
    if len(given) > review.MOST:
        raise UserMistake(str(_("Confirm at most %(most)d notices at once.")) % {"most": review.MOST})
    try:
        return [UUID(each) for each in given]
    except ValueError as error:
        raise UserMistake(str(_("One of the notices that were ticked does not exist."))) from error


def _ticked(request: CaseRequest, line: review.Line) -> bool:
    if request.method != "POST":
        return not line.gone
    return str(line.notice.pk) in request.POST.getlist("notice")


def _identities(lines: list[review.Line]) -> list[tuple[str, str]]:
    """Give each thing that is given away once, with the addressees that learn it."""
    found: dict[str, dict[str, None]] = {}
    for line in lines:
        found.setdefault(line.identity, {})[line.to] = None
    return [(sentence, ", ".join(names)) for sentence, names in found.items()]
