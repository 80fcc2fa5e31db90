"""No notice names a copy before the decoys were asked, whatever ends early; a person's word goes before the decoys'."""

import pytest

from tests.support.made_centre import MadeCentre, confirm_as_read, made_fingerprint, make_centre
from tests.support.readers import MOMENT, MadeReader, fetched, shows, unread
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.cases import consents
from zaoguang.centre.notices import sending
from zaoguang.centre.notices.groups import open_groups, unasked
from zaoguang.centre.notices.models import Attempt, Notice
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.tasks import resume
from zaoguang.centre.sightings.traps import probe
from zaoguang.errors import UserMistake
from zaoguang.watch import PageReport, Unread

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(db: None) -> MadeCentre:
    """Give a centre whose copies nobody has probed: their reader died."""
    del db
    made = make_centre()
    made.case.sightings.update(judged_at=None)
    return made


def _missing(link: str, address: str) -> PageReport:
    return PageReport(link, address, fetched(address, 404))


def _probe(centre: MadeCentre, reader: MadeReader) -> None:
    probe(centre.case, reader.as_reader(), lambda: MOMENT)


def test_a_copy_that_waits_for_its_probe_is_named_by_no_notice_at_any_step(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    assert not unasked(centre.case).exists()
    assert open_groups(centre.case, MOMENT) == ()
    with pytest.raises(UserMistake, match="found out yet"):
        confirm_as_read(centre.draft, centre.key, lead, MOMENT, identity_seen=True)
    centre.draft.sightings.update(judged_at=MOMENT)
    confirm_as_read(centre.draft, centre.key, lead, MOMENT, identity_seen=True)
    centre.draft.sightings.update(judged_at=None)
    assert isinstance(sending.send(Notice.objects.get(pk=centre.draft.pk), MOMENT), sending.Held)
    assert not Attempt.objects.filter(notice=centre.draft).exists()
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.CONFIRMED, "it goes when the probe was made"


def test_one_probe_of_each_shape_serves_all_copies_and_gives_each_its_verdict(centre: MadeCentre) -> None:
    reader = MadeReader(_missing)
    _probe(centre, reader)
    assert len(reader.asked) == 2 * (1 + 5), "pages of one shape, pictures each in a folder of its own"
    rows = Sighting.objects.filter(case=centre.case)
    assert set(rows.values_list("on_request", "judged_at")) == {(False, MOMENT)}
    assert not rows.exclude(judged_by=None).exists(), "nobody has said so"
    assert unasked(centre.case).exists()
    _probe(centre, reader)
    assert len(reader.asked) == 12, "a verdict is given once"


@pytest.mark.parametrize("why", [Unread.READER_DIED, Unread.UNREACHABLE])
def test_what_may_be_our_own_fault_gives_no_verdict_and_is_asked_again(centre: MadeCentre, why: Unread) -> None:
    _probe(centre, MadeReader(unread(why)))
    assert not Sighting.objects.exclude(judged_at=None).exists()
    _probe(centre, MadeReader(shows(made_fingerprint(1))))
    assert set(Sighting.objects.values_list("on_request", "judged_at")) == {(True, MOMENT)}


def test_a_site_that_is_silent_about_a_decoy_shows_nothing_for_it(centre: MadeCentre) -> None:
    _probe(centre, MadeReader(unread(Unread.TIMED_OUT)))
    assert set(Sighting.objects.values_list("on_request", "judged_at")) == {(False, MOMENT)}


def test_without_leave_to_look_no_decoy_is_asked_for(centre: MadeCentre) -> None:
    consents.withdraw(centre.case, ConsentUse.MATCH, centre.people["supervisor"], MOMENT)
    reader = MadeReader(_missing)
    _probe(centre, reader)
    assert (reader.asked, Sighting.objects.exclude(judged_at=None).count()) == ([], 0)


def test_many_shapes_are_asked_for_in_turn_and_none_is_left_out(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zaoguang.centre.sightings.traps._MOST_PROBES", 3)
    _probe(centre, MadeReader(_missing))
    assert not Sighting.objects.filter(judged_at=None).exists()


def test_a_reader_that_starts_queues_what_nobody_probed(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[str] = []
    monkeypatch.setattr("zaoguang.centre.sightings.tasks.probe_copies", _Queue(queued))
    assert resume() == 0
    assert queued == [str(centre.case.pk)]
    centre.case.sightings.update(judged_at=MOMENT)
    resume()
    assert len(queued) == 1


class _Queue:
    def __init__(self, queued: list[str]) -> None:
        self._queued = queued

    def enqueue(self, case_id: str) -> None:
        self._queued.append(case_id)
