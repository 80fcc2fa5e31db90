"""P09: no notice leaves without a named person's yes; what it may reveal to the uploader is said before that yes."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from typing import Never

import pytest
from pytest_django.fixtures import Settings

from tests.support.made_centre import (
    ANSWERS,
    IDENTITY,
    MadeCentre,
    client_of,
    confirm_as_read,
    make_centre,
    text_of,
    yes_to,
)
from tests.support.readers import MOMENT
from zaoguang import notices
from zaoguang.casework import NoticeState, Role, allows
from zaoguang.casework.roles import Permission
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.clock import now
from zaoguang.centre.notices import drafting, sending, unsure, worker
from zaoguang.centre.notices.models import Answer, Attempt, Due, DueKind, DueState, Notice, Route
from zaoguang.errors import UserMistake
from zaoguang.notices import Accepted
from zaoguang.notices.paper import to_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    return make_centre()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[bytes]:
    """Take the mail server's place and keep what it is given."""
    settings.MAIL_SERVER = "smtp://127.0.0.1:25"
    taken: list[bytes] = []

    def deliver(message: bytes, *_rest: object) -> Accepted:
        taken.append(message)
        return Accepted(250, "")

    monkeypatch.setattr(notices, "deliver", deliver)
    return taken


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


def _state(notice: Notice) -> NoticeState:
    return Notice.objects.get(pk=notice.pk).step


def _confirm(centre: MadeCentre, *, by: str = "caseworker", seen: bool = True) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people[by], MOMENT, identity_seen=seen)


@pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.CONFIRMED])
def test_only_a_confirmed_notice_reaches_the_mail_server(
    centre: MadeCentre, mailbox: list[bytes], state: NoticeState
) -> None:
    _confirm(centre)
    Notice.objects.filter(pk=centre.draft.pk).update(state=state.value)  # message, due row and all are there
    worker.tick(MOMENT + timedelta(hours=1), _no_reader)
    assert sending.send(Notice.objects.get(pk=centre.draft.pk), MOMENT) is None
    assert mailbox == []
    assert _state(centre.draft) is state


@pytest.mark.parametrize("said", [{"capacity": "self", "legal_name": "Lotus"}, {"legal_name": "Lotus"}])
def test_a_notice_in_her_own_name_needs_a_second_yes(centre: MadeCentre, said: dict[str, str]) -> None:
    address = f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/"
    assert 'name="named_seen"' not in text_of(client_of("caseworker").get(address)), "an agent signs without her name"
    person = centre.people["caseworker"]
    drafting.edit(centre.draft, centre.key, {**ANSWERS, **said}, "en", person, MOMENT)
    with pytest.raises(UserMistake, match="a second time"):
        _confirm(centre)
    assert _state(centre.draft) is NoticeState.DRAFT
    client = client_of("caseworker")
    assert 'name="named_seen" value="yes" required' in text_of(client.get(address))
    client.post(f"{address}confirm/", yes_to(client, f"{address}confirm/"))
    assert _state(centre.draft) is NoticeState.CONFIRMED


def test_a_draft_never_leaves_by_itself_however_long_it_waits(centre: MadeCentre, mailbox: list[bytes]) -> None:
    for days in (0, 3, 400):
        worker.tick(MOMENT + timedelta(days=days), _no_reader)
        worker.recover(MOMENT + timedelta(days=days))
    assert mailbox == []
    assert {_state(centre.draft), _state(centre.gap)} == {NoticeState.DRAFT}


def test_a_proposal_never_leaves_by_itself(centre: MadeCentre, mailbox: list[bytes]) -> None:
    sending.set_clock(centre.sheet, MOMENT)
    unsure.record_answer(centre.sheet, Answer.REFUSED, centre.people["caseworker"], MOMENT)
    proposal = Notice.objects.get(escalates=centre.sheet)
    sending.send(proposal, MOMENT)
    assert mailbox == []
    assert _state(proposal) is NoticeState.PROPOSED
    assert not Due.objects.filter(notice=proposal).exists()


def test_the_warning_must_be_acknowledged_first(centre: MadeCentre, mailbox: list[bytes]) -> None:
    with pytest.raises(UserMistake, match="Say first"):
        _confirm(centre, seen=False)
    client_of("caseworker").post(f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/confirm/")
    worker.tick(MOMENT + timedelta(hours=1), _no_reader)
    assert mailbox == []
    assert _state(centre.draft) is NoticeState.DRAFT


def test_the_page_says_what_the_addressee_learns_before_it_asks_for_the_yes(centre: MadeCentre) -> None:
    answer = client_of("caseworker").get(f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/")
    page = unescape(answer.content.decode())
    sentence = notices.regime(centre.draft.regime).identity.sentence("en")
    assert sentence in page
    assert page.index(sentence) < page.index('name="identity_seen"')


def test_the_statement_that_an_agent_annexes_is_on_the_page_and_leaves_as_it_was_read(
    centre: MadeCentre, mailbox: list[bytes]
) -> None:
    address = f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/"
    seen = drafting.preview(centre.draft, centre.key, now())
    assert seen.annex is not None
    assert seen.annex.body.strip() in unescape(text_of(client_of("caseworker").get(address)))
    client_of("caseworker").post(f"{address}confirm/", yes_to(client_of("caseworker"), f"{address}confirm/"))
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert notice.confirmed_at is not None
    worker.tick(notice.confirmed_at, _no_reader)
    _body, annex = message_from_bytes(mailbox[0], policy=default).iter_parts()
    assert annex.get_content() == to_pdf(seen.annex, "en", notice.confirmed_at.date(), centre.case.number)
    shown = client_of("caseworker").get(f"{address}annex/")
    assert shown.content == annex.get_content()
    assert IDENTITY.legal_name not in seen.annex.body


def test_nothing_is_annexed_where_she_writes_herself(centre: MadeCentre) -> None:
    values = {**ANSWERS, "capacity": "self", "legal_name": "Lotus"}
    drafting.edit(centre.draft, centre.key, values, "en", centre.people["caseworker"], MOMENT)
    assert drafting.preview(Notice.objects.get(pk=centre.draft.pk), centre.key, MOMENT).annex is None
    answer = client_of("caseworker").get(f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/annex/")
    assert (answer.status_code, answer.headers.get("Content-Type", "")) != (200, "application/pdf")


def test_a_yes_is_to_the_words_that_were_read(centre: MadeCentre, mailbox: list[bytes]) -> None:
    address = f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/confirm/"
    client = client_of("caseworker")
    read_before = yes_to(client, address)
    # Between the reading and the yes another member changes what the notice says.
    values = {**drafting.values_of(centre.draft, centre.key), "consent_statement": "Something else entirely."}
    drafting.edit(centre.draft, centre.key, values, "en", centre.people["supervisor"], MOMENT)
    client.post(address, read_before)
    client.post(address, {"identity_seen": "yes"})
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.DRAFT
    client.post(address, yes_to(client, address))
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.CONFIRMED
    assert not mailbox


def test_confirming_on_the_page_sends_and_says_who_did_it(centre: MadeCentre, mailbox: list[bytes]) -> None:
    address = f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/confirm/"
    client_of("caseworker").post(address, yes_to(client_of("caseworker"), address))
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert notice.confirmed_by == centre.people["caseworker"]
    assert notice.confirmed_at is not None
    worker.tick(notice.confirmed_at, _no_reader)
    assert len(mailbox) == 1
    confirmed = AuditEvent.objects.get(verb=Verb.NOTICE_CONFIRMED, subject=notice.pk)
    assert (confirmed.person, confirmed.case) == (centre.people["caseworker"], centre.case)


def test_confirming_twice_sends_once(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    with pytest.raises(UserMistake):
        _confirm(centre, by="supervisor")
    for minutes in range(0, 50, 10):
        worker.tick(MOMENT + timedelta(minutes=minutes), _no_reader)
    with pytest.raises(UserMistake):
        _confirm(centre)
    assert len(mailbox) == 1
    assert Attempt.objects.filter(notice=centre.draft).count() == 1
    assert Due.objects.filter(notice=centre.draft, kind=DueKind.SEND).count() == 1
    assert Notice.objects.get(pk=centre.draft.pk).confirmed_by == centre.people["caseworker"]


def test_a_confirmed_notice_cannot_be_changed(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    before = bytes(Notice.objects.get(pk=centre.draft.pk).outbox)
    changed = {**ANSWERS, "consent_statement": "Something else."}
    with pytest.raises(UserMistake, match="cannot be changed"):
        drafting.edit(centre.draft, centre.key, changed, "zh-Hans", centre.people["caseworker"], MOMENT)
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert (bytes(notice.outbox), notice.language) == (before, "en")
    worker.tick(MOMENT, _no_reader)
    assert b"Something else" not in mailbox[0]


def test_a_notice_that_lacks_something_cannot_be_confirmed_and_says_what_in_the_reader_s_language(
    centre: MadeCentre,
) -> None:
    with pytest.raises(UserMistake, match="cannot leave yet"):
        confirm_as_read(centre.gap, centre.key, centre.people["caseworker"], MOMENT, identity_seen=True)
    assert _state(centre.gap) is NoticeState.DRAFT
    page = client_of("caseworker", "zh-hans").get(f"/cases/{centre.case.pk}/notices/{centre.gap.pk}/")
    label = notices.regime(centre.gap.regime).field("consent_statement").label("zh-Hans")
    assert label in page.content.decode()


def test_a_second_click_does_not_draft_a_second_demand(centre: MadeCentre) -> None:
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")
    copies = list(centre.draft.sightings.all())
    with pytest.raises(UserMistake, match="in the meantime"):
        drafting.draft(centre.case, centre.key, door, copies, ANSWERS, centre.people["caseworker"], MOMENT)


def test_a_withdrawn_notice_does_not_leave(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    unsure.withdraw(centre.draft, centre.people["caseworker"], MOMENT)
    worker.tick(MOMENT + timedelta(hours=1), _no_reader)
    assert mailbox == []
    assert not Due.objects.filter(notice=centre.draft, state=DueState.WAITING).exists()


def test_a_form_that_nobody_submitted_can_be_taken_back(centre: MadeCentre) -> None:
    unsure.withdraw(centre.sheet, centre.people["caseworker"], MOMENT)
    assert _state(centre.sheet) is NoticeState.WITHDRAWN
    with pytest.raises(UserMistake):
        unsure.submitted(centre.sheet, centre.key, "receipt", centre.people["caseworker"], MOMENT)


def test_a_volunteer_may_not_confirm(centre: MadeCentre, mailbox: list[bytes]) -> None:
    assert not allows(Role.VOLUNTEER, Permission.CONFIRM_NOTICE)
    address = f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/confirm/"
    assert client_of("volunteer").post(address, {"identity_seen": "yes"}).status_code == 404
    worker.tick(MOMENT + timedelta(hours=1), _no_reader)
    assert mailbox == []
