"""Many copies at one platform, as notices of a size and at a pace that its channel takes, and none asked for twice.

A copy is whatever the caller says it is; ``named_by`` gives the addresses that a notice names because of it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import inf
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Batch", "Limit", "not_pending", "plan_batches", "same_address"]

_MOST = 1_000  # addresses that one notice may name (see values.py)
_PORTS = {"http": ":80", "https": ":443"}
_Copy = TypeVar("_Copy")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many addresses a channel takes; None where it publishes no limit."""

    per_notice: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Batch(Generic[_Copy]):
    """The copies of one notice, and the day on which it may go."""

    day: date
    copies: tuple[_Copy, ...]


@dataclass(slots=True)
class _Filling(Generic[_Copy]):
    day: date
    copies: list[_Copy] = field(default_factory=list)
    named: set[str] = field(default_factory=set)


def not_pending(
    copies: Iterable[_Copy], named_by: Callable[[_Copy], Iterable[str]], pending: Iterable[str]
) -> Iterator[_Copy]:
    """Yield the copies with an address that is not among ``pending``: those that an open notice asks for already."""
    asked = {same_address(each) for each in pending}
    return (copy for copy in copies if not _named(copy, named_by) <= asked)


def plan_batches(
    copies: Sequence[_Copy],
    named_by: Callable[[_Copy], Iterable[str]],
    limit: Limit,
    first_day: date,
    *,
    used: int = 0,
) -> tuple[Batch[_Copy], ...]:
    """Split copies at a channel's limits, in their order, from the first day on; each is in exactly one batch.

    What counts is the addresses that the notices will name, an address written in two ways once. ``used`` is how many
    of the first day's places are taken already. A copy that names more than a whole limit has a batch of its own.

    Raises:
        UserMistake: a limit or a count is not above zero (``used`` may be zero).
    """
    size, daily = limit.per_notice or _MOST, limit.per_day or inf
    if min(size, daily) < 1 or used < 0:
        raise UserMistake(_("A limit must be at least one address."))
    batches: list[_Filling[_Copy]] = []
    home: dict[str, _Filling[_Copy]] = {}
    day, taken = first_day, used
    for copy in copies:
        named = _named(copy, named_by)
        batch = next((home[each] for each in sorted(named) if each in home and named <= home[each].named), None)
        if batch is None:
            batch = batches[-1] if batches else _Filling(day)
            more = len(named - batch.named)
            if not batches or len(batch.named) + more > min(size, _MOST) or taken + more > daily:
                more = len(named)
                if taken and taken + more > daily:
                    day, taken = day + timedelta(days=1), 0
                batch = _Filling(day)
                batches.append(batch)
            taken += more
            batch.named |= named
            home |= dict.fromkeys(named, batch)
        batch.copies.append(copy)
    return tuple(Batch(each.day, tuple(each.copies)) for each in batches)


def _named(copy: _Copy, named_by: Callable[[_Copy], Iterable[str]]) -> set[str]:
    return {same_address(each) for each in named_by(copy)}


def same_address(address: str) -> str:
    """Give an address in the one form that is compared: scheme and host small, no default port, ``/`` for no path.

    Path, query and fragment stay as they are: on many sites they tell one post from another.
    """
    try:
        parts = urlsplit(address.strip())
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        return address.strip()
    host = host.removesuffix(_PORTS.get(parts.scheme, "\0"))
    return parts._replace(netloc=host, path=parts.path or "/").geturl() if host else address.strip()
