"""What became of a copy after a notice; decided by what was seen, never by a guess, and a block is not a removal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zaoguang.casework.moment import in_utc
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Outcome", "Settled", "dead_for_good", "outcome_from", "reappeared", "settle"]


class Outcome(StrEnum):
    """How a sighting ended so far; a sighting without one is still up."""

    REMOVED = "removed"
    DEINDEXED = "deindexed"  # a search engine no longer shows it; the page may live
    GEOBLOCKED = "geoblocked"  # hidden from some countries; it is still there
    ACCOUNT_CLOSED = "account_closed"
    DEAD = "dead"  # the host does not answer any more, for everybody
    REFUSED = "refused"  # the addressee said no; a person recorded that
    NO_ANSWER = "no_answer"  # the deadline passed and it is not certainly gone


_SEEN: Mapping[str, Outcome] = {
    "removed": Outcome.REMOVED,
    "geoblocked": Outcome.GEOBLOCKED,
    "account_closed": Outcome.ACCOUNT_CLOSED,
    "dead": Outcome.DEAD,
}
"""The findings that settle something by themselves."""

_STILL_UP = frozenset({"still_there", "moved"})
_NOT_CERTAIN = frozenset({"login_wall", "interstitial", "unclear"})

_STRENGTH: Mapping[Outcome | None, int] = {
    None: 0,
    Outcome.NO_ANSWER: 1,
    Outcome.REFUSED: 2,
    Outcome.GEOBLOCKED: 3,
    Outcome.DEINDEXED: 4,
    Outcome.DEAD: 5,
    Outcome.ACCOUNT_CLOSED: 6,
    Outcome.REMOVED: 7,
}
"""How much of the copy is gone. A recheck only ever moves up, except by a reappearance, which is said aloud."""

_HIDDEN = frozenset(outcome for outcome, strength in _STRENGTH.items() if strength >= _STRENGTH[Outcome.GEOBLOCKED])


@dataclass(frozen=True, slots=True)
class Settled:
    """What a sighting's outcome is after a recheck, and whether the copy came back."""

    outcome: Outcome | None
    reappeared: bool


def outcome_from(finding: str, deadline: datetime | None, now: datetime, *, refused: bool = False) -> Outcome | None:
    """Give the outcome that one look at an address shows, or None while it is still up and the clock runs.

    ``finding`` is one of the watch's words. ``deadline`` is None while the clock stands still. ``refused`` says that a
    person recorded the addressee's refusal. Where nobody can tell (a login wall, an unclear page), the answer is never
    ``removed``.

    Raises:
        UserMistake: the finding is not one of the known words, or a time has no time zone.
    """
    if finding in _SEEN:
        return _SEEN[finding]
    if finding not in _STILL_UP | _NOT_CERTAIN:
        raise UserMistake(_("%(finding)r is not a finding of a recheck.") % {"finding": finding})
    if refused:
        return Outcome.REFUSED
    return Outcome.NO_ANSWER if deadline is not None and in_utc(now) >= in_utc(deadline) else None


def reappeared(previous: Outcome | None, finding: str) -> bool:
    """Tell whether a copy that was out of sight is certainly to be seen again."""
    return previous in _HIDDEN and finding in _STILL_UP


def settle(
    previous: Outcome | None, finding: str, deadline: datetime | None, now: datetime, *, refused: bool = False
) -> Settled:
    """Give the outcome after a recheck, from the one before it and what was seen now.

    A weaker or uncertain finding never replaces a stronger outcome; a copy seen again opens the sighting (outcome
    None, so that a new notice and a new clock can follow) and is reported as a reappearance.
    """
    seen = outcome_from(finding, deadline, now, refused=refused)
    if reappeared(previous, finding):
        return Settled(None, reappeared=True)
    return Settled(max(previous, seen, key=lambda outcome: _STRENGTH[outcome]), reappeared=False)


DEAD_LOOKS, DEAD_SPAN = 3, timedelta(days=3)
"""A host is dead when so many looks in a row, over so long a time, found it so: an hour's outage is no outcome."""


def dead_for_good(earlier: Sequence[tuple[datetime, str]], now: datetime) -> bool:
    """Tell whether a look that finds the host dead now settles that, after the earlier looks, oldest first."""
    since, looks = in_utc(now), 1
    for at, finding in reversed(earlier):
        if finding != "dead":
            break
        since, looks = in_utc(at), looks + 1
    return looks >= DEAD_LOOKS and in_utc(now) - since >= DEAD_SPAN
