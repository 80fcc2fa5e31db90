"""A confirmed notice and a real mail server: what each answer, each silence and each death in the middle lead to."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Never

import pytest
from pytest_django.fixtures import Settings

from tests.support.made_centre import MadeCentre, confirm_as_read, make_centre
from tests.support.readers import MOMENT
from tests.unit.notices.mail_servers import Mailbox, hear, mail_server, talker, until_text
from zaoguang.casework import NoticeState
from zaoguang.centre.notices import sending, unsure, worker
from zaoguang.centre.notices.models import Attempt, AttemptResult, Due, DueKind, DueState, Notice
from zaoguang.errors import UserMistake

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(db: None) -> MadeCentre:
    """Give a centre with one confirmed notice."""
    del db
    made = make_centre()
    confirm_as_read(made.draft, made.key, made.people["supervisor"], MOMENT, identity_seen=True)
    return made


@pytest.fixture
def at_port(settings: Settings) -> Callable[[int], None]:
    """Give what sets the mail server's port."""

    def set_port(port: int) -> None:
        settings.MAIL_SERVER = f"smtp://127.0.0.1:{port}"

    return set_port


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


def _notice(centre: MadeCentre) -> Notice:
    return Notice.objects.get(pk=centre.draft.pk)


def _results(centre: MadeCentre) -> list[str]:
    return list(Attempt.objects.filter(notice=centre.draft).values_list("result", flat=True))


def _next_send(centre: MadeCentre) -> datetime | None:
    due = Due.objects.filter(notice=centre.draft, kind=DueKind.SEND, state=DueState.WAITING).first()
    return due.due_at if due else None


def _break_after_text(connection: socket.socket) -> None:
    until_text(connection)
    hear(connection, b"\r\n.\r\n")  # it has the whole message, and its answer never comes


def test_what_the_server_took_is_sent_with_a_clock_and_an_empty_outbox(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        worker.tick(MOMENT, _no_reader)
    notice = _notice(centre)
    (kept,) = mailbox.kept
    message = message_from_bytes(kept)
    assert (notice.step, bytes(notice.outbox), notice.sent_at) == (NoticeState.SENT, b"", MOMENT)
    assert notice.deadline_at is not None
    assert notice.deadline_at > MOMENT
    assert message["Message-ID"] == notice.message_id
    assert message["To"] == notice.to()
    looks = Due.objects.filter(notice=notice, kind=DueKind.RECHECK).count()
    assert looks > 3
    assert Due.objects.filter(notice=notice, kind=DueKind.DEADLINE, due_at=notice.deadline_at).count() == 1
    assert _results(centre) == ["accepted"]


@pytest.mark.parametrize(
    "mailbox",
    [Mailbox(rcpt="550 no such person"), Mailbox(data="554 no"), Mailbox(data="552 full for good")],
    ids=["recipient", "text", "full"],
)
def test_a_refusal_for_good_asks_a_person_at_once(
    centre: MadeCentre, at_port: Callable[[int], None], mailbox: Mailbox
) -> None:
    with mail_server(mailbox) as port:
        at_port(port)
        worker.tick(MOMENT, _no_reader)
        worker.tick(MOMENT + timedelta(days=3), _no_reader)
    assert _notice(centre).step is NoticeState.NOT_SENT
    assert _results(centre) == ["not_sent"]
    assert _next_send(centre) is None
    assert Attempt.objects.get(notice=centre.draft).code in {550, 552, 554}


def test_a_refusal_for_now_is_tried_again_and_then_sent(centre: MadeCentre, at_port: Callable[[int], None]) -> None:
    mailbox = Mailbox(rcpt="450 busy")
    with mail_server(mailbox) as port:
        at_port(port)
        worker.tick(MOMENT, _no_reader)
        later = _next_send(centre)
        assert later is not None
        assert later > MOMENT
        worker.tick(later - timedelta(seconds=1), _no_reader)
        assert _results(centre) == ["not_sent"], "not before its pause is over"
        mailbox.rcpt = "250 OK"
        worker.tick(later, _no_reader)
    assert _results(centre) == ["not_sent", "accepted"]
    assert len(mailbox.kept) == 1


def test_a_server_that_is_down_is_tried_with_growing_pauses_and_then_a_person_is_asked(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at_port(listener.getsockname()[1])
    moment, pauses = MOMENT, []
    for number in range(1, sending.TRIES + 1):
        worker.tick(moment, _no_reader)
        assert _results(centre) == ["not_sent"] * number
        later = _next_send(centre)
        if number < sending.TRIES:
            assert later is not None
            assert _notice(centre).step is NoticeState.CONFIRMED
            pauses.append(later - moment)
            moment = later
    assert later is None
    assert _notice(centre).step is NoticeState.NOT_SENT
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == len(pauses)
    unsure.send_again(centre.draft, centre.people["caseworker"], moment)
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        worker.tick(moment, _no_reader)
    assert _notice(centre).step is NoticeState.SENT
    assert len(mailbox.kept) == 1


def _drop(centre: MadeCentre, at_port: Callable[[int], None]) -> None:
    with talker(_break_after_text) as port:
        at_port(port)
        worker.tick(MOMENT, _no_reader)
    assert _notice(centre).step is NoticeState.UNKNOWN
    assert _results(centre) == ["unknown"]


def test_a_connection_that_breaks_after_the_text_waits_for_a_person(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    _drop(centre, at_port)
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        for days in (0, 1, 30):
            worker.recover(MOMENT + timedelta(days=days))
            worker.tick(MOMENT + timedelta(days=days), _no_reader)
    assert mailbox.kept == []
    assert _notice(centre).step is NoticeState.UNKNOWN
    with pytest.raises(UserMistake):
        unsure.send_again(centre.draft, centre.people["caseworker"], MOMENT)


def test_a_person_who_says_that_it_arrived_starts_the_clock_at_the_attempt(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    _drop(centre, at_port)
    unsure.resolve(centre.draft, centre.people["caseworker"], MOMENT + timedelta(hours=5), arrived=True)
    notice = _notice(centre)
    assert (notice.step, notice.sent_at, bytes(notice.outbox)) == (NoticeState.SENT, MOMENT, b"")
    attempt = Attempt.objects.get(notice=notice)
    assert (attempt.result, attempt.resolved_by) == (AttemptResult.ACCEPTED, centre.people["caseworker"])


def test_a_person_who_says_that_it_did_not_arrive_sends_the_same_message_again(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    _drop(centre, at_port)
    unsure.resolve(centre.draft, centre.people["caseworker"], MOMENT, arrived=False)
    with pytest.raises(UserMistake):
        unsure.resolve(centre.draft, centre.people["supervisor"], MOMENT, arrived=False)
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        worker.tick(MOMENT + timedelta(hours=1), _no_reader)
        worker.tick(MOMENT + timedelta(hours=1), _no_reader)
    (kept,) = mailbox.kept
    assert message_from_bytes(kept)["Message-ID"] == centre.draft.message_id
    assert _results(centre) == ["not_sent", "accepted"]


def test_death_between_the_two_records_leaves_an_unknown_that_nothing_sends_again(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        (due,) = worker._take(DueKind.SEND, MOMENT)
        attempt = sending.begin(due.notice, MOMENT)
        assert isinstance(attempt, Attempt)
        sending._hand_over(due.notice)  # ... and here the power goes
        worker.recover(MOMENT + timedelta(minutes=1))
        worker.tick(MOMENT + timedelta(days=30), _no_reader)
        worker.recover(MOMENT + timedelta(days=30))
    assert len(mailbox.kept) == 1
    assert _notice(centre).step is NoticeState.UNKNOWN
    assert _results(centre) == ["unknown"]
    sending.finish(attempt, AttemptResult.ACCEPTED, MOMENT)  # a ghost that comes back changes nothing
    assert _notice(centre).step is NoticeState.UNKNOWN


def test_death_after_the_result_and_before_the_row_was_done_sends_nothing_again(
    centre: MadeCentre, at_port: Callable[[int], None]
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        at_port(port)
        (due,) = worker._take(DueKind.SEND, MOMENT)
        sending.send(due.notice, MOMENT)  # ... and here the power goes
        worker.recover(MOMENT)
        worker.tick(MOMENT, _no_reader)
    assert len(mailbox.kept) == 1
    assert _notice(centre).step is NoticeState.SENT


def test_a_centre_without_a_mail_server_keeps_the_notice_and_asks_a_person(
    centre: MadeCentre, settings: Settings
) -> None:
    settings.MAIL_SERVER = ""
    worker.tick(MOMENT, _no_reader)
    assert _results(centre) == ["not_sent"]
    assert bytes(_notice(centre).outbox)
