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
from zaoguang.law.practice import NAME, Bottleneck, Practice, read_practice
from zaoguang.law.reading import EVERYWHERE, read_guide_lines, read_jurisdiction
from zaoguang.words import gettext as _

__all__ = ["REVIEW_DAYS", "Due", "LawReport", "check_law"]

REVIEW_DAYS: Final = {Grade.PRIMARY: 365, Grade.SECONDARY: 183, Grade.MEMORY: 92}
"""After how many days a fact is read again: the less sure, the sooner."""

Fact = Body | Provision | RouteRule | ThresholdRule | KnownError | Figure | Bottleneck


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

    A folder may also hold the guide's sentences for every place, and what is known from practice.

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
        problems += _future(facts_of(place), at)
        problems += _claims(facts_of(place))
        problems += _half_said(place)
    problems += _guide(folder / EVERYWHERE, places)
    facts: list[Fact] = [fact for place in places for fact in facts_of(place)]
    for practice in _practice(folder / NAME, problems):
        said: tuple[Figure | Bottleneck, ...] = (*practice.figures, *practice.bottlenecks)
        problems += _unknown_figures(practice, facts)
        problems += [*_future(said, at), *_claims(said)]
        facts += said
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


def _claims(facts: Iterable[Fact]) -> Iterator[str]:
    """Find what says it is verified without the primary text having been read."""
    for fact in facts:
        if fact.verified and fact.grade is not Grade.PRIMARY:
            yield _("%(id)s is of grade %(grade)s and cannot be verified.") % {"id": fact.id, "grade": fact.grade}


def _half_said(place: Jurisdiction) -> Iterator[str]:
    """Find routes that name nobody to ask, deadlines of one name, and lower numbers that are not lower."""
    for route in place.routes:
        if not route.to:
            yield _("%(id)s names nobody to ask.") % {"id": route.id}
    owners: tuple[RouteRule | Provision, ...] = (*place.routes, *place.provisions)
    for owner in owners:
        names = [deadline.id for deadline in owner.deadlines]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield _("%(owner)s has two deadlines called %(name)s.") % {"owner": owner.id, "name": name}
    for rule in place.thresholds:
        for name, number in rule.two_of.items():
            if number >= rule.bounds.get(name, 0):
                yield _("%(id)s: the lower number of %(name)s is not lower.") % {"id": rule.id, "name": name}


def _guide(path: Path, places: Iterable[Jurisdiction]) -> Iterator[str]:
    """Find what the guide's sentences for every place refer to and is not there."""
    if not path.is_file():
        return
    try:
        lines = read_guide_lines(path)
    except UserMistake as mistake:
        yield str(mistake)
        return
    bodies, provisions = _all_ids(places)
    for number, line in enumerate(lines, start=1):
        for names, known in ((line.rests_on, provisions), (line.bodies, bodies)):
            for name in names:
                if name not in known:
                    owner = f"{path.name} {number}"
                    yield _("%(owner)s refers to %(name)s, which is not there.") % {"owner": owner, "name": name}


def _all_ids(places: Iterable[Jurisdiction]) -> tuple[set[str], set[str]]:
    places = tuple(places)
    bodies = {body.id for each in places for body in each.bodies}
    return bodies, {provision.id for each in places for provision in each.provisions}


def _dangling(place: Jurisdiction, places: Iterable[Jurisdiction]) -> Iterator[str]:
    bodies, provisions = _all_ids(places)
    for owner, names, known in _references(place, bodies, provisions):
        for name in names:
            if name not in known:
                yield _("%(owner)s refers to %(name)s, which is not there.") % {"owner": owner, "name": name}


def _references(
    place: Jurisdiction, bodies: set[str], provisions: set[str]
) -> Iterator[tuple[str, tuple[str, ...], set[str]]]:
    own = {provision.id for provision in place.provisions}  # a route is answered from its own place's law only
    for provision in place.provisions:
        yield provision.id, provision.to, bodies
    for route in place.routes:
        yield route.id, route.to, bodies
        yield route.id, route.rests_on, own
    for threshold in place.thresholds:
        yield threshold.id, (threshold.provision,), own
    for error in place.known_errors:
        yield error.id, error.means, provisions
    for number, line in enumerate(place.guide, start=1):
        owner = f"{place.code} guide {number}"
        yield owner, line.rests_on, provisions
        yield owner, line.bodies, bodies


def _practice(path: Path, problems: list[str]) -> Iterator[Practice]:
    if not path.is_file():
        return
    try:
        yield read_practice(path)
    except UserMistake as mistake:
        problems.append(str(mistake))


def _unknown_figures(practice: Practice, facts: Iterable[Fact]) -> Iterator[str]:
    known = {fact.id for fact in (*facts, *practice.figures) if isinstance(fact, Figure)}
    for each in practice.bottlenecks:
        for name in each.figures:
            if name not in known:
                yield _("%(owner)s refers to %(name)s, which is not there.") % {"owner": each.id, "name": name}


def _future(facts: Iterable[Fact], at: date) -> Iterator[str]:
    for fact in facts:
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
