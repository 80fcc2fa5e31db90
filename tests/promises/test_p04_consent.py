"""P04: nothing is matched, sealed, exported or sent without live consent to exactly that; withdrawal works at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Never

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tests.support.made_centre import (
    ANSWERS,
    MadeCentre,
    confirm_as_read,
    fingerprint_line,
    made_fingerprint,
    make_centre,
)
from tests.support.readers import MOMENT, MadeReader, shows
from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.models import Consent
from zaoguang.centre.exhibits.models import CustodyRow, Exhibit
from zaoguang.centre.exhibits.sealing import case_package
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.notices import drafting, sending, unsure, worker
from zaoguang.centre.notices.models import Attempt, AttemptResult, Due, DueKind, DueState, Notice, Route
from zaoguang.centre.sightings.links import start_check
from zaoguang.centre.sightings.models import CheckState, LinkCheck, LinkState, OutcomeRecord, Sighting
from zaoguang.centre.sightings.reading import read_check
from zaoguang.errors import UserMistake
from zaoguang.notices import Accepted

pytestmark = pytest.mark.django_db
PAGES = tuple(f"https://other.example/{number}" for number in range(5))


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


def _take_back(centre: MadeCentre, use: ConsentUse) -> None:
    consents.withdraw(centre.case, use, centre.people["supervisor"], MOMENT)


def _add_item(centre: MadeCentre) -> None:
    lines = read_lines(fingerprint_line(99))
    add_items(centre.case, centre.key, lines, centre.people["supervisor"], MOMENT)


def _start_check(centre: MadeCentre) -> None:
    start_check(centre.case, PAGES, centre.people["supervisor"], MOMENT)


def _draft(centre: MadeCentre) -> None:
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")
    copies = list(centre.case.sightings.filter(notices__isnull=True))
    drafting.draft(centre.case, centre.key, door, copies, ANSWERS, centre.people["supervisor"], MOMENT)


def _confirm(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)


def _export(centre: MadeCentre) -> None:
    case_package(centre.case, centre.people["supervisor"], MOMENT)


RESTS_ON: list[tuple[Callable[[MadeCentre], None], set[ConsentUse]]] = [
    (_add_item, {ConsentUse.MATCH}),
    (_start_check, {ConsentUse.MATCH, ConsentUse.SEAL}),
    (_export, {ConsentUse.SEAL}),
    (_draft, {ConsentUse.NOTICE}),
    (_confirm, {ConsentUse.NOTICE}),
]


@pytest.mark.parametrize("missing", list(ConsentUse))
@pytest.mark.parametrize(("act", "needs"), RESTS_ON, ids=lambda value: getattr(value, "__name__", ""))
def test_a_step_needs_live_consent_to_exactly_that(
    centre: MadeCentre, act: Callable[[MadeCentre], None], needs: set[ConsentUse], missing: ConsentUse
) -> None:
    _take_back(centre, missing)
    if missing not in needs:
        act(centre)
        return
    with (
        CaptureQueriesContext(
            connection,
        ) as queries,
        pytest.raises(UserMistake, match="consent"),
    ):
        act(centre)
    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_consent_given_again_is_live_again(centre: MadeCentre) -> None:
    _take_back(centre, ConsentUse.MATCH)
    with pytest.raises(UserMistake, match="consent"):
        _start_check(centre)
    consents.give(centre.case, ConsentUse.MATCH, centre.people["supervisor"], MOMENT)
    before = LinkCheck.objects.count()
    _start_check(centre)
    assert LinkCheck.objects.count() == before + 1


@pytest.mark.parametrize("use", [ConsentUse.MATCH, ConsentUse.SEAL])
def test_withdrawal_stops_a_running_check_in_the_same_transaction(centre: MadeCentre, use: ConsentUse) -> None:
    check = start_check(centre.case, PAGES, centre.people["supervisor"], MOMENT)
    before = Sighting.objects.count(), Exhibit.objects.count(), CustodyRow.objects.count()

    def take_back_at_the_third(number: int) -> None:
        if number == 2:
            _take_back(centre, use)
            check.refresh_from_db()
            assert check.state == CheckState.STOPPED
            assert not check.links.filter(state__in=[LinkState.WAITING, LinkState.TAKEN]).exists()

    reader = MadeReader(shows(made_fingerprint(1)), take_back_at_the_third)
    read_check(check, reader.as_reader(), lambda: MOMENT)
    check.refresh_from_db()
    found = Sighting.objects.count() - before[0]
    assert found == 2  # what was found while she agreed stays; the test would see none if nothing matched
    assert Exhibit.objects.count() - before[1] == found
    assert CustodyRow.objects.count() - before[2] == found
    assert check.state == CheckState.STOPPED
    assert check.links.filter(state=LinkState.STOPPED).count() == 3


def test_a_check_whose_consent_went_before_it_was_read_asks_for_no_address(centre: MadeCentre) -> None:
    check = start_check(centre.case, PAGES, centre.people["supervisor"], MOMENT)
    Consent.objects.filter(case=centre.case, use="match").update(withdrawn_at=MOMENT)  # without its stopping
    reader = MadeReader(shows(made_fingerprint(1)))
    read_check(check, reader.as_reader(), lambda: MOMENT)
    check.refresh_from_db()
    assert reader.asked == []
    assert check.state == CheckState.STOPPED


def test_a_confirmed_notice_is_taken_back_with_the_consent_and_its_message_is_gone(
    centre: MadeCentre, mailbox: list[bytes]
) -> None:
    _confirm(centre)
    assert Notice.objects.get(pk=centre.draft.pk).outbox
    _take_back(centre, ConsentUse.NOTICE)
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert (notice.state, bytes(notice.outbox)) == (NoticeState.WITHDRAWN, b"")
    worker.tick(MOMENT + timedelta(days=1), _no_reader)
    assert mailbox == []
    assert not Due.objects.filter(notice=notice, state=DueState.WAITING).exists()
    assert not Attempt.objects.filter(notice=notice).exists()


def test_the_worker_asks_for_consent_itself_at_the_last_moment(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    Consent.objects.filter(case=centre.case, use="notice").update(withdrawn_at=MOMENT)  # without its stopping
    assert sending.send(Notice.objects.get(pk=centre.draft.pk), MOMENT) is None
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert (notice.state, bytes(notice.outbox), mailbox) == (NoticeState.WITHDRAWN, b"", [])


def test_with_consent_the_same_notice_is_sent(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    assert worker.tick(MOMENT, _no_reader) == 1
    assert len(mailbox) == 1
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.SENT


def test_an_unknown_notice_cannot_leave_again_after_the_consent_went(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    attempt = sending.begin(Notice.objects.get(pk=centre.draft.pk), MOMENT)
    assert isinstance(attempt, Attempt)
    sending.finish(attempt, AttemptResult.UNKNOWN, MOMENT)
    _take_back(centre, ConsentUse.NOTICE)
    consents.give(centre.case, ConsentUse.NOTICE, centre.people["supervisor"], MOMENT)
    unsure.resolve(centre.draft, centre.people["supervisor"], MOMENT, arrived=False)
    worker.tick(MOMENT + timedelta(days=1), _no_reader)
    assert mailbox == []
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.WITHDRAWN


def test_rechecks_and_proposals_rest_on_consent_too(centre: MadeCentre, mailbox: list[bytes]) -> None:
    _confirm(centre)
    worker.tick(MOMENT, _no_reader)
    assert mailbox
    for use in ConsentUse:
        _take_back(centre, use)
    reader = MadeReader(shows(made_fingerprint(1)))
    worker.tick(MOMENT + timedelta(days=400), reader.as_reader)
    assert reader.asked == []
    assert not OutcomeRecord.objects.exists()
    assert not Notice.objects.filter(state=NoticeState.PROPOSED.value).exists()
    assert not Due.objects.filter(state=DueState.WAITING, kind=DueKind.RECHECK).exists()


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


STEPS = st.lists(
    st.tuples(st.sampled_from(["give", "withdraw", "use"]), st.sampled_from(list(ConsentUse))), max_size=12
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_order_of_giving_and_withdrawing_lets_a_use_outlive_its_consent(
    centre: MadeCentre, steps: list[tuple[str, ConsentUse]]
) -> None:
    lead = centre.people["supervisor"]
    agreed = set(ConsentUse)
    for use in ConsentUse:
        consents.give(centre.case, use, lead, MOMENT)
    for step, use in steps:
        if step == "give":
            consents.give(centre.case, use, lead, MOMENT)
            agreed.add(use)
        elif step == "withdraw":
            consents.withdraw(centre.case, use, lead, MOMENT)
            agreed.discard(use)
        else:
            _held(centre, use, live=use in agreed)
        assert consents.live(centre.case) == agreed


def _held(centre: MadeCentre, use: ConsentUse, *, live: bool) -> None:
    if live:
        consents.require(centre.case, use)
        return
    with pytest.raises(UserMistake):
        consents.require(centre.case, use)
