"""The plan of a make-believe world: which sites there are, who runs them, and where every copy and decoy hangs.

Pure and deterministic: the same seed and numbers give the same plan, so that found and missed can be counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from zaoguang.errors import UserMistake
from zaoguang.rehearsal.cast import CORE, Site
from zaoguang.rehearsal.edits import EDITS
from zaoguang.words import gettext as _

__all__ = ["ITEMS", "Placement", "Plan", "make_plan"]

ITEMS = 6
_DECOYS_PER_COPY = 10
_PER_PAGE = 10
_COPIES_PER_PAGE = 3
_MOST_COPIES = 1500


@dataclass(frozen=True, slots=True)
class Placement:
    """One picture on one page; a copy names its item and the edit it went through."""

    number: int
    site: str
    page: int  # pages of a site count from 1
    item: int | None  # index into the survivor's items; none for a decoy
    edit: str  # of EDITS for a copy, "" for a decoy

    @property
    def code(self) -> str:
        """The picture's name in addresses: says nothing about what it is."""
        return f"{self.number * 2654435761 % 4294967296:08x}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Every site of the world, and every picture."""

    seed: int
    copies: int
    sites: tuple[Site, ...]
    placements: tuple[Placement, ...]

    def on(self, site: Site) -> tuple[Placement, ...]:
        """Give a site's pictures, page by page."""
        return tuple(placement for placement in self.placements if placement.site == site.name)


def make_plan(seed: int, copies: int, sites: tuple[Site, ...] = CORE) -> Plan:
    """Plan a world with that many copies among ten times as many decoys.

    Copies hang a few together, as leaks do, at least one on each site that keeps any; every edit is used in turn.
    """
    homes = [site for site in sites if not site.character.is_trap]
    if not len(homes) <= copies <= _MOST_COPIES:
        message = _("A rehearsal with these sites has between %(least)d and %(most)d copies.")
        raise UserMistake(message % {"least": len(homes), "most": _MOST_COPIES})
    random = Random(f"plan {seed} {copies}")
    pages = _pages(random, copies, copies * _DECOYS_PER_COPY, len(homes))
    edits = _edits(random, copies)
    return Plan(seed, copies, sites, tuple(_place(random, pages, edits, homes)))


def _edits(random: Random, copies: int) -> Iterator[tuple[int, str]]:
    """Yield (item, edit): each item with each edit in turn, in shuffled order."""
    names = sorted(EDITS)
    pairs = [(number % ITEMS, names[(number // ITEMS + number) % len(names)]) for number in range(copies)]
    random.shuffle(pairs)
    return iter(pairs)


def _pages(random: Random, copies: int, decoys: int, homes: int) -> list[list[bool]]:
    """Give pages as lists of "is a copy"; pages without a copy come last in number, not in place."""
    pages: list[list[bool]] = []
    while copies:
        others_in_need = max(0, homes - len(pages) - 1)  # sites that have no copy yet besides this one
        here = min(max(1, copies - others_in_need), random.randint(1, 2 * _COPIES_PER_PAGE - 1))
        copies -= here
        around = min(decoys, max(0, _PER_PAGE - here))
        decoys -= around
        page = [True] * here + [False] * around
        random.shuffle(page)
        pages.append(page)
    while decoys:
        around = min(decoys, _PER_PAGE)
        decoys -= around
        pages.append([False] * around)
    return pages


def _place(
    random: Random, pages: Sequence[list[bool]], edits: Iterator[tuple[int, str]], homes: Sequence[Site]
) -> Iterator[Placement]:
    """Hang the pages on the sites in turn, so that every character gets copies, and number the pictures."""
    number = 0
    order = list(range(len(pages)))
    heads, tail = order[: len(homes)], order[len(homes) :]
    random.shuffle(tail)
    filled = dict.fromkeys((site.name for site in homes), 0)
    for turn, index in enumerate([*heads, *tail]):
        site = homes[turn % len(homes)]
        filled[site.name] += 1
        for is_copy in pages[index]:
            item, edit = next(edits) if is_copy else (None, "")
            yield Placement(number, site.name, filled[site.name], item, edit)
            number += 1
