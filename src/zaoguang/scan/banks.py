"""What is looked for: the banks of one or several indexes, and what of them is near to how something looks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zaoguang.search import Matches

__all__ = ["Bank", "Near", "Sought", "near"]


class Bank(Protocol):
    """An index, or a frozen copy of one."""

    def query(self, hashes: NDArray[np.uint8], radius: int) -> Matches:
        """Give every entry within the radius of each row."""
        ...

    def banks_of(self, entry: int) -> frozenset[str]:
        """Give the banks of an entry; empty when it is no longer there."""
        ...


@dataclass(frozen=True, slots=True)
class Sought:
    """An index that is searched, by the name that the person gave it."""

    name: str
    bank: Bank


@dataclass(frozen=True, slots=True, order=True)
class Near:
    """One entry that a look is near to."""

    row: int
    distance: int
    index: str
    bank: str
    entry: int


def near(sought: Collection[Sought], looks: list[bytes], radius: int) -> list[Near]:
    """Give everything within the radius of each look, a line for each bank that an entry is in."""
    hashes = np.frombuffer(b"".join(looks), np.uint8).reshape(-1, 32)
    found = []
    for each in sought:
        matches = each.bank.query(hashes, radius)
        for row, entry, distance in zip(
            matches.rows.tolist(), matches.entries.tolist(), matches.distances.tolist(), strict=True
        ):
            found += [Near(row, distance, each.name, bank, entry) for bank in each.bank.banks_of(entry)]
    return sorted(found)
