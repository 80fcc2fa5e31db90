"""The facts of a case, each of which may be unknown; what cannot be so together is said in one sentence."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.law.harm import Harm
from zaoguang.law.record import Record, read_record
from zaoguang.law.tally import Counts, read_counts
from zaoguang.words import gettext as _

__all__ = [
    "CHOICES",
    "FLAGS",
    "PLACES",
    "ROLES",
    "TOLD",
    "Done",
    "Facts",
    "PlatformAnswer",
    "PoliceAnswer",
    "read_facts",
]

ROLES: Final = ("survivor", "act", "result", "host", "uploader")
"""Whose, or of what, a place is."""

_EU: Final = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905 -- a list of codes reads best as a line
)
ELSEWHERE: Final = "elsewhere"
PLACES: Final = ("CN", "HK", "TW", "KR", "JP", "US", "EU", "UK", "AU", "IN", ELSEWHERE)
"""The places that law is held for, and the rest of the world; a member state of the Union counts as EU, GB as UK."""

_ALIASES: Final = {"GB": "UK", **dict.fromkeys(_EU, "EU")}
ADULT: Final = 18
_OLDEST: Final = 120


class PlatformAnswer(StrEnum):
    """What came of a notice to the platform."""

    NOT_SENT = "not_sent"
    NO_ANSWER = "no_answer"
    REMOVED = "removed"
    REFUSED = "refused"
    COUNTER_STATEMENT = "counter_statement"


class PoliceAnswer(StrEnum):
    """What came of a report to the police."""

    NOT_REPORTED = "not_reported"
    NO_ANSWER = "no_answer"
    FILED = "filed"
    REFUSED_CRIME = "refused_crime"
    REFUSED_ADMINISTRATIVE = "refused_administrative"


FLAGS: Final = (
    "minor",
    "under_14",
    "under_16",
    "woman",
    "spread",
    "ongoing",
    "for_profit",
    "device_found",
    "drugged",
    "holds_file",
)
TOLD: Final = ("died",)
"""What is false unless it is told."""
RELATIONS: Final = ("partner", "ex_partner", "family", "acquaintance", "venue_staff", "stranger")
VENUES: Final = ("lodging", "dormitory", "toilet_or_changing_room", "clinic", "home", "transport", "public_place")
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "relation": RELATIONS,
    "venue": VENUES,
    "platform": tuple(PlatformAnswer),
    "police": tuple(PoliceAnswer),
}
_SPREAD: Final = frozenset(
    {
        Harm.PARTNER_LEAK,
        Harm.DOXXING,
        Harm.TRADE,
        Harm.DEVICE_SALE,
        Harm.TUTORIAL,
        Harm.GROUP_ADMIN,
        Harm.DRUG_ADS,
        Harm.REPOSTING_MOB,
    }
)
"""Harms that consist in something being published or offered."""
_NEAR: Final = ("partner", "ex_partner", "family")


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken: its day and the day of the answer (None: not known), and what came of it."""

    answer: str
    on: date | None
    answered: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case; None is *not known*, and never *no*."""

    harms: frozenset[Harm] | None = None
    act: date | None = None  # the first day of it
    last_act: date | None = None
    published: date | None = None
    learned: date | None = None
    places: tuple[tuple[str, str], ...] = ()  # (role, place), only those known
    relation: str | None = None
    venue: str | None = None
    born: date | None = None
    age_then: int | None = None
    age_now: int | None = None
    looks_under_18: bool | None = None
    ongoing: bool | None = None
    for_profit: bool | None = None
    device_found: bool | None = None
    drugged: bool | None = None
    holds_file: bool | None = None
    woman: bool | None = None
    seen: bool | None = None  # whether any of it was seen online or sent to anybody, as told
    died: bool = False  # the one fact that is never taken as open: who asks is taken to be alive
    platform: Done | None = None
    police: Done | None = None
    counts: Counts | None = None

    def place(self, role: str) -> str | None:
        """Give the place of a role, None if it is not known."""
        return dict(self.places).get(role)

    @property
    def near(self) -> bool | None:
        """Whether it was done by somebody near: a partner, an ex, family."""
        if self.relation is not None:
            return self.relation in _NEAR
        if self.harms and self.harms & {Harm.PARTNER_LEAK, Harm.PARTNER_COVERT}:
            return True
        return None

    @property
    def spread(self) -> bool | None:
        """Whether any of it was published or sent on: as told, or because a harm, a day or an answer says so."""
        if self.seen is None and self.must_have_spread:
            return True
        return self.seen

    @property
    def must_have_spread(self) -> bool:
        """Whether what is known besides says that something was published."""
        answered = self.platform is not None and self.platform.answer != PlatformAnswer.NOT_SENT
        return answered or self.published is not None or bool(self.harms and self.harms & _SPREAD)

    @property
    def minor(self) -> bool | None:
        """Whether somebody in it was under 18; any one sign suffices."""
        age = self._oldest_then()
        if self.looks_under_18 or (self.harms and Harm.MINOR_ANY in self.harms) or _below(self._youngest_then(), ADULT):
            return True
        return False if age is not None and age >= ADULT else None

    @property
    def under_14(self) -> bool | None:
        """Whether somebody in it was under 14."""
        return self._under(14)

    @property
    def under_16(self) -> bool | None:
        """Whether somebody in it was under 16."""
        return self._under(16)

    def _under(self, bound: int) -> bool | None:
        if _below(self._youngest_then(), bound):
            return True
        return False if self.minor is False or self._oldest_then() is not None else None

    def _oldest_then(self) -> int | None:
        """Give the age at the act that is known for certain: as told, or worked out from birth and act."""
        if self.age_then is not None:
            return self.age_then
        if self.born is not None and self.act is not None:
            return _age(self.born, self.act)
        return None

    def _youngest_then(self) -> int | None:
        """Give an upper bound of her age at the act: nobody was older then than now."""
        known = self._oldest_then()
        return known if known is not None else self.age_now


def _below(age: int | None, bound: int) -> bool:
    return age is not None and age < bound


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _age_now(told: int | None, born: date | None, at: date) -> int | None:
    """Give the age as told, else worked out; a birth after ``at`` is a contradiction that is said elsewhere."""
    if told is None and born is not None and born <= at:
        return _age(born, at)
    return told


def read_facts(path: Path, at: date) -> Facts:
    """Read a facts file strictly.

    Raises:
        UserMistake: a key or value is wrong, or facts contradict one another or the day ``at``.
    """
    record = read_record(path)
    done = record.record("done") if record.has("done") else None
    survivor = record.record("survivor") if record.has("survivor") else None
    born = survivor.optional("born", survivor.day) if survivor else None
    facts = Facts(
        harms=_read_harms(record),
        act=record.optional("act", record.day),
        last_act=record.optional("last_act", record.day),
        published=record.optional("published", record.day),
        learned=record.optional("learned", record.day),
        places=_read_places(record),
        relation=_read_relation(record),
        venue=_read_choice(record, "venue", VENUES),
        born=born,
        age_then=_read_age(survivor, "age_then"),
        age_now=_age_now(_read_age(survivor, "age_now"), born, at),
        looks_under_18=record.optional("looks_under_18", record.flag),
        ongoing=record.optional("ongoing", record.flag),
        for_profit=record.optional("for_profit", record.flag),
        device_found=record.optional("device_found", record.flag),
        drugged=record.optional("drugged", record.flag),
        holds_file=record.optional("holds_file", record.flag),
        woman=survivor.optional("woman", survivor.flag) if survivor else None,
        seen=record.optional("spread", record.flag),
        died=(survivor.optional("died", survivor.flag) if survivor else None) or False,
        platform=_read_done(done, "platform", tuple(PlatformAnswer)),
        police=_read_done(done, "police", tuple(PoliceAnswer)),
        counts=read_counts(record.record("counts")) if record.has("counts") else None,
    )
    for each in (record, done, survivor):
        if each is not None:
            each.done()
    for wrong in contradictions(facts, at):
        raise UserMistake(_("%(file)s: %(wrong)s") % {"file": path.name, "wrong": wrong})
    return facts


def contradictions(facts: Facts, at: date) -> list[str]:
    """Give one sentence for each thing that cannot be so."""
    return [*_dates(facts, at), *_ages(facts, at), *_stories(facts)]


def _dates(facts: Facts, at: date) -> list[str]:
    found = []
    days = {"act": facts.act, "last_act": facts.last_act, "published": facts.published, "learned": facts.learned}
    days |= {"born": facts.born}
    for step, done in (("done.platform", facts.platform), ("done.police", facts.police)):
        if done is not None:
            days |= {f"{step}.day": done.on, f"{step}.answered": done.answered}
    for name, day in days.items():
        if day is not None and day > at:
            found.append(_("%(name)s is %(day)s, which lies after %(at)s.") % {"name": name, "day": day, "at": at})
    pairs = [("act", "last_act"), ("act", "published"), ("act", "learned"), ("born", "act")]
    pairs += [("act", "done.platform.day"), ("act", "done.police.day")]
    pairs += [(f"done.{step}.day", f"done.{step}.answered") for step in ("platform", "police")]
    for first, then in pairs:
        early, late = days.get(first), days.get(then)
        if early is not None and late is not None and early > late:
            found.append(
                _("%(first)s (%(early)s) cannot be after %(then)s (%(late)s).")
                % {"first": first, "early": early, "then": then, "late": late}
            )
    return found


def _ages(facts: Facts, at: date) -> list[str]:
    found = []
    if facts.age_then is not None and facts.age_now is not None and facts.age_then > facts.age_now:
        found.append(_("survivor.age_then cannot be more than survivor.age_now."))
    for name, told, on in (("age_then", facts.age_then, facts.act), ("age_now", facts.age_now, at)):
        if facts.born and on and facts.born <= on and told is not None and abs(_age(facts.born, on) - told) > 1:
            found.append(_("survivor.%(name)s does not fit survivor.born and the date.") % {"name": name})
    grown = facts._oldest_then()  # noqa: SLF001 -- the same room's own value
    if grown is not None and grown >= ADULT:
        if facts.looks_under_18:
            found.append(
                _("the age says 18 or over, looks_under_18 says otherwise: until that is settled, leave the age out.")
            )
        if facts.harms and Harm.MINOR_ANY in facts.harms:
            found.append(_("the age says 18 or over and the harm minor_any says otherwise: leave out what is wrong."))
    return found


def _stories(facts: Facts) -> list[str]:
    found = []
    if facts.relation is not None and facts.relation not in _NEAR and facts.harms:
        found += [
            _("the relation %(relation)s and the harm %(harm)s cannot both be so.")
            % {"relation": facts.relation, "harm": harm.value}
            for harm in (Harm.PARTNER_LEAK, Harm.PARTNER_COVERT)
            if harm in facts.harms
        ]
    for name, done, none in (
        ("platform", facts.platform, PlatformAnswer.NOT_SENT),
        ("police", facts.police, PoliceAnswer.NOT_REPORTED),
    ):
        if done is not None and done.answer == none and (done.on or done.answered):
            found.append(_("done.%(name)s says that nothing was done and gives its date.") % {"name": name})
    if facts.seen is False and facts.must_have_spread:
        found.append(_("spread is false, and a harm, a day or an answer says that it was published."))
    counted = facts.counts.for_profit if facts.counts else None
    if None not in {facts.for_profit, counted} and facts.for_profit != counted:
        found.append(_("for_profit and counts.for_profit say different things."))
    return found


def _read_harms(record: Record) -> frozenset[Harm] | None:
    if not record.has("harms"):
        return None
    found = record.choices("harms", Harm)
    if not found:
        raise record.mistake("harms", _("must name at least one, or be left out if it is not known"))
    return frozenset(found)


def _read_places(record: Record) -> tuple[tuple[str, str], ...]:
    if not record.has("places"):
        return ()
    inner = record.record("places")
    found = []
    for role in ROLES:
        if inner.has(role):
            code = inner.text(role)
            code = _ALIASES.get(code, code)
            if code not in PLACES:
                raise inner.mistake(role, _("must be one of %(choices)s") % {"choices": ", ".join(PLACES)})
            found.append((role, code))
    inner.done()
    return tuple(found)


def _read_relation(record: Record) -> str | None:
    """Read one relation, or a list of them that do not exclude one another; the nearest one counts."""
    if not record.has("relation"):
        return None
    raw = record.take("relation")
    told = raw if isinstance(raw, list) else [raw]
    if not told or not all(isinstance(each, str) and each in RELATIONS for each in told):
        raise record.mistake("relation", _("must be one of %(choices)s") % {"choices": ", ".join(RELATIONS)})
    if "stranger" in told and len(set(told)) > 1:
        raise record.mistake("relation", _("cannot be stranger and something else at once"))
    if {"partner", "ex_partner"} <= set(told):
        raise record.mistake("relation", _("cannot be partner and ex_partner at once"))
    return str(min(told, key=RELATIONS.index))


def _read_choice(record: Record, key: str, choices: tuple[str, ...]) -> str | None:
    if not record.has(key):
        return None
    value = record.take(key)
    if not isinstance(value, str) or value not in choices:
        raise record.mistake(key, _("must be one of %(choices)s") % {"choices": ", ".join(choices)})
    return value


def _read_age(record: Record | None, key: str) -> int | None:
    return record.number(key, _OLDEST) if record is not None and record.has(key) else None


def _read_done(record: Record | None, key: str, answers: tuple[str, ...]) -> Done | None:
    if record is None or not record.has(key):
        return None
    inner = record.record(key)
    answer = _read_choice(inner, "answer", answers)
    if answer is None:
        raise inner.mistake("answer", _("is missing"))
    found = Done(answer, inner.optional("day", inner.day), inner.optional("answered", inner.day))
    inner.done()
    return found
