"""A closed case opened again, a yes given again: what was let go meanwhile is taken up, and nothing else."""

from datetime import timedelta

import pytest

from tests.support.made_centre import MadeCentre, client_of, text_of
from tests.support.readers import MOMENT, MadeReader, unread
from zaoguang.casework import CaseStatus, ConsentUse
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices import sending, worker
from zaoguang.centre.notices.models import Due, DueKind, DueState, Notice
from zaoguang.errors import UserMistake
from zaoguang.watch import Unread

pytestmark = pytest.mark.slow  # a centre is made for each

LATER = MOMENT + timedelta(days=400)


def waiting(notice: Notice) -> list[str]:
    return sorted(
        Due.objects.filter(notice=notice, state=DueState.WAITING, due_at__lte=LATER).values_list("kind", flat=True)
    )


def lapsed(centre: MadeCentre) -> Notice:
    """Let a notice have been sent, and all of its clock have run out with nobody allowed to look."""
    sending.set_clock(centre.draft, MOMENT)
    Due.objects.filter(notice=centre.draft).update(state=DueState.DONE)
    return Notice.objects.get(pk=centre.draft.pk)


def test_a_case_opened_again_is_looked_at_at_once_and_what_fell_due_is_settled(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    notice = lapsed(centre)
    opening.change_status(centre.case, CaseStatus.CLOSED, lead, MOMENT)
    assert waiting(notice) == []
    opening.change_status(centre.case, CaseStatus.OPEN, lead, LATER)
    assert waiting(notice) == [DueKind.DEADLINE, DueKind.RECHECK]
    assert AuditEvent.objects.filter(case=centre.case, verb=Verb.CASE_OPENED).count() == 2


def test_a_notice_that_was_followed_up_is_not_proposed_a_second_time(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    notice = lapsed(centre)
    Notice.objects.filter(pk=centre.gap.pk).update(escalates=notice)
    opening.change_status(centre.case, CaseStatus.CLOSED, lead, MOMENT)
    opening.change_status(centre.case, CaseStatus.OPEN, lead, LATER)
    assert waiting(notice) == [DueKind.RECHECK]


@pytest.mark.parametrize("use", [ConsentUse.MATCH, ConsentUse.SEAL, ConsentUse.NOTICE])
def test_a_yes_given_again_starts_the_looks_again_and_a_second_yes_adds_none(
    centre: MadeCentre, use: ConsentUse
) -> None:
    lead = centre.people["supervisor"]
    notice = lapsed(centre)
    consents.withdraw(centre.case, use, lead, MOMENT)
    assert waiting(notice) == []
    for _again in range(2):
        consents.give(centre.case, use, lead, LATER)
    assert waiting(notice) == [DueKind.DEADLINE, DueKind.RECHECK]


def test_the_button_is_there_for_a_closed_case_only_and_never_for_a_referral(centre: MadeCentre) -> None:
    client, page = client_of("supervisor"), f"/cases/{centre.case.pk}/"
    assert "Open the case again" not in text_of(client.get(page))
    client.post(f"{page}close/")
    assert "Open the case again" in text_of(client.get(page))
    assert "Open the case again" not in text_of(client_of("caseworker").get(page))
    client.post(f"{page}reopen/")
    assert Case.objects.get(pk=centre.case.pk).status == CaseStatus.OPEN.value
    client.post(f"{page}refer/")
    assert "Open the case again" not in text_of(client.get(page))
    client.post(f"{page}reopen/")
    assert Case.objects.get(pk=centre.case.pk).status == CaseStatus.REFERRAL.value
    with pytest.raises(UserMistake):
        opening.change_status(centre.case, CaseStatus.OPEN, centre.people["supervisor"], LATER)


def test_a_clock_that_dies_when_its_last_look_is_done_goes_on_watching(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = lapsed(centre)
    Due.objects.filter(notice=notice).delete()
    Due.objects.create(kind=DueKind.RECHECK, notice=notice, due_at=LATER)
    monkeypatch.setattr(worker, "look_again", lambda _notices, _reader, _now: None)

    def dies(*_words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(worker, "_watch_on", dies)
        with pytest.raises(KeyboardInterrupt):
            worker.tick(LATER, MadeReader(unread(Unread.UNREACHABLE)).as_reader)
    worker.recover(LATER)
    worker.tick(LATER, MadeReader(unread(Unread.UNREACHABLE)).as_reader)
    assert Due.objects.filter(notice=notice, kind=DueKind.RECHECK, state=DueState.WAITING).count() == 1
