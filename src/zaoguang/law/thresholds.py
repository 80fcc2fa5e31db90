"""Numbers from which an act is a crime: what was counted, set against what the law asks, with the arithmetic in words.

A rule is met when one of its bounds is reached; some are met too by half of two bounds, by two lower ones, or by parts
of several bounds that make up a whole. What was counted within any one year adds up (interpretations of 2010, Art. 9,
and 2013, Art. 4), for some rules within two (2019, Art. 16); the time in which a rule is best met is taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Final

from zaoguang.law.dates import months_after
from zaoguang.law.model import ThresholdRule
from zaoguang.law.provisions import jurisdictions
from zaoguang.law.tally import Counts, Tally
from zaoguang.words import gettext as _

__all__ = ["Finding", "Ground", "Part", "Standing", "measure_words", "share", "thresholds"]

_TWO: Final = 2
_HALF: Final = Fraction(1, 2)


class Standing(StrEnum):
    """How far what was counted goes."""

    MET = "met"
    HALF = "half_met"  # at least half of one bound, and not met
    BELOW = "below"


class Ground(StrEnum):
    """By what a rule is met."""

    ONE_BOUND = "one_bound"
    HALF_OF_TWO = "half_of_two"
    TWO_LOWER = "two_lower"
    IN_PROPORTION = "in_proportion"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Part:
    """One measure: how many were counted, how many are asked, how many are missing."""

    measure: str
    counted: int
    bound: int

    @property
    def missing(self) -> int:
        """How many more it would take."""
        return max(0, self.bound - self.counted)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule comes to; ``parts`` are the measures of which something was counted."""

    rule: ThresholdRule
    standing: Standing
    ground: Ground
    parts: tuple[Part, ...]
    lower: tuple[Part, ...]  # measures that reach the lower numbers, where two of those suffice
    first: date | None  # the year that was taken: its first counted day; None where days are not known
    applies: bool | None  # None: the rule asks whether it was for profit, and that is not known


def thresholds(counts: Counts) -> tuple[Finding, ...]:
    """Give what every rule comes to of whose measures something was counted; the met ones first, in the law's order."""
    found = []

    @cache
    def times(months: int, under_14: bool) -> tuple[_Year, ...]:  # noqa: FBT001 -- a key of the cache
        return tuple(_years(counts, months, under_14=under_14))

    for place in jurisdictions():
        for rule in place.thresholds:
            if rule.for_profit is not None and counts.for_profit is (not rule.for_profit):
                continue
            best = _best(rule, times(rule.months, rule.under_14), counts)
            if best is not None:
                found.append(best)
    order = list(Standing)
    return tuple(sorted(found, key=lambda each: order.index(each.standing)))


_Year = tuple[date | None, dict[str, int]]


def _best(rule: ThresholdRule, years: Iterable[_Year], counts: Counts) -> Finding | None:
    findings = [_judged(rule, totals, first, counts) for first, totals in years]
    findings = [each for each in findings if each.parts]
    return max(findings, key=_strength, default=None)


def _strength(found: Finding) -> tuple[int, float]:
    order = [Standing.BELOW, Standing.HALF, Standing.MET]
    return order.index(found.standing), max(part.counted / part.bound for part in found.parts)


def _years(counts: Counts, months: int, *, under_14: bool) -> Iterator[_Year]:
    """Yield the totals of so many months from each counted day on; what has no day is in all of them."""
    undated = [tally for tally in counts.tallies if tally.on is None]
    dated = sorted((tally for tally in counts.tallies if tally.on is not None), key=_day)
    if not dated:
        yield None, counts.window(undated, under_14=under_14)
    for start in sorted({_day(tally) for tally in dated}):
        end = months_after(start, months)
        inside = [tally for tally in dated if start <= _day(tally) < end]
        yield start, counts.window([*undated, *inside], under_14=under_14)


def _day(tally: Tally) -> date:
    return tally.on or date.min


def _judged(rule: ThresholdRule, totals: Mapping[str, int], first: date | None, counts: Counts) -> Finding:
    parts = tuple(Part(name, totals[name], bound) for name, bound in rule.bounds.items() if totals.get(name))
    lower = tuple(
        Part(name, totals[name], bound) for name, bound in rule.two_of.items() if totals.get(name, 0) >= bound
    )
    ground = _ground(rule, parts, lower)
    near = any(_is_half(part) for part in parts) or share(rule, parts) >= _HALF
    standing = Standing.HALF if near else Standing.BELOW
    if ground is not Ground.NONE:
        standing = Standing.MET
    applies = None if rule.for_profit is not None and counts.for_profit is None else True
    return Finding(rule, standing, ground, parts, lower, first, applies)


def _ground(rule: ThresholdRule, parts: tuple[Part, ...], lower: tuple[Part, ...]) -> Ground:
    if any(part.counted >= part.bound for part in parts):
        return Ground.ONE_BOUND
    if rule.half_of_two and sum(_is_half(part) for part in parts) >= _TWO:
        return Ground.HALF_OF_TWO
    if len(lower) >= _TWO:
        return Ground.TWO_LOWER
    if share(rule, parts) >= 1:
        return Ground.IN_PROPORTION
    return Ground.NONE


def share(rule: ThresholdRule, parts: Iterable[Part]) -> Fraction:
    """Add up which part of each bound is reached, of the measures that count in proportion; 1 is a whole."""
    return sum((Fraction(part.counted, part.bound) for part in parts if part.measure in rule.in_proportion), Fraction())


def _is_half(part: Part) -> bool:
    return 2 * part.counted >= part.bound


def measure_words(measure: str) -> str:
    """Give a measure as a person says it."""
    return {
        "videos": _("films"),
        "audio": _("sound recordings"),
        "pictures": _("pictures, texts and e-books"),
        "clicks": _("real clicks"),
        "registered_members": _("registered members"),
        "gain_cny": _("yuan of gain"),
        "posts": _("posts on sites"),
        "payments_cny": _("yuan of payments handled"),
        "advertising_cny": _("yuan of advertising"),
        "deletion_turnover_cny": _("yuan of turnover from paid deletion"),
        "deletion_gain_cny": _("yuan of gain from paid deletion"),
        "records_sensitive": _("items of location, communications, credit or property"),
        "records_important": _("items of lodging, health, transactions and the like"),
        "records_other": _("other items of personal information"),
        "records_gain_cny": _("yuan of gain from personal information"),
        "other_items": _("other unlawful items"),
        "group_members": _("members of groups, added up"),
        "one_group_members": _("members of one group"),
        "site_accounts": _("accounts registered at sites set up for it"),
        "accounts_reached": _("accounts reached"),
        "followers": _("followers"),
        "sites": _("sites"),
        "groups": _("groups"),
        "clients": _("clients helped"),
        "item_views": _("views of one item"),
        "item_reposts": _("reposts of one item"),
        "views_added": _("views of all items, added up"),
        "reposts_added": _("reposts of all items, added up"),
        "deaths_or_injuries": _("deaths or serious injuries"),
    }[measure]
