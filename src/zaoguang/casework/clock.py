"""When the addresses of a notice are looked at again, and when the next step should be proposed.

When a notice is due is counted in ``casework.deadlines``.
"""

from datetime import datetime, timedelta

from zaoguang.casework.moment import in_utc
from zaoguang.casework.outcome import Outcome
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["escalation_due", "recheck_times", "watch_after"]

_DENSE = tuple(timedelta(hours=hours) for hours in (1, 6, 24))
"""The first looks after sending: where a platform acts at all, it mostly acts within a day."""

_THINNING = tuple(timedelta(days=days) for days in (3, 7, 14, 30, 60, 90, 180, 365))
"""The later looks, counted from sending too: copies come back months later."""

_WATCH = timedelta(days=90)

_NEEDS_ESCALATION = frozenset({None, Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.GEOBLOCKED})


def recheck_times(sent_at: datetime, deadline: datetime) -> tuple[datetime, ...]:
    """Give when the addresses of a notice are looked at again: dense at first, at the deadline, then thinning.

    Raises:
        UserMistake: a time has no time zone, or the deadline does not come after the sending.
    """
    start, due = in_utc(sent_at), in_utc(deadline)
    if due <= start:
        raise UserMistake(_("The deadline must come after the notice was sent."))
    early = [start + after for after in _DENSE if start + after < due]
    late = [start + after for after in _THINNING if start + after > due]
    return (*early, due, *late)


def watch_after(last: datetime) -> datetime:
    """Give the next look of the standing watch: every 90 days, for as long as the case may be looked at."""
    return in_utc(last) + _WATCH


def escalation_due(deadline: datetime | None, outcome: Outcome | None, now: datetime, *, escalated: bool) -> bool:
    """Tell whether a next step should be *proposed* to a person; nothing is ever escalated by itself.

    A refusal needs no waiting. Whatever else still stands, a block by country included, is due at the deadline.
    Without one (``None``: the clock stands still) nothing is due, a refusal neither.
    """
    if escalated or deadline is None or outcome not in _NEEDS_ESCALATION:
        return False
    return outcome is Outcome.REFUSED or in_utc(now) >= in_utc(deadline)
