"""What a page shows: picture addresses in order, some of them taken down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["PageMaker", "Shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One place on a page: the path of its picture, or none where the platform took it down."""

    path: str | None
    number: int


PageMaker = Callable[[str, int, int, Sequence[Shown]], str]
"""(site's name, page, pages in all, what it shows) → HTML."""
