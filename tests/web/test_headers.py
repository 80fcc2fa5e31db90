"""What every answer carries, what no page may contain, and that no file gets in."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.support.canary import canary
from tests.support.made_centre import PASSPHRASE, MadeCentre, client_of, fingerprint_line, text_of
from zaoguang.centre.headers import CONTENT_POLICY

pytestmark = pytest.mark.slow  # seconds as a whole

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FIXED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Tags(HTMLParser):
    """Collects every tag of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(answer: HttpResponseBase) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text_of(answer))
    return parser.found


def answers(centre: MadeCentre) -> list[HttpResponseBase]:
    """Give one answer of each kind: page, mistake, redirect, refusal, wrong click, nothing there."""
    client, case = client_of("supervisor"), {"case_id": centre.case.pk}
    notices = [{**case, "notice_id": notice.pk} for notice in (centre.draft, centre.gap, centre.sheet)]
    return [
        Client().get("/login/"),
        Client().post("/login/", {"handle": "x", "passphrase": "y"}),
        Client().get("/"),
        client.get("/"),
        client.get("/nowhere/"),
        client.get(reverse("new_case")),
        client.get(reverse("case", kwargs=case)),
        client.get(reverse("close", kwargs=case)),
        client.get(reverse("add_items", kwargs=case)),
        client.post(reverse("add_items", kwargs=case), {"lines": "no"}),
        client.get(reverse("invitations", kwargs=case)),
        client.post(reverse("invitations", kwargs=case)),
        Client().post(reverse("send_fingerprints"), {"code": "wrong"}),
        client.get(reverse("new_check", kwargs=case)),
        client.get(reverse("check", kwargs={**case, "check_id": centre.check.pk})),
        client.get(reverse("new_notices", kwargs=case)),
        *[client.get(reverse("notice", kwargs=notice)) for notice in notices],
        client.get(reverse("trail", kwargs=case)),
        client.post(reverse("package", kwargs=case)),
        Client(enforce_csrf_checks=True).post("/login/", {}),
    ]


def test_the_content_policy_is_this_and_no_more() -> None:
    assert CONTENT_POLICY == POLICY


@pytest.mark.parametrize(("directive", "value"), POLICY.items())
def test_each_directive_is_on_every_answer(centre: MadeCentre, directive: str, value: str) -> None:
    for answer in answers(centre):
        sent = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert sent[directive] == value, answer


@pytest.mark.parametrize(("name", "value"), FIXED.items())
def test_each_header_is_on_every_answer(centre: MadeCentre, name: str, value: str) -> None:
    assert {answer.headers.get(name) for answer in answers(centre)} == {value}


def test_no_page_holds_what_the_policy_would_block(centre: MadeCentre) -> None:
    for answer in answers(centre):
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        for tag, attributes in tags_of(answer):
            assert tag not in {"script", "style", "iframe", "object", "embed", "base", "audio", "video"}
            assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
            for name in ("src", "href", "action", "srcset", "formaction", "poster"):
                value = attributes.get(name)
                assert value is None or (value.startswith(("/", "#")) and not value.startswith("//")), (tag, value)


def test_the_style_sheet_asks_for_nothing_from_elsewhere() -> None:
    static = Path(__file__).parents[2] / "src" / "zaoguang" / "centre" / "static"
    sheet = (static / "centre.css").read_text()
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert len(sheet.encode()) < 15_000
    assert "<script" not in (static / "mark.svg").read_text()


def test_every_cookie_is_kept_from_scripts_and_other_sites(centre: MadeCentre) -> None:
    client = Client(headers={"accept-language": "en"})
    notice = {"case_id": centre.case.pk, "notice_id": centre.draft.pk}
    seen = {}
    for answer in (
        client.get("/login/"),
        client.post("/login/", {"handle": "supervisor", "passphrase": PASSPHRASE}),
        client.post("/language/", {"language": "zh-hans", "next": "/"}),
        client.post(reverse("answer_notice", kwargs=notice)),  # a mistake: its sentence travels in a cookie
        client.post("/logout/"),
    ):
        for name, cookie in answer.cookies.items():
            seen[name] = cookie
            assert cookie["samesite"] == "Strict", name
            # A cookie that is being deleted holds nothing any more.
            assert cookie["httponly"] or not cookie.value, name
    assert {"zg_session", "zg_unlock", "zg_csrf", "zg_language", "messages"} <= set(seen)


@pytest.mark.parametrize("route", ["add_items", "new_check", "new_note", "new_notices", "refer"])
def test_a_form_from_elsewhere_is_refused(centre: MadeCentre, route: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of("supervisor").cookies
    answer = client.post(reverse(route, kwargs={"case_id": centre.case.pk}), {"text": "x"})
    assert answer.status_code == 403
    centre.case.refresh_from_db()
    assert centre.case.status == "open"


def test_the_pages_own_forms_pass_that_check(centre: MadeCentre) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    for address, data in (
        ("/login/", {"handle": "supervisor", "passphrase": PASSPHRASE}),
        (reverse("case", kwargs={"case_id": centre.case.pk}), {"text": "A note by form"}),
    ):
        tokens = [
            attributes["value"]
            for tag, attributes in tags_of(client.get(address))
            if tag == "input" and attributes.get("name") == "csrfmiddlewaretoken"
        ]
        to = address if address == "/login/" else f"{address}notes/"
        answer = client.post(to, {**data, "csrfmiddlewaretoken": str(tokens[-1])})
        assert answer.status_code == 302, to


@pytest.mark.parametrize("route", ["add_items", "new_check", "new_note"])
def test_an_uploaded_file_is_refused_before_a_byte_is_kept(centre: MadeCentre, route: str) -> None:
    picture = canary(b"\x89PNG upload canary 7f3a " * 200)
    client = client_of("supervisor")
    before = (centre.case.items.count(), centre.case.checks.count(), centre.case.notes.count())
    file = SimpleUploadedFile("p.png", picture, "image/png")
    answer = client.post(reverse(route, kwargs={"case_id": centre.case.pk}), {"lines": file, "addresses": file})
    assert answer.status_code in {302, 400, 422}
    assert not answer.wsgi_request.FILES
    assert (centre.case.items.count(), centre.case.checks.count(), centre.case.notes.count()) == before
    # The run's own temp folder is searched for the canary when the run ends.


def test_the_same_page_without_a_file_works(centre: MadeCentre) -> None:
    address = reverse("add_items", kwargs={"case_id": centre.case.pk})
    assert client_of("supervisor").post(address, {"lines": fingerprint_line(7)}).status_code == 302
