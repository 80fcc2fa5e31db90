"""No notice names a copy before the decoys were asked, whatever ends early; a person's word goes before the decoys'."""

import pytest
from django.urls import reverse

from tests.support.made_centre import MadeCentre, client_of, confirm_as_read, made_fingerprint, make_centre, text_of
from tests.support.readers import MOMENT, MadeReader, fetched, shows, unread
from zaoguang.casework import CaseStatus, ConsentUse, NoticeState
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.next_step import Step, next_step
from zaoguang.centre.notices import sending
from zaoguang.centre.notices.groups import open_groups, unasked
from zaoguang.centre.notices.models import Attempt, Notice
from zaoguang.centre.notices.proposals import propose_if_due
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.tasks import resume
from zaoguang.centre.sightings.traps import probe
from zaoguang.centre.sightings.verdicts import judge, nameable
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


def _copy(centre: MadeCentre) -> Sighting:
    (copy,) = Sighting.objects.filter(notices=centre.draft)
    return copy


def _page(copy: Sighting) -> str:
    return reverse("verdict", kwargs={"case_id": copy.case_id, "sighting_id": copy.pk})


def _trail(copy: Sighting) -> list[tuple[str, str | None]]:
    verbs = [Verb.COPY_VOUCHED, Verb.TRAP_MARKED]
    return list(AuditEvent.objects.filter(verb__in=verbs, subject=copy.pk).values_list("verb", "person__handle")[::-1])


def test_who_is_sure_that_a_copy_is_kept_there_overrules_the_decoys_for_good(centre: MadeCentre) -> None:
    copy, client = _copy(centre), client_of("caseworker")
    Sighting.objects.filter(case=centre.case).update(on_request=True, judged_at=MOMENT)
    case_page = reverse("case", kwargs={"case_id": centre.case.pk})
    assert _page(copy) in text_of(client.get(case_page))
    assert "I am sure" in text_of(client.get(_page(copy)))
    client.post(_page(copy), {"kept": "perhaps"})
    assert (_trail(copy), nameable(centre.case.sightings.all()).exists()) == ([], False)
    for _ in range(2):  # a second click says nothing new
        assert client.post(_page(copy), {"kept": "yes"}).status_code == 302
    assert _trail(copy) == [("copy_vouched", "caseworker")]
    assert list(nameable(centre.case.sightings.all())) == [copy]
    copy.refresh_from_db()
    _probe(centre, MadeReader(shows(made_fingerprint(1))))  # it would say "on request" again
    assert list(nameable(centre.case.sightings.all())) == [copy]
    assert "caseworker said" in text_of(client.get(case_page))
    assert "该地址确实存有副本" in text_of(client_of("caseworker", "zh-hans").get(case_page))


def test_a_person_may_say_so_before_any_decoy_was_asked_and_during(centre: MadeCentre) -> None:
    copy, lead = _copy(centre), centre.people["supervisor"]

    def meanwhile(number: int) -> None:
        if number == 1:
            judge(copy, lead, MOMENT, kept=True)

    _probe(centre, MadeReader(shows(made_fingerprint(1)), before_each=meanwhile))
    assert list(nameable(centre.case.sightings.all())) == [copy]
    assert Sighting.objects.filter(on_request=True).count() == 4


def test_an_address_that_a_person_marks_gets_no_notice_not_even_a_confirmed_one(centre: MadeCentre) -> None:
    copy, lead = _copy(centre), centre.people["supervisor"]
    Sighting.objects.update(judged_at=MOMENT)
    confirm_as_read(centre.draft, centre.key, lead, MOMENT, identity_seen=True)
    client_of("supervisor").post(_page(copy), {"kept": "no"})
    assert _trail(copy) == [("trap_marked", "supervisor")]
    assert sending.send(Notice.objects.get(pk=centre.draft.pk), MOMENT) is None
    assert Notice.objects.get(pk=centre.draft.pk).step is NoticeState.WITHDRAWN
    assert not nameable(Sighting.objects.filter(pk=copy.pk)).exists()
    assert propose_if_due(Notice.objects.get(pk=centre.draft.pk), MOMENT) is None


def test_nothing_is_judged_in_a_closed_case(centre: MadeCentre) -> None:
    copy, client = _copy(centre), client_of("supervisor")
    client.post(reverse("close", kwargs={"case_id": centre.case.pk}))
    client.post(_page(copy), {"kept": "yes"})
    assert _trail(copy) == []


def test_an_address_that_tells_by_itself_is_no_copy_however_old_its_row_is(centre: MadeCentre) -> None:
    copy = centre.case.sightings.earliest("seen_at", "pk")
    write_b(copy, "page_address", "https://tineye.com/search/0123456789abcdef0123")
    copy.on_request = True  # as written before verdicts were dated
    copy.save()
    _probe(centre, MadeReader(_missing))
    copy.refresh_from_db()
    assert (copy.on_request, copy.judged_at) == (True, MOMENT)


@pytest.mark.parametrize("ground", ["consent", "trap", "referral"])
def test_a_sheet_is_not_handed_out_once_its_ground_is_gone_and_can_be_withdrawn(
    centre: MadeCentre, ground: str
) -> None:
    lead, client = centre.people["supervisor"], client_of("supervisor")
    centre.case.sightings.update(judged_at=MOMENT)
    address = reverse("notice", args=[centre.case.pk, centre.sheet.pk])
    assert 'class="sheet"' in text_of(client.get(address))
    assert client.get(f"{address}annex/").status_code == 200
    if ground == "consent":
        consents.withdraw(centre.case, ConsentUse.NOTICE, lead, MOMENT)
        Notice.objects.filter(state=NoticeState.DRAFT.value).delete()
        assert next_step(centre.case).step is not Step.FILL
    elif ground == "referral":
        opening.change_status(centre.case, CaseStatus.REFERRAL, lead, MOMENT)
    else:
        judge(centre.sheet.sightings.get(), lead, MOMENT, kept=False)
    page = text_of(client.get(address))
    assert 'class="sheet"' not in page
    assert client.get(f"{address}annex/").status_code == 302, "nor its annex"
    if ground == "referral":
        return  # nothing is done there any more
    assert "I have submitted it" in page, "it may have been, before"
    assert "Yes, withdraw it" in page
