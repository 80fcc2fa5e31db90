"""What is wrong with the data, what nobody has verified, and what a person should read again by now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.law.dates import days_after
from zaoguang.law.model import (
    Body,
    Figure,
    Grade,
    Jurisdiction,
    KnownError,
    Provision,
    RouteRule,
    ThresholdRule,
)
from zaoguang.law.reading import read_jurisdiction
from zaoguang.words import gettext as _

__all__ = ["REVIEW_DAYS", "Due", "LawReport", "check_law"]

REVIEW_DAYS: Final = {Grade.PRIMARY: 365, Grade.SECONDARY: 183, Grade.MEMORY: 92}
"""After how many days a fact is read again: the less sure, the sooner."""

Fact = Body | Provision | RouteRule | ThresholdRule | KnownError | Figure


@dataclass(frozen=True, slots=True)
class Due:
    """A fact to be read again, and since when (None: no day was ever written down)."""

    id: str
    grade: Grade
    since: date | None


@dataclass(frozen=True, slots=True)
class LawReport:
    """What a check found; ``problems`` must be empty, the rest is work to plan."""

    facts: int
    problems: tuple[str, ...]
    unverified: tuple[str, ...]
    due: tuple[Due, ...]


def check_law(folder: Path, at: date) -> LawReport:
    """Check every file of a folder: form, references, sources, dates, grades; and what is due for review at a day.

    Raises:
        UserMistake: there is no file to check.
    """
    problems: list[str] = []
    places = [place for path in sorted(folder.glob("*.yaml")) for place in _read(path, problems)]
    if not places and not problems:
        raise UserMistake(_("%(folder)s holds no *.yaml file.") % {"folder": folder})
    problems += _repeated(places)
    for place in places:
        problems += _dangling(place, places)
        problems += _dates(place, at)
    facts = [fact for place in places for fact in facts_of(place)]
    return LawReport(
        facts=len(facts),
        problems=tuple(problems),
        unverified=tuple(fact.id for fact in facts if not fact.verified),
        due=tuple(_due(facts, at)),
    )


def facts_of(place: Jurisdiction) -> tuple[Fact, ...]:
    """Give everything of a place that carries a grade."""
    return (
        *place.bodies,
        *place.provisions,
        *place.routes,
        *place.thresholds,
        *place.known_errors,
        *place.figures,
    )


def _read(path: Path, problems: list[str]) -> Iterator[Jurisdiction]:
    try:
        yield read_jurisdiction(path, problems)
    except UserMistake as mistake:
        problems.append(str(mistake))


def _repeated(places: Iterable[Jurisdiction]) -> Iterator[str]:
    seen: set[str] = set()
    for place in places:
        for fact in facts_of(place):
            if fact.id in seen:
                yield _("%(id)s is there twice.") % {"id": fact.id}
            seen.add(fact.id)
            if not fact.id.startswith(place.code.lower() + "-"):
                yield _("%(id)s should begin with %(code)s-.") % {"id": fact.id, "code": place.code.lower()}


def _dangling(place: Jurisdiction, places: Iterable[Jurisdiction]) -> Iterator[str]:
    bodies = {body.id for each in places for body in each.bodies}
    provisions = {provision.id for each in places for provision in each.provisions}
    for owner, names, known in _references(place, bodies, provisions):
        for name in names:
            if name not in known:
                yield _("%(owner)s refers to %(name)s, which is not there.") % {"owner": owner, "name": name}


def _references(
    place: Jurisdiction, bodies: set[str], provisions: set[str]
) -> Iterator[tuple[str, tuple[str, ...], set[str]]]:
    for provision in place.provisions:
        yield provision.id, provision.to, bodies
    for route in place.routes:
        yield route.id, route.to, bodies
        yield route.id, route.rests_on, provisions
    for threshold in place.thresholds:
        yield threshold.id, (threshold.provision,), provisions
    for error in place.known_errors:
        yield error.id, error.means, provisions
    for number, line in enumerate(place.guide, start=1):
        owner = f"{place.code} guide {number}"
        yield owner, line.rests_on, provisions
        yield owner, line.bodies, bodies


def _dates(place: Jurisdiction, at: date) -> Iterator[str]:
    for fact in facts_of(place):
        if fact.checked is not None and fact.checked > at:
            yield _("%(id)s was checked on %(day)s, which lies after %(at)s.") % {
                "id": fact.id,
                "day": fact.checked,
                "at": at,
            }


def _due(facts: Iterable[Fact], at: date) -> Iterator[Due]:
    for fact in facts:
        if fact.checked is None:
            yield Due(fact.id, fact.grade, None)
            continue
        since = days_after(fact.checked, REVIEW_DAYS[fact.grade])
        if since <= at:
            yield Due(fact.id, fact.grade, since)
