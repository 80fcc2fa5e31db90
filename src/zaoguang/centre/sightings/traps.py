"""Probing what was found: does the site show the same picture when it is asked for something that cannot exist?

A copy is on record before it is probed, and a process may die between the two. So a copy is without a verdict until
somebody gave one, and until then no notice may name it (`verdicts.nameable`).
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zaoguang.centre.cases.models import Case
from zaoguang.centre.sightings.leave import may_look
from zaoguang.centre.sightings.matching import CaseIndex, case_index
from zaoguang.centre.sightings.models import Sighting
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import PageReport, Reader, Unread
from zaoguang.watch.trap import answers_anything, decoy_of, shape_of, shows_what_was_asked

__all__ = ["probe"]

_MOST_PROBES = 40
_LEAST_WORD = 12
_PERHAPS_OURS = frozenset([Unread.READER_DIED, Unread.UNRESOLVED, Unread.UNREACHABLE])
"""What may be our own fault, and so tells nothing of the site."""


def _word(length: int) -> str:
    return secrets.token_hex(max(length, _LEAST_WORD) // 2 + 1)


def probe(case: Case, reader: Reader, now: Callable[[], datetime]) -> None:
    """Ask for two decoys of each shape of address of the case's copies without a verdict, and give each its verdict.

    At most 40 shapes at a time, each time only while there is leave to look; both the page's address and the picture's
    own are probed. A site that is silent about a decoy shows nothing for it. Where the fault may be our own (our reader
    died, our line was down), the copy stays without a verdict until the next probe or a person's word.
    """
    left: set[UUID] = set()
    while rows := _without_verdict(case, left):
        answers = _ask(rows, case_index(case), reader)
        verdicts = {row.sighting.pk: answers.verdict(row) for row in rows}
        _settle(verdicts, now())
        left |= {pk for pk, verdict in verdicts.items() if verdict is None}


@dataclass(frozen=True, slots=True)
class _Row:
    """A copy without a verdict, and an address of each shape that it has."""

    sighting: Sighting
    shapes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Answers:
    """By shape, the items that its site makes up for whatever it is asked; none where nobody could tell."""

    made_up: Mapping[str, Collection[str] | None]

    def verdict(self, row: _Row) -> bool | None:
        """Say whether this copy's address only shows what was asked for; none where nobody could tell."""
        if any(shows_what_was_asked(each) for each in (row.sighting.page(), row.sighting.picture())):
            return True  # found before verdicts were dated
        told = [self.made_up[shape] for shape in row.shapes]
        if any(str(row.sighting.item_id) in items for items in told if items is not None):
            return True
        return None if None in told else False


def _without_verdict(case: Case, left: Collection[UUID]) -> list[_Row]:
    """Give the oldest copies without a verdict, of as many shapes as are asked for at a time."""
    fresh = Case.objects.get(pk=case.pk)
    if not may_look(fresh):
        return []
    rows: list[_Row] = []
    shapes: set[str] = set()
    waiting = Sighting.objects.filter(case=fresh, judged_at=None, item__removed_at=None).exclude(pk__in=left)
    for sighting in waiting.order_by("seen_at", "id").iterator():
        mine = {shape: each for each in (sighting.page(), sighting.picture()) if (shape := shape_of(each))}
        if len(shapes | mine.keys()) > _MOST_PROBES:
            break
        shapes |= mine.keys()
        rows.append(_Row(sighting, mine))
    return rows


def _ask(rows: Iterable[_Row], index: CaseIndex, reader: Reader) -> _Answers:
    """Ask for the decoys."""
    shapes = {shape: address for row in rows for shape, address in row.shapes.items()}
    names = {f"{turn} {number}": shape for number, shape in enumerate(shapes) for turn in (1, 2)}
    asked = [(name, decoy) for name, shape in names.items() if (decoy := decoy_of(shapes[shape], _word)) is not None]
    shown: dict[str, list[dict[str, set[str]]]] = {shape: [] for shape in shapes}
    unknown: set[str] = set()
    for report in reader.read(asked):
        shown[names[report.link]].append(_matched(report, index))
        if report.page in _PERHAPS_OURS:
            unknown.add(names[report.link])
    return _Answers({shape: None if shape in unknown else _made_up(both) for shape, both in shown.items()})


def _made_up(both: list[dict[str, set[str]]]) -> frozenset[str]:
    first, second = both if len(both) == 2 else ({}, {})  # noqa: PLR2004  (two decoys, or no decoy of this shape)
    return frozenset(item for item in first if answers_anything(first[item], second.get(item, ())))


def _matched(report: PageReport, index: CaseIndex) -> dict[str, set[str]]:
    """Give, by item, the addresses at which the decoy's answer shows it."""
    found: dict[str, set[str]] = {}
    for seen in report.pictures:
        if isinstance(seen.result, Fingerprint):
            for match in index.find(seen.result):
                found.setdefault(str(match.item), set()).add(seen.address)
    return found


def _settle(verdicts: Mapping[UUID, bool | None], now: datetime) -> None:
    """Record the verdicts; what a person has judged in the meantime stays as she said."""
    for on_request in (True, False):
        judged = [pk for pk, verdict in verdicts.items() if verdict is on_request]
        Sighting.objects.filter(pk__in=judged, judged_at=None).update(on_request=on_request, judged_at=now)
