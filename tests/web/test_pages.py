"""Every page in both languages, and what happens when a tired person presses the wrong thing or presses it twice."""

import re
from collections.abc import Iterator

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.support.made_centre import (
    ANSWERS,
    IDENTITY,
    LONG,
    NOTE,
    PASSPHRASE,
    MadeCentre,
    client_of,
    fingerprint_line,
    text_of,
    yes_to,
)
from zaoguang.casework import CaseStatus, ConsentUse, NoticeState, Outcome
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.next_step import Step, next_step
from zaoguang.centre.clock import now
from zaoguang.centre.notices.models import Answer, Attempt, AttemptResult, Due, DueKind, Notice
from zaoguang.centre.notices.proposals import propose_escalation
from zaoguang.centre.notices.sending import begin, finish
from zaoguang.centre.sightings.models import CheckState, Link, LinkCheck, LinkState, Sighting
from zaoguang.centre.sightings.templatetags import words
from zaoguang.fingerprint import ORIENTATIONS
from zaoguang.watch import Finding, Unread

pytestmark = pytest.mark.slow  # seconds as a whole

LANGUAGES = ("en", "zh-hans")


def of(centre: MadeCentre, route: str, **parts: object) -> str:
    return reverse(route, kwargs={"case_id": centre.case.pk, **parts})


def to(notice: Notice, route: str = "notice") -> str:
    return reverse(route, kwargs={"case_id": notice.case_id, "notice_id": notice.pk})


def say_yes(client: Client, notice: Notice) -> HttpResponseBase:
    address = to(notice, "confirm_notice")
    return client.post(address, yes_to(client, address))


def said(client: Client, answer: HttpResponseBase) -> str:
    """Follow the redirect that a POST gave and give the page with its message."""
    assert answer.status_code == 302, answer
    return text_of(client.get(answer.headers["Location"]))


def fresh(notice: Notice) -> Notice:
    return Notice.objects.get(pk=notice.pk)


def confirmed(centre: MadeCentre) -> Notice:
    say_yes(client_of("caseworker"), centre.draft)
    return fresh(centre.draft)


def sent(centre: MadeCentre, result: AttemptResult = AttemptResult.ACCEPTED) -> Notice:
    attempt = begin(confirmed(centre), now())
    assert isinstance(attempt, Attempt)
    finish(attempt, result, now(), code=250)
    return fresh(centre.draft)


def in_each_state(centre: MadeCentre) -> Iterator[Notice]:
    """Give the made notice in every state it can be in."""
    yield centre.gap
    yield centre.sheet
    notice = sent(centre)
    for state in NoticeState:
        Notice.objects.filter(pk=notice.pk).update(state=state.value)
        yield fresh(notice)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole_in_both_languages(centre: MadeCentre, language: str) -> None:
    client = client_of("supervisor", language)
    addresses = [
        "/",
        reverse("new_case"),
        of(centre, "case"),
        of(centre, "add_items"),
        of(centre, "new_check"),
        of(centre, "check", check_id=centre.check.pk),
        of(centre, "new_notices"),
        of(centre, "trail"),
    ]
    pages = [client.get(address) for address in addresses]
    pages += [client.get(to(notice)) for notice in in_each_state(centre)]
    for answer in [*pages, Client(headers={"accept-language": language}).get("/login/")]:
        page = text_of(answer)
        assert answer.status_code == 200
        assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}">' in page
        assert page.count("<h1") == 1
        assert page.count("<main") == 1
        assert re.search(r"<title>\s*\S.* · \S.*</title>", page)
        assert not re.search(r"%\(\w+\)|{{|{%|<lambda|object at 0x", page)


def test_no_title_names_anybody(centre: MadeCentre) -> None:
    """A title stands in the history, the tab and the task bar."""
    client = client_of("supervisor")
    for address in ("/", of(centre, "case"), to(centre.draft)):
        title = re.findall(r"<title>(.*)</title>", text_of(client.get(address)))[0]
        assert IDENTITY.alias not in title


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_label(centre: MadeCentre, language: str) -> None:
    client = client_of("supervisor", language)
    for address in (reverse("new_case"), of(centre, "case"), of(centre, "new_notices"), of(centre, "add_items")):
        page = text_of(client.get(address))
        labelled = set(re.findall(r'<label for="([^"]+)"', page))
        for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", page):
            if 'type="hidden"' not in field:
                assert set(re.findall(r' id="([^"]+)"', field)) & labelled, field
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for named in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page):
            assert set(named.split()) <= set(ids), named


def test_the_language_is_changed_by_a_button_everywhere(centre: MadeCentre) -> None:
    for client, address in ((Client(), "/login/"), (client_of("supervisor"), of(centre, "case"))):
        assert 'name="language"' in text_of(client.get(address))
        assert client.post("/language/", {"language": "zh-hans", "next": address}).headers["Location"] == address
        assert '<html lang="zh-Hans">' in text_of(client.get(address))
        client.post("/language/", {"language": "en", "next": address})
        assert '<html lang="en">' in text_of(client.get(address))


def test_the_language_button_leads_nowhere_else(centre: MadeCentre) -> None:
    del centre
    answer = Client().post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_addresses_are_text_and_never_links(centre: MadeCentre) -> None:
    client = client_of("supervisor")
    for address in (of(centre, "case"), of(centre, "check", check_id=centre.check.pk), to(centre.sheet)):
        page = text_of(client.get(address))
        assert LONG in page
        assert not re.search(r'(?:href|src|action)="[^"]*(?:forum\.example|https?:)', page)


def test_logging_in_wrongly_says_one_sentence_for_both_reasons(centre: MadeCentre) -> None:
    del centre
    client = Client(headers={"accept-language": "en"})
    pages = []
    for handle, passphrase in (("supervisor", "wrong horse battery"), ("nobody", PASSPHRASE)):
        answer = client.post("/login/", {"handle": handle, "passphrase": passphrase})
        assert answer.status_code == 422
        assert passphrase not in text_of(answer)
        pages.append(re.sub(r"<time.*?</time>|value=\"[^\"]*\"", "", text_of(answer)))
    assert pages[0] == pages[1]
    assert 'role="alert" tabindex="-1" autofocus' in pages[0]


def test_a_sign_of_a_minor_opens_a_referral_that_keeps_nothing_else(centre: MadeCentre) -> None:
    del centre
    client = client_of("caseworker")
    form = {
        "adult": "yes",
        "alias": "B",
        "legal_name": "N",
        "contact": "n@example.org",
        "story": "S",
        "uses": ["match"],
    }
    page = said(client, client.post(reverse("new_case"), form))
    case = Case.objects.latest("number")
    assert case.status == CaseStatus.REFERRAL.value
    assert not case.consents.exists()
    assert "capture is closed" in page
    assert "takeitdown.ncmec.org" in page
    assert "110" in page
    for route in ("add_items", "new_check", "new_notices"):
        address = reverse(route, kwargs={"case_id": case.pk})
        assert address not in page
        assert "<textarea" not in text_of(client.get(address))
    assert (
        client.post(reverse("new_check", kwargs={"case_id": case.pk}), {"addresses": "https://a.example/"}).status_code
        == 422
    )


def test_the_age_question_must_be_answered(centre: MadeCentre) -> None:
    del centre
    client = client_of("caseworker")
    answer = client.post(reverse("new_case"), {"alias": "B", "story": "kept as typed"})
    assert answer.status_code == 422
    assert "kept as typed" in text_of(answer)
    assert 'href="#id_adult"' in text_of(answer)
    assert not Case.objects.filter(number__endswith="0002").exists()


def test_opening_a_case_keeps_only_the_consents_that_were_ticked(centre: MadeCentre) -> None:
    del centre
    client = client_of("caseworker")
    page = said(client, client.post(reverse("new_case"), {"adult": "no", "alias": "B", "uses": ["match"]}))
    assert consents.live(Case.objects.latest("number")) == {ConsentUse.MATCH}
    assert "Record what she agreed to" in page


def test_the_list_leads_to_what_waits(centre: MadeCentre) -> None:
    page = text_of(client_of("caseworker").get("/"))
    for notice in (centre.draft, centre.gap):
        assert f'href="{to(notice)}"' in page
    assert f'href="{to(centre.sheet)}"' not in page
    assert centre.case.number in page
    assert IDENTITY.alias in page


def test_a_volunteer_s_list_offers_no_notice(centre: MadeCentre) -> None:
    answer = client_of("volunteer").get("/")
    page = text_of(answer)
    assert "/notices/" not in page
    assert not list(answer.context["waiting"])  # not even fetched
    assert centre.case.number in page


def test_blocked_never_looks_like_removed(centre: MadeCentre) -> None:
    shown = {code: str(words.outcome(code)) for code in ["", *[each.value for each in Outcome]]}
    shapes = {code: re.findall(r' d="([^"]+)"', html)[0] for code, html in shown.items()}
    assert len(set(shapes.values())) == len(shapes)
    labels = {code: re.sub("<[^>]+>", "", html) for code, html in shown.items()}
    assert len(set(labels.values())) == len(labels)
    Sighting.objects.filter(case=centre.case).update(outcome=Outcome.GEOBLOCKED.value)
    page = text_of(client_of("caseworker").get(of(centre, "case")))
    assert re.search(r"<dt>Gone</dt><dd>0</dd>", page)
    assert re.search(r"<dt>Still standing</dt><dd>5</dd>", page)


def test_every_code_has_words() -> None:
    assert all(words.finding(each.value) for each in Finding)
    assert all(words.reason(each.value) for each in Unread)
    assert all(words.reason(f"status_{status}") for status in (401, 404, 451, 500, 599))
    assert set(words._ORIENTATIONS) == set(ORIENTATIONS)
    assert all(words.likeness(distance) for distance in range(32))
    assert {words.step_class(state.value) for state in NoticeState} == {"asks", "moves", "done", "off"}
    assert words.reason("") == words.finding("") == ""


def test_a_check_that_runs_asks_again_by_itself_and_one_that_is_done_does_not(centre: MadeCentre) -> None:
    client = client_of("volunteer")
    answer = client.post(of(centre, "new_check"), {"addresses": "https://a.example/1\nhttps://a.example/2"})
    page = said(client, answer)
    refresh = '<meta http-equiv="refresh" content="3">'
    assert refresh in page
    assert '<progress max="2" value="0"' in page
    running = LinkCheck.objects.get(state=CheckState.WAITING)
    running.links.update(state=LinkState.UNREAD, reason=Unread.UNKNOWN_HOST.value)
    LinkCheck.objects.update(state=CheckState.DONE)
    page = text_of(client.get(answer.headers["Location"]))
    assert refresh not in page
    assert Unread.UNKNOWN_HOST.sentence in page


@pytest.mark.parametrize(
    "text", ["", "not an address", "ftp://a.example/", "\n".join(f"https://a.example/{n}" for n in range(501))]
)
def test_a_wrong_paste_comes_back_with_the_sentence(centre: MadeCentre, text: str) -> None:
    answer = client_of("volunteer").post(of(centre, "new_check"), {"addresses": text})
    assert answer.status_code == 422
    assert text.split("\n", maxsplit=1)[0] in text_of(answer)
    assert 'role="alert"' in text_of(answer)
    assert 'aria-invalid="true"' in text_of(answer)
    assert not Link.objects.filter(check_run__state=CheckState.WAITING).exists()


def test_an_item_pasted_twice_is_one_item(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    for _ in range(2):
        client.post(of(centre, "add_items"), {"lines": fingerprint_line(9)})
    assert centre.case.items.count() == 3


def test_taking_an_item_out_twice_is_not_found_the_second_time(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    address = of(centre, "remove_item", item_id=centre.item.pk)
    assert [client.post(address).status_code for _ in range(2)] == [302, 404]


def test_consent_is_taken_back_and_given_with_one_press(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    for live, held in (("no", False), ("no", False), ("yes", True), ("yes", True)):
        client.post(of(centre, "consent"), {"use": "notice", "live": live})
        assert (ConsentUse.NOTICE in consents.live(centre.case)) is held
    assert "Choose what the consent is for." in said(client, client.post(of(centre, "consent"), {"use": "all"}))


def test_an_empty_note_is_not_saved(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    assert "An empty note was not saved." in said(client, client.post(of(centre, "new_note"), {"text": "  "}))
    page = said(client, client.post(of(centre, "new_note"), {"text": "<b>bold</b>"}))
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert NOTE in page


def test_members_are_let_in_and_the_last_one_stays(centre: MadeCentre) -> None:
    client = client_of("supervisor")
    client.post(of(centre, "members"), {"handle": "stranger"})
    assert client_of("stranger").get(of(centre, "case")).status_code == 200
    for handle in ("stranger", "volunteer", "caseworker"):
        client.post(of(centre, "members"), {"handle": handle, "leave": "yes"})
    assert "The last member" in said(
        client, client.post(of(centre, "members"), {"handle": "supervisor", "leave": "yes"})
    )
    assert client.get(of(centre, "case")).status_code == 200
    assert "Choose a person." in said(client, client.post(of(centre, "members"), {"handle": "who"}))


def test_drafts_are_made_once_for_each_addressee(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    form = {
        "language": "en",
        "group": "forum.example",
        "address-forum.example": "abuse@forum.example",
        "regime-forum.example": "eu-dsa-16",
        "capacity": "agent",
    }
    page = said(client, client.post(of(centre, "new_notices"), form))
    assert "1 draft was made." in page
    assert "2 copies" not in text_of(client.get(of(centre, "new_notices")))
    assert client.post(of(centre, "new_notices"), form).status_code == 422
    assert centre.case.notices.count() == 4


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"group": ""}, "Choose at least one addressee."),
        ({"address-forum.example": "nowhere"}, "Nobody knows yet where forum.example takes reports"),
        ({"contact_email": "nowhere"}, "Enter a valid email address."),
    ],
)
def test_a_mistake_in_new_notices_comes_back_as_typed(
    centre: MadeCentre, changed: dict[str, str], sentence: str
) -> None:
    form = {
        "language": "en",
        "group": "forum.example",
        "address-forum.example": "abuse@forum.example",
        "regime-forum.example": "us-take-it-down",
        "consent_statement": "kept as typed",
    }
    answer = client_of("caseworker").post(of(centre, "new_notices"), {**form, **changed})
    page = text_of(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "kept as typed" in page
    assert 'value="us-take-it-down" selected' in page
    assert centre.case.notices.count() == 3


@pytest.mark.parametrize("kind", ["appeal-refusal", "counsel-letter", "eu-dsa-9", "nothing", ""])
def test_a_first_demand_takes_no_kind_that_the_page_does_not_offer(centre: MadeCentre, kind: str) -> None:
    form = {"language": "en", "group": "forum.example", "address-forum.example": "abuse@forum.example"}
    answer = client_of("caseworker").post(of(centre, "new_notices"), {**form, "regime-forum.example": kind})
    assert answer.status_code == 422
    assert "Choose the law for forum.example from the list." in text_of(answer)
    assert centre.case.notices.count() == 3


def test_a_draft_names_what_its_law_still_asks_for(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = text_of(client.get(to(centre.gap)))
    assert "Art. 16(2)(a)" in page
    assert "Confirm and send" not in page
    assert "cannot leave yet" in said(client, say_yes(client, centre.gap))
    assert fresh(centre.gap).state == NoticeState.DRAFT.value


def test_an_edit_with_a_mistake_comes_back_as_typed(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    form = {"language": "en", "contact_email": "nowhere", "consent_statement": "kept as typed"}
    answer = client.post(to(centre.gap, "edit_notice"), form)
    assert answer.status_code == 422
    assert "kept as typed" in text_of(answer)
    answers = {name: ("on" if value is True else value) for name, value in ANSWERS.items()}
    page = said(client, client.post(to(centre.gap, "edit_notice"), {"language": "en", **answers}))
    assert "Confirm and send" in page


def test_nothing_leaves_before_the_warning_was_read(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = text_of(client.get(to(centre.draft)))
    assert page.index("What this gives away:") < page.index("Confirm and send")
    assert 'name="identity_seen" value="yes" required' in page
    page = said(client, client.post(to(centre.draft, "confirm_notice")))
    assert "Say first that you have read" in page
    assert fresh(centre.draft).state == NoticeState.DRAFT.value


def test_confirming_twice_sends_once(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    pages = [said(client, say_yes(client, centre.draft)) for _ in range(2)]
    assert "The notice is confirmed." in pages[0]
    assert "in the meantime" in pages[1]
    assert Due.objects.filter(notice=centre.draft, kind=DueKind.SEND).count() == 1
    assert fresh(centre.draft).confirmed_by == centre.people["caseworker"]


def test_a_confirmed_notice_leads_to_the_next_draft(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = said(client, say_yes(client, centre.draft))
    assert f'href="{to(centre.gap)}"' in page


def test_a_form_is_filled_from_the_sheet_and_recorded_once(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = text_of(client.get(to(centre.sheet)))
    assert "https://forum.example/report" in page
    assert "<dt>Authority to act</dt>" in page
    assert "Written authorisation of 1 May" in page
    page = said(client, client.post(to(centre.sheet, "submitted_notice"), {"receipt": "R-7f3a-1"}))
    assert "R-7f3a-1" in page
    assert "moved on in the meantime" in said(client, client.post(to(centre.sheet, "submitted_notice"), {}))
    assert Attempt.objects.filter(notice=centre.sheet).count() == 1


def test_an_unknown_result_waits_for_a_person_s_word(centre: MadeCentre) -> None:
    notice, client = sent(centre, AttemptResult.UNKNOWN), client_of("caseworker")
    page = text_of(client.get(to(notice)))
    assert 'name="arrived" value="yes"' in page
    assert 'name="arrived" value="no"' in page
    assert "Say whether the notice arrived." in said(client, client.post(to(notice, "resolve_notice")))
    client.post(to(notice, "resolve_notice"), {"arrived": "yes"})
    assert fresh(notice).state == NoticeState.SENT.value
    page = said(client, client.post(to(notice, "resolve_notice"), {"arrived": "no"}))
    assert "moved on in the meantime" in page
    assert fresh(notice).state == NoticeState.SENT.value


def test_an_answer_is_recorded_as_the_addressee_s_word_only(centre: MadeCentre) -> None:
    notice, client = sent(centre), client_of("caseworker")
    assert "Choose what the answer said." in said(client, client.post(to(notice, "answer_notice")))
    page = said(client, client.post(to(notice, "answer_notice"), {"answer": Answer.REMOVED.value}))
    assert "says it was removed" in page
    assert not Sighting.objects.filter(notices=notice).exclude(outcome="").exists()


def test_a_proposal_is_read_and_confirmed_like_a_draft(centre: MadeCentre) -> None:
    notice, client = sent(centre), client_of("caseworker")
    proposal = propose_escalation(notice, list(notice.sightings.all()), now())
    assert proposal is not None
    page = text_of(client.get(to(proposal)))
    assert "The centre proposes this next notice" in page
    form = dict(re.findall(r'<input type="(?:text|email)" name="(\w+)" value="([^"]*)"', page))
    assert form["agent_name"] == "Example Centre"  # the answers of the earlier notice are there already
    assert page.index("What this gives away:") < page.index("Confirm and send")
    client.post(to(proposal, "confirm_notice"))
    assert fresh(proposal).state == NoticeState.PROPOSED.value
    say_yes(client, proposal)
    assert fresh(proposal).state == NoticeState.CONFIRMED.value


def test_withdrawing_twice_says_so(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    client.post(to(centre.draft, "withdraw_notice"))
    assert fresh(centre.draft).state == NoticeState.WITHDRAWN.value
    assert "moved on in the meantime" in said(client, client.post(to(centre.draft, "withdraw_notice")))


def test_a_remembered_button_address_gets_a_page_that_says_so(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    for address in (of(centre, "refer"), to(centre.draft, "confirm_notice"), of(centre, "package")):
        answer = client.get(address)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"
        assert "Nothing was changed." in text_of(answer)
    assert Case.objects.get(pk=centre.case.pk).status == CaseStatus.OPEN.value


def test_the_two_steps_that_cannot_be_taken_back_ask_first(centre: MadeCentre) -> None:
    page = text_of(client_of("supervisor").get(of(centre, "case")))
    for route in ("refer", "close"):
        before = page[: page.index(f'action="{of(centre, route)}"')]
        assert before.rindex("<details") > before.rindex("</details>")


def test_a_referral_is_for_good(centre: MadeCentre) -> None:
    client = client_of("supervisor")
    assert "capture is closed" in said(client, client.post(of(centre, "refer")))
    page = said(client, client.post(of(centre, "close")))
    assert "cannot be changed that way" in page
    for action in ("items/", "checks/new/", "notices/new/", "consent/"):
        assert f"{of(centre, 'case')}{action}" not in page
    assert "Confirm and send" not in text_of(client.get(to(centre.draft)))


def test_a_rehearsal_says_so_and_lets_time_pass(centre: MadeCentre, settings: Settings) -> None:
    del centre
    client = client_of("caseworker")
    assert "Rehearsal" not in text_of(client.get("/"))
    settings.REHEARSAL = True
    page = text_of(client.get("/"))
    assert "nothing here is real" in page
    before = now()
    assert client.post("/time/", {"hours": "24"}).status_code == 302
    assert 23 < (now() - before).total_seconds() / 3600 < 25
    assert "Time moves on by" in said(client, client.post("/time/", {"hours": "soon"}))
    assert "nothing here is real" in text_of(Client(headers={"accept-language": "en"}).get("/login/"))


def test_the_next_step_follows_the_case(centre: MadeCentre) -> None:
    case, lead = centre.case, centre.people["supervisor"]
    assert next_step(case).step is Step.REVIEW
    assert reverse("review_notices", kwargs={"case_id": case.pk}) in text_of(
        client_of("caseworker").get(of(centre, "case"))
    )
    client_of("caseworker").post(to(centre.gap, "withdraw_notice"))
    assert next_step(case).step is Step.SETTLE
    client_of("caseworker").post(to(centre.draft, "withdraw_notice"))
    assert next_step(case).step is Step.FILL
    assert to(centre.sheet) in text_of(client_of("caseworker").get(of(centre, "case")))
    client_of("caseworker").post(to(centre.sheet, "submitted_notice"))
    assert next_step(case).step is Step.ARRIVED
    take = reverse("take_arrival", kwargs={"case_id": case.pk, "arrival_id": centre.arrival.pk})
    client_of("caseworker").post(take)
    assert next_step(case).step is Step.DEMAND
    consents.withdraw(case, ConsentUse.NOTICE, lead, now())
    assert next_step(case).step is Step.AGREE
    case.sightings.update(outcome=Outcome.REMOVED.value)
    assert next_step(case).step is Step.WAIT
    assert next_step(case).due_at is not None
    Due.objects.all().delete()
    assert next_step(case).step is Step.NOTHING
    case.checks.update(state=CheckState.RUNNING)
    assert next_step(case).step is Step.READING
    case.checks.all().delete()
    assert next_step(case).step is Step.CHECK
    case.items.update(removed_at=now())
    assert next_step(case).step is Step.ITEMS
    consents.withdraw(case, ConsentUse.MATCH, lead, now())
    assert next_step(case).step is Step.CONSENT
    opening.change_status(case, CaseStatus.CLOSED, lead, now())
    assert next_step(Case.objects.get(pk=case.pk)).step is Step.CLOSED


def test_the_trail_says_who_did_what(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    client.get(of(centre, "case"))
    page = text_of(client.get(of(centre, "trail")))
    for part in ("read the case", "opened the case", "sealed an exhibit", "the centre itself", "caseworker"):
        assert part in page
    assert not [secret for secret in (NOTE, IDENTITY.alias, LONG) if secret in page]


def test_our_own_fault_gives_a_page_without_a_word_of_the_case(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("caseworker")
    client.raise_request_exception = False
    monkeypatch.setattr("zaoguang.centre.cases.views.next_step", lambda _case: 1 / 0)
    answer = client.get(of(centre, "case"))
    assert answer.status_code == 500
    assert "<h1>" in text_of(answer)
    assert IDENTITY.alias not in text_of(answer)
