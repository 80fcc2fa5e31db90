"""Scan: an archive that is already held → which of its members a bank knows; resumable, on one machine or many."""

from zaoguang.scan.banks import Bank, Sought
from zaoguang.scan.journal import Journal, NoJournal
from zaoguang.scan.looking import Looker, Seeking, Seen
from zaoguang.scan.plan import Unit, units
from zaoguang.scan.run import Engine, LocalEngine, scan
from zaoguang.scan.source import Held, Source
from zaoguang.scan.why import Why

__all__ = [
    "Bank",
    "Engine",
    "Held",
    "Journal",
    "LocalEngine",
    "Looker",
    "NoJournal",
    "Seeking",
    "Seen",
    "Sought",
    "Source",
    "Unit",
    "Why",
    "scan",
    "units",
]
