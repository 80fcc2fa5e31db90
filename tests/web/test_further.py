"""Further kinds of notice: each is offered when it fits, goes to its own addressee and is never asked for twice."""

from datetime import timedelta

import pytest

from tests.support.made_centre import (
    ANSWERS,
    MadeCentre,
    client_of,
    confirm_as_read,
    fetched,
    made_fingerprint,
    text_of,
)
from tests.support.readers import MOMENT
from zaoguang import notices
from zaoguang.casework import NoticeState, Outcome
from zaoguang.centre.notices import drafting, following, groups, rechecks, sending, unsure
from zaoguang.centre.notices.following import Choice, Offer
from zaoguang.centre.notices.models import Answer, Due, DueKind, Notice, Route
from zaoguang.centre.notices.proposals import propose_if_due
from zaoguang.centre.sealed import read_b
from zaoguang.centre.sightings.matching import case_index
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import UserMistake
from zaoguang.notices import Limit
from zaoguang.watch import PageReport, PictureSeen

pytestmark = [pytest.mark.django_db, pytest.mark.slow]  # seconds as a whole

LATER = MOMENT + timedelta(days=8)


def fitting(notice: Notice, days: float = 0) -> dict[str, Offer]:
    found = following.offers_after(Notice.objects.get(pk=notice.pk), MOMENT + timedelta(days=days))
    return {each.key: each for each in found}


def sent(notice: Notice, answer: Answer | None = None, by: object = None) -> Notice:
    """Let a notice have gone out at MOMENT, and be answered."""
    if notice.sent_at is None:
        sending.set_clock(notice, MOMENT)
    if answer is not None:
        unsure.record_answer(notice, answer, by, MOMENT)  # type: ignore[arg-type]  # a person
    return Notice.objects.get(pk=notice.pk)


def choose(centre: MadeCentre, offer: Offer, after: Notice | None, **changed: object) -> Notice:
    said = {"untrusted_offer": offer.key, "untrusted_copies": frozenset(str(each.pk) for each in offer.copies)}
    choice = Choice(**{**said, "untrusted_language": "", **changed})  # type: ignore[arg-type]  # as named above
    person = centre.people["caseworker"]
    return following.draft_further(centre.case, centre.key, choice, person, MOMENT, after=after)


def test_what_fits_follows_from_what_became_of_the_notice(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    bodies = {"cn-12377-report:cac_12377", "au-esafety:au_esafety", "kr-vpa-7-3:kr_d4u", "tw-sacpa-13:tw_siarc"}
    search = {"google-ncii:google_search", "google-ncii:google_fake"}
    assert set(fitting(centre.draft)) == {"preserve-logs", *bodies, *search}
    sent(centre.draft)
    assert set(fitting(centre.draft)) == {"preserve-logs", *bodies, *search}
    assert {"counsel-letter", "eu-dsa-9"} <= set(fitting(centre.draft, days=8))
    assert "appeal-refusal" not in fitting(centre.draft, days=8)
    unsure.record_answer(centre.draft, Answer.REFUSED, lead, MOMENT)
    assert {"appeal-refusal", "counsel-letter", "eu-dsa-9"} <= set(fitting(centre.draft))
    assert "cn-cc-1196-answer" not in fitting(centre.draft)
    Notice.objects.filter(pk=centre.draft.pk).update(regime="cn-cc-1195")
    assert "cn-cc-1196-answer" in fitting(centre.draft)
    Notice.objects.filter(pk=centre.draft.pk).update(deadline_at=None)  # its clock stands still: somebody has answered
    page = text_of(client_of("caseworker").get(f"/cases/{centre.case.pk}/notices/{centre.draft.pk}/further/"))
    answer, appeal = (notices.regime(kind).title("en") for kind in ("cn-cc-1196-answer", "appeal-refusal"))
    assert 0 < page.index(answer) < page.index(appeal)


def test_an_appeal_follows_up_the_notice_and_takes_the_place_of_the_proposal(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    (proposal,) = refused.escalations.all()
    made = choose(centre, fitting(refused)["appeal-refusal"], refused)
    proposal.refresh_from_db()
    assert proposal.step is NoticeState.WITHDRAWN
    assert (made.step, made.escalates, made.beside) == (NoticeState.DRAFT, refused, False)
    assert (made.to(), made.route, made.channel) == (refused.to(), Route.EMAIL, refused.channel)
    values = {**drafting.values_of(made, centre.key), "refusal_said": "No.", "why_wrong": "It is she."}
    drafting.edit(made, centre.key, values, "en", centre.people["caseworker"], MOMENT)
    made = Notice.objects.get(pk=made.pk)
    shown = drafting.preview(made, centre.key, MOMENT).text
    assert shown is not None
    assert refused.message_id.strip("<>") in shown.body
    confirm_as_read(made, centre.key, centre.people["caseworker"], MOMENT, identity_seen=True)
    made.refresh_from_db()
    assert f"In-Reply-To: {refused.message_id}" in read_b(made, "outbox").replace("\n ", " ")


def test_the_same_kind_to_the_same_addressee_about_the_same_copy_is_never_pending_twice(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    offers = fitting(refused)
    for name in ("preserve-logs", "appeal-refusal", "cn-12377-report:cac_12377"):
        choose(centre, offers[name], refused)
        with pytest.raises(UserMistake, match="does not fit any more"):
            choose(centre, offers[name], refused)
        assert name not in fitting(refused)
    assert Notice.objects.filter(escalates=refused).exclude(state=NoticeState.WITHDRAWN.value).count() == 1
    unsure.withdraw(Notice.objects.get(regime="preserve-logs"), centre.people["caseworker"], MOMENT)
    assert "preserve-logs" in fitting(refused)


def test_copies_that_are_not_offered_cannot_be_asked_about(centre: MadeCentre) -> None:
    offer = fitting(centre.draft)["preserve-logs"]
    other = centre.gap.sightings.get()
    for copies in (frozenset(), frozenset([str(other.pk)]), frozenset(["' or 1=1"])):
        with pytest.raises(UserMistake):
            choose(centre, offer, centre.draft, untrusted_copies=copies)
    with pytest.raises(UserMistake, match="does not fit"):
        choose(centre, offer, centre.draft, untrusted_offer="counsel-letter")
    assert choose(centre, offer, centre.draft, untrusted_language="xx").language == "en"


def test_what_stands_beside_the_demand_hides_no_copy_from_it(centre: MadeCentre) -> None:
    free = groups.unasked(centre.case).count()
    assert free > 0
    (offer,) = [each for each in following.offers_for(centre.case, MOMENT) if each.key == "au-esafety:au_esafety"]
    report = choose(centre, offer, None)
    assert groups.unasked(centre.case).count() == free
    assert (report.beside, report.route, report.escalates) == (True, Route.FORM, None)


def test_no_word_of_another_body_becomes_the_outcome_of_a_copy(centre: MadeCentre) -> None:
    demand = sent(centre.draft)
    logs = sent(choose(centre, fitting(demand)["preserve-logs"], demand), Answer.REFUSED, centre.people["caseworker"])
    assert {each.outcome for each in logs.sightings.all()} == {""}
    assert not logs.escalations.exists()
    refused = sent(demand, Answer.REFUSED, centre.people["caseworker"])
    assert {each.outcome for each in refused.sightings.all()} == {Outcome.REFUSED.value}


def test_counsel_s_letter_is_given_to_counsel_and_never_mailed(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    letter = choose(centre, fitting(refused)["counsel-letter"], refused)
    assert letter.route == Route.COUNSEL
    said = drafting.values_of(letter, centre.key)
    assert not {"signature", "contact_email", "agent_name", "authority_doc"} & set(said), "counsel signs, not we"
    own = {
        "counsel_name": "A. Example", "counsel_admission": "Bar of Example", "live_case": "1/2026",
        "authority_doc": "Annex 1", "contact_email": "counsel@law.example", "signature": "A. Example",
    }  # fmt: skip
    person = centre.people["caseworker"]
    drafting.edit(letter, centre.key, {**said, **own}, "en", person, MOMENT)
    letter = Notice.objects.get(pk=letter.pk)
    confirm_as_read(letter, centre.key, person, MOMENT, identity_seen=True)
    letter.refresh_from_db()
    assert (letter.step, bytes(letter.outbox)) == (NoticeState.SENDING, b"")
    assert not Due.objects.filter(notice=letter, kind=DueKind.SEND).exists()
    client = client_of("caseworker")
    page = f"/cases/{centre.case.pk}/notices/{letter.pk}/"
    assert "Counsel has sent it" in text_of(client.get(page))
    assert client.get(f"{page}paper/").content.startswith(b"%PDF-")
    client.post(f"{page}submitted/", {"receipt": "by courier"})
    letter.refresh_from_db()
    assert letter.step is NoticeState.SENT


@pytest.mark.parametrize("kind", ["counsel-letter", "eu-dsa-9"])
@pytest.mark.parametrize("route", [Route.EMAIL, Route.FORM])
def test_nobody_can_mail_what_only_counsel_or_an_authority_sends(centre: MadeCentre, kind: str, route: Route) -> None:
    Notice.objects.update(state="withdrawn")
    door = drafting.Door(kind, "", route, "abuse@forum.example", "en")
    copies = list(groups.unasked(centre.case)[:1])
    with pytest.raises(UserMistake, match="another way"):
        drafting.draft(centre.case, centre.key, door, copies, ANSWERS, centre.people["caseworker"], MOMENT)


def test_an_authority_s_order_is_a_paper_that_the_clock_never_proposes_again(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    order = sent(choose(centre, fitting(refused)["eu-dsa-9"], refused))
    assert order.route == Route.PAPER
    assert "contact_email" not in drafting.values_of(order, centre.key)
    Sighting.objects.update(outcome=Outcome.NO_ANSWER.value)
    assert propose_if_due(order, LATER) is None


def test_12377_takes_so_many_a_day_and_the_rest_later(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [
        each
        if each.id != "cac_12377"
        else notices.Channel(**{**{n: getattr(each, n) for n in each.__slots__}, "limit": Limit(per_day=2)})
        for each in groups.known_channels()
    ]
    for room in (groups, following):
        monkeypatch.setattr(room, "known_channels", lambda: tuple(slow))

    def offered(days: int) -> tuple[int, int]:
        found = following.offers_for(centre.case, MOMENT + timedelta(days=days))
        return next((len(each.copies), each.later) for each in found if each.key.startswith("cn-12377"))

    assert offered(0) == (1, 4)  # a copy names two addresses: its page and its picture
    (offer,) = [each for each in following.offers_for(centre.case, MOMENT) if each.key.startswith("cn-12377")]
    every = frozenset(str(each.pk) for each in centre.case.sightings.all())
    with pytest.raises(UserMistake, match="in the meantime"):
        choose(centre, offer, None, untrusted_copies=every)
    choose(centre, offer, None)
    assert offered(0) == (0, 4)
    assert offered(2) == (1, 3)


def test_the_page_offers_drafts_and_names_the_doors_that_take_none(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    client = client_of("caseworker")
    case = f"/cases/{centre.case.pk}/"
    page = text_of(client.get(f"{case}notices/{refused.pk}/further/"))
    for kind in ("appeal-refusal", "counsel-letter", "preserve-logs", "cn-12377-report"):
        law = notices.regime(kind)
        assert law.further is not None
        assert law.title("en").replace("'", "&#x27;") in page
    for door in ("StopNCII", "公安 110", "EDSR", "nobody has verified it yet"):
        assert door in page
    copy = refused.sightings.get()
    answer = client.post(
        f"{case}notices/{refused.pk}/further/",
        {"offer": "appeal-refusal", "copy": [str(copy.pk)], "language": "zh-Hans"},
    )
    made = Notice.objects.get(regime="appeal-refusal")
    assert answer.headers["Location"] == f"{case}notices/{made.pk}/"
    assert made.language == "zh-Hans"
    again = client.post(f"{case}notices/{refused.pk}/further/", {"offer": "appeal-refusal", "copy": [str(copy.pk)]})
    assert again.status_code == 422
    assert f"notices/{refused.pk}/further/" in text_of(client.get(f"{case}notices/further/"))


def test_a_refusal_s_next_step_speaks_of_the_appeal(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    (proposal,) = refused.escalations.all()
    client = client_of("caseworker")
    wanted = f"/cases/{centre.case.pk}/notices/{refused.pk}/further/"
    assert wanted in text_of(client.get(f"/cases/{centre.case.pk}/notices/{proposal.pk}/"))
    Notice.objects.filter(pk=refused.pk).update(answer=Answer.ASKS)
    assert wanted not in text_of(client.get(f"/cases/{centre.case.pk}/notices/{proposal.pk}/"))


def test_the_time_of_a_notice_beside_the_demand_leaves_no_copy_unanswered(centre: MadeCentre) -> None:
    demand = sent(centre.draft)
    logs = sent(choose(centre, fitting(demand)["preserve-logs"], demand))
    copy = demand.sightings.get()
    shown = PictureSeen(copy.picture(), fetched(copy.picture(), LATER), made_fingerprint(1))
    report = PageReport("link", copy.page(), fetched(copy.page(), LATER), (shown,))
    for notice, outcome in ((logs, ""), (demand, Outcome.NO_ANSWER.value)):
        rechecks._settle_notice(notice, {copy.pk: report}, case_index(centre.case), LATER)
        copy.refresh_from_db()
        assert copy.outcome == outcome
    again = propose_if_due(logs, LATER)
    assert again is not None
    assert again.beside
    logs.escalations.all().delete()
    Notice.objects.filter(pk=logs.pk).update(answer=Answer.RECEIPT)
    assert propose_if_due(Notice.objects.get(pk=logs.pk), LATER) is None  # what it asked for was done


def test_a_repetition_that_somebody_has_taken_up_is_settled_first(centre: MadeCentre) -> None:
    refused = sent(centre.draft, Answer.REFUSED, centre.people["supervisor"])
    (proposal,) = refused.escalations.all()
    drafting.edit(proposal, centre.key, ANSWERS, "en", centre.people["caseworker"], MOMENT)
    offer = fitting(refused)["appeal-refusal"]
    assert (offer.first, offer.instead) == (proposal, None)
    with pytest.raises(UserMistake, match="not settled"):
        choose(centre, offer, refused)
    sending.set_clock(proposal, MOMENT)
    assert choose(centre, fitting(refused)["appeal-refusal"], refused).escalates == proposal


@pytest.mark.parametrize("end", ["consent", "close"])
def test_no_draft_without_her_yes_or_in_a_closed_case(centre: MadeCentre, end: str) -> None:
    offer = fitting(centre.draft)["preserve-logs"]
    client = client_of("supervisor")
    client.post(f"/cases/{centre.case.pk}/{end}/", {"use": "notice", "live": "no"})
    with pytest.raises(UserMistake):
        choose(centre, offer, centre.draft)
    assert "Make this draft" not in text_of(client.get(f"/cases/{centre.case.pk}/notices/further/"))


def test_a_repetition_that_was_withdrawn_by_mistake_can_be_proposed_again_by_a_person(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    refused = sent(centre.draft, Answer.REFUSED, lead)
    page = f"/cases/{centre.case.pk}/notices/{refused.pk}/further/"
    client = client_of("caseworker")
    assert 'name="repeat"' not in text_of(client.get(page)), "one is proposed already"
    unsure.withdraw(refused.escalations.get(), lead, MOMENT)
    assert 'name="repeat"' in text_of(client.get(page))
    assert client.post(page, {"repeat": "yes"}).status_code == 302
    assert client.post(page, {"repeat": "yes"}).status_code == 422, "a second click"
    assert refused.escalations.filter(state=NoticeState.PROPOSED.value).count() == 1
