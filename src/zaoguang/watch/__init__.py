"""Watch: addresses that a person names, fetched safely, become reports of the pictures on them.

``Reader`` is the parent's handle of one hardened process that does all fetching and decoding; nothing it fetches
reaches a disk or this process. ``judge`` turns a later look at a page into a finding, and never guesses "removed".
"""

from zaoguang.watch.address import AddressPolicy
from zaoguang.watch.outcome import Finding, judge
from zaoguang.watch.reader import Reader
from zaoguang.watch.report import Fetched, FetchLimits, PageReport, PictureSeen, Redirect, Signals, Unread

__all__ = [
    "AddressPolicy",
    "FetchLimits",
    "Fetched",
    "Finding",
    "PageReport",
    "PictureSeen",
    "Reader",
    "Redirect",
    "Signals",
    "Unread",
    "judge",
]
