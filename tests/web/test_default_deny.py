"""Every address of the centre, asked for by every kind of person: only whom the table names gets in (P06).

The table is written by hand and compared with the URL configuration: a new address that nobody thought about fails.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.support.made_centre import KINDS, MadeCentre, client_of
from zaoguang.centre.audit.models import AuditEvent

ALL = frozenset(KINDS)
STAFF = ALL - {"anonymous"}
KEEPERS = frozenset({"stranger", "supervisor", "caseworker"})  # people with more than a volunteer's rights
MEMBERS = frozenset({"supervisor", "caseworker", "volunteer"})
WORKERS = frozenset({"supervisor", "caseworker"})
HEADS = frozenset({"supervisor"})


@dataclass(frozen=True, slots=True)
class Door:
    """Who may pass an address, and with which methods it answers."""

    who: frozenset[str]
    methods: str  # "GET", "POST" or "GET POST"


TABLE = {
    "cases": Door(STAFF, "GET"),
    "login": Door(ALL, "GET POST"),
    "logout": Door(STAFF, "POST"),
    "fingerprint": Door(ALL, "GET"),
    "guide_list": Door(ALL, "GET"),
    "guide": Door(ALL, "GET"),
    "send_fingerprints": Door(ALL, "POST"),  # whoever has no code gets a sentence and nothing else
    "set_language": Door(ALL, "GET POST"),  # Django's own; a GET only leads back
    "time": Door(STAFF, "POST"),
    "letter": Door(WORKERS, "GET"),
    "settle_letter": Door(WORKERS, "POST"),
    "sending": Door(frozenset({"stranger", "supervisor"}), "GET"),
    "switch_sending": Door(frozenset({"stranger", "supervisor"}), "POST"),
    "resume_addressee": Door(frozenset({"stranger", "supervisor"}), "POST"),
    "due": Door(STAFF, "GET"),
    "calendar": Door(STAFF, "GET"),
    "clocks": Door(WORKERS, "GET POST"),
    "change_clock": Door(WORKERS, "POST"),
    "new_case": Door(KEEPERS, "GET POST"),
    "case": Door(MEMBERS, "GET"),
    "consent": Door(WORKERS, "POST"),
    "new_note": Door(WORKERS, "POST"),
    "members": Door(HEADS, "POST"),
    "refer": Door(WORKERS, "POST"),
    "close": Door(HEADS, "POST"),
    "reopen": Door(HEADS, "POST"),
    "add_items": Door(WORKERS, "GET POST"),
    "remove_item": Door(WORKERS, "POST"),
    "invitations": Door(WORKERS, "GET POST"),
    "end_invitation": Door(WORKERS, "POST"),
    "take_arrival": Door(WORKERS, "POST"),
    "refuse_arrival": Door(WORKERS, "POST"),
    "new_check": Door(MEMBERS, "GET POST"),
    "check": Door(MEMBERS, "GET"),
    "host": Door(WORKERS, "GET POST"),
    "verdict": Door(WORKERS, "GET POST"),
    "package": Door(WORKERS, "POST"),
    "trail": Door(WORKERS, "GET"),
    "new_notices": Door(WORKERS, "GET POST"),
    "review_notices": Door(WORKERS, "GET POST"),
    "further": Door(WORKERS, "GET POST"),
    "notice": Door(WORKERS, "GET"),
    "further_after": Door(WORKERS, "GET POST"),
    "notice_paper": Door(WORKERS, "GET"),
    "notice_annex": Door(WORKERS, "GET"),
    "edit_notice": Door(WORKERS, "POST"),
    "confirm_notice": Door(WORKERS, "POST"),
    "submitted_notice": Door(WORKERS, "POST"),
    "resolve_notice": Door(WORKERS, "POST"),
    "send_again": Door(WORKERS, "POST"),
    "answer_notice": Door(WORKERS, "POST"),
    "turn_notice": Door(WORKERS, "POST"),
    "received_notice": Door(WORKERS, "POST"),
    "withdraw_notice": Door(WORKERS, "POST"),
}


def patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns)
        else:
            yield each


def addresses(centre: MadeCentre) -> dict[str, str]:
    """Give every address of the configuration, filled in with the made case's own parts."""
    parts = {
        "case_id": centre.case.pk,
        "notice_id": centre.draft.pk,
        "item_id": centre.item.pk,
        "check_id": centre.check.pk,
        "place": "CN",
        "stop_id": centre.stop.pk,
        "letter_id": centre.letter.pk,
        "clock_id": centre.clock.pk,
        "sighting_id": centre.draft.sightings.values_list("pk", flat=True)[0],
        "invitation_id": centre.invitation.pk,
        "arrival_id": centre.arrival.pk,
    }
    return {
        str(each.name): reverse(str(each.name), kwargs={name: parts[name] for name in each.pattern.regex.groupindex})
        for each in patterns(get_resolver().url_patterns)
    }


def test_the_table_names_every_address() -> None:
    named = [each.name for each in patterns(get_resolver().url_patterns)]
    assert sorted(str(name) for name in named) == sorted(TABLE)


def ask(client: Client, method: str, address: str) -> tuple[int, str, bool]:
    """Ask, give status, where it leads, and whether it left a trace in the trail; then undo everything it did."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        before = AuditEvent.objects.count()
        answer = client.get(address) if method == "GET" else client.post(address, {})
        traced = AuditEvent.objects.count() != before
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer.status_code, answer.headers.get("Location", ""), traced


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_gets_further_than_the_table_says(centre: MadeCentre, kind: str, method: str) -> None:
    client = client_of(kind)
    wrong = []
    for name, address in addresses(centre).items():
        door = TABLE[name]
        status, leads, traced = ask(client, method, address)
        if kind not in door.who:
            fine = (status, leads) == (302, "/login/") if kind == "anonymous" else status == 404
            fine = fine and not traced
        elif method not in door.methods.split():
            fine = status == 405 and not traced
        else:
            fine = status in {200, 302, 422} and (leads != "/login/" or name == "logout")
            # Outside a rehearsal its time cannot be moved by anybody.
            fine = status == 404 if name == "time" else fine
        if not fine:
            wrong.append(f"{kind} {method} {name}: {status} {leads}")
    assert wrong == []


def test_another_case_s_parts_are_not_found_under_one_s_own_case(centre: MadeCentre) -> None:
    """A member of one case cannot reach another's notice, item or check by mixing the ids."""
    stranger = client_of("stranger")
    answer = stranger.post(reverse("new_case"), {"adult": "no", "alias": "Another"})
    own = answer.headers["Location"]
    copy_id = centre.draft.sightings.values_list("pk", flat=True)[0]
    for part in (
        f"notices/{centre.draft.pk}/",
        f"checks/{centre.check.pk}/",
        f"copies/{copy_id}/verdict/",
        f"copies/{copy_id}/host/",
    ):
        assert stranger.get(own + part).status_code == 404
    for part in (
        f"items/{centre.item.pk}/remove/",
        f"invitations/{centre.invitation.pk}/end/",
        f"arrivals/{centre.arrival.pk}/take/",
        f"arrivals/{centre.arrival.pk}/refuse/",
        f"notices/{centre.draft.pk}/withdraw/",
        f"clocks/{centre.clock.pk}/",
        f"letters/{centre.letter.pk}/settle/",
        f"copies/{copy_id}/verdict/",
        f"copies/{copy_id}/host/",
    ):
        assert stranger.post(own + part).status_code == 404
    centre.item.refresh_from_db()
    assert centre.item.removed_at is None


def test_a_session_without_the_browser_s_half_of_the_key_is_nobody(centre: MadeCentre) -> None:
    client = client_of("supervisor")
    del client.cookies["zg_unlock"]
    for name, address in addresses(centre).items():
        if TABLE[name].who != ALL:
            assert client.get(address).headers.get("Location") == "/login/", name


def test_a_person_who_was_switched_off_is_nobody(centre: MadeCentre) -> None:
    client = client_of("supervisor")
    person = centre.people["supervisor"]
    person.is_active = False
    person.save()
    assert client.get("/").headers.get("Location") == "/login/"
