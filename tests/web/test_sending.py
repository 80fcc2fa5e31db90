"""Fingerprints that she sends herself: by invitation, once, kept apart until a caseworker takes them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Never

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from tests.support.made_centre import MadeCentre, client_of, fingerprint_line, made_fingerprint, text_of
from tests.support.readers import MOMENT
from zaoguang.casework import CaseStatus, ConsentUse
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.clock import now
from zaoguang.centre.fingerprint_page.building import LANGUAGES, fingerprint_page
from zaoguang.centre.intake import arrivals, invitations, sending
from zaoguang.centre.intake.items import read_lines
from zaoguang.centre.intake.models import Arrival, ArrivalState, Invitation, ItemFingerprint
from zaoguang.centre.intake.wrong_codes import Allowance
from zaoguang.centre.sealed import read_b
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Film, Frame, film_to_json

pytestmark = pytest.mark.slow  # seconds as a whole

LINES = "\r\n".join(fingerprint_line(seed) for seed in (21, 22))  # as a form sends a text
WORDS = yaml.safe_load((Path(sending.__file__).parent / "receipt.yaml").read_text("utf-8"))


def form(centre: MadeCentre, **changed: str) -> dict[str, str]:
    return {"code": centre.code, "yes": "yes", "lines": LINES, "language": "ko", **changed}


def send(centre: MadeCentre, **changed: str) -> tuple[int, str]:
    """Send as the fingerprint page does: no cookie, no origin, from what a browser calls another site."""
    client = Client(enforce_csrf_checks=True, headers={"origin": "null", "sec-fetch-site": "cross-site"})
    answer = client.post("/fingerprint/send/", form(centre, **changed))
    assert not answer.cookies
    return answer.status_code, text_of(answer)


def pressed(centre: MadeCentre, name: str, **parts: object) -> int:
    address = reverse(name, kwargs={"case_id": centre.case.pk, **parts})
    return client_of("caseworker").post(address).status_code


def latest(centre: MadeCentre) -> Arrival:
    return centre.case.arrivals.exclude(pk=centre.arrival.pk).get()


def banked(centre: MadeCentre) -> set[str]:
    return {read_b(row, "pdq") for row in ItemFingerprint.objects.filter(item__case=centre.case)}


def test_what_she_sends_waits_and_becomes_items_when_it_is_taken(centre: MadeCentre) -> None:
    before = banked(centre)
    status, page = send(centre)
    arrival = latest(centre)
    assert status == 200
    assert WORDS["received"]["ko"] in page
    assert arrival.receipt in page
    assert banked(centre) == before, "nothing is compared before somebody takes it"
    case_page = text_of(client_of("caseworker").get(reverse("case", kwargs={"case_id": centre.case.pk})))
    assert arrival.receipt in case_page
    assert pressed(centre, "take_arrival", arrival_id=arrival.pk) == 302
    assert banked(centre) == before | {made_fingerprint(seed).pdq.hex for seed in (21, 22)}
    arrival.refresh_from_db()
    assert (arrival.state, bytes(arrival.lines)) == (ArrivalState.TAKEN, b"")
    verbs = set(AuditEvent.objects.filter(subject=arrival.pk).values_list("verb", flat=True))
    assert verbs == {Verb.FINGERPRINTS_ARRIVED, Verb.ARRIVAL_TAKEN}


def test_what_lies_in_the_table_is_sealed_and_only_what_an_item_needs(centre: MadeCentre) -> None:
    extra = fingerprint_line(21).replace('{"kind"', '{"path": "her-name.jpg", "kind"')
    send(centre, lines=extra)
    arrival = latest(centre)
    assert made_fingerprint(21).pdq.hex.encode() not in bytes(arrival.lines)
    kept = read_b(arrival, "lines")
    assert made_fingerprint(21).pdq.hex in kept
    assert "her-name" not in kept


def test_a_film_is_one_item_with_every_look_that_can_be_relied_on(centre: MadeCentre) -> None:
    before = banked(centre)
    looks = [(made_fingerprint(seed).pdq, quality) for seed, quality in ((31, 90), (32, 100), (33, 10), (31, 90))]
    frames = tuple(Frame(at, at, at + 1, pdq, quality) for at, (pdq, quality) in enumerate(looks))
    film = Film("video", "ab" * 32, 640, 360, 4.0, frames, first_look=True)
    assert send(centre, lines=json.dumps({"path": "item-1", **film_to_json(film)}))[0] == 200
    items = centre.case.items.count()
    assert pressed(centre, "take_arrival", arrival_id=latest(centre).pk) == 302
    assert centre.case.items.count() == items + 1
    assert banked(centre) == before | {looks[0][0].hex, looks[1][0].hex}


def test_an_invitation_works_once_and_its_repetition_gets_the_same_receipt(centre: MadeCentre) -> None:
    send(centre)
    status, page = send(centre, lines=fingerprint_line(23))
    assert status == 200
    assert WORDS["before"]["ko"] in page
    assert latest(centre).receipt in page
    assert latest(centre).count == 2, "the second sending added nothing"


@pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code} "])
def test_a_code_may_be_written_as_people_write(centre: MadeCentre, written: object) -> None:
    assert callable(written)
    assert send(centre, code=written(centre.code))[0] == 200


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"code": ""}, "code"),
        ({"code": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH"}, "code"),
        ({"code": "A" * 100_000}, "code"),
        ({"yes": ""}, "yes"),
        ({"lines": ""}, "lines"),
        ({"lines": "<script>alert(1)</script>"}, "lines"),
        ({"lines": LINES + "\nmore"}, "lines"),
        ({"lines": '{"unhashable": "blank"}'}, "lines"),
        ({"lines": "\n".join(fingerprint_line(1) for _ in range(201))}, "lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_right_keeps_nothing_and_can_be_put_right(
    centre: MadeCentre, changed: dict[str, str], why: str
) -> None:
    status, page = send(centre, **changed)
    assert status == 422
    assert WORDS[f"wrong_{why}"]["ko"] in page
    assert "<script" not in page
    assert not centre.case.arrivals.exclude(pk=centre.arrival.pk).exists()
    if why != "lines":  # her lines come back with the form, so that nothing has to be worked out again
        assert made_fingerprint(21).pdq.hex in page
    assert send(centre)[0] == 200, "the code is still good"


def test_an_invitation_that_ran_out_or_was_ended_opens_nothing(centre: MadeCentre) -> None:
    old, code = invitations.invite(centre.case, centre.people["supervisor"], now() - invitations.VALID)
    assert send(centre, code=code)[0] == 422
    assert pressed(centre, "end_invitation", invitation_id=centre.invitation.pk) == 302
    assert send(centre)[0] == 422
    assert not Arrival.objects.filter(invitation__in=[old, centre.invitation]).exists()


def drop_consent(centre: MadeCentre) -> None:
    consents.withdraw(centre.case, ConsentUse.MATCH, centre.people["supervisor"], MOMENT)


def close(centre: MadeCentre) -> None:
    opening.change_status(centre.case, CaseStatus.CLOSED, centre.people["supervisor"], MOMENT)


def refer(centre: MadeCentre) -> None:
    opening.change_status(centre.case, CaseStatus.REFERRAL, centre.people["supervisor"], MOMENT)


@pytest.mark.parametrize("falls_away", [drop_consent, close, refer], ids=lambda each: each.__name__)
def test_when_the_ground_falls_away_what_waits_is_deleted_and_no_code_works(
    centre: MadeCentre, falls_away: object
) -> None:
    assert callable(falls_away)
    falls_away(centre)
    centre.arrival.refresh_from_db()
    assert (centre.arrival.state, bytes(centre.arrival.lines)) == (ArrivalState.DROPPED, b"")
    assert send(centre)[0] == 422
    with pytest.raises(UserMistake):
        arrivals.take(centre.arrival, centre.key, centre.people["supervisor"], MOMENT)


@pytest.mark.parametrize("use", [ConsentUse.SEAL, ConsentUse.NOTICE])
def test_taking_back_another_yes_leaves_what_waits(centre: MadeCentre, use: ConsentUse) -> None:
    consents.withdraw(centre.case, use, centre.people["supervisor"], MOMENT)
    centre.arrival.refresh_from_db()
    assert centre.arrival.state == ArrivalState.WAITING


def test_her_yes_on_the_page_is_put_on_record_when_it_is_taken(centre: MadeCentre) -> None:
    drop_consent(centre)
    invitation, code = invitations.invite(centre.case, centre.people["supervisor"], now())
    assert send(centre, code=code)[0] == 200
    assert ConsentUse.MATCH not in consents.live(centre.case)
    assert pressed(centre, "take_arrival", arrival_id=Arrival.objects.get(invitation=invitation).pk) == 302
    assert ConsentUse.MATCH in consents.live(centre.case)


def test_what_is_not_taken_is_deleted_and_cannot_be_taken_later(centre: MadeCentre) -> None:
    before = banked(centre)
    assert pressed(centre, "refuse_arrival", arrival_id=centre.arrival.pk) == 302
    pressed(centre, "take_arrival", arrival_id=centre.arrival.pk)
    centre.arrival.refresh_from_db()
    assert (centre.arrival.state, bytes(centre.arrival.lines)) == (ArrivalState.REFUSED, b"")
    assert banked(centre) == before


def test_the_code_is_shown_once_and_kept_nowhere(centre: MadeCentre) -> None:
    client, address = client_of("caseworker"), reverse("invitations", kwargs={"case_id": centre.case.pk})
    made = text_of(client.post(address))
    (code,) = {word for word in made.split("#")[1:] if "-" in word[:5]}
    plain = code.partition("<")[0]
    assert len(plain.replace("-", "")) == 26
    assert plain not in text_of(client.get(address))
    newest = Invitation.objects.order_by("-made_at").first()
    assert newest is not None
    assert newest == invitations.with_code(plain)
    assert plain.replace("-", "").encode() not in bytes(newest.tag)
    assert timedelta() < newest.expires_at - newest.made_at == invitations.VALID
    assert fingerprint_page().sha256 in made


def test_a_case_has_a_few_open_invitations_at_most(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    for _ in range(4):
        invitations.invite(centre.case, lead, now())
    with pytest.raises(UserMistake, match="open invitations"):
        invitations.invite(centre.case, lead, now())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_receipt_speaks_her_language(centre: MadeCentre, language: str) -> None:
    _status, page = send(centre, language=language)
    assert f'<html lang="{language}">' in page
    assert WORDS["after_withdraw"][language] in page


@pytest.mark.parametrize("key", WORDS)
def test_every_sentence_of_the_receipt_is_there_in_every_language(key: str) -> None:
    assert tuple(WORDS[key]) == LANGUAGES
    assert all(text.strip() for text in WORDS[key].values())


def test_reading_back_what_was_kept_gives_what_was_sent(centre: MadeCentre) -> None:
    given = read_lines(LINES)
    invitation, _code = invitations.invite(centre.case, centre.people["supervisor"], MOMENT)
    arrival = arrivals.receive(invitation, given, MOMENT)
    assert arrival is not None
    made = arrivals.take(arrival, centre.key, centre.people["supervisor"], MOMENT)
    rows = ItemFingerprint.objects.filter(item__in=made)
    assert {(row.value(), row.quality, read_b(row, "sha256")) for row in rows} == {
        (each.pdq, each.quality, each.sha256) for each in given
    }


@pytest.mark.parametrize("breaks", ["write_b", "record"])
def test_sending_is_kept_whole_or_not_at_all(breaks: str, centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks after the first write takes that back too: nothing is stored, and the code is still good."""

    def fails(*_given: object, **_named: object) -> Never:
        raise OSError("the disk is full")

    events = AuditEvent.objects.count()
    with monkeypatch.context() as broken:
        broken.setattr(arrivals, breaks, fails)
        with pytest.raises(OSError, match="full"):
            send(centre)
    assert not centre.case.arrivals.exclude(pk=centre.arrival.pk).exists()
    assert AuditEvent.objects.count() == events
    assert send(centre)[0] == 200
    assert latest(centre).count == 2


def test_wrong_codes_are_bounded_and_a_right_one_still_gets_through(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "allowance", Allowance(at_once=3, a_second=0.0))
    wrong = [send(centre, code=f"AAAA-{number}") for number in range(5)]
    assert [status for status, _page in wrong] == [422, 422, 422, 429, 429]
    assert all(made_fingerprint(21).pdq.hex in page for _status, page in wrong), "her lines are never lost"
    assert WORDS["too_many"]["ko"] in wrong[-1][1]
    assert send(centre)[0] == 200


def test_what_is_allowed_comes_back_with_time() -> None:
    few = Allowance(at_once=2, a_second=0.5)
    assert [few.take(at) for at in (0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1.0, 4.0)] == [
        *(True, True, False, False, True, False, False, True)
    ]
