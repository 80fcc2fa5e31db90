"""Where the fingerprint page's form arrives: from nobody who is logged in, with a code as the only right to enter."""

import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from zaoguang.centre.access import public
from zaoguang.centre.fingerprint_page.building import LANGUAGES
from zaoguang.centre.intake import arrivals, invitations
from zaoguang.centre.intake.items import read_lines
from zaoguang.centre.intake.models import Arrival, Invitation
from zaoguang.centre.intake.wrong_codes import allowance
from zaoguang.centre.pages import time_of
from zaoguang.errors import UserMistake

__all__ = ["send_fingerprints"]

_LANGUAGE: Final = "en"


@public
@csrf_exempt  # no cookie counts here, so that no other site can borrow one: who has the code may send, from anywhere
@sensitive_post_parameters("code", "lines")
@require_POST
def send_fingerprints(request: HttpRequest) -> HttpResponse:
    """Keep the lines for a caseworker and give a receipt, or say why not; nothing is kept unless all of it is right."""
    invitation = invitations.with_code(request.POST.get("code", ""))
    if invitation is None:
        return _again(request, "code") if allowance.take(time.monotonic()) else _later(request)
    if request.POST.get("yes") != "yes":
        return _again(request, "yes")
    try:
        found = read_lines(request.POST.get("lines", ""))
    except UserMistake:
        return _again(request, "lines")
    arrival = arrivals.receive(invitation, found, time_of(request))
    if arrival is not None:
        return _shown(request, {"arrival": arrival, "title": "received", "what": "received_what"})
    return _before(request, invitation)


def _before(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Answer whoever comes with a code that is used up: a browser that repeats itself gets its receipt again."""
    earlier = Arrival.objects.filter(invitation=invitation).first()
    if earlier is None:
        return _again(request, "code")
    return _shown(request, {"arrival": earlier, "title": "before", "what": "before_what"})


def _again(request: HttpRequest, mistake: str) -> HttpResponse:
    """Say what is wrong, and give the lines back with the form, so that nothing has to be worked out again."""
    given = {name: request.POST.get(name, "") for name in ("code", "lines")}
    shown = {"title": "not_received", "what": f"wrong_{mistake}", "mistake": mistake, **given}
    return _shown(request, shown, status=422)


def _later(request: HttpRequest) -> HttpResponse:
    """Say that too many wrong codes have come, from whomever; the lines are given back all the same."""
    given = {name: request.POST.get(name, "") for name in ("code", "lines")}
    shown = {"title": "not_received", "what": "too_many", "mistake": "code", **given}
    answer = _shown(request, shown, status=HTTPStatus.TOO_MANY_REQUESTS)
    answer["Retry-After"] = "60"
    return answer


def _shown(request: HttpRequest, shown: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Answer in the language that the fingerprint page spoke; it has two more than the centre's own pages."""
    asked = request.POST.get("language", "")
    language = asked if asked in LANGUAGES else _LANGUAGE
    say = {name: said[language] for name, said in _words().items()}
    lines = {"title": say[str(shown["title"])], "what": say[str(shown["what"])]}
    return render(request, "intake/receipt.html", {**shown, **lines, "say": say, "spoken": language}, status=status)


@cache
def _words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "receipt.yaml").read_text("utf-8"))
    return found
