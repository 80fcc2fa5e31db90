"""What may be matched now: fingerprints of items that are hers still, in cases with a live consent to matching."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from zaoguang.casework import ConsentUse
from zaoguang.centre.cases.models import Case, Consent
from zaoguang.centre.intake.models import ItemFingerprint
from zaoguang.search import Entry

__all__ = ["case_entries", "count", "entries_among", "every_entry", "items_of"]

_AT_ONCE = 500  # names in one question: SQLite takes no more than some


def _live() -> QuerySet[ItemFingerprint]:
    """Give what is true when it is asked; never kept."""
    consent = Consent.objects.filter(case=OuterRef("item__case"), use=ConsentUse.MATCH.value, withdrawn_at__isnull=True)
    return ItemFingerprint.objects.filter(Exists(consent), item__removed_at__isnull=True).select_related("item")


def _entry(row: ItemFingerprint) -> Entry:
    return Entry(row.value().bits, row.entry, frozenset({str(row.item.case_id)}))


def count() -> int:
    """Give how many fingerprints may be matched."""
    return _live().count()


def every_entry() -> Iterator[Entry]:
    """Give all of them by id, in bounded memory."""
    return (_entry(row) for row in _live().order_by("entry").iterator(chunk_size=2000))


def case_entries(case: Case) -> list[Entry]:
    """Give those of one case."""
    return [_entry(row) for row in _live().filter(item__case=case)]


def entries_among(entries: Iterable[int]) -> Iterator[tuple[tuple[int, ...], dict[int, Entry]]]:
    """Give the ids in parts, each with those of them that may be matched."""
    for part in _parts(entries):
        yield part, {row.entry: _entry(row) for row in _live().filter(entry__in=part)}


def items_of(case: Case, entries: Collection[int]) -> dict[int, UUID]:
    """Give the item of each of these ids that may be matched in that case; no fingerprint is opened."""
    found: dict[int, UUID] = {}
    for part in _parts(dict.fromkeys(entries)):
        found.update(_live().filter(item__case=case, entry__in=part).values_list("entry", "item_id"))
    return found


def _parts(entries: Iterable[int]) -> Iterator[tuple[int, ...]]:
    given = iter(entries)
    while part := tuple(islice(given, _AT_ONCE)):
        yield part
