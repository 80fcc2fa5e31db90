"""Matching what a page shows with a case's items, in all eight orientations, exactly."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from zaoguang.centre.banks.cache import BankIndex, bank_index
from zaoguang.centre.cases.models import Case
from zaoguang.fingerprint import MATCH_RADIUS, Fingerprint, Pdq

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
    """A case's fingerprints, searchable; the bank is the case. Nothing is kept: each question is answered anew."""

    case: Case
    banks: BankIndex

    def find(self, seen: Fingerprint) -> tuple[Match, ...]:
        """Give each item that this picture, or any frame of it, is a copy of, at its least distance, however turned.

        An item counts if it is hers, with her yes to matching, at the moment of asking.
        """
        looks = seen.looks()
        hashes = np.frombuffer(b"".join(pdq.bits for _, pdq in looks), dtype=np.uint8).reshape(-1, 32)
        best: dict[UUID, Match] = {}
        for found in self.banks.find(hashes, MATCH_RADIUS, self.case):
            name, pdq = looks[found.row]
            if found.item not in best or found.distance < best[found.item].distance:
                best[found.item] = Match(found.item, found.distance, name, pdq)
        return tuple(best.values())


def case_index(case: Case) -> CaseIndex:
    """Give what finds the case's items, with the index over all banks made ready; outside any transaction."""
    banks = bank_index()
    banks.prepared()
    return CaseIndex(case, banks)
