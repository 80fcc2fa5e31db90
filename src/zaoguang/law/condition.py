"""Three answers instead of two: what is not known is neither yes nor no (Kleene's strong logic).

Learning a fact can turn *unknown* into *yes* or *no*, and nothing else into anything: so an answer that was *no*
stays *no*, and knowing more never adds a route. That is what ``tests/unit/law/test_routes.py`` checks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NO", "YES", "Answer", "Ruling", "all_of", "any_of", "ruling"]


class Answer(StrEnum):
    """Whether something holds, as far as the facts go."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ruling:
    """An answer, with the names of the unknown facts it hangs on (empty unless it is unknown)."""

    answer: Answer
    depends: frozenset[str] = frozenset()


YES = Ruling(Answer.YES)
NO = Ruling(Answer.NO)


def ruling(value: bool | None, fact: str) -> Ruling:  # noqa: FBT001 -- the value is what is asked about
    """Give the ruling of one fact: None means that it is not known."""
    if value is None:
        return Ruling(Answer.UNKNOWN, frozenset({fact}))
    return YES if value else NO


def all_of(parts: Iterable[Ruling]) -> Ruling:
    """Yes if all are yes (or there are none), no if one is no, else unknown on what the unknown ones hang on."""
    depends: frozenset[str] = frozenset()
    for part in parts:
        if part.answer is Answer.NO:
            return NO
        depends |= part.depends
    return Ruling(Answer.UNKNOWN, depends) if depends else YES


def any_of(parts: Iterable[Ruling]) -> Ruling:
    """Yes if one is yes, no if all are no (or there are none), else unknown on what the unknown ones hang on."""
    depends: frozenset[str] = frozenset()
    for part in parts:
        if part.answer is Answer.YES:
            return YES
        depends |= part.depends
    return Ruling(Answer.UNKNOWN, depends) if depends else NO
