"""All drafts of a case on one page: what one yes lets leave, and what it never does (P09)."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.made_centre import ANSWERS, MadeCentre, client_of, text_of
from zaoguang import notices
from zaoguang.casework import NoticeState
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases import opening
from zaoguang.centre.clock import now
from zaoguang.centre.notices import drafting, review
from zaoguang.centre.notices.models import Due, DueKind, Notice

pytestmark = pytest.mark.slow  # seconds as a whole


def address_of(centre: MadeCentre) -> str:
    return reverse("review_notices", kwargs={"case_id": centre.case.pk})


def fill_gap(centre: MadeCentre) -> None:
    """Complete the draft that lacks answers: then two wait, and say the same."""
    drafting.edit(centre.gap, centre.key, ANSWERS, "en", centre.people["caseworker"], now())


def page_of(client: Client, centre: MadeCentre) -> str:
    return unescape(text_of(client.get(address_of(centre))))


def as_read(client: Client, centre: MadeCentre) -> dict[str, list[str]]:
    """Give what the page's form sends when everything stays ticked."""
    page = page_of(client, centre)
    given = dict(re.findall(r'name="(shown-[0-9a-f-]+)" value="([0-9a-f]{64})"', page))
    ticked = re.findall(r'name="notice" value="([0-9a-f-]+)"', page)
    return {**{name: [value] for name, value in given.items()}, "notice": ticked, "identity_seen": ["yes"]}


def states(centre: MadeCentre) -> set[NoticeState]:
    return {each.step for each in Notice.objects.filter(pk__in=[centre.draft.pk, centre.gap.pk])}


def test_one_yes_lets_every_ticked_draft_leave_in_that_person_s_name(centre: MadeCentre) -> None:
    fill_gap(centre)
    client = client_of("caseworker")
    answer = client.post(address_of(centre), as_read(client, centre))
    assert answer.status_code == 302
    assert states(centre) == {NoticeState.CONFIRMED}
    for notice in Notice.objects.filter(pk__in=[centre.draft.pk, centre.gap.pk]):
        assert notice.confirmed_by == centre.people["caseworker"]
        assert Due.objects.filter(notice=notice, kind=DueKind.SEND).count() == 1
        assert AuditEvent.objects.filter(verb=Verb.NOTICE_CONFIRMED, subject=notice.pk).count() == 1
    assert centre.sheet.pk.hex in answer.headers["Location"].replace("-", ""), "the form that still waits comes next"


def test_the_page_holds_every_text_and_what_it_gives_away_before_the_yes(centre: MadeCentre) -> None:
    fill_gap(centre)
    page = page_of(client_of("caseworker"), centre)
    for notice in (centre.draft, Notice.objects.get(pk=centre.gap.pk)):
        seen = drafting.preview(notice, centre.key, now())
        assert seen.text is not None
        assert seen.text.body.strip() in page
    sentence = notices.regime(centre.draft.regime).identity.sentence("en")
    assert page.index(sentence) < page.index('name="identity_seen"') < page.index("Confirm what is ticked")
    assert page.count("the same as to") == 1, "of two that say the same, the second says so"


def test_a_draft_that_lacks_answers_has_no_tick_and_stays(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    sent = as_read(client, centre)
    assert sent["notice"] == [str(centre.draft.pk)]
    assert "1 answer is missing" in page_of(client, centre) or "answers are missing" in page_of(client, centre)
    client.post(address_of(centre), {**sent, "notice": [str(centre.draft.pk), str(centre.gap.pk)]})
    assert states(centre) == {NoticeState.DRAFT}, "all or none"


def test_what_is_not_ticked_waits(centre: MadeCentre) -> None:
    fill_gap(centre)
    client = client_of("caseworker")
    client.post(address_of(centre), {**as_read(client, centre), "notice": [str(centre.gap.pk)]})
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.DRAFT
    assert Notice.objects.get(pk=centre.gap.pk).step is NoticeState.CONFIRMED


@pytest.mark.parametrize("change", ["words", "withdrawn", "unseen", "forged"])
def test_nothing_leaves_when_one_of_them_is_not_what_was_read(centre: MadeCentre, change: str) -> None:
    fill_gap(centre)
    client = client_of("caseworker")
    sent = as_read(client, centre)
    if change == "words":
        values = {**ANSWERS, "consent_statement": "Something else entirely."}
        drafting.edit(centre.gap, centre.key, values, "en", centre.people["supervisor"], now())
    elif change == "withdrawn":
        Notice.objects.filter(pk=centre.gap.pk).update(state=NoticeState.WITHDRAWN.value)
    elif change == "unseen":
        sent.pop("identity_seen")
    else:
        sent[f"shown-{centre.gap.pk}"] = ["0" * 64]
    answer = client.post(address_of(centre), sent)
    assert answer.status_code == 422
    assert "Nothing was confirmed" in text_of(answer)
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.DRAFT
    assert not Due.objects.filter(kind=DueKind.SEND).exists()
    assert not AuditEvent.objects.filter(verb=Verb.NOTICE_CONFIRMED, subject=centre.draft.pk).exists()


def test_a_notice_in_her_own_name_needs_the_second_yes(centre: MadeCentre) -> None:
    values = {**ANSWERS, "capacity": "self", "legal_name": "Lotus"}
    drafting.edit(centre.draft, centre.key, values, "en", centre.people["caseworker"], now())
    client = client_of("caseworker")
    assert 'name="named_seen" value="yes" required' in page_of(client, centre)
    sent = as_read(client, centre)
    assert client.post(address_of(centre), sent).status_code == 422
    assert client.post(address_of(centre), {**sent, "named_seen": ["yes"]}).status_code == 302
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.CONFIRMED


@pytest.mark.parametrize("given", [[], ["nonsense"], ["00000000-0000-4000-8000-000000000000"], ["x"] * 51])
def test_a_wrong_tick_is_one_sentence(centre: MadeCentre, given: list[str]) -> None:
    client = client_of("caseworker")
    answer = client.post(address_of(centre), {**as_read(client, centre), "notice": given})
    assert answer.status_code == 422
    assert states(centre) == {NoticeState.DRAFT}


def test_another_case_s_notice_cannot_be_confirmed_from_here(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    sent = as_read(client, centre)
    identity = opening.Identity(alias="Another", legal_name="", contact="", story="")
    other, _key = opening.open_case(identity, centre.people["caseworker"], now())
    answer = client.post(reverse("review_notices", kwargs={"case_id": other.pk}), sent)
    assert answer.status_code == 422
    assert states(centre) == {NoticeState.DRAFT}


def test_a_double_click_confirms_once(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    sent = as_read(client, centre)
    assert client.post(address_of(centre), sent).status_code == 302
    assert client.post(address_of(centre), sent).status_code == 422
    assert Due.objects.filter(notice=centre.draft, kind=DueKind.SEND).count() == 1


def test_the_page_shows_so_many_at_a_time_and_says_how_many_come_after(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST", 1)
    page = page_of(client_of("caseworker"), centre)
    assert "1 more draft comes after these" in page
    assert len(re.findall('id="to-', page)) == 1


def test_a_draft_all_of_whose_copies_are_gone_is_not_ticked_by_itself(centre: MadeCentre) -> None:
    fill_gap(centre)
    centre.draft.sightings.update(outcome="removed")
    page = page_of(client_of("caseworker"), centre)
    ticked = {pk for pk, rest in re.findall(r'name="notice" value="([0-9a-f-]+)"([^>]*)>', page) if "checked" in rest}
    assert ticked == {str(centre.gap.pk)}
    assert page.count("All copies that it names are gone") == 1
