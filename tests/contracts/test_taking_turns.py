"""What two workers may both reach for, exactly one gets; what is recorded is never changed; one worker of a kind.

These run on SQLite, and again on a real PostgreSQL: real threads, real commits, real locks.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Never, TypeVar
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from pytest_django.fixtures import Settings

from tests.support.committed import APPEND_ONLY
from tests.support.made_centre import ANSWERS, MadeCentre, confirm_as_read, fingerprint_line, make_centre
from tests.support.readers import MOMENT
from zaoguang import evidence
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.alone import alone
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.clock import now
from zaoguang.centre.exhibits.models import CustodyRow
from zaoguang.centre.exhibits.sealing import case_package
from zaoguang.centre.intake import arrivals
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.intake.models import Arrival, ArrivalState
from zaoguang.centre.notices import brakes, drafting, following, sending, unsure, worker
from zaoguang.centre.notices.models import (
    Answer,
    Attempt,
    AttemptResult,
    Due,
    DueKind,
    DueState,
    Notice,
    Route,
    SendingGate,
)
from zaoguang.centre.places import Places
from zaoguang.centre.sightings.links import claim, give_back, start_check
from zaoguang.centre.sightings.models import Link, LinkState
from zaoguang.errors import DoesNotHold, UserMistake, ZaoguangError

pytestmark = pytest.mark.slow  # seconds as a whole

T = TypeVar("T")
RACERS = 4


@pytest.fixture
def centre(committed: None) -> MadeCentre:
    """Give a made-up centre whose every row is committed."""
    del committed
    return make_centre()


def at_once(act: Callable[[], T], racers: int = RACERS) -> list[T | ZaoguangError]:
    """Do a thing in several threads at the same instant, each with a connection of its own."""
    start = threading.Barrier(racers)

    def race() -> T | ZaoguangError:
        try:
            connection.ensure_connection()
            start.wait(30)
            return act()
        except ZaoguangError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(racers) as pool:
        return [future.result(60) for future in [pool.submit(race) for _ in range(racers)]]


def done(results: list[T | ZaoguangError]) -> list[T]:
    """Give what was not refused."""
    return [result for result in results if not isinstance(result, ZaoguangError)]


def test_every_due_row_is_taken_by_exactly_one_worker(centre: MadeCentre) -> None:
    for _ in range(30):
        Due.objects.create(kind=DueKind.SEND, notice=centre.draft, due_at=MOMENT)
    taken = done(at_once(lambda: [due.pk for due in worker._take(DueKind.SEND, MOMENT + timedelta(hours=1))]))
    everyone = [pk for mine in taken for pk in mine]
    assert len(taken) == RACERS
    assert len(everyone) == len(set(everyone)) == 30
    assert Due.objects.filter(state=DueState.TAKEN).count() == 30


def test_every_link_is_taken_by_exactly_one_reader(centre: MadeCentre) -> None:
    pages = tuple(f"https://other.example/{number}" for number in range(40))
    check = start_check(centre.case, pages, centre.people["supervisor"], MOMENT)

    def take_all() -> list[object]:
        mine: list[object] = []
        while check.links.filter(state=LinkState.WAITING).exists():
            mine.extend(link.pk for link in claim(check, 7))
        return mine

    taken = done(at_once(take_all))
    everyone = [pk for mine in taken for pk in mine]
    assert len(everyone) == len(set(everyone)) == 40
    assert give_back() == 40
    assert not Link.objects.filter(check_run=check, state=LinkState.TAKEN).exists()


def test_two_writers_never_fork_the_custody_chain(centre: MadeCentre) -> None:
    before = CustodyRow.objects.filter(case=centre.case).count()
    exhibits = before
    packages = done(at_once(lambda: case_package(centre.case, centre.people["supervisor"], MOMENT)))
    assert len(packages) == RACERS
    rows = [row.entry() for row in CustodyRow.objects.filter(case=centre.case).order_by("seq").select_related("case")]
    assert [row.seq for row in rows] == list(range(rows[0].seq, rows[0].seq + before + RACERS * exhibits))
    assert all(later.previous == earlier.entry_hash for earlier, later in pairwise(rows))


def test_the_database_refuses_a_second_entry_of_the_same_number(centre: MadeCentre) -> None:
    last = CustodyRow.objects.filter(case=centre.case).order_by("-seq").first()
    assert last is not None
    last.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        last.save(force_insert=True)


def test_confirming_at_the_same_instant_confirms_once(centre: MadeCentre) -> None:
    def confirm() -> None:
        confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)

    assert len(done(at_once(confirm))) == 1
    assert Due.objects.filter(notice=centre.draft, kind=DueKind.SEND).count() == 1


def test_two_clock_workers_begin_one_attempt(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)
    begun = done(at_once(lambda: sending.begin(Notice.objects.get(pk=centre.draft.pk), MOMENT)))
    assert len([attempt for attempt in begun if attempt is not None]) == 1
    assert Attempt.objects.filter(notice=centre.draft).count() == 1


def test_the_database_refuses_a_second_attempt_under_way(centre: MadeCentre) -> None:
    Attempt.objects.create(notice=centre.draft, started_at=MOMENT)
    for result in (AttemptResult.STARTED, AttemptResult.ACCEPTED):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attempt.objects.create(notice=centre.draft, started_at=MOMENT, result=result)
    for result in (AttemptResult.NOT_SENT, AttemptResult.UNKNOWN):
        Attempt.objects.create(notice=centre.draft, started_at=MOMENT, result=result)


def test_the_same_result_is_recorded_once(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)
    attempt = sending.begin(Notice.objects.get(pk=centre.draft.pk), MOMENT)
    assert isinstance(attempt, Attempt)
    at_once(lambda: sending.finish(attempt, AttemptResult.ACCEPTED, MOMENT))
    assert Due.objects.filter(notice=centre.draft, kind=DueKind.DEADLINE).count() == 1
    sending.finish(attempt, AttemptResult.NOT_SENT, MOMENT)
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.SENT


def test_drafting_at_the_same_instant_makes_one_demand(centre: MadeCentre) -> None:
    copies = list(centre.case.sightings.filter(notices__isnull=True))
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")

    def draft() -> Notice:
        return drafting.draft(centre.case, centre.key, door, copies, ANSWERS, centre.people["supervisor"], MOMENT)

    assert len(done(at_once(draft))) == 1


@pytest.mark.parametrize("kind", ["appeal-refusal", "preserve-logs"])
def test_choosing_another_way_at_the_same_instant_makes_one_draft(centre: MadeCentre, kind: str) -> None:
    sending.set_clock(centre.draft, MOMENT)
    unsure.record_answer(centre.draft, Answer.REFUSED, centre.people["supervisor"], MOMENT)
    choice = following.Choice(kind, frozenset(str(each.pk) for each in centre.draft.sightings.all()), "")
    lead = centre.people["supervisor"]

    def choose() -> Notice:
        return following.draft_further(centre.case, centre.key, choice, lead, MOMENT, after=centre.draft)

    assert len(done(at_once(choose))) == 1
    assert Notice.objects.filter(regime=kind).count() == 1


def test_a_consent_given_twice_at_once_is_one_consent(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    consents.withdraw(centre.case, ConsentUse.NOTICE, lead, MOMENT)
    assert len(done(at_once(lambda: consents.give(centre.case, ConsentUse.NOTICE, lead, MOMENT)))) == RACERS
    assert centre.case.consents.filter(use="notice", withdrawn_at__isnull=True).count() == 1


def test_items_added_at_the_same_instant_are_added_once_with_codes_of_their_own(centre: MadeCentre) -> None:
    lines = read_lines("\n".join(fingerprint_line(seed) for seed in (70, 71, 72)))
    made = done(at_once(lambda: add_items(centre.case, centre.key, lines, centre.people["supervisor"], MOMENT)))
    assert sorted(len(items) for items in made) == [0] * (RACERS - 1) + [3]
    codes = list(centre.case.items.values_list("code", flat=True))
    assert len(codes) == len(set(codes)) == 5


def test_an_invitation_used_at_the_same_instant_brings_one_arrival(centre: MadeCentre) -> None:
    given = read_lines(fingerprint_line(51))
    received = done(at_once(lambda: arrivals.receive(centre.invitation, given, now())))
    assert len([arrival for arrival in received if arrival is not None]) == 1
    assert Arrival.objects.filter(invitation=centre.invitation).count() == 1


def test_what_she_sent_is_taken_once_or_dropped_with_her_consent_and_never_both(centre: MadeCentre) -> None:
    lead, choosing = centre.people["supervisor"], threading.Lock()
    acts = iter([True, False, True, True])

    def either() -> bool:
        with choosing:
            takes = next(acts)
        if takes:
            arrivals.take(centre.arrival, centre.key, lead, MOMENT)
        else:
            consents.withdraw(centre.case, ConsentUse.MATCH, lead, MOMENT)
        return takes

    results = done(at_once(either))
    assert results.count(True) <= 1
    centre.arrival.refresh_from_db()
    taken = centre.case.items.filter(fingerprints__isnull=False).distinct().count() == 3
    assert (centre.arrival.state == ArrivalState.TAKEN) == taken == (True in results)
    assert bytes(centre.arrival.lines) == b""


def test_cases_opened_at_the_same_instant_have_numbers_of_their_own(centre: MadeCentre) -> None:
    opened = done(at_once(lambda: opening.open_case(opening.Identity("Lotus"), centre.people["supervisor"], MOMENT)))
    assert len({case.number for case, _key in opened}) == RACERS


def test_numbers_go_on_after_the_ten_thousandth_case_of_a_year(centre: MadeCentre) -> None:
    type(centre.case).objects.filter(pk=centre.case.pk).update(number="2026-9999")
    for number in ("2026-10000", "2026-10001"):
        case, _key = opening.open_case(opening.Identity("Lotus"), centre.people["supervisor"], MOMENT)
        assert case.number == number


def test_the_last_two_who_can_open_a_case_cannot_both_leave(centre: MadeCentre) -> None:
    leaving = iter([centre.people["supervisor"], centre.people["caseworker"]])
    choosing = threading.Lock()

    def leave() -> None:
        with choosing:
            who = next(leaving)
        opening.remove_member(centre.case, who, centre.people["supervisor"], MOMENT)

    assert len(done(at_once(leave, racers=2))) == 1
    assert centre.case.memberships.exclude(sealed_case_key=b"").count() == 1


def test_answers_and_withdrawals_from_every_side_never_wait_for_each_other(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    acts: list[Callable[[], object]] = [
        lambda: consents.withdraw(centre.case, ConsentUse.NOTICE, lead, MOMENT),
        lambda: unsure.withdraw(centre.draft, lead, MOMENT),
        lambda: sending.send(Notice.objects.get(pk=centre.draft.pk), MOMENT),
        lambda: unsure.submitted(centre.sheet, centre.key, "receipt", lead, MOMENT),
    ]
    confirm_as_read(centre.draft, centre.key, lead, MOMENT, identity_seen=True)
    waiting, choosing = iter(acts), threading.Lock()

    def act() -> object:
        with choosing:
            mine = next(waiting)
        return mine()

    at_once(act)  # a deadlock would be a DatabaseError here
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert notice.step in {NoticeState.WITHDRAWN, NoticeState.NOT_SENT, NoticeState.CONFIRMED}


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("order", ["UPDATE {} SET {} = {}", "DELETE FROM {}"], ids=["update", "delete"])
def test_what_was_recorded_stays_as_it_was_whoever_asks(centre: MadeCentre, table: str, order: str) -> None:
    del centre
    column = "sha256" if table == "exhibits_exhibit" else "id"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608  (our own table names)
        assert cursor.fetchone()[0] > 0
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(order.format(table, column, column))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_postgresql_refuses_to_empty_them_at_once(centre: MadeCentre, table: str) -> None:
    del centre
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no TRUNCATE")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_one_worker_of_a_kind(committed: None) -> None:
    del committed
    name = f"kind-{uuid4().hex[:8]}"
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with alone(name):
                entered.set()
                leave.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert entered.wait(30)
        try:
            with pytest.raises(DoesNotHold, match="already runs"), alone(name):
                pass
            with alone(f"{name}-another"):
                pass
        finally:
            leave.set()
        holding.result(30)
    with alone(name):
        pass


@pytest.mark.postgres
def test_another_machine_is_kept_out_too_for_as_long_as_the_work_lasts(
    committed: None, settings: Settings, tmp_path: Path
) -> None:
    del committed
    if connection.vendor != "postgresql":
        pytest.skip("a centre on SQLite lives on one machine")
    name = f"kind-{uuid4().hex[:8]}"
    with alone(name):
        settings.PLACES = Places(data=tmp_path, keys=tmp_path)  # as on the other machine: no lock file in common
        connection.close()  # as Django does after CONN_MAX_AGE
        assert isinstance(at_once(lambda: _enter(name), racers=1)[0], DoesNotHold)
    assert done(at_once(lambda: _enter(name), racers=1)) == [None]


def _enter(name: str) -> None:
    with alone(name):
        pass


@pytest.mark.django_db
def test_the_migrations_make_the_tables_that_the_models_describe() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_recovering_makes_a_started_attempt_unknown_and_gives_back_what_was_taken(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)
    (due,) = worker._take(DueKind.SEND, MOMENT)
    assert sending.begin(due.notice, MOMENT) is not None  # ... and here the power goes
    worker.recover(MOMENT)
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.UNKNOWN
    assert Notice.objects.get(pk=centre.sheet.pk).step is NoticeState.SENDING, "a form is in a person's hands"
    assert Due.objects.get(pk=due.pk).state == DueState.WAITING
    assert worker.tick(MOMENT, _no_reader) == 1  # the row is done without a second attempt
    assert Attempt.objects.filter(notice=centre.draft).count() == 1
    assert Due.objects.get(pk=due.pk).state == DueState.DONE


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


def test_a_package_made_in_the_rush_still_verifies(centre: MadeCentre) -> None:
    packages = done(at_once(lambda: case_package(centre.case, centre.people["supervisor"], MOMENT), racers=2))
    for content in packages:
        assert len(content) > 1000
    assert len(packages) == 2
    assert evidence.CustodyEvent.EXPORTED in {row.entry().event for row in CustodyRow.objects.select_related("case")}


def test_a_mistake_in_the_middle_leaves_nothing_half_done(centre: MadeCentre) -> None:
    consents.withdraw(centre.case, ConsentUse.MATCH, centre.people["supervisor"], MOMENT)
    before = centre.case.items.count(), centre.case.trail.count()
    with pytest.raises(UserMistake):
        add_items(centre.case, centre.key, read_lines(fingerprint_line(9)), centre.people["supervisor"], MOMENT)
    assert (centre.case.items.count(), centre.case.trail.count()) == before


def test_once_the_switch_has_returned_no_attempt_begins(centre: MadeCentre) -> None:
    confirm_as_read(centre.draft, centre.key, centre.people["supervisor"], MOMENT, identity_seen=True)
    begun, may_end = threading.Event(), threading.Event()
    order: list[str] = []
    real = brakes.held_until

    def slow(gate: SendingGate, tag: bytes, now: datetime, channel: str) -> datetime | None:
        begun.set()
        may_end.wait(10)
        return real(gate, tag, now, channel)

    def send() -> None:
        sending.begin(Notice.objects.get(pk=centre.draft.pk), MOMENT)
        order.append("begun")
        connection.close()

    def stop() -> None:
        begun.wait(10)
        brakes.stop_all(None, MOMENT)
        order.append("stopped")
        connection.close()

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(2) as pool:
        patched.setattr(brakes, "held_until", slow)
        sender, stopper = pool.submit(send), pool.submit(stop)
        begun.wait(10)
        with pytest.raises(TimeoutError):
            stopper.result(0.3)  # the switch waits for whoever has the gate
        may_end.set()
        sender.result(20)
        stopper.result(20)
    assert order == ["begun", "stopped"]
    later = Notice.objects.get(pk=centre.draft.pk)
    Notice.objects.filter(pk=later.pk).update(state=NoticeState.CONFIRMED.value)
    assert isinstance(sending.begin(later, MOMENT), sending.Held)
