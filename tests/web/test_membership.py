"""Membership: the case key is sealed to whoever may read identity, and to nobody else, whatever the role says later."""

from datetime import UTC, datetime

import pytest

from tests.support.made_centre import IDENTITY, PASSPHRASE, MadeCentre, client_of, text_of
from zaoguang.casework import Role
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.cases import opening
from zaoguang.centre.cases.models import Membership
from zaoguang.centre.sealed import read
from zaoguang.errors import UserMistake
from zaoguang.vault import CannotOpen, SecretKey, unlock

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _seat(centre: MadeCentre, name: str) -> Membership:
    return Membership.objects.get(case=centre.case, person=centre.people[name])


def _key(centre: MadeCentre, name: str) -> SecretKey:
    person = Person.objects.get(pk=centre.people[name].pk)
    return unlock(person.locked, PASSPHRASE).open_key(bytes(_seat(centre, name).sealed_case_key))


def _become(centre: MadeCentre, name: str, role: Role) -> None:
    Person.objects.filter(pk=centre.people[name].pk).update(role=role.value)


def _shows_identity(centre: MadeCentre, name: str) -> bool:
    return IDENTITY.alias in text_of(client_of(name).get(f"/cases/{centre.case.pk}/"))


def test_a_caseworker_s_membership_opens_the_case_and_no_other_person_can_use_it(centre: MadeCentre) -> None:
    assert read(centre.case, "alias", _key(centre, "caseworker")) == IDENTITY.alias
    sealed = bytes(_seat(centre, "caseworker").sealed_case_key)
    with pytest.raises(CannotOpen):
        unlock(centre.people["volunteer"].locked, PASSPHRASE).open_key(sealed)


def test_a_volunteer_s_membership_holds_no_key_at_all(centre: MadeCentre) -> None:
    assert bytes(_seat(centre, "volunteer").sealed_case_key) == b""
    with pytest.raises(CannotOpen):
        _key(centre, "volunteer")
    assert not _shows_identity(centre, "volunteer")


def test_a_promotion_alone_opens_nothing_that_was_there_before(centre: MadeCentre) -> None:
    _become(centre, "volunteer", Role.CASEWORKER)
    assert bytes(_seat(centre, "volunteer").sealed_case_key) == b""
    assert not _shows_identity(centre, "volunteer")


def test_who_was_promoted_gets_the_key_when_a_member_who_has_it_adds_her_again(centre: MadeCentre) -> None:
    _become(centre, "volunteer", Role.CASEWORKER)
    who, lead = Person.objects.get(handle="volunteer"), client_of("supervisor")
    address = f"/cases/{centre.case.pk}/members/"
    lead.post(address, {"handle": who.handle})
    assert not _shows_identity(centre, "volunteer"), "she is in already: nothing changes"
    lead.post(address, {"handle": who.handle, "leave": "yes"})
    lead.post(address, {"handle": who.handle})
    assert _shows_identity(centre, "volunteer")
    assert read(centre.case, "alias", _key(centre, "volunteer")) == IDENTITY.alias


def test_who_was_demoted_is_shown_nothing_even_with_a_key_in_the_row(centre: MadeCentre) -> None:
    _become(centre, "caseworker", Role.VOLUNTEER)
    assert bytes(_seat(centre, "caseworker").sealed_case_key)
    assert not _shows_identity(centre, "caseworker")


def test_who_is_taken_out_loses_her_copy_of_the_key(centre: MadeCentre) -> None:
    opening.remove_member(centre.case, centre.people["caseworker"], centre.people["supervisor"], MOMENT)
    assert not Membership.objects.filter(case=centre.case, person=centre.people["caseworker"]).exists()
    assert client_of("caseworker").get(f"/cases/{centre.case.pk}/").status_code == 404


def test_the_last_one_who_can_open_the_case_stays_even_when_a_volunteer_is_left(centre: MadeCentre) -> None:
    lead = centre.people["supervisor"]
    opening.remove_member(centre.case, centre.people["caseworker"], lead, MOMENT)
    with pytest.raises(UserMistake, match="nobody could open"):
        opening.remove_member(centre.case, lead, lead, MOMENT)
    assert read(centre.case, "alias", _key(centre, "supervisor")) == IDENTITY.alias
    opening.remove_member(centre.case, centre.people["volunteer"], lead, MOMENT)


def test_a_key_copied_into_another_member_s_row_opens_nothing(centre: MadeCentre) -> None:
    _become(centre, "volunteer", Role.CASEWORKER)
    sealed = bytes(_seat(centre, "caseworker").sealed_case_key)
    Membership.objects.filter(pk=_seat(centre, "volunteer").pk).update(sealed_case_key=sealed)
    assert not _shows_identity(centre, "volunteer")
