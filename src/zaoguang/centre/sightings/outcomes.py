"""Writing down what became of a sighting: each look at it, and each change of its outcome."""

from datetime import datetime

from zaoguang.casework import Outcome
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.sightings.models import OutcomeRecord, Sighting

__all__ = ["change_outcome", "observe", "outcome_of"]


def outcome_of(sighting: Sighting) -> Outcome | None:
    """Give the outcome as the rules know it; none while the copy is up."""
    return Outcome(sighting.outcome) if sighting.outcome else None


def observe(sighting: Sighting, finding: str, outcome: Outcome | None, now: datetime) -> None:
    """Record one look at a sighting and the outcome that it leads to."""
    OutcomeRecord.objects.create(sighting=sighting, at=now, finding=finding, outcome=outcome.value if outcome else "")
    Sighting.objects.filter(pk=sighting.pk).update(checked_at=now)
    change_outcome(sighting, outcome, None, now)


def change_outcome(sighting: Sighting, outcome: Outcome | None, by: Person | None, now: datetime) -> None:
    """Set a sighting's outcome if it is another one; ``by`` is none when a look at it decided."""
    word = outcome.value if outcome else ""
    if word == sighting.outcome:
        return
    Sighting.objects.filter(pk=sighting.pk).update(outcome=word, outcome_at=now)
    sighting.outcome, sighting.outcome_at = word, now
    record(Verb.OUTCOME_CHANGED, now=now, person=by, case=sighting.case, subject=sighting.pk)
