"""The one question whose answer would take the most routes away, on the average over its possible answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from zaoguang.law.facts import (
    PLACES,
    RELATIONS,
    ROLES,
    VENUES,
    Done,
    Facts,
    PlatformAnswer,
    PoliceAnswer,
    contradictions,
)
from zaoguang.law.harm import Harm
from zaoguang.law.routes import open_ids
from zaoguang.words import gettext as _

__all__ = ["Question", "best_question", "question_text"]

_BOOLEANS: Final = ("spread", "ongoing", "for_profit", "device_found", "drugged", "holds_file")
_AGES: Final = (10, 16, 30)  # under 14, under 18, grown up
_EVEN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for, and how many of the ``open`` routes an answer takes away on the average."""

    fact: str
    open: int
    taken_away: float


def best_question(facts: Facts, *, at: date) -> Question | None:
    """Give the question that narrows most; None where no answer would take a route away.

    Each possible answer counts the same. Of questions that narrow alike, the first in the order of ``_variants``.
    """
    now_open = len(open_ids(facts, at=at))
    best: Question | None = None
    for name, answers in _variants(facts):
        possible = [answer for answer in answers if not contradictions(answer, at)]
        if not possible:
            continue
        left = sum(len(open_ids(answer, at=at)) for answer in possible) / len(possible)
        asked = Question(name, now_open, now_open - left)
        if asked.taken_away > (best.taken_away if best else 0) + _EVEN:
            best = asked
    return best


def _variants(facts: Facts) -> Iterator[tuple[str, list[Facts]]]:
    """Yield each fact that is not known, with the facts as they would be after each possible answer."""
    if facts.harms is None:
        yield "harms", [replace(facts, harms=frozenset({harm})) for harm in Harm]
    for role in ROLES:
        if facts.place(role) is None:
            yield f"places.{role}", [replace(facts, places=(*facts.places, (role, code))) for code in PLACES]
    if facts.age_then is None and facts.minor is not False:
        yield "survivor.age_then", [replace(facts, age_then=age) for age in _AGES]
    for name in _BOOLEANS:
        if getattr(facts, name) is None:
            yield name, [_with(facts, {name: value}) for value in (True, False)]
    yield from _choices(facts)


def _choices(facts: Facts) -> Iterator[tuple[str, list[Facts]]]:
    if facts.relation is None:
        yield "relation", [replace(facts, relation=relation) for relation in RELATIONS]
    if facts.venue is None:
        yield "venue", [replace(facts, venue=venue) for venue in VENUES]
    if facts.platform is None and facts.spread is not False:
        yield "done.platform", [replace(facts, platform=Done(answer, None, None)) for answer in PlatformAnswer]
    if facts.police is None:
        yield "done.police", [replace(facts, police=Done(answer, None, None)) for answer in PoliceAnswer]


def _with(facts: Facts, change: Mapping[str, bool]) -> Facts:
    change = {"seen" if name == "spread" else name: value for name, value in change.items()}
    return replace(facts, **change)  # type: ignore[arg-type]  # the names are those of flags


def question_text(fact: str) -> str:
    """Give the question as it is asked."""
    return {
        "harms": _("What was done?"),
        "places.survivor": _("Where does the survivor live?"),
        "places.act": _("Where did it happen?"),
        "places.result": _("Where are the people who saw it?"),
        "places.host": _("Where is the company that runs the site or app?"),
        "places.uploader": _("Where is the person who did it?"),
        "survivor.age_then": _("How old was the survivor at the time?"),
        "relation": _("Who was it: a partner, an ex, family, somebody known, staff, a stranger?"),
        "spread": _("Has any of it been seen online, or sent to anybody?"),
        "ongoing": _("Does it still go on: is it still online, are threats still coming?"),
        "for_profit": _("Was money made with it?"),
        "device_found": _("Was a device found?"),
        "drugged": _("May she have been drugged?"),
        "holds_file": _("Does she have the picture or film on a device of her own?"),
        "venue": _("What kind of place was it?"),
        "done.platform": _("Was the platform told, and what did it answer?"),
        "done.police": _("Were the police told, and what did they answer?"),
        "act": _("On which day did it happen, and on which day did it end?"),
    }[fact]
