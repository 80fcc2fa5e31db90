"""The nouns of the law as data: provision, clock, source, grade, and a wording in each complete language."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Clock", "ClockBasis", "Grade", "Provision", "Source", "Wording"]


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


@dataclass(frozen=True, slots=True)
class Provision:
    """What one article says, in our words, and how far to trust that."""

    id: str
    jurisdiction: str  # ISO 3166-1 alpha-2, or EU
    instrument: Wording
    article: str
    text: Wording
    clock: Clock | None
    in_force: date | None  # None: the date was not established
    replaces: str | None  # the provision it took the place of, as cited
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
