"""The rules of a case: who may do what, which step may follow which, when a clock is due, what counts as an outcome.

Everything here is a value or a rule over values; ``now`` is always given, and time is aware UTC.
"""

from zaoguang.casework.clock import escalation_due, recheck_times, watch_after
from zaoguang.casework.consent import Consent, ConsentUse, may
from zaoguang.casework.outcome import Outcome, Settled, dead_for_good, outcome_from, reappeared, settle
from zaoguang.casework.roles import Permission, Role, allows
from zaoguang.casework.state import CaseStatus, NoticeState, may_change, may_move, needs_person

__all__ = [
    "CaseStatus",
    "Consent",
    "ConsentUse",
    "NoticeState",
    "Outcome",
    "Permission",
    "Role",
    "Settled",
    "allows",
    "dead_for_good",
    "escalation_due",
    "may",
    "may_change",
    "may_move",
    "needs_person",
    "outcome_from",
    "reappeared",
    "recheck_times",
    "settle",
    "watch_after",
]
