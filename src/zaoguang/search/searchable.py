"""Searchable: what every way of searching promises, and the checks of a query that all of them share."""

from collections.abc import Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.search.entry import HASH_BYTES
from zaoguang.search.matches import Matches
from zaoguang.words import gettext as _

__all__ = ["MAX_RADIUS", "Searchable", "checked_hashes", "checked_radius"]

MAX_RADIUS = 31
"""Two fingerprints at this Hamming distance still match; the field's convention for PDQ."""


class Searchable(Protocol):
    """Banked fingerprints that can be searched exactly, and changed with effect on the very next query.

    An entry has a 64-bit id of its own and at least one bank; the same hash under different ids is kept as often as
    it is given. Safe to use from several threads. Every method raises UserMistake for input it cannot take, and
    then nothing has changed.
    """

    def query(
        self, hashes: NDArray[np.uint8], radius: int = MAX_RADIUS, banks: Collection[str] | None = None
    ) -> Matches:
        """Give every entry within ``radius`` (0 to 31) of each row of ``hashes``, a uint8 array of shape (n, 32).

        ``banks`` names what the query may see: ``None`` is all, an empty collection is none, and an entry is seen
        when at least one of its banks is named. The filter works inside the search.
        """
        ...

    def insert(self, hash: bytes, entry: int, banks: Collection[str]) -> None:  # noqa: A002 (the field's word)
        """Bank one fingerprint; UserMistake when the id is taken, for an id never silently changes its meaning."""
        ...

    def remove(self, entry: int) -> bool:
        """Forget one entry; True if it was there."""
        ...

    def __len__(self) -> int:
        """Give the number of entries."""
        ...


def checked_radius(untrusted_radius: object) -> int:
    """Give the radius if it is a whole number from 0 to 31; UserMistake otherwise."""
    if isinstance(untrusted_radius, bool) or not isinstance(untrusted_radius, int):
        raise UserMistake(_("The radius must be a whole number of bits."))
    if not 0 <= untrusted_radius <= MAX_RADIUS:
        raise UserMistake(_("The radius must lie between 0 and 31 bits."))
    return untrusted_radius


def checked_hashes(untrusted_hashes: object) -> NDArray[np.uint8]:
    """Give the queried hashes as one contiguous (n, 32) uint8 array; UserMistake for another shape or type."""
    if not isinstance(untrusted_hashes, np.ndarray) or untrusted_hashes.dtype != np.uint8:
        raise UserMistake(_("The fingerprints to look for must be a NumPy array of bytes (uint8)."))
    if untrusted_hashes.ndim != 2 or untrusted_hashes.shape[1] != HASH_BYTES:  # noqa: PLR2004 (rows and columns)
        raise UserMistake(_("The fingerprints to look for must be an array of n rows of 32 bytes."))
    return np.ascontiguousarray(untrusted_hashes)
