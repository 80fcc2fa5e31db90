"""A frozen copy of an index, to be searched in processes and on machines that do not see its folder.

It holds the fingerprints openly, in memory: whoever sends it somewhere answers for the way and the place.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zaoguang.search.delta import Delta
from zaoguang.search.entry import Entry
from zaoguang.search.image import Header, Image
from zaoguang.search.matches import Matches
from zaoguang.search.searchable import MAX_RADIUS, checked_hashes, checked_radius

__all__ = ["Frozen", "FrozenParts"]


@dataclass(frozen=True, slots=True)
class FrozenParts:
    """What a frozen copy is made of; all of it can be pickled, the large part as one array without a copy."""

    header: Header
    image: NDArray[np.uint8]
    added: tuple[Entry, ...]
    hidden: tuple[int, ...]


class Frozen:
    """An index as it was when it was frozen; ``query`` and ``banks_of`` answer as its own did."""

    def __init__(self, parts: FrozenParts) -> None:
        self._parts = parts

    @cached_property
    def _image(self) -> Image:
        return Image(self._parts.image.data, self._parts.header, "frozen")

    @cached_property
    def _delta(self) -> Delta:
        delta = Delta()
        for entry in self._parts.hidden:
            delta.remove(entry, 0)
        for each in self._parts.added:
            delta.insert(each.hash, each.entry, frozenset(each.banks))
        return delta

    def query(
        self, hashes: NDArray[np.uint8], radius: int = MAX_RADIUS, banks: Collection[str] | None = None
    ) -> Matches:
        """Give every entry within ``radius`` of each row of ``hashes``, as ``Index.query``."""
        hashes, radius = checked_hashes(hashes), checked_radius(radius)
        added = self._delta.query(hashes, radius, banks)
        return Matches.joined([self._delta.left_of(self._image.query(hashes, radius, banks)), added])

    def banks_of(self, entry: int) -> frozenset[str]:
        """Give the banks of an entry; empty when it is not there."""
        if entry in self._delta:
            return self._delta.banks_of(entry)
        row = -1 if self._delta.hides(entry) else self._image.row_of(entry)
        return self._image.banks_of_row(row) if row >= 0 else frozenset()
