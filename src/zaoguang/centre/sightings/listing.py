"""A case's sightings as a page lists them, and how many stand in which outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from zaoguang.casework import NoticeState, Outcome
from zaoguang.centre.cases.models import Case
from zaoguang.centre.sightings.models import Sighting

__all__ = ["Counts", "SightingLine", "case_sightings", "counts"]

GONE = (Outcome.REMOVED.value, Outcome.ACCOUNT_CLOSED.value, Outcome.DEAD.value)
"""What counts as gone; a block by country does not, and neither does leaving a search engine's results."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A case's copies: all found, those gone, those that still stand."""

    found: int
    gone: int
    standing: int


@dataclass(frozen=True, slots=True)
class SightingLine:
    """One sighting with its addresses opened."""

    sighting: Sighting
    page: str
    picture: str
    asked: bool
    finding: str  # what the last look at it found; empty before the first

    @property
    def gone(self) -> bool:
        """Say whether this copy is gone; what is only blocked or delisted is not."""
        return self.sighting.outcome in GONE


def counts(case: Case) -> Counts:
    """Count a case's sightings."""
    tally = case.sightings.aggregate(found=Count("pk"), gone=Count("pk", filter=Q(outcome__in=GONE)))
    return Counts(tally["found"], tally["gone"], tally["found"] - tally["gone"])


def case_sightings(case: Case) -> Sequence[SightingLine]:
    """List a case's sightings, those that still stand first, newest first."""
    rows = (
        case.sightings.select_related("item", "judged_by")
        .prefetch_related("notices", "observations")
        .order_by("-seen_at", "id")
    )
    lines = [
        SightingLine(
            row,
            row.page(),
            row.picture(),
            asked=any(notice.state != NoticeState.WITHDRAWN and not notice.beside for notice in row.notices.all()),
            finding=next((seen.finding for seen in reversed(row.observations.all())), ""),
        )
        for row in rows.order_by("-seen_at", "id")
    ]
    return sorted(lines, key=lambda line: line.gone)
