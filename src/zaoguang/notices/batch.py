"""Many addresses of one platform, as notices of a size and at a pace that its channel takes, and none of them twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Batch", "BatchPlan", "Limit", "plan_batches", "same_address"]

_MOST = 1_000  # addresses that one notice may name (see values.py)
_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Limit:
    """How many addresses a channel takes; None where it publishes no limit."""

    per_notice: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The addresses of one notice, and the day on which it may go."""

    day: date
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Every new address in exactly one batch; ``pending`` are those that were asked for already and left out."""

    batches: tuple[Batch, ...]
    pending: tuple[str, ...]


def plan_batches(
    addresses: Sequence[str], limit: Limit, first_day: date, *, pending: Iterable[str] = (), used: int = 0
) -> BatchPlan:
    """Split addresses at a channel's limits, in their order, from the first day on.

    ``pending`` are addresses that an earlier notice asks for and that no outcome has ended yet; ``used`` is how many
    of the first day's places are taken already. The same address written in two ways counts once.

    Raises:
        UserMistake: a limit or a count is not above zero (``used`` may be zero).
    """
    size, daily = limit.per_notice or _MOST, limit.per_day
    if min(size, daily or 1) < 1 or used < 0:
        raise UserMistake(_("A limit must be at least one address."))
    asked = {same_address(each) for each in pending}
    fresh: dict[str, str] = {}
    left_out = []
    for address in addresses:
        key = same_address(address)
        if key in asked:
            left_out.append(address)
        else:
            fresh.setdefault(key, address)
    return BatchPlan(tuple(_batches(list(fresh.values()), min(size, _MOST), daily, first_day, used)), tuple(left_out))


def _batches(fresh: list[str], size: int, daily: int | None, day: date, used: int) -> Iterable[Batch]:
    room = len(fresh) if daily is None else max(0, daily - used)
    while fresh:
        if room == 0:
            day, room = day + timedelta(days=1), daily or len(fresh)
            continue
        count = min(size, room)
        yield Batch(day, tuple(fresh[:count]))
        fresh, room = fresh[count:], room - count


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
