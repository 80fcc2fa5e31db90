"""The nouns of the law as data: provision, body, deadline, threshold, route, and a wording in each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zaoguang.errors import UserMistake
from zaoguang.law.harm import Door, Harm, RouteKind
from zaoguang.words import gettext as _

__all__ = [
    "Anchor",
    "Body",
    "Clock",
    "ClockBasis",
    "Condition",
    "Deadline",
    "Figure",
    "Grade",
    "GuideLine",
    "GuidePart",
    "Jurisdiction",
    "KnownError",
    "Provision",
    "RouteRule",
    "Runs",
    "Source",
    "ThresholdRule",
    "Wording",
]


class Grade(StrEnum):
    """How sure we are of a fact."""

    PRIMARY = "P"  # the statute's, the court's or the platform's own text was read
    SECONDARY = "S"  # read in the press, at a law firm, in somebody's code
    MEMORY = "M"  # remembered, not looked up: never shown as certain


class ClockBasis(StrEnum):
    """Who set the time that runs."""

    LAW = "law"  # the provision names it
    PRACTICE = "practice"  # the law says only "promptly"; this is when the centre follows up


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in every language that is complete here; called with a language, it gives the text."""

    en: str
    zh_hans: str

    def __call__(self, language: str) -> str:
        """Give the text in ``en`` or ``zh-Hans``.

        Raises:
            UserMistake: it isn't written in that language.
        """
        if language == "en":
            return self.en
        if language == "zh-Hans":
            return self.zh_hans
        raise UserMistake(
            _("There is no text in the language %(language)r; use en or zh-Hans.") % {"language": language}
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: a title, an address, and what to know about that copy."""

    title: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A time that a provision sets running; ``hours`` is None where the law says only "promptly"."""

    starts: Wording
    within: Wording
    hours: int | None
    basis: ClockBasis


class Anchor(StrEnum):
    """The moment a deadline is counted from."""

    ACT = "act"  # the act; its last day where it went on
    LEARNED = "learned"  # the day the survivor learned of it
    POLICE = "police"  # the report to the police; else today, if it were made today
    POLICE_DECISION = "police_decision"  # what the police decided, as told to her
    PLATFORM = "platform"  # the notice to the platform; else today
    PLATFORM_DECISION = "platform_decision"  # what the platform decided, as told to her
    COUNTER_STATEMENT = "counter_statement"  # the uploader's counter-statement reached her
    FILING = "filing"  # the application, if it is made today


class Runs(StrEnum):
    """Against whom a deadline runs."""

    SURVIVOR = "survivor"
    AUTHORITY = "authority"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period from a moment; exactly one of years, months, days, hours is not 0."""

    id: str
    what: Wording
    start: Anchor
    runs: Runs
    years: int
    months: int
    days: int
    hours: int
    basis: ClockBasis
    closes: bool  # a route whose survivor let it pass is put last; false where the route is worth taking all the same
    then: Wording  # what to do when it has passed


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be so; each part that is there must hold, and of ``any_of`` one alternative."""

    flags: Mapping[str, bool]  # the names are those of ``facts.FLAGS`` and ``facts.TOLD``
    choices: Mapping[str, tuple[str, ...]]  # a fact, and the values of it that fit
    any_of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody to turn to: an authority, a court, a hotline, an organisation."""

    id: str
    name: Wording
    contact: str
    about: Wording
    free: bool  # gives advice or help that costs nothing
    legal: bool  # gives legal advice, or the way to it
    minors: bool  # takes what concerns minors
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


@dataclass(frozen=True, slots=True)
class Provision:
    """What one article says, in our words, and how far to trust that."""

    id: str
    jurisdiction: str  # ISO 3166-1 alpha-2, or EU, or UK
    instrument: Wording
    article: str
    cited: Wording  # the article as each language cites it
    text: Wording
    clock: Clock | None
    in_force: date | None  # None: the date was not established
    replaces: str | None  # the provision it took the place of, as cited
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    covers: tuple[Harm, ...]  # empty: not bound to a harm
    route: RouteKind | None
    to: tuple[str, ...]  # ids of bodies
    penalty: Wording | None
    threshold: Wording | None
    conditions: Wording | None
    when: Condition
    deadlines: tuple[Deadline, ...]
    until: date | None  # the first day on which it was no longer in force
    checked: date | None  # the day a person last compared it with its source


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One way a survivor can take, as data: what opens it, what it gives, needs and costs."""

    id: str
    jurisdiction: str
    door: Door
    kind: RouteKind
    name: Wording
    roles: tuple[str, ...]  # the places that bind it to this jurisdiction; empty: open to the whole world
    rests_on: tuple[str, ...]  # provision ids; one must apply, where any is named
    covers: tuple[Harm, ...]
    when: Condition
    to: tuple[str, ...]
    gives: Wording
    bring: tuple[Wording, ...]
    risks: tuple[Wording, ...]
    deadlines: tuple[Deadline, ...]
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """Numbers from which a provision applies.

    ``bounds``: measure to number, any one suffices. ``half_of_two``: half of two of them suffices too.
    ``two_of``: reaching two of those lower numbers suffices too. ``in_proportion``: of these measures the parts of the
    bounds that are reached are added up, and a whole suffices. ``months``: what lies within so many months adds up.
    ``under_14``: counted is only what shows under-14s.
    """

    id: str
    provision: str
    name: Wording
    bounds: Mapping[str, int]
    times: int  # the bounds are so many times the basic ones; 1 where the law names them as they are
    half_of_two: bool
    two_of: Mapping[str, int]
    in_proportion: tuple[str, ...]
    months: int
    under_14: bool
    for_profit: bool | None
    conditions: Wording | None
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


@dataclass(frozen=True, slots=True)
class KnownError:
    """Something that is often quoted and wrong, with what is right."""

    id: str
    quoted: str
    right: Wording
    means: tuple[str, ...]  # provision ids
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was counted or seen in practice by those who do this work."""

    id: str
    text: Wording
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


class GuidePart(StrEnum):
    """The parts of a survivor's guide, in their order."""

    FIRST_HOUR = "first_hour"
    FIRST_DAY = "first_day"
    FIRST_WEEK = "first_week"
    DO_NOT = "do_not"
    MINORS = "minors"
    DRUGGED = "drugged"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class GuideLine:
    """One sentence of the guide, with the provisions and bodies it rests on."""

    part: GuidePart
    text: Wording
    rests_on: tuple[str, ...]
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Everything held about one place."""

    code: str
    name: Wording
    bodies: tuple[Body, ...]
    provisions: tuple[Provision, ...]
    routes: tuple[RouteRule, ...]
    thresholds: tuple[ThresholdRule, ...]
    known_errors: tuple[KnownError, ...]
    figures: tuple[Figure, ...]
    guide: tuple[GuideLine, ...]
