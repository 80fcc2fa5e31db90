"""The verdict on a copy's address, without which no notice may name it: is a copy kept there, or made up on request?

The decoys give it (`traps`), and a person who knows better. Her word stays, whatever is probed later.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.sightings.models import Sighting

__all__ = ["judge", "nameable"]


def nameable(copies: QuerySet[Sighting]) -> QuerySet[Sighting]:
    """Give those that a notice may name: a verdict was given on them, and it says that a copy is kept there."""
    return copies.filter(judged_at__isnull=False, on_request=False)


@transaction.atomic
def judge(sighting: Sighting, by: Person, now: datetime, *, kept: bool) -> bool:
    """Record a person's word that a copy is kept at this address, or that it only shows what was asked for.

    False if that is what a person had said before. Whoever begins to send a notice holds the case too, so a notice that
    names the address has either begun to leave before this returns or never will.
    """
    case = hold(sighting.case_id)
    require_open(case)
    said_already = Sighting.objects.filter(pk=sighting.pk, on_request=not kept, judged_by__isnull=False)
    if said_already.exists():
        return False
    Sighting.objects.filter(pk=sighting.pk).update(on_request=not kept, judged_at=now, judged_by=by)
    verb = Verb.COPY_VOUCHED if kept else Verb.TRAP_MARKED
    record(verb, now=now, person=by, case=case, subject=sighting.pk)
    return True
