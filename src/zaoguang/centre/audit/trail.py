"""Writing the audit trail."""

from datetime import datetime
from uuid import UUID

from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases.models import Case

__all__ = ["record"]


def record(verb: Verb, *, now: datetime, person: Person | None, case: Case | None, subject: UUID | None = None) -> None:
    """Add one event to the trail; ``person`` is none when the worker did it."""
    AuditEvent.objects.create(at=now, person=person, case=case, verb=verb, subject=subject)
