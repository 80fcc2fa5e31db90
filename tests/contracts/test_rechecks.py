"""Looking again at a real site that changes: what is gone, what is not, and what nobody can say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest

from tests.support.made_centre import ANSWERS, MadeCentre, make_centre
from tests.support.made_pictures import made_picture, saved
from tests.support.readers import MOMENT
from tests.support.site import Site, serving
from zaoguang.casework import NoticeState, Outcome
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.intake.items import add_items, read_lines, remove_item
from zaoguang.centre.intake.models import Item
from zaoguang.centre.notices import drafting, rechecks, sending, unsure, worker
from zaoguang.centre.notices.groups import unasked
from zaoguang.centre.notices.models import Answer, Due, DueKind, DueState, Notice, Route
from zaoguang.centre.sightings.links import start_check
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.reading import read_check
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes, to_json
from zaoguang.sandbox import Sandbox
from zaoguang.watch import FetchLimits, Finding, Reader

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PICTURE = saved(made_picture(11), "JPEG", quality=85)
COPY = saved(made_picture(11, 360, 270), "PNG")
OTHER = saved(made_picture(12), "JPEG", quality=85)
HOURS = 48  # the TAKE IT DOWN Act's clock
_numbers = count(1)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def reader(site: Site) -> Iterator[Reader]:
    limits = FetchLimits(wall_seconds=1.5, silence_seconds=1.0, link_seconds=10)
    with Reader(site.policy, limits, connections=4, decoders=1) as running:
        yield running


@pytest.fixture(scope="module")
def line() -> str:
    """Give the fingerprint line of the survivor's picture."""
    with Sandbox() as sandbox:
        found = fingerprint_bytes(PICTURE, sandbox)
    assert isinstance(found, Fingerprint)
    return json.dumps(to_json(found))


@dataclass
class Demand:
    """A page of the site with her picture, found, and a notice sent about it at MOMENT."""

    centre: MadeCentre
    site: Site
    reader: Reader
    item: Item
    folder: str
    notice: Notice = field(init=False)

    def __post_init__(self) -> None:
        """Show the picture, find it, demand its removal."""
        self.site.gives(f"{self.folder}/a.jpg", PICTURE, "image/jpeg")
        self.shows("a.jpg")
        case, lead = self.centre.case, self.centre.people["supervisor"]
        check = start_check(case, (self.page,), lead, MOMENT)
        read_check(check, self.reader, lambda: MOMENT)
        copies = list(case.sightings.filter(item=self.item))
        assert len(copies) == 1
        door = drafting.Door("us-take-it-down", "", Route.EMAIL, "abuse@forum.example", "en")
        self.notice = drafting.draft(case, self.centre.key, door, copies, ANSWERS, lead, MOMENT)
        sending.set_clock(self.notice, MOMENT)
        self.notice.refresh_from_db()

    @property
    def page(self) -> str:
        """The page's address."""
        return self.site.url(f"{self.folder}/page")

    def shows(self, *pictures: str, status: int = 200, words: str = "") -> None:
        """Let the page show these pictures."""
        images = "".join(f"<img src='{self.folder}/{name}'>" for name in pictures)
        self.site.gives(f"{self.folder}/page", f"<p>{words}</p>{images}".encode(), status=status)

    def look(self, hours: float) -> None:
        """Let the clock's worker do what is due by then."""
        worker.tick(MOMENT + timedelta(hours=hours), lambda: self.reader)

    @property
    def sighting(self) -> Sighting:
        """The first copy found, as it is now."""
        return Sighting.objects.get(notices=self.notice)

    @property
    def findings(self) -> list[str]:
        """What each look found."""
        return list(self.sighting.observations.values_list("finding", flat=True))

    @property
    def proposals(self) -> list[Notice]:
        """What was proposed to a person."""
        return list(Notice.objects.filter(case=self.centre.case, state=NoticeState.PROPOSED.value))


@pytest.fixture
def demand(db: None, site: Site, reader: Reader, line: str) -> Demand:
    del db
    centre = make_centre()
    (item,) = add_items(centre.case, centre.key, read_lines(line), centre.people["supervisor"], MOMENT)
    return Demand(centre, site, reader, item, f"/thread-{next(_numbers)}")


def test_what_is_still_there_stays_up_until_the_deadline_and_then_has_had_no_answer(demand: Demand) -> None:
    demand.look(2)
    assert (demand.findings, demand.sighting.outcome, demand.proposals) == (["still_there"], "", [])
    demand.look(HOURS)
    assert demand.sighting.outcome == Outcome.NO_ANSWER
    (proposal,) = demand.proposals
    assert proposal.escalates == demand.notice
    assert list(proposal.sightings.all()) == [demand.sighting]
    demand.look(HOURS * 4)
    assert len(demand.proposals) == 1


def test_what_is_gone_is_removed_and_nothing_is_proposed(demand: Demand) -> None:
    del demand.site.answers[f"{demand.folder}/a.jpg"]
    demand.shows(status=404)
    demand.look(2)
    assert (demand.findings, demand.sighting.outcome) == (["removed"], Outcome.REMOVED)
    demand.look(HOURS)
    assert demand.proposals == []
    assert AuditEvent.objects.filter(verb=Verb.OUTCOME_CHANGED, subject=demand.sighting.pk).count() == 1


def test_a_page_that_is_gone_while_the_picture_still_answers_is_not_removed(demand: Demand) -> None:
    demand.shows(status=404)
    demand.look(2)
    assert (demand.findings, demand.sighting.outcome) == (["still_there"], "")


def test_another_picture_at_the_same_address_is_a_removal(demand: Demand) -> None:
    demand.site.gives(f"{demand.folder}/a.jpg", OTHER, "image/jpeg")
    demand.look(2)
    assert demand.sighting.outcome == Outcome.REMOVED


def test_a_block_by_country_is_never_counted_as_removed_and_is_chased(demand: Demand) -> None:
    demand.site.gives(f"{demand.folder}/a.jpg", b"", status=451)
    demand.shows("a.jpg", status=451)
    demand.look(2)
    assert (demand.findings, demand.sighting.outcome) == (["geoblocked"], Outcome.GEOBLOCKED)
    demand.look(HOURS)
    assert len(demand.proposals) == 1
    assert demand.sighting.outcome == Outcome.GEOBLOCKED


@pytest.mark.parametrize("how", ["silence", "server error", "login", "broken", "redirected to the front"])
def test_what_nobody_can_tell_is_never_removed(demand: Demand, how: str) -> None:
    for path in (f"{demand.folder}/a.jpg", f"{demand.folder}/page"):
        if how == "silence":
            demand.site.answers[path] = lambda handler: handler.say_raw([b"HTTP/1.1 200 OK\r\n"] * 50, pause=0.5)
        elif how == "server error":
            demand.site.gives(path, b"<p>later</p>", status=503)
        elif how == "login":
            demand.site.gives(path, b"<form><input type=password></form>", status=403)
        elif how == "broken":
            demand.site.answers[path] = lambda handler: handler.say_raw([b"\0\0\0"])
        else:
            demand.site.redirects(path, demand.site.url("/front"))
            demand.site.gives("/front", b"<p>welcome</p>")
    demand.look(2)
    assert demand.findings[0] in {"unclear", "login_wall"}
    assert demand.sighting.outcome == ""
    demand.look(HOURS)
    assert demand.sighting.outcome == Outcome.NO_ANSWER
    assert len(demand.proposals) == 1


def test_a_copy_at_a_new_address_is_found_sealed_and_linked_to_the_old_one(
    demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    del demand.site.answers[f"{demand.folder}/a.jpg"]
    demand.site.gives(f"{demand.folder}/b.png", COPY, "image/png")
    demand.shows("b.png")
    with monkeypatch.context() as dying:
        dying.setattr(rechecks, "probe", _dies)
        with pytest.raises(SystemExit):
            demand.look(2)
    (again,) = Sighting.objects.filter(reappearance_of=demand.sighting)
    assert again not in unasked(demand.centre.case), "the clock died before it had asked for decoys"
    worker.recover(MOMENT)
    demand.look(2)
    again.refresh_from_db()
    assert demand.sighting.outcome == Outcome.REMOVED
    assert (again.item, again.outcome) == (demand.item, "")
    assert again.picture().endswith("/b.png")
    assert again.exhibit.sealed().sha256
    assert AuditEvent.objects.filter(verb=Verb.REAPPEARANCE_FOUND, subject=again.pk).exists()
    assert again in unasked(demand.centre.case), "a new demand can follow"
    demand.look(8)
    assert Sighting.objects.filter(reappearance_of=demand.sighting).count() == 1


def _dies(*_: object) -> None:
    raise SystemExit


def test_a_copy_that_comes_back_at_its_old_address_is_open_anew_and_said_aloud(demand: Demand) -> None:
    del demand.site.answers[f"{demand.folder}/a.jpg"]
    demand.shows(status=404)
    demand.look(HOURS)
    assert demand.sighting.outcome == Outcome.REMOVED
    assert demand.sighting not in unasked(demand.centre.case)
    demand.site.gives(f"{demand.folder}/a.jpg", PICTURE, "image/jpeg")
    demand.shows("a.jpg")
    demand.look(HOURS * 4)
    assert demand.sighting.outcome == ""
    assert AuditEvent.objects.filter(verb=Verb.REAPPEARANCE_FOUND, subject=demand.sighting.pk).exists()
    assert demand.sighting in unasked(demand.centre.case), "a new demand can follow"


def test_a_copy_of_an_item_that_was_taken_out_is_left_as_it_was(demand: Demand) -> None:
    remove_item(demand.item, demand.centre.people["supervisor"], MOMENT)
    asked = len(demand.site.asked)
    demand.look(HOURS)
    assert len(demand.site.asked) == asked, "nothing is left to compare with, so nothing is asked for"
    assert (demand.findings, demand.sighting.outcome, demand.proposals) == ([], "", [])
    assert not Due.objects.filter(notice=demand.notice, state=DueState.TAKEN).exists()


def test_a_refusal_is_an_outcome_at_once_and_the_next_step_is_proposed_at_once(demand: Demand) -> None:
    unsure.record_answer(demand.notice, Answer.REFUSED, demand.centre.people["caseworker"], MOMENT + timedelta(hours=1))
    assert demand.sighting.outcome == Outcome.REFUSED
    (proposal,) = demand.proposals
    assert proposal.escalates == demand.notice
    changed = AuditEvent.objects.get(verb=Verb.OUTCOME_CHANGED, subject=demand.sighting.pk)
    assert changed.person == demand.centre.people["caseworker"]
    demand.look(HOURS)
    assert demand.sighting.outcome == Outcome.REFUSED
    assert len(demand.proposals) == 1


def test_a_refusal_of_what_is_gone_already_changes_nothing(demand: Demand) -> None:
    del demand.site.answers[f"{demand.folder}/a.jpg"]
    demand.shows(status=404)
    demand.look(2)
    unsure.record_answer(demand.notice, Answer.REFUSED, demand.centre.people["caseworker"], MOMENT + timedelta(hours=3))
    assert (demand.sighting.outcome, demand.proposals) == (Outcome.REMOVED, [])


@pytest.mark.parametrize("answer", [Answer.RECEIPT, Answer.REMOVED, Answer.ASKS])
def test_an_addressee_s_word_is_not_an_outcome(demand: Demand, answer: Answer) -> None:
    unsure.record_answer(demand.notice, answer, demand.centre.people["caseworker"], MOMENT + timedelta(hours=1))
    assert (demand.sighting.outcome, demand.proposals) == ("", [])


def test_what_was_removed_after_a_refusal_is_removed(demand: Demand) -> None:
    unsure.record_answer(demand.notice, Answer.REFUSED, demand.centre.people["caseworker"], MOMENT + timedelta(hours=1))
    del demand.site.answers[f"{demand.folder}/a.jpg"]
    demand.shows(status=404)
    demand.look(8)
    assert demand.sighting.outcome == Outcome.REMOVED


def test_after_the_last_look_a_standing_watch_goes_on(demand: Demand) -> None:
    for days in (366, 366 + 91):
        demand.look(days * 24)
        (later,) = Due.objects.filter(notice=demand.notice, kind=DueKind.RECHECK, state=DueState.WAITING)
        assert later.due_at == MOMENT + timedelta(days=days + 90)


def test_a_host_that_is_away_for_an_hour_is_not_dead_and_one_that_stays_away_is(
    demand: Demand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "judge", lambda *_: Finding.DEAD)
    for hours, outcome in ((2, ""), (7, ""), (25, ""), (HOURS, "no_answer"), (24 * 4, "dead")):
        demand.look(hours)
        assert (demand.findings[-1], demand.sighting.outcome) == ("dead", outcome)
