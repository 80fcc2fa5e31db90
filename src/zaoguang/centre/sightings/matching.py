"""Matching what a page shows with a case's items, in all eight orientations, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from zaoguang.centre.cases.models import Case
from zaoguang.centre.intake.models import ItemFingerprint
from zaoguang.fingerprint import MATCH_RADIUS, Fingerprint, Pdq
from zaoguang.search import Entry, LinearIndex, Searchable

__all__ = ["CaseIndex", "Match", "case_index"]


@dataclass(frozen=True, slots=True)
class Match:
    """An item found in a picture: how far apart, and turned how."""

    item: UUID
    distance: int
    orientation: str
    pdq: Pdq


@dataclass(frozen=True, slots=True)
class CaseIndex:
    """A case's fingerprints, searchable; the bank is the case."""

    index: Searchable
    items: Mapping[int, UUID]

    def find(self, seen: Fingerprint) -> tuple[Match, ...]:
        """Give each item that this picture, or any frame of it, is a copy of, at its least distance, however turned."""
        looks = seen.looks()
        hashes = np.frombuffer(b"".join(pdq.bits for _, pdq in looks), dtype=np.uint8).reshape(-1, 32)
        found = self.index.query(hashes, MATCH_RADIUS)
        best: dict[UUID, Match] = {}
        for row, entry, distance in zip(found.rows, found.entries, found.distances, strict=True):
            item, (name, pdq) = self.items[int(entry)], looks[int(row)]
            if item not in best or int(distance) < best[item].distance:
                best[item] = Match(item, int(distance), name, pdq)
        return tuple(best.values())


def case_index(case: Case) -> CaseIndex:
    """Build the index over the case's live items; the database is the truth, this is a cache for one run."""
    rows = list(ItemFingerprint.objects.filter(item__case=case, item__removed_at__isnull=True))
    bank = str(case.pk)
    entries = [Entry(hash=row.value().bits, entry=row.entry, banks=frozenset({bank})) for row in rows]
    return CaseIndex(LinearIndex.build(entries), {row.entry: row.item_id for row in rows})
