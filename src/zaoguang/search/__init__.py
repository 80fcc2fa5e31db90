"""Search: fingerprints in, every banked fingerprint within the radius out, exactly (promise P10).

The linear scan here is the oracle: whatever comes later obeys the same ``Index`` and the same contract test.
"""

from zaoguang.search.entry import Entry
from zaoguang.search.index import MAX_RADIUS, Index
from zaoguang.search.linear import LinearIndex
from zaoguang.search.matches import Matches

__all__ = ["MAX_RADIUS", "Entry", "Index", "LinearIndex", "Matches"]
