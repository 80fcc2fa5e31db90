"""One writer at a time in a case: what appends to its log or counts on its consents holds the case's row."""

from uuid import UUID

from zaoguang.centre.cases.models import Case

__all__ = ["hold"]


def hold(case_id: UUID) -> Case:
    """Give the case, locked until the transaction ends (SQLite: the transaction itself is the lock).

    It comes before any lock on a row of the case, so that no two transactions wait for each other. ``no_key``: rows
    that only point at the case, like an audit event, may be added meanwhile.
    """
    return Case.objects.select_for_update(no_key=True).get(pk=case_id)
