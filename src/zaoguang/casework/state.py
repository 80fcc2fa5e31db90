"""The states of a notice and of a case, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["CaseStatus", "NoticeState", "may_change", "may_move", "needs_person"]


class NoticeState(StrEnum):
    """Where a notice stands on its way to the addressee."""

    PROPOSED = "proposed"  # by the machine; nobody has looked yet
    DRAFT = "draft"
    CONFIRMED = "confirmed"  # by a named person; only now may it leave
    SENDING = "sending"  # the attempt is on record, its result is not
    SENT = "sent"  # the addressee's server took it
    NOT_SENT = "not_sent"  # it certainly did not
    UNKNOWN = "unknown"  # nobody can know; waits for a person and never repeats itself
    WITHDRAWN = "withdrawn"


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    REFERRAL = "referral"  # any sign of a minor: capture is closed, the case goes to those who may act
    CLOSED = "closed"


_N = NoticeState
_NOTICE: Mapping[NoticeState, frozenset[NoticeState]] = {
    _N.PROPOSED: frozenset({_N.DRAFT, _N.WITHDRAWN}),
    _N.DRAFT: frozenset({_N.CONFIRMED, _N.WITHDRAWN}),
    _N.CONFIRMED: frozenset({_N.SENDING, _N.DRAFT, _N.WITHDRAWN}),
    _N.SENDING: frozenset({_N.SENT, _N.NOT_SENT, _N.UNKNOWN}),
    _N.SENT: frozenset(),
    _N.NOT_SENT: frozenset({_N.DRAFT, _N.CONFIRMED, _N.WITHDRAWN}),
    _N.UNKNOWN: frozenset({_N.SENT, _N.NOT_SENT}),
    _N.WITHDRAWN: frozenset(),
}

_ONLY_A_PERSON = frozenset(
    {
        (_N.PROPOSED, _N.DRAFT),
        (_N.DRAFT, _N.CONFIRMED),
        (_N.CONFIRMED, _N.DRAFT),
        (_N.NOT_SENT, _N.DRAFT),
        (_N.UNKNOWN, _N.SENT),
        (_N.UNKNOWN, _N.NOT_SENT),
    }
)
"""Every step towards confirmation, and every judgement about an unknown result. Withdrawing may follow from consent.

What certainly was not sent is still what a person confirmed: the machine may try it again.
"""

_CASE: Mapping[CaseStatus, frozenset[CaseStatus]] = {
    CaseStatus.OPEN: frozenset({CaseStatus.REFERRAL, CaseStatus.CLOSED}),
    CaseStatus.REFERRAL: frozenset(),  # not even closed: what is closed can be opened, and capture with it
    CaseStatus.CLOSED: frozenset({CaseStatus.OPEN, CaseStatus.REFERRAL}),
}


def may_move(before: NoticeState, after: NoticeState) -> bool:
    """Tell whether a notice may go from one state to the other."""
    return after in _NOTICE[before]


def needs_person(before: NoticeState, after: NoticeState) -> bool:
    """Tell whether that step is only ever a named person's, never the machine's."""
    return (before, after) in _ONLY_A_PERSON


def may_change(before: CaseStatus, after: CaseStatus) -> bool:
    """Tell whether a case may go from one status to the other."""
    return after in _CASE[before]
