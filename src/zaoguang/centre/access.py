"""Who may see which address: every view says who it is for; one that says nothing is refused to everybody (P06)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from zaoguang.casework import Permission, allows
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.accounts.session import open_person
from zaoguang.centre.cases.models import Case, Membership
from zaoguang.vault import CannotOpen, OpenPerson, SecretKey

__all__ = [
    "Access",
    "CaseRequest",
    "DefaultDeny",
    "OpenCase",
    "PersonRequest",
    "access_of",
    "member",
    "open_case_key",
    "person",
    "public",
]

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
_MARK = "zaoguang_access"


@dataclass(frozen=True, slots=True)
class Access:
    """Who a view is for: anybody, a logged-in person, or a member of the case; and with which permission."""

    level: Literal["public", "person", "member"]
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that this request may work on; ``key`` is there only for a role that may read identity."""

    case: Case
    membership: Membership
    key: SecretKey | None

    def identity_key(self) -> SecretKey:
        """Give the case key, or 404 for who has none."""
        if self.key is None:
            raise Http404
        return self.key


class PersonRequest(HttpRequest):
    """A request by a logged-in person whose keys are open."""

    user: Person
    open_person: OpenPerson


class CaseRequest(PersonRequest):
    """A request by a member of the case named in the address."""

    open_case: OpenCase


def public(view: View) -> View:
    """Mark a view that anybody may see."""
    setattr(view, _MARK, Access("public"))
    return view


def person(permission: Permission | None = None) -> Callable[[View], View]:
    """Mark a view for logged-in people, with that permission if one is named."""

    def mark(view: View) -> View:
        setattr(view, _MARK, Access("person", permission))
        return view

    return mark


def member(permission: Permission) -> Callable[[View], View]:
    """Mark a view for members of the case in its address who have that permission."""

    def mark(view: View) -> View:
        setattr(view, _MARK, Access("member", permission))
        return view

    return mark


def access_of(view: Callable[..., Any]) -> Access | None:
    """Give what a view says of itself."""
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Access) else None


class DefaultDeny:
    """Let a request through to its view only when the view's own mark allows it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Refuse, send to the login page, or let pass with the case opened."""
        access = access_of(view)
        if access is None:
            raise Http404
        if access.level == "public":
            return None
        if not _open_keys(request):
            return redirect("login")
        _check(request, access, kwargs.get("case_id"))
        return None


def _open_keys(request: HttpRequest) -> bool:
    opened = open_person(request) if isinstance(request.user, Person) else None
    request.open_person = opened  # type: ignore[attr-defined]  # PersonRequest, from here on
    return opened is not None


def _check(request: HttpRequest, access: Access, case_id: UUID | None) -> None:
    """Raise 404, the same for "not yours" and "not there", so that a stranger learns nothing."""
    who = request.user
    if not isinstance(who, Person) or (access.permission and not allows(who.kind, access.permission)):
        raise Http404
    if access.level != "member":
        return
    rows = Membership.objects.select_related("case", "person")
    membership = rows.filter(case_id=case_id, person=who).first() if case_id is not None else None
    if membership is None:
        raise Http404
    key = open_case_key(request.open_person, membership)  # type: ignore[attr-defined]  # set above
    request.open_case = OpenCase(membership.case, membership, key)  # type: ignore[attr-defined]  # CaseRequest


def open_case_key(opened: OpenPerson, membership: Membership) -> SecretKey | None:
    """Give the case key that was sealed to this member; none where her role may not read identity."""
    sealed = bytes(membership.sealed_case_key)
    if not sealed or not allows(membership.person.kind, Permission.READ_IDENTITY):
        return None
    try:
        return opened.open_key(sealed)
    except CannotOpen:
        return None
