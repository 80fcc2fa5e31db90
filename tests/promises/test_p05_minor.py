"""P05: any sign of a minor closes capture and switches the case to referral; nothing is added to it any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Never

import pytest
from django.apps import apps

from tests.support.made_centre import (
    ANSWERS,
    MadeCentre,
    client_of,
    confirm_as_read,
    fingerprint_line,
    made_fingerprint,
    make_centre,
)
from tests.support.readers import MOMENT, MadeReader, shows
from zaoguang import notices
from zaoguang.casework import CaseStatus, ConsentUse, NoticeState
from zaoguang.centre.cases import opening
from zaoguang.centre.cases.models import Case, Consent
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.notices import drafting, sending, unsure, worker
from zaoguang.centre.notices.models import Answer, Due, DueState, Notice, Route
from zaoguang.centre.sealed import sealed_columns
from zaoguang.centre.sightings.links import start_check
from zaoguang.centre.sightings.models import CheckState, LinkState, Sighting
from zaoguang.centre.sightings.reading import read_check
from zaoguang.errors import UserMistake

pytestmark = pytest.mark.django_db
PAGES = tuple(f"https://other.example/{number}" for number in range(5))


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    return make_centre()


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


def _refer(centre: MadeCentre) -> None:
    opening.change_status(centre.case, CaseStatus.REFERRAL, centre.people["caseworker"], MOMENT)


def _captured() -> dict[str, int]:
    """Count the rows of every table that has a column of tier A or B, and of what hangs on them."""
    tables = {table for table, _column, tier in sealed_columns() if tier in {"A", "B"}}
    tables |= {"exhibits_custodyrow", "notices_due", "sightings_outcomerecord", "cases_consent"}
    return {
        model._meta.db_table: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.db_table in tables
    }


def _add_item(centre: MadeCentre) -> None:
    lines = read_lines(fingerprint_line(99))
    add_items(centre.case, centre.key, lines, centre.people["supervisor"], MOMENT)


def _start_check(centre: MadeCentre) -> None:
    start_check(centre.case, PAGES, centre.people["supervisor"], MOMENT)


def _draft(centre: MadeCentre) -> None:
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")
    copies = list(centre.case.sightings.filter(notices__isnull=True))
    drafting.draft(centre.case, centre.key, door, copies, ANSWERS, centre.people["supervisor"], MOMENT)


def _edit(centre: MadeCentre) -> None:
    drafting.edit(centre.draft, centre.key, ANSWERS, "en", centre.people["supervisor"], MOMENT)


def _confirm(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)


CAPTURE = [_add_item, _start_check, _draft, _edit, _confirm]


@pytest.mark.parametrize("act", CAPTURE, ids=lambda act: act.__name__)
def test_a_referral_takes_nothing_in_any_more(centre: MadeCentre, act: Callable[[MadeCentre], None]) -> None:
    _refer(centre)
    before = _captured()
    with pytest.raises(UserMistake, match="referred"):
        act(centre)
    assert _captured() == before


@pytest.mark.parametrize("act", CAPTURE, ids=lambda act: act.__name__)
def test_the_same_steps_work_in_an_open_case(centre: MadeCentre, act: Callable[[MadeCentre], None]) -> None:
    before = _captured(), centre.draft.state, centre.draft.fields
    act(centre)
    centre.draft.refresh_from_db()
    assert (_captured(), centre.draft.state, centre.draft.fields) != before


def test_a_running_check_stops_with_the_referral(centre: MadeCentre) -> None:
    check = start_check(centre.case, PAGES, centre.people["supervisor"], MOMENT)
    before = Sighting.objects.count()

    def refer_at_the_second(number: int) -> None:
        if number == 1:
            _refer(centre)
            check.refresh_from_db()
            assert check.state == CheckState.STOPPED

    reader = MadeReader(shows(made_fingerprint(1)), refer_at_the_second)
    read_check(check, reader.as_reader(), lambda: MOMENT)
    assert Sighting.objects.count() == before + 1
    assert check.links.filter(state=LinkState.STOPPED).count() == 4


def test_nothing_is_sent_looked_at_or_proposed_after_it(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    def deliver(*_given: object) -> Never:
        raise AssertionError("a notice left a referred case")

    monkeypatch.setattr(notices, "deliver", deliver)
    _confirm(centre)
    sending.set_clock(centre.sheet, MOMENT)
    _refer(centre)
    before = _captured()
    assert worker.tick(MOMENT + timedelta(days=400), _no_reader) == 0
    assert not Due.objects.filter(state=DueState.WAITING).exists()
    assert _captured() == before
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.WITHDRAWN
    assert not Notice.objects.exclude(outbox=b"").exists()


def test_an_answer_after_it_is_noted_and_leads_to_no_proposal(centre: MadeCentre) -> None:
    sending.set_clock(centre.sheet, MOMENT)
    _refer(centre)
    unsure.record_answer(centre.sheet, Answer.REFUSED, centre.people["supervisor"], MOMENT)
    assert Notice.objects.get(pk=centre.sheet.pk).answer == Answer.REFUSED
    assert not Notice.objects.filter(state=NoticeState.PROPOSED.value).exists()


def test_a_referral_never_becomes_an_open_case_again(centre: MadeCentre) -> None:
    _refer(centre)
    for status in CaseStatus:
        with pytest.raises(UserMistake):
            opening.change_status(centre.case, status, centre.people["supervisor"], MOMENT)


def test_any_caseworker_can_refer_from_the_page(centre: MadeCentre) -> None:
    client_of("caseworker").post(f"/cases/{centre.case.pk}/refer/")
    assert Case.objects.get(pk=centre.case.pk).status == CaseStatus.REFERRAL


@pytest.mark.parametrize("adult", ["yes", "", "unsure", "NO", "0"])
def test_a_case_opened_with_yes_or_unsure_captures_nothing(centre: MadeCentre, adult: str) -> None:
    number, consents = Case.objects.count(), Consent.objects.count()
    given = {"adult": adult, "alias": "Lotus", "legal_name": "A Name", "contact": "a@example.org", "story": "a story"}
    answer = client_of("supervisor").post("/cases/new/", {**given, "uses": [use.value for use in ConsentUse]})
    if adult != "yes":  # no such answer on the page: asked again, and nothing is kept
        assert (answer.status_code, Case.objects.count()) == (422, number)
        return
    case = Case.objects.exclude(pk=centre.case.pk).get()
    key = centre.people["supervisor"].memberships.get(case=case)
    assert (answer.status_code, case.status, Consent.objects.count()) == (302, CaseStatus.REFERRAL, consents)
    opened = client_of("supervisor").get(f"/cases/{case.pk}/").content.decode()
    for kept_out in ("A Name", "a@example.org", "a story"):
        assert kept_out not in opened
    assert bytes(key.sealed_case_key)
    for address in ("items/", "checks/new/"):
        before = _captured()
        sent = {"lines": fingerprint_line(7), "addresses": "https://forum.example/1"}
        assert client_of("supervisor").post(f"/cases/{case.pk}/{address}", sent).status_code == 422
        assert _captured() == before


def test_the_same_form_with_no_opens_a_case_that_takes_items(centre: MadeCentre) -> None:
    sent = {"adult": "no", "alias": "Lotus", "story": "a story", "uses": ["match", "seal"]}
    answer = client_of("supervisor").post("/cases/new/", sent)
    case = Case.objects.exclude(pk=centre.case.pk).get()
    assert (answer.status_code, case.status, case.consents.count()) == (302, CaseStatus.OPEN, 2)
    assert client_of("supervisor").post(f"/cases/{case.pk}/items/", {"lines": fingerprint_line(7)}).status_code == 302


def test_a_referral_keeps_a_name_to_say_and_nothing_else(centre: MadeCentre) -> None:
    case = opening.open_referral("Lotus", centre.people["supervisor"], MOMENT)
    opened = centre.people["supervisor"].memberships.get(case=case)
    assert case.status == CaseStatus.REFERRAL
    assert opened.sealed_case_key
    assert not case.consents.exists()
    with pytest.raises(UserMistake):
        add_items(case, centre.key, read_lines(fingerprint_line(3)), centre.people["supervisor"], MOMENT)
