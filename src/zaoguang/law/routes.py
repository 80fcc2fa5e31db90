"""Which routes are open to a survivor, in order, from what is known; what is not known keeps routes open.

The one rule behind all: a route is left out only when a known fact excludes it. So learning more can only take routes
away, and the answer can name the one question that would take away most.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from zaoguang.law.condition import NO, YES, Answer, Ruling, all_of, any_of, ruling
from zaoguang.law.dates import DatedDeadline, State, dated
from zaoguang.law.facts import Done, Facts, PlatformAnswer, PoliceAnswer
from zaoguang.law.harm import Door, Harm, RouteKind
from zaoguang.law.model import Body, Condition, Grade, Jurisdiction, Provision, RouteRule, Runs
from zaoguang.law.order import place_order, rank
from zaoguang.law.provisions import jurisdictions

__all__ = ["Reason", "Route", "Routes", "find_routes", "free_help", "open_ids"]

_BY_THE_DAY_OF_THE_ACT = {RouteKind.ADMINISTRATIVE, RouteKind.CRIMINAL}
"""Nobody is punished by a law made after the act; what platforms, courts and bodies must do is the law of today."""

_GRADES = (Grade.PRIMARY, Grade.SECONDARY, Grade.MEMORY)


@dataclass(frozen=True, slots=True)
class Reason:
    """One provision that a route rests on here, and the harms of the facts that it answers to."""

    provision: Provision
    harms: tuple[Harm, ...]
    answer: Answer
    deadlines: tuple[DatedDeadline, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One way to take: ``answer`` is yes, or unknown for as long as it hangs on the facts in ``depends``."""

    rule: RouteRule
    answer: Answer
    depends: tuple[str, ...]
    places: tuple[str, ...]  # the roles that are known to bind it to its place
    why: tuple[Reason, ...]
    deadlines: tuple[DatedDeadline, ...]
    grade: Grade
    passed: bool  # a deadline against the survivor has passed; what to do then is written with it


@dataclass(frozen=True, slots=True)
class Routes:
    """The answer: routes in order, and who gives advice for free there."""

    at: date
    routes: tuple[Route, ...]
    free: tuple[Body, ...]
    minor: bool | None


def find_routes(facts: Facts, *, at: date) -> Routes:
    """Give the routes that these facts leave open on a day, first the one to take first."""
    places = jurisdictions()
    found = [route for place in places for route in _of_place(place, facts, at)]
    found.sort(key=lambda route: _key(route, facts))
    return Routes(at, tuple(found), free_help(facts, places), facts.minor)


def open_ids(facts: Facts, *, at: date) -> frozenset[str]:
    """Give only which routes are open."""
    found = set()
    for place in jurisdictions():
        laws = {each.id: each for each in place.provisions}
        found |= {rule.id for rule in place.routes if _rule_ruling(rule, laws, facts, at).answer is not Answer.NO}
    return frozenset(found)


def free_help(facts: Facts, places: Iterable[Jurisdiction]) -> tuple[Body, ...]:
    """Give who advises for free, where the survivor is; anywhere she may be, if that is not known."""
    here = facts.place("survivor")
    return tuple(body for place in places if here in {None, place.code} for body in place.bodies if body.free)


def _of_place(place: Jurisdiction, facts: Facts, at: date) -> Iterator[Route]:
    laws = {each.id: each for each in place.provisions}
    for rule in place.routes:
        found = _rule_ruling(rule, laws, facts, at)
        if found.answer is not Answer.NO:
            yield _route(rule, found, laws, facts, at)


def _route(rule: RouteRule, found: Ruling, laws: dict[str, Provision], facts: Facts, at: date) -> Route:
    why = tuple(_reasons(rule, laws, facts, at))
    deadlines = tuple(dated(each, facts, rule.door, at) for each in rule.deadlines)
    own = [each for each in deadlines if each.rule.runs is Runs.SURVIVOR and each.rule.closes]
    sure = [each.provision.grade for each in why if each.answer is Answer.YES] or [e.provision.grade for e in why]
    best = min(sure, key=_GRADES.index, default=rule.grade)
    return Route(
        rule=rule,
        answer=found.answer,
        depends=tuple(sorted(found.depends)),
        places=tuple(role for role in place_order(rule.door) if facts.place(role) == rule.jurisdiction),
        why=why,
        deadlines=deadlines,
        grade=max(best, rule.grade, key=_GRADES.index),
        passed=facts.ongoing is not None and any(each.state is State.PASSED for each in own),
    )


def _reasons(rule: RouteRule, laws: dict[str, Provision], facts: Facts, at: date) -> Iterator[Reason]:
    for name in rule.rests_on:
        law = laws[name]
        found = _law_ruling(law, facts, at)
        if found.answer is not Answer.NO:
            harms = tuple(harm for harm in law.covers if _harm_ruling(harm, facts).answer is Answer.YES)
            deadlines = tuple(dated(each, facts, rule.door, at) for each in law.deadlines)
            yield Reason(law, harms, found.answer, deadlines)


def _rule_ruling(rule: RouteRule, laws: dict[str, Provision], facts: Facts, at: date) -> Ruling:
    bound = [laws[name] for name in rule.rests_on if laws[name].covers]
    parts = [
        _place_ruling(rule, facts),
        _condition_ruling(rule.when, facts),
        _covers_ruling(rule.covers, facts),
    ]
    if bound:
        parts.append(any_of(_law_ruling(law, facts, at) for law in bound))
    return all_of(parts)


def _law_ruling(law: Provision, facts: Facts, at: date) -> Ruling:
    return all_of(
        (_covers_ruling(law.covers, facts), _condition_ruling(law.when, facts), _in_force(law, facts, at)),
    )


def _covers_ruling(covers: tuple[Harm, ...], facts: Facts) -> Ruling:
    return any_of(_harm_ruling(harm, facts) for harm in covers) if covers else YES


def _harm_ruling(harm: Harm, facts: Facts) -> Ruling:
    if harm is Harm.MINOR_ANY:
        return ruling(facts.minor, "survivor.age_then")
    return ruling(None if facts.harms is None else harm in facts.harms, "harms")


def _in_force(law: Provision, facts: Facts, at: date) -> Ruling:
    """Tell whether the law was in force: on a day of the act for punishment, today for all else."""
    if law.in_force is None and law.until is None:
        return YES
    start, end = law.in_force or date.min, law.until or date.max
    if law.route not in _BY_THE_DAY_OF_THE_ACT:
        return YES if start <= at < end else NO
    first, last = facts.act, facts.last_act
    if last is None and facts.ongoing:
        last = at
    return _touches(first, last, start, end, at)


def _touches(first: date | None, last: date | None, start: date, end: date, at: date) -> Ruling:
    """Tell whether the days from ``first`` to ``last`` meet those from ``start`` to before ``end``.

    An act whose last day is not known may have gone on until today; one without a first day may be as old as can be.
    """
    if start > (last or at) or (first is not None and first >= end):
        return NO
    if last is None:
        return YES if first is not None and first >= start else Ruling(Answer.UNKNOWN, frozenset({"act"}))
    return YES if first is not None or last < end else Ruling(Answer.UNKNOWN, frozenset({"act"}))


def _place_ruling(rule: RouteRule, facts: Facts) -> Ruling:
    if not rule.roles:
        return YES
    found = {role: facts.place(role) for role in rule.roles}
    return any_of(
        ruling(None if place is None else place == rule.jurisdiction, f"places.{role}") for role, place in found.items()
    )


def _condition_ruling(condition: Condition, facts: Facts) -> Ruling:
    parts = [_flag_ruling(name, wanted, facts) for name, wanted in condition.flags.items()]
    parts += [_choice_ruling(name, wanted, facts) for name, wanted in condition.choices.items()]
    if condition.any_of:
        parts.append(any_of(_condition_ruling(each, facts) for each in condition.any_of))
    return all_of(parts)


def _flag_ruling(name: str, wanted: bool, facts: Facts) -> Ruling:  # noqa: FBT001 -- the value asked for
    value: bool | None = getattr(facts, name)
    fact = "survivor.age_then" if name in {"minor", "under_14", "under_16"} else name
    fact = "survivor.woman" if name == "woman" else fact
    return ruling(None if value is None else value == wanted, fact)


def _choice_ruling(name: str, wanted: tuple[str, ...], facts: Facts) -> Ruling:
    if name in {"platform", "police"}:
        done = facts.platform if name == "platform" else facts.police
        if name == "platform" and done is None and facts.spread is False:
            done = Done(PlatformAnswer.NOT_SENT, None, None)  # there was nothing to tell a platform of
        return ruling(None if done is None else done.answer in wanted, f"done.{name}")
    value = facts.relation if name == "relation" else facts.venue
    if name == "relation" and value is None and facts.near:
        near = {"partner", "ex_partner", "family"}
        if near <= set(wanted) or not near & set(wanted):
            return ruling(near <= set(wanted), name)
    return ruling(None if value is None else value in wanted, name)


def _key(route: Route, facts: Facts) -> tuple[bool, bool, int, bool, tuple[int, int], int, str]:
    """Order: what is in time and certain; minors' routes first where there is a sign; not done yet; then by harm."""
    rule, harms = route.rule, facts.harms or frozenset()
    for_minors = bool(facts.minor) and rule.when.flags.get("minor") is True
    early = rank(rule.door, frozenset({Harm.MINOR_ANY}) if for_minors else harms)
    near = min((place_order(rule.door).index(role) for role in route.places), default=9)
    uncertain = route.answer is not Answer.YES
    return (route.passed, uncertain, 0 if for_minors else 1, _is_done(rule.door, facts), early, near, rule.id)


def _is_done(door: Door, facts: Facts) -> bool:
    if door is Door.PLATFORM:
        return facts.platform is not None and facts.platform.answer != PlatformAnswer.NOT_SENT
    if door in {Door.POLICE, Door.CRIME}:
        return facts.police is not None and facts.police.answer != PoliceAnswer.NOT_REPORTED
    return False
