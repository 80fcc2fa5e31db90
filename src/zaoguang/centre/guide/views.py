"""The survivor's guide: a list of places, and one page for each."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zaoguang.centre.access import public
from zaoguang.errors import UserMistake
from zaoguang.law import jurisdictions
from zaoguang.law.guide import clocks_title, guide, helpers_title
from zaoguang.words import spoken

__all__ = ["guide_list", "guide_page"]


@public
@require_safe
def guide_list(request: HttpRequest) -> HttpResponse:
    """List the places that there is a guide for."""
    places = [(place.code, place.name(spoken())) for place in jurisdictions()]
    return render(request, "guide/list.html", {"places": places})


@public
@require_safe
def guide_page(request: HttpRequest, place: str) -> HttpResponse:
    """Show one place's guide; 404 for a place that law isn't held for."""
    try:
        shown = guide(place)
    except UserMistake as mistake:
        raise Http404 from mistake
    context = {"guide": shown, "helpers_title": helpers_title(), "clocks_title": clocks_title()}
    return render(request, "guide/page.html", context)
