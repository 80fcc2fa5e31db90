"""Deadlines on the page and in the calendar file: what presses first, changed by a person, naming nobody."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests.support.made_centre import IDENTITY, NOTE, MadeCentre, client_of, make_centre, text_of
from zaoguang.casework import CaseStatus
from zaoguang.casework.deadlines import ClockKind, Period, Place, Unit
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.clocks.listing import due_list
from zaoguang.centre.clocks.models import CaseClock, ClockState
from zaoguang.centre.clocks.setting import Change, OwnPeriod, change, start
from zaoguang.centre.notices import sending
from zaoguang.centre.notices.models import Notice
from zaoguang.errors import UserMistake

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    made = make_centre()
    made.clock.delete()
    return made


def _own(centre: MadeCentre, hours: int, now: datetime = BEGUN) -> CaseClock:
    own = OwnPeriod(Place.CN, Period(hours, Unit.HOURS))
    return start(centre.case, ClockKind.OWN, BEGUN, centre.people["caseworker"], now, own)


def test_what_is_overdue_today_and_next_is_told_apart_and_notices_are_among_it(centre: MadeCentre) -> None:
    past, today, following = (_own(centre, hours) for hours in (1, 12, 100))
    sending.set_clock(centre.draft, BEGUN)
    centre.draft.refresh_from_db()
    found = due_list(centre.people["caseworker"], BEGUN + timedelta(hours=2))
    assert [each.id for each in found.overdue] == [past.pk]
    assert [each.id for each in found.today] == [today.pk]
    assert {each.id for each in found.following} == {following.pk, centre.draft.pk}
    change(past, Change.DONE, centre.people["caseworker"], BEGUN)
    centre.draft.sightings.update(outcome="removed")
    found = due_list(centre.people["caseworker"], BEGUN + timedelta(hours=2))
    assert [each.id for each in (*found.overdue, *found.today, *found.following)] == [today.pk, following.pk]


def test_a_notice_that_nobody_kept_stays_overdue_until_the_next_step_leaves_the_house(centre: MadeCentre) -> None:
    sending.set_clock(centre.draft, BEGUN)
    centre.draft.refresh_from_db()
    late = BEGUN + timedelta(days=30)
    followed = Notice.objects.get(pk=centre.draft.pk)
    followed.pk, followed.escalates, followed.message_id = uuid4(), centre.draft, "<next@centre.example>"
    followed._state.adding = True
    for state, shown in (
        ("proposed", True),
        ("draft", True),
        ("withdrawn", True),
        ("confirmed", False),
        ("sent", False),
    ):
        followed.state, followed.deadline_at = state, None
        followed.save()
        overdue = [each.id for each in due_list(centre.people["caseworker"], late).overdue]
        assert (centre.draft.pk in overdue) is shown, state


def test_only_members_of_a_case_that_is_not_closed_see_its_deadlines(centre: MadeCentre) -> None:
    clock = _own(centre, 5)
    later = BEGUN + timedelta(hours=9)
    assert [each.id for each in due_list(centre.people["volunteer"], later).overdue] == [clock.pk]
    assert due_list(centre.people["stranger"], later).overdue == ()
    type(centre.case).objects.filter(pk=centre.case.pk).update(status=CaseStatus.CLOSED.value)
    assert due_list(centre.people["volunteer"], later).overdue == ()
    with pytest.raises(UserMistake, match="closed"):
        _own(centre, 5)


def test_the_calendar_file_names_nobody_and_is_the_same_each_time(centre: MadeCentre) -> None:
    clock = _own(centre, 500)
    sending.set_clock(centre.draft, BEGUN)
    client = client_of("caseworker")
    answer = client.get(reverse("calendar"))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.content == client.get(reverse("calendar")).content
    events = list(Calendar.from_ical(answer.content).walk("VEVENT"))
    assert {str(each["uid"]) for each in events} == {f"{row}@zaoguang.invalid" for row in (clock.pk, centre.draft.pk)}
    assert all(str(each["summary"]).startswith(f"{centre.case.number}: ") for each in events)
    told = answer.content.decode().replace("\r\n ", "")
    names = (IDENTITY.alias, IDENTITY.legal_name, IDENTITY.contact, IDENTITY.story, NOTE, "forum.example")
    assert [word for word in names if word in told] == []


def test_a_clock_is_started_paused_extended_and_ended_on_the_page(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = reverse("clocks", kwargs={"case_id": centre.case.pk})
    day = timezone.now() - timedelta(days=1)
    assert client.post(page, {"kind": "police_decision", "begun": f"{day:%Y-%m-%d}"}).status_code == 302
    (clock,) = CaseClock.objects.filter(case=centre.case)
    first = clock.due_at
    turn = reverse("change_clock", kwargs={"case_id": centre.case.pk, "clock_id": clock.pk})
    for what, state in (("extend", "running"), ("pause", "standing"), ("go_on", "running"), ("done", "done")):
        assert client.post(turn, {"change": what}).status_code == 302
        clock.refresh_from_db()
        assert clock.state == state
    assert first is not None
    assert clock.due_at is not None
    assert clock.due_at - first >= timedelta(days=25)
    done = AuditEvent.objects.filter(subject=clock.pk).values_list("verb", flat=True)
    assert sorted(done) == sorted([Verb.CLOCK_STARTED, *[Verb.CLOCK_CHANGED] * 4])
    assert "done" in text_of(client.get(page))


def test_what_makes_no_deadline_is_said_on_the_page_and_starts_nothing(centre: MadeCentre) -> None:
    client = client_of("caseworker")
    page = reverse("clocks", kwargs={"case_id": centre.case.pk})
    for given in (
        {"kind": "own", "begun": "2026-01-01"},
        {"kind": "police_decision", "begun": "2999-01-01"},
        {"kind": "own", "begun": "2026-01-01", "amount": "99999", "unit": "years", "place": "CN"},
        {"kind": "police_decision", "begun": "soon"},
        {"kind": "police_decision", "begun": "0001-01-01"},
    ):
        assert client.post(page, given).status_code in {302, 422}
    assert not CaseClock.objects.filter(case=centre.case).exists()


def test_a_clock_is_extended_no_more_often_than_the_law_says_and_only_while_it_runs(centre: MadeCentre) -> None:
    by = centre.people["caseworker"]
    clock = start(centre.case, ClockKind.POLICE_DECISION, BEGUN, by, BEGUN)
    for _ in range(2):
        change(clock, Change.EXTEND, by, BEGUN)
    with pytest.raises(UserMistake, match="no further"):
        change(clock, Change.EXTEND, by, BEGUN)
    change(clock, Change.PAUSE, by, BEGUN)
    clock.refresh_from_db()
    assert (clock.due_at, clock.state, clock.extended) == (None, ClockState.STANDING, 2)
    with pytest.raises(UserMistake, match="meantime"):
        change(clock, Change.PAUSE, by, BEGUN)
    assert [each.id for each in due_list(by, BEGUN).standing] == [clock.pk]


def test_a_clock_that_is_due_cannot_be_made_to_stand_still(centre: MadeCentre) -> None:
    clock, by = _own(centre, 5), centre.people["caseworker"]
    over = BEGUN + timedelta(hours=5)
    for _ in range(2):
        with pytest.raises(UserMistake, match="passed"):
            change(clock, Change.PAUSE, by, over)
    assert not clock.pauses.exists()
    change(clock, Change.PAUSE, by, over - timedelta(seconds=1))
    assert [each.id for each in due_list(by, over).standing] == [clock.pk]
