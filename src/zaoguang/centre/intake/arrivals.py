"""Fingerprints that she sends from the fingerprint page: kept apart and sealed until a caseworker takes them."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction

from zaoguang.casework import ConsentUse
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.intake import invitations
from zaoguang.centre.intake.items import add_items
from zaoguang.centre.intake.models import Arrival, ArrivalState, Invitation, Item
from zaoguang.centre.sealed import read_b, write_b
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Given, Pdq
from zaoguang.vault import SecretKey
from zaoguang.words import gettext as _

__all__ = ["receive", "refuse", "take"]


@transaction.atomic
def receive(invitation: Invitation, fingerprints: tuple[Given, ...], now: datetime) -> Arrival | None:
    """Keep what came with an invitation and use the invitation up; none if it is good for nothing any more."""
    case = hold(invitation.case_id)
    if not invitations.standing(case, now).filter(pk=invitation.pk).update(used_at=now):
        return None
    arrival = Arrival(case=case, invitation=invitation, at=now, count=len(fingerprints))
    write_b(arrival, "lines", json.dumps([_kept(each) for each in fingerprints]))
    arrival.save(force_insert=True)
    record(Verb.FINGERPRINTS_ARRIVED, now=now, person=None, case=case, subject=arrival.pk)
    return arrival


@transaction.atomic
def take(arrival: Arrival, key: SecretKey, by: Person, now: datetime) -> tuple[Item, ...]:
    """Make items of what she sent.

    Her yes on the page, without which nothing is sent, was to exactly this comparing: it is put on record here unless
    it stands already. What was withdrawn in the meantime was dropped with the withdrawal, and is not there to be taken.
    """
    hold(arrival.case_id)
    fingerprints = _settle(arrival, ArrivalState.TAKEN, now)
    consents.give(arrival.case, ConsentUse.MATCH, by, now)
    made = add_items(arrival.case, key, fingerprints, by, now)
    record(Verb.ARRIVAL_TAKEN, now=now, person=by, case=arrival.case, subject=arrival.pk)
    return made


@transaction.atomic
def refuse(arrival: Arrival, by: Person, now: datetime) -> None:
    """Delete what was sent without looking for it."""
    hold(arrival.case_id)
    _settle(arrival, ArrivalState.REFUSED, now)
    record(Verb.ARRIVAL_REFUSED, now=now, person=by, case=arrival.case, subject=arrival.pk)


def _settle(arrival: Arrival, state: ArrivalState, now: datetime) -> tuple[Given, ...]:
    """Empty an arrival that still waits, read fresh, and give what it held."""
    waiting = Arrival.objects.filter(pk=arrival.pk, state=ArrivalState.WAITING)
    fresh = waiting.first()
    if fresh is None:
        raise UserMistake(_("These fingerprints do not wait any more."))
    require_open(arrival.case)
    waiting.update(state=state, lines=b"", settled_at=now)
    return tuple(_given(each) for each in json.loads(read_b(fresh, "lines")))


def _kept(given: Given) -> dict[str, str | int | list[str]]:
    """Give what an item needs of a line, and nothing else that came with it."""
    pdq, *others = (each.hex for each in given.pdqs)
    return {"pdq": pdq, "quality": given.quality, "sha256": given.sha256, "others": others}


def _given(kept: dict[str, Any]) -> Given:
    others = tuple(Pdq.from_hex(each) for each in kept["others"])
    return Given(Pdq.from_hex(kept["pdq"]), kept["quality"], kept["sha256"], others)
