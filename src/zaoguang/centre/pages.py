"""What every page shows: whose session it is, whether this is a rehearsal, what time the centre has."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from zaoguang.casework import Permission, allows
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.clock import now
from zaoguang.errors import ZaoguangError

__all__ = ["WrongClick", "every_page", "speaks_errors", "time_of"]


def time_of(request: HttpRequest) -> datetime:
    """Give the one moment that this request happens at, frozen at its first use."""
    moment: datetime | None = getattr(request, "zaoguang_now", None)
    if moment is None:
        moment = now()
        request.zaoguang_now = moment  # type: ignore[attr-defined]  # frozen for the rest of the request
    return moment


def every_page(request: HttpRequest) -> dict[str, object]:
    """Give what the base template needs."""
    who = getattr(request, "user", None)
    may = frozenset(right.value for right in Permission if isinstance(who, Person) and allows(who.kind, right))
    return {"rehearsal": settings.REHEARSAL, "now": time_of(request), "may": may}


class WrongClick:
    """Give a page that says so to whoever loads an address that only a button may call; nothing was changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; an empty 405 gets its page, and keeps its ``Allow`` header (RFC 9110 §15.5.6)."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        page = render(request, "405.html", status=response.status_code)
        page.headers["Allow"] = response.headers["Allow"]
        return page


def speaks_errors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn an error of ours in a POST into a message on the page it came from; nothing was changed."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  (the view's own)
        try:
            return view(request, *args, **kwargs)
        except ZaoguangError as error:
            messages.error(request, str(error))
            if "notice_id" in kwargs:
                return redirect("notice", case_id=kwargs["case_id"], notice_id=kwargs["notice_id"])
            return redirect("case", case_id=kwargs["case_id"]) if "case_id" in kwargs else redirect("cases")

    return wrapped
