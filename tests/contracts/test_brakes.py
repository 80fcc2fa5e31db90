"""What keeps sending safe: the switch, the caps, the fuse, and addresses that only show what was asked for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Never

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from tests.support.made_centre import ANSWERS, MadeCentre, client_of, confirm_as_read, make_centre, text_of
from tests.support.readers import MOMENT
from tests.unit.notices.mail_servers import Mailbox, mail_server
from zaoguang.casework import NoticeState
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.notices import brakes, drafting, sending, worker
from zaoguang.centre.notices.groups import known_channels, unasked
from zaoguang.centre.notices.models import AddresseeStop, Attempt, Due, DueKind, DueState, Notice, Route
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import UserMistake
from zaoguang.notices.batch import Limit

pytestmark = pytest.mark.django_db
TO = "abuse@forum.example"


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    return make_centre()


@pytest.fixture
def served(settings: Settings) -> Iterator[Callable[[Mailbox], None]]:
    """Give what starts a mail server with the answers of that mailbox."""
    opened = []

    def serve(mailbox: Mailbox) -> None:
        server = mail_server(mailbox)
        opened.append(server)
        settings.MAIL_SERVER = f"smtp://127.0.0.1:{server.__enter__()}"

    yield serve
    for each in opened:
        each.__exit__(None, None, None)


def _no_reader() -> Never:
    raise AssertionError("nothing was to be read")


def _confirmed(centre: MadeCentre, number: int, to: str = TO) -> list[Notice]:
    """Give that many confirmed notices to one addressee, each about a copy of its own."""
    made = []
    lead = centre.people["supervisor"]
    for row in range(number):
        fresh = Sighting(case=centre.case, item=centre.item, seen_at=MOMENT, distance=0, orientation="original")
        fresh.judged_at = MOMENT
        fresh.page_tag, fresh.tag = bytes([row]) * 32, to.encode()
        write_b(fresh, "page_address", f"https://forum.example/twin/{row}")
        write_b(fresh, "picture_address", f"https://forum.example/twin/{row}.jpg")
        fresh.save(force_insert=True)
        door = drafting.Door("eu-dsa-16", "", Route.EMAIL, to, "en")
        notice = drafting.draft(centre.case, centre.key, door, [fresh], ANSWERS, lead, MOMENT)
        confirm_as_read(notice, centre.key, lead, MOMENT, identity_seen=True)
        made.append(notice)
    return made


def _states(made: list[Notice]) -> list[str]:
    return [Notice.objects.get(pk=each.pk).state for each in made]


def test_the_switch_holds_everything_back_and_lets_all_of_it_go_on(
    centre: MadeCentre, served: Callable[[Mailbox], None]
) -> None:
    mailbox = Mailbox()
    served(mailbox)
    made = _confirmed(centre, 2)
    assert brakes.stop_all(centre.people["supervisor"], MOMENT) == 0
    assert worker.tick(MOMENT + timedelta(days=1), _no_reader) == 0
    assert (mailbox.kept, _states(made)) == ([], ["confirmed"] * 2)
    assert brakes.resume_all(centre.people["supervisor"], MOMENT)
    worker.tick(MOMENT + timedelta(days=1), _no_reader)
    assert (len(mailbox.kept), _states(made)) == (2, ["sent"] * 2)
    verbs = AuditEvent.objects.filter(case=None).values_list("verb", "person__handle")
    assert {(Verb.SENDING_STOPPED, "supervisor"), (Verb.SENDING_RESUMED, "supervisor")} <= set(verbs)


def test_the_switch_takes_effect_between_two_messages_of_one_round(
    centre: MadeCentre, served: Callable[[Mailbox], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox()
    served(mailbox)
    made = _confirmed(centre, 3)
    real = sending._hand_over

    def stop_during(notice: Notice) -> sending._Result:
        brakes.stop_all(None, MOMENT)  # a supervisor's click while the first message is on its way
        return real(notice)

    monkeypatch.setattr(sending, "_hand_over", stop_during)
    worker.tick(MOMENT, _no_reader)
    assert len(mailbox.kept) == 1
    assert sorted(_states(made)) == ["confirmed", "confirmed", "sent"]
    waiting = Due.objects.filter(kind=DueKind.SEND, state=DueState.WAITING, notice__in=made)
    assert waiting.count() == 2, "what was held back is still due"


def test_no_more_than_the_cap_goes_to_one_addressee_and_the_rest_follows_in_time(
    centre: MadeCentre, served: Callable[[Mailbox], None], settings: Settings
) -> None:
    settings.MOST_AN_HOUR, settings.MOST_A_DAY = 2, 3
    mailbox = Mailbox()
    served(mailbox)
    made = _confirmed(centre, 5)
    other = _confirmed(centre, 1, "abuse@gallery.example")
    kept = []
    for minutes in (0, 30, 61, 125, 24 * 60 - 1, 24 * 60 + 1, 25 * 60 + 2):
        Due.objects.exclude(kind=DueKind.SEND).delete()  # what is read again is another test's
        worker.tick(MOMENT + timedelta(minutes=minutes), _no_reader)
        kept.append(sum(state == "sent" for state in _states(made)))
    assert kept == [2, 2, 3, 3, 3, 5, 5]
    assert _states(other) == ["sent"]


def test_the_same_mailbox_written_otherwise_is_the_same_addressee() -> None:
    assert brakes.addressee_tag("Abuse@Forum.example ") == brakes.addressee_tag(TO)


def test_three_refusals_for_good_blow_the_fuse_and_a_person_puts_in_a_new_one(
    centre: MadeCentre, served: Callable[[Mailbox], None]
) -> None:
    served(Mailbox(rcpt="550 no such person"))
    made = _confirmed(centre, 5)
    worker.tick(MOMENT, _no_reader)
    assert sorted(_states(made)) == ["confirmed"] * 2 + ["not_sent"] * 3
    (stop,) = AddresseeStop.objects.filter(tag=brakes.addressee_tag(TO), ended_at=None)
    assert AuditEvent.objects.filter(verb=Verb.ADDRESSEE_STOPPED, subject=stop.pk, person=None).count() == 1
    mailbox = Mailbox()
    served(mailbox)
    worker.tick(MOMENT + timedelta(days=9), _no_reader)
    assert mailbox.kept == []
    client = client_of("supervisor")
    assert TO in text_of(client.get(reverse("sending")))
    assert client.post(reverse("resume_addressee", kwargs={"stop_id": stop.pk})).status_code == 302
    worker.tick(MOMENT + timedelta(days=9, hours=2), _no_reader)
    assert sorted(_states(made)) == ["not_sent"] * 3 + ["sent"] * 2
    assert not brakes.blow_fuse(made[0], MOMENT + timedelta(days=10)), "what was refused before does not count again"


def test_refusals_for_now_and_one_message_taken_between_blow_no_fuse(
    centre: MadeCentre, served: Callable[[Mailbox], None]
) -> None:
    served(Mailbox(rcpt="451 later"))
    (notice,) = _confirmed(centre, 1)
    for hours in range(0, 50, 7):
        worker.tick(MOMENT + timedelta(hours=hours), _no_reader)
    assert Attempt.objects.filter(notice=notice).count() >= brakes.FUSE
    assert not AddresseeStop.objects.filter(tag=brakes.addressee_tag(TO)).exists()


def test_a_supervisor_s_button_stops_and_the_notice_s_page_says_so(centre: MadeCentre) -> None:
    (notice,) = _confirmed(centre, 1)
    supervisor = client_of("supervisor")
    supervisor.post(reverse("switch_sending"), {"sending": "stop"})
    page = reverse("notice", kwargs={"case_id": centre.case.pk, "notice_id": notice.pk})
    assert "All sending is stopped" in text_of(client_of("caseworker").get(page))
    supervisor.post(reverse("switch_sending"), {"sending": "anything else"})
    assert brakes.all_stopped()
    supervisor.post(reverse("switch_sending"), {"sending": "resume"})
    assert not brakes.all_stopped()


def test_what_only_shows_what_was_asked_for_gets_no_notice_at_any_step(
    centre: MadeCentre, served: Callable[[Mailbox], None]
) -> None:
    mailbox = Mailbox()
    served(mailbox)
    lead = centre.people["supervisor"]
    (confirmed,) = _confirmed(centre, 1)
    copies = list(unasked(centre.case))
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, TO, "en")
    drafted = drafting.draft(centre.case, centre.key, door, copies[:1], ANSWERS, lead, MOMENT)
    Sighting.objects.filter(case=centre.case).update(on_request=True)
    assert not unasked(centre.case).exists()
    with pytest.raises(UserMistake):
        drafting.draft(centre.case, centre.key, door, copies[1:2], ANSWERS, lead, MOMENT)
    with pytest.raises(UserMistake, match="asked for"):
        confirm_as_read(drafted, centre.key, lead, MOMENT, identity_seen=True)
    worker.tick(MOMENT, _no_reader)
    assert mailbox.kept == []
    assert Notice.objects.get(pk=confirmed.pk).step is NoticeState.WITHDRAWN


def test_a_platform_that_takes_fewer_a_day_gets_no_more(
    centre: MadeCentre, served: Callable[[Mailbox], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox()
    served(mailbox)
    made = _confirmed(centre, 3)
    known = known_channels()[0]
    Notice.objects.filter(pk__in=[each.pk for each in made]).update(channel=known.id)
    slow = replace(known, limit=Limit(per_notice=None, per_day=2))
    monkeypatch.setattr(brakes, "known_channels", lambda: (slow,))
    worker.tick(MOMENT, _no_reader)
    assert len(mailbox.kept) == 2
