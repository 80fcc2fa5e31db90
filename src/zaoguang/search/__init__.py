"""Search: fingerprints in, every banked fingerprint within the radius out, exactly (promise P10).

``LinearIndex`` looks at everything and is the oracle; ``Index`` lies in a folder, is shared by processes and does not
look at everything. Both obey ``Searchable`` and the same contract test.
"""

from zaoguang.search.defect import Defect, Refused
from zaoguang.search.entry import Entry, Rows
from zaoguang.search.index import Index, Stats
from zaoguang.search.linear import LinearIndex
from zaoguang.search.matches import Matches
from zaoguang.search.searchable import MAX_RADIUS, Searchable

__all__ = ["MAX_RADIUS", "Defect", "Entry", "Index", "LinearIndex", "Matches", "Refused", "Rows", "Searchable", "Stats"]
