"""P06: every address needs a role and membership of that case; whoever needs no image or identity never gets one.

The whole table of addresses and people is in ``tests/web/test_default_deny.py``.
"""

import re
from uuid import uuid4

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django import Settings

from tests.support.made_centre import IDENTITY, KINDS, NOTE, MadeCentre, client_of, make_centre, text_of
from zaoguang.casework import Permission, Role, allows
from zaoguang.centre import urls as centre_urls
from zaoguang.centre.cases.models import Membership

SECRETS = (IDENTITY.alias, IDENTITY.legal_name, IDENTITY.contact, IDENTITY.story, NOTE)


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    return make_centre()


def says_nothing_of_itself(request: HttpRequest) -> HttpResponse:
    """Answer as a view does that somebody forgot to mark."""
    del request
    return HttpResponse("open to everybody")


urlpatterns = [*centre_urls.urlpatterns, path("forgotten/", says_nothing_of_itself)]


def test_a_view_that_says_nothing_of_itself_is_refused_to_everybody(centre: MadeCentre, settings: Settings) -> None:
    del centre
    settings.ROOT_URLCONF = __name__
    for kind in KINDS:
        assert client_of(kind).get("/forgotten/").status_code == 404
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if not each.endswith(("DefaultDeny", "WrongClick"))]
    assert Client().get("/forgotten/").content == b"open to everybody"  # the test can fail: only the layer refuses


def test_not_yours_and_not_there_are_the_same_answer(centre: MadeCentre) -> None:
    stranger = client_of("stranger")
    there, nowhere = (reverse("case", kwargs={"case_id": one}) for one in (centre.case.pk, uuid4()))
    answers = [stranger.get(address) for address in (there, nowhere)]
    assert [answer.status_code for answer in answers] == [404, 404]
    pages = [re.sub(r'value="[^"]*"', "", text_of(answer)) for answer in answers]  # the address itself, form tokens
    assert re.sub("<time.*?</time>", "", pages[0]) == re.sub("<time.*?</time>", "", pages[1])


def test_a_volunteer_sees_the_work_and_never_who_it_is_for(centre: MadeCentre) -> None:
    volunteer, caseworker = client_of("volunteer"), client_of("caseworker")
    case = {"case_id": centre.case.pk}
    read = [
        reverse("cases"),
        reverse("case", kwargs=case),
        reverse("new_check", kwargs=case),
        reverse("check", kwargs={**case, "check_id": centre.check.pk}),
    ]
    for address in read:
        page = text_of(volunteer.get(address))
        assert centre.case.number in page or address != reverse("case", kwargs=case)
        assert [secret for secret in SECRETS if secret in page] == []
        assert "abuse@forum.example" not in page
    page = text_of(caseworker.get(reverse("case", kwargs=case)))
    assert [secret for secret in SECRETS if secret in page] == list(
        SECRETS
    )  # the test can fail: it is there for others


def test_a_volunteer_holds_no_key_that_could_open_it(centre: MadeCentre) -> None:
    sealed = {row.person.handle: bytes(row.sealed_case_key) for row in Membership.objects.filter(case=centre.case)}
    assert sealed["volunteer"] == b""
    assert sealed["caseworker"]
    assert sealed["supervisor"]


def test_nobody_may_see_a_picture_and_no_page_shows_one(centre: MadeCentre) -> None:
    assert not [role for role in Role if allows(role, Permission.SEE_PICTURE)]
    supervisor = client_of("supervisor")
    case = {"case_id": centre.case.pk}
    for address in (
        reverse("case", kwargs=case),
        reverse("check", kwargs={**case, "check_id": centre.check.pk}),
        reverse("notice", kwargs={**case, "notice_id": centre.sheet.pk}),
    ):
        page = text_of(supervisor.get(address))
        assert set(re.findall(r'<img[^>]* src="([^"]*)"', page)) == {"/static/mark.svg"}
        assert not re.search(r"<(?:picture|video|source|object|embed|iframe|image)\b", page)
