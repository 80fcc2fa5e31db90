"""A notice's clock on its page: counted from its receipt, stood still and gone on; the looks go on meanwhile."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import cast

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests.support.made_centre import MadeCentre, client_of, fetched, made_fingerprint, make_centre, text_of
from zaoguang import notices
from zaoguang.casework import CaseStatus, NoticeState, Outcome
from zaoguang.casework.deadlines import Period, Unit
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.clocks.listing import due_list
from zaoguang.centre.clocks.models import CaseClock, ClockState
from zaoguang.centre.clocks.setting import Change
from zaoguang.centre.notices import clock, rechecks, sending, unsure
from zaoguang.centre.notices.models import Answer, Due, DueKind, DueState, Notice
from zaoguang.errors import UserMistake
from zaoguang.watch import PageReport, PictureSeen, Reader

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SENT = datetime(2026, 5, 11, 2, tzinfo=UTC)


@pytest.fixture
def centre(db: None) -> MadeCentre:
    """A centre of which only what is set here runs."""
    del db
    made = make_centre()
    made.clock.delete()
    return made


def sent(notice: Notice, law: str, at: datetime = SENT) -> Notice:
    """Let a draft be a notice of that law, and be sent."""
    Notice.objects.filter(pk=notice.pk).update(regime=law)
    notice.refresh_from_db()
    sending.set_clock(notice, at)
    notice.refresh_from_db()
    return notice


def due_of(notice: Notice) -> datetime:
    """Give when a notice is due, the same in each place that says so."""
    notice.refresh_from_db()
    own = CaseClock.objects.get(notice=notice)
    waiting = Due.objects.filter(notice=notice, kind=DueKind.DEADLINE, state=DueState.WAITING)
    assert [each.due_at for each in waiting] == [own.due_at]
    assert notice.deadline_at == own.due_at
    assert own.due_at is not None
    return own.due_at


def proposals(notice: Notice) -> int:
    """Count what was proposed after a notice."""
    return notice.escalations.filter(state=NoticeState.PROPOSED.value).count()


def test_a_notice_is_due_by_its_own_law(centre: MadeCentre) -> None:
    assert due_of(sent(centre.draft, "us-take-it-down")) == SENT + 48 * HOUR
    assert due_of(sent(centre.gap, "cn-pipl-47")) == datetime(2026, 5, 18, 16, tzinfo=UTC)  # the end of the 18th there


def test_while_it_stands_nothing_is_proposed_and_the_looks_go_on(centre: MadeCentre) -> None:
    notice, by = sent(centre.draft, "cn-cc-1195"), centre.people["caseworker"]
    looks = Due.objects.filter(notice=notice, kind=DueKind.RECHECK, state=DueState.WAITING).count()
    clock.turn(notice, Change.PAUSE, by, SENT + 10 * HOUR)
    notice.refresh_from_db()
    assert notice.deadline_at is None
    assert not Due.objects.filter(notice=notice, kind=DueKind.DEADLINE, state=DueState.WAITING).exists()
    assert Due.objects.filter(notice=notice, kind=DueKind.RECHECK, state=DueState.WAITING).count() == looks
    rechecks.settle_deadline(notice, SENT + 60 * HOUR)
    unsure.record_answer(notice, Answer.REFUSED, by, SENT + 61 * HOUR)
    assert proposals(notice) == 0
    (line,) = due_list(by, SENT + 61 * HOUR).standing
    assert (line.notice, line.at) == (notice, None)
    clock.turn(notice, Change.GO_ON, by, SENT + 70 * HOUR)
    assert due_of(notice) == SENT + (48 + 60) * HOUR
    assert proposals(notice) == 1  # the refusal needed no more waiting


def test_a_worker_that_took_the_old_deadline_proposes_nothing_before_the_new_one(centre: MadeCentre) -> None:
    notice, by = sent(centre.draft, "cn-cc-1195"), centre.people["caseworker"]
    stale = Notice.objects.get(pk=notice.pk)  # as the worker read it, with the old deadline
    clock.turn(notice, Change.PAUSE, by, SENT + 47 * HOUR)
    rechecks.settle_deadline(stale, SENT + 48 * HOUR)
    clock.turn(notice, Change.GO_ON, by, SENT + 49 * HOUR)
    rechecks.settle_deadline(stale, SENT + 49 * HOUR)
    assert proposals(notice) == 0
    rechecks.settle_deadline(stale, due_of(notice))
    assert proposals(notice) == 1
    assert notice.sightings.get().outcome in {"", Outcome.NO_ANSWER}


class Looking:
    """A reader that finds every copy where it was; before it says so, something else happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    def read(self, links: Iterable[tuple[str, str]], *, also: object = None) -> Iterator[PageReport]:
        """Give each link's report."""
        del also
        self.meanwhile()
        for link, address in links:
            shown = PictureSeen(address, fetched(address, SENT), made_fingerprint(1))
            yield PageReport(link, address, fetched(address, SENT), (shown,))


@pytest.mark.parametrize("stands", [True, False])
def test_a_look_that_ends_after_the_clock_was_stopped_says_nothing_of_its_deadline(
    centre: MadeCentre, *, stands: bool
) -> None:
    notice, by = sent(centre.draft, "cn-cc-1195"), centre.people["caseworker"]

    def meanwhile() -> None:
        if stands and not CaseClock.objects.filter(notice=notice, state=ClockState.STANDING).exists():
            clock.turn(notice, Change.PAUSE, by, SENT + 47 * HOUR)

    looking = cast("Reader", Looking(meanwhile))
    rechecks.look_again([Notice.objects.select_related("case").get(pk=notice.pk)], looking, SENT + 48 * HOUR)
    copy = notice.sightings.get()
    assert copy.observations.count() == 1
    assert copy.outcome == ("" if stands else Outcome.NO_ANSWER)


def test_a_time_that_the_law_sets_stands_still_only_where_a_law_says_so(centre: MadeCentre) -> None:
    notice, by = sent(centre.draft, "us-take-it-down"), centre.people["caseworker"]
    with pytest.raises(UserMistake, match="nothing in it lets the time stand"):
        clock.turn(notice, Change.PAUSE, by, SENT + HOUR)
    with pytest.raises(UserMistake, match="no further"):
        clock.turn(notice, Change.EXTEND, by, SENT + HOUR)
    with pytest.raises(UserMistake, match="Choose"):
        clock.turn(notice, Change.DROP, by, SENT + HOUR)
    assert due_of(notice) == SENT + 48 * HOUR


def test_a_clock_counts_from_the_receipt_that_came_by_mail_or_that_a_person_gives(centre: MadeCentre) -> None:
    notice, by = sent(centre.draft, "us-take-it-down"), centre.people["caseworker"]
    unsure.record_answer(notice, Answer.RECEIPT, by, SENT + 9 * HOUR)  # by hand: nobody knows when it was received
    assert due_of(notice) == SENT + 48 * HOUR
    unsure.record_answer(notice, Answer.RECEIPT, by, SENT + 9 * HOUR, arrived_at=SENT + 3 * HOUR)
    assert due_of(notice) == SENT + 51 * HOUR
    unsure.record_answer(
        notice, Answer.RECEIPT, by, SENT + 9 * HOUR, arrived_at=SENT + 8 * HOUR
    )  # the first one counts
    assert due_of(notice) == SENT + 51 * HOUR
    clock.received(notice, SENT + HOUR, by, SENT + 9 * HOUR)  # a person corrects it
    assert due_of(notice) == SENT + 49 * HOUR
    for wrong in (SENT - HOUR, SENT + 10 * HOUR):
        with pytest.raises(UserMistake, match="not in the future"):
            clock.received(notice, wrong, by, SENT + 9 * HOUR)
    late = SENT + 49 * HOUR
    with pytest.raises(UserMistake, match="passed"):
        clock.received(notice, late, by, late)
    unsure.record_answer(notice, Answer.RECEIPT, by, late, arrived_at=late)
    assert due_of(notice) == SENT + 49 * HOUR
    asked = sent(centre.gap, "hk-platform")
    with pytest.raises(UserMistake, match="from its sending"):
        clock.received(asked, SENT + HOUR, by, SENT + 9 * HOUR)


def test_a_person_lets_it_stand_and_go_on_from_the_page(centre: MadeCentre) -> None:
    begun = timezone.now() - 2 * HOUR
    notice = sent(centre.draft, "cn-cc-1195", begun)
    client = client_of("caseworker")
    where = {"case_id": centre.case.pk, "notice_id": notice.pk}
    page, turn = reverse("notice", kwargs=where), reverse("turn_notice", kwargs=where)
    assert "Civil Code Art. 1196" in text_of(client.get(page))
    assert client.post(turn, {"change": "pause"}).status_code == 302
    shown = client.get(page)
    assert "It has stood still since" in text_of(shown)
    assert "Let it go on" in text_of(shown)
    assert f"{centre.case.number}: " in text_of(client.get(reverse("due")))
    assert not list(Calendar.from_ical(client.get(reverse("calendar")).content).walk("VEVENT"))
    assert "meantime" in text_of(
        client.post(turn, {"change": "pause"}, follow=True)
    )  # a second click, or another person
    assert client.post(turn, {"change": "go_on"}).status_code == 302
    assert due_of(notice) > begun + 48 * HOUR
    assert f"DTEND:{due_of(notice):%Y%m%dT%H%M%SZ}" in client.get(reverse("calendar")).content.decode()
    assert client.post(turn, {"change": "done"}).status_code in {302, 422}
    own = CaseClock.objects.get(notice=notice)
    assert own.state == ClockState.RUNNING
    assert AuditEvent.objects.filter(subject=own.pk, verb=Verb.CLOCK_CHANGED).count() == 2
    assert "Deadline of a notice" not in text_of(client.get(reverse("clocks", kwargs={"case_id": centre.case.pk})))
    other = reverse("change_clock", kwargs={"case_id": centre.case.pk, "clock_id": own.pk})
    assert client.post(other, {"change": "drop"}).status_code == 404


def test_the_time_of_receipt_is_given_on_the_page_in_the_centres_time(centre: MadeCentre) -> None:
    begun = timezone.now() - 5 * HOUR
    notice = sent(centre.draft, "us-take-it-down", begun)
    client = client_of("caseworker")
    where = {"case_id": centre.case.pk, "notice_id": notice.pk}
    page, door = reverse("notice", kwargs=where), reverse("received_notice", kwargs=where)
    assert "so it counts from sending" in text_of(client.get(page))
    moment = timezone.localtime(begun + HOUR).replace(second=0, microsecond=0)
    assert client.post(door, {"received": "soon"}).status_code in {302, 422}
    assert due_of(notice) == begun + 48 * HOUR
    assert client.post(door, {"received": f"{moment:%Y-%m-%d %H:%M}"}).status_code == 302
    assert due_of(notice) == moment + 48 * HOUR
    assert "It counts from its receipt" in text_of(client.get(page))


def test_a_law_that_lets_its_time_be_extended_is_followed_so_often_and_no_more(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = notices.regime("us-take-it-down")
    rule = replace(law.deadline, extension=Period(24, Unit.HOURS), most_extended=2)
    monkeypatch.setattr(notices, "regime", lambda _name: replace(law, deadline=rule))
    notice, by = sent(centre.draft, "us-take-it-down"), centre.people["caseworker"]
    clock.turn(notice, Change.EXTEND, by, SENT + 47 * HOUR)
    clock.turn(notice, Change.EXTEND, by, SENT + 47 * HOUR)
    with pytest.raises(UserMistake, match="no further"):
        clock.turn(notice, Change.EXTEND, by, SENT + 47 * HOUR)
    assert due_of(notice) == SENT + 96 * HOUR


def test_a_notice_that_was_sent_before_there_were_clocks_is_given_the_one_it_ran_by(centre: MadeCentre) -> None:
    notice = sent(centre.draft, "us-take-it-down")
    CaseClock.objects.filter(notice=notice).delete()
    migration = import_module("zaoguang.centre.clocks.migrations.0003_clocks_of_sent_notices")
    migration.give_clocks(apps, None)
    own = CaseClock.objects.get(notice=notice)
    assert (own.amount, own.unit, own.begun_at, own.due_at) == (48, "hours", SENT, SENT + 48 * HOUR)
    assert not CaseClock.objects.filter(notice=centre.gap).exists()


def test_nothing_changes_in_a_case_that_was_closed(centre: MadeCentre) -> None:
    notice, by = sent(centre.draft, "cn-cc-1195"), centre.people["caseworker"]
    type(centre.case).objects.filter(pk=centre.case.pk).update(status=CaseStatus.CLOSED.value)
    with pytest.raises(UserMistake, match="no more work"):
        clock.turn(notice, Change.PAUSE, by, SENT + HOUR)
    unsure.record_answer(notice, Answer.RECEIPT, by, SENT + 9 * HOUR, arrived_at=SENT + 3 * HOUR)
    assert due_of(notice) == SENT + 48 * HOUR
    type(centre.case).objects.filter(pk=centre.case.pk).update(status=CaseStatus.OPEN.value)
    with pytest.raises(UserMistake, match="no clock"):
        clock.turn(centre.gap, Change.PAUSE, by, SENT + HOUR)
