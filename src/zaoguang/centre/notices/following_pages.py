"""The page of further ways: every kind of notice that fits now, and the doors that take none of ours; and the paper."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState, Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.cases import consents
from zaoguang.centre.notices.following import (
    Choice,
    Offer,
    draft_further,
    may_repeat,
    offers_after,
    offers_for,
    other_doors,
    repeat,
)
from zaoguang.centre.notices.forms import LANGUAGE_NAMES
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.notices.sheet import final_texts, sheet_barred
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake
from zaoguang.law.answer import grade_words
from zaoguang.notices.paper import to_pdf
from zaoguang.words import spoken

__all__ = ["further_of_case", "further_of_notice", "paper"]

_MOST_COPIES = 100
"""Copies that one form lists; the rest go into the next draft."""
_WAYS = {
    notices.Route.PHONE: _("By telephone"),
    notices.Route.AUTHORITY_ONLY: _("For authorities only"),
    notices.Route.HASH_PROGRAMME: _("With fingerprints that she makes on her own device"),
}


@member(Permission.DRAFT_NOTICE)
@require_http_methods(["GET", "POST"])
def further_of_case(request: CaseRequest, case_id: object) -> HttpResponse:
    """Offer the bodies that take a report about any copy of the case, and lead to what fits each notice."""
    del case_id
    return _page(request, None)


@member(Permission.DRAFT_NOTICE)
@require_http_methods(["GET", "POST"])
def further_of_notice(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Offer what fits after one notice."""
    del case_id
    rows = Notice.objects.select_related("case", "escalates")
    return _page(request, get_object_or_404(rows, pk=notice_id, case=request.open_case.case))


def _page(request: CaseRequest, after: Notice | None) -> HttpResponse:
    case, moment = request.open_case.case, time_of(request)
    mistake = ""
    if request.method == "POST":
        try:
            made = _make(request, after)
        except UserMistake as error:
            mistake = str(error)
        else:
            messages.success(request, _("The draft was made. Nothing has been sent."))
            return redirect("notice", case_id=case.pk, notice_id=made.pk)
    offers = offers_after(after, moment) if after is not None else offers_for(case, moment)
    shown = {
        "case": case,
        "notice": after,
        "repeats": after is not None and may_repeat(after, moment),
        "agreed": ConsentUse.NOTICE in consents.live(case),
        "lines": [_line(offer) for offer in sorted(offers, key=partial(_rank, after))],
        "earlier": _led_to(case.notices.all()) if after is None else (),
        "doors": _doors(),
        "mistake": mistake,
    }
    return render(request, "notices/following.html", shown, status=422 if mistake else 200)


def _make(request: CaseRequest, after: Notice | None) -> Notice:
    moment = time_of(request)
    if after is not None and request.POST.get("repeat") == "yes":
        return repeat(after, moment)
    key = request.open_case.identity_key()
    return draft_further(request.open_case.case, key, _choice(request), request.user, moment, after=after)


def _choice(request: CaseRequest) -> Choice:
    copies = frozenset(request.POST.getlist("copy")[:_MOST_COPIES])
    return Choice(request.POST.get("offer", "")[:128], copies, request.POST.get("language", "")[:16])


def _line(offer: Offer) -> dict[str, Any]:
    """Give an offer in the words of the page."""
    return {
        "offer": offer,
        "title": offer.law.title(spoken()),
        "why": offer.further.why(spoken()),
        "identity": offer.law.identity.sentence(spoken()),
        "own_name": not offer.law.identity.agent_allowed,
        "copies": [(each.pk, each.page()) for each in offer.copies[:_MOST_COPIES]],
        "more": max(0, len(offer.copies) - _MOST_COPIES),
        "languages": [(each, LANGUAGE_NAMES[each]) for each in offer.law.languages],
        "grade": grade_words(offer.channel.grade) if offer.channel is not None else "",
    }


def _rank(after: Notice | None, offer: Offer) -> int:
    """Sort what a clock that stands still waits for first, bodies that do not speak the page's language last."""
    if after is not None and after.step is NoticeState.SENT and after.deadline_at is None and offer.further.follows:
        return 0
    return 2 if ":" in offer.key and offer.channel is not None and spoken() not in offer.channel.languages else 1


def _led_to(found: Iterable[Notice]) -> list[Notice]:
    """Give the notices that something can follow."""
    shut = {NoticeState.PROPOSED, NoticeState.WITHDRAWN}
    return [each for each in found if each.step not in shut and not each.beside]


def _doors() -> list[dict[str, Any]]:
    found = other_doors()
    rows = {
        name: [(each, grade_words(each.grade)) for each in found if each.route is way] for way, name in _WAYS.items()
    }
    return [{"way": name, "doors": doors} for name, doors in rows.items() if doors]


@member(Permission.READ_NOTICES)
@require_GET
@speaks_errors
def paper(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Give a confirmed notice as a PDF/A file, for counsel or for whoever hands it over; it is kept nowhere."""
    del case_id
    notice = get_object_or_404(Notice, pk=notice_id, case=request.open_case.case)
    texts = final_texts(notice, request.open_case.identity_key())
    if not texts or notice.confirmed_at is None:
        raise UserMistake(str(_("There is a paper only of a notice that was confirmed.")))
    if notice.step is NoticeState.SENDING and (why := sheet_barred(notice)):
        raise UserMistake(why)
    content = to_pdf(texts[0], notice.language, notice.confirmed_at.date(), request.open_case.case.number)
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="zaoguang-{request.open_case.case.number}.pdf"'
    return response
