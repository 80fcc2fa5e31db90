"""The shape of a record: which keys it has and what each may hold; nothing more and nothing less."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from zaoguang.errors import UserMistake
from zaoguang.evidence.canonical import Json
from zaoguang.words import gettext as _

__all__ = [
    "Shape",
    "exactly",
    "fault",
    "hex_digits",
    "is_moment",
    "list_of",
    "matching",
    "moment",
    "pair_of",
    "text",
    "whole",
]

Holds: TypeAlias = Callable[[Json], bool]
Shape: TypeAlias = "Mapping[str, Holds | Shape]"
Rule: TypeAlias = "Holds | Shape"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def fault(record: Json, shape: Shape, where: str = "") -> str:
    """Give the first place where the record leaves the shape, as a dotted name; empty when it keeps to it.

    The answer names only keys of the shape, so it can be shown.
    """
    if not isinstance(record, Mapping):
        return where or "record"
    if record.keys() - shape.keys():
        return f"{where}.*".lstrip(".")
    for name, rule in shape.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in record:
            return place
        inner = fault(record[name], rule, place) if isinstance(rule, Mapping) else "" if rule(record[name]) else place
        if inner:
            return inner
    return ""


def text(longest: int) -> Holds:
    """A text of at least one character and at most ``longest``, without control characters."""
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest and not _CONTROL.search(value)


def matching(pattern: str) -> Holds:
    """A text that the whole pattern matches."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def hex_digits(count: int) -> Holds:
    """Exactly that many lower-case hex digits."""
    return matching(rf"[0-9a-f]{{{count}}}")


def whole(smallest: int, largest: int) -> Holds:
    """A whole number within these bounds, both included."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= largest


def exactly(*allowed: Json) -> Holds:
    """One of these values."""
    return lambda value: not isinstance(value, bool) and value in allowed


def list_of(rule: Rule, most: int) -> Holds:
    """A list of at most that many, each keeping to the rule."""

    def keeps(value: Json) -> bool:
        return not fault({"each": value}, {"each": rule})

    return lambda value: isinstance(value, list) and len(value) <= most and all(keeps(part) for part in value)


def pair_of(first: Holds, second: Holds) -> Holds:
    """A list of two, the first and the second keeping to their rules."""
    return lambda value: isinstance(value, list) and len(value) == 2 and first(value[0]) and second(value[1])  # noqa: PLR2004 (a pair)


def is_moment(value: Json) -> bool:
    """Tell whether the value is a real moment in our one form, UTC to the microsecond."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def moment(value: object) -> str:
    """Give a moment in our one form, ``2026-01-31T08:00:00.000000Z`` (RFC 3339); UserMistake without a time zone."""
    try:
        given = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        given = None
    if not isinstance(given, datetime) or given.tzinfo is None:
        raise UserMistake(_("A time in a record must be a date and time with its time zone."))
    return given.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
