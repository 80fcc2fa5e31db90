"""Saying that what may be matched has changed: in the transaction that changes it, so that both are true or neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction

from zaoguang.centre.banks.models import BankChange, BankState
from zaoguang.centre.cases.models import Case
from zaoguang.centre.intake.models import ItemFingerprint

__all__ = ["Moment", "changed_since", "entries_of", "knows", "moment", "note"]

_ONLY = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """One state of the banks: whose, how many changes, and the mark of the last one."""

    origin: UUID
    sequence: int
    mark: UUID


def moment() -> Moment:
    """Give the state that is committed now (and what this transaction changed)."""
    state = BankState.objects.filter(pk=_ONLY).first() or BankState.objects.get_or_create(pk=_ONLY)[0]
    return Moment(state.origin, state.sequence, state.mark)


def knows(other: Moment) -> bool:
    """Say whether these banks once were in that state: not so for another database, or one that was put back."""
    now = moment()
    if other.origin != now.origin or other.sequence > now.sequence:
        return False
    return other.sequence == 0 or BankChange.objects.filter(sequence=other.sequence, mark=other.mark).exists()


def changed_since(before: Moment, until: Moment) -> list[int]:
    """Give the ids that came or went after the one state, up to the other."""
    rows = BankChange.objects.filter(sequence__gt=before.sequence, sequence__lte=until.sequence)
    return list(rows.order_by("entry").values_list("entry", flat=True).distinct())


def entries_of(case: Case) -> list[int]:
    """Give the ids of all fingerprints of a case: what changes when her yes to matching comes or goes."""
    return list(ItemFingerprint.objects.filter(item__case=case).values_list("entry", flat=True))


def note(entries: Iterable[int]) -> None:
    """Note that these entries came or went; inside the transaction that does it, after its case is held."""
    changed = list(entries)
    if not changed:
        return
    BankState.objects.get_or_create(pk=_ONLY)
    state = BankState.objects.select_for_update().get(pk=_ONLY)
    state.sequence, state.mark = state.sequence + 1, uuid4()
    state.save(update_fields=["sequence", "mark"])
    rows = [BankChange(sequence=state.sequence, mark=state.mark, entry=entry) for entry in changed]
    BankChange.objects.bulk_create(rows, batch_size=500)
    transaction.on_commit(_take_up, robust=True)  # a cache that cannot be written never undoes a consent


def _take_up() -> None:
    from zaoguang.centre.banks.cache import bank_index  # noqa: PLC0415  (which asks what changed)

    bank_index().take_up()
