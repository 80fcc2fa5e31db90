"""Consent: given for one use, withdrawn in one transaction, asked for before every use (P04)."""

from datetime import datetime

from django.db import transaction

from zaoguang.casework import ConsentUse
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.banks.changing import entries_of, note
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import USE_NAMES, Case, Consent
from zaoguang.centre.cases.stopping import shut_the_door, stop_looking, stop_sending
from zaoguang.centre.notices.taking_up import take_up
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["give", "live", "require", "withdraw"]


def live(case: Case) -> frozenset[ConsentUse]:
    """Give the uses to which a live consent stands, read fresh."""
    uses = Consent.objects.filter(case=case, withdrawn_at__isnull=True).values_list("use", flat=True)
    return frozenset(ConsentUse(use) for use in uses)


def require(case: Case, use: ConsentUse) -> None:
    """Refuse what the survivor has not agreed to; call it in the transaction that does it and holds the case."""
    if use not in live(case):
        raise UserMistake(_("There is no live consent to this: %(use)s.") % {"use": USE_NAMES[use]})


@transaction.atomic
def give(case: Case, use: ConsentUse, by: Person, now: datetime) -> None:
    """Record her yes to one use; a second yes changes nothing."""
    hold(case.pk)
    if use in live(case):
        return
    consent = Consent.objects.create(case=case, use=use.value, given_at=now, recorded_by=by)
    record(Verb.CONSENT_GIVEN, now=now, person=by, case=case, subject=consent.pk)
    take_up(case, now)
    if use is ConsentUse.MATCH:
        note(entries_of(case))


@transaction.atomic
def withdraw(case: Case, use: ConsentUse, by: Person, now: datetime) -> None:
    """Record that she took her yes back; what rests on it stops in this same transaction."""
    hold(case.pk)
    for consent in Consent.objects.filter(case=case, use=use.value, withdrawn_at__isnull=True):
        consent.withdrawn_at = now
        consent.save(update_fields=["withdrawn_at"])
        record(Verb.CONSENT_WITHDRAWN, now=now, person=by, case=case, subject=consent.pk)
    if use is ConsentUse.NOTICE:
        stop_sending(case, now)
    else:
        stop_looking(case, now)
    if use is ConsentUse.MATCH:
        shut_the_door(case, now)
        note(entries_of(case))
