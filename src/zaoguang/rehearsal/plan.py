"""The plan of a make-believe world: which sites there are, who runs them, and where every copy and decoy hangs.

Pure and deterministic: the same seed and numbers give the same plan, so that found and missed can be counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from zaoguang.errors import UserMistake
from zaoguang.rehearsal.edits import EDITS
from zaoguang.words import gettext as _

__all__ = ["CAST", "Character", "Placement", "Plan", "Site", "SiteKind", "make_plan"]

ITEMS = 6
_DECOYS_PER_COPY = 10
_PER_PAGE = 10
_COPIES_PER_PAGE = 3
_MOST_COPIES = 1500


class SiteKind(StrEnum):
    """What a hostile site is like."""

    FORUM = "forum"
    GALLERY = "gallery"
    CHANNEL = "channel"


class Character(StrEnum):
    """How a platform behaves when it gets a notice."""

    HOURS = "removes_within_hours"
    ESCALATION = "removes_after_escalation"
    REFUSES = "refuses"
    SILENT = "never_answers"
    GEOBLOCKS = "geoblocks_only"
    RETURNS = "reappears"


@dataclass(frozen=True, slots=True)
class Site:
    """One hostile site and the platform behind it; ``route`` is how it takes reports."""

    name: str
    kind: SiteKind
    character: Character
    route: str  # "email" or "form"
    regime: str

    @property
    def mailbox(self) -> str:
        """The platform's abuse address."""
        return f"abuse@{self.name}.example"


CAST = (
    Site("harbour-board", SiteKind.FORUM, Character.HOURS, "email", "us-take-it-down"),
    Site("lantern-gallery", SiteKind.GALLERY, Character.ESCALATION, "email", "eu-dsa-16"),
    Site("river-channel", SiteKind.CHANNEL, Character.REFUSES, "email", "us-take-it-down"),
    Site("orchard-board", SiteKind.FORUM, Character.SILENT, "email", "eu-dsa-16"),
    Site("meadow-gallery", SiteKind.GALLERY, Character.GEOBLOCKS, "email", "us-take-it-down"),
    Site("hilltop-channel", SiteKind.CHANNEL, Character.RETURNS, "email", "eu-dsa-16"),
    Site("pebble-gallery", SiteKind.GALLERY, Character.HOURS, "form", "us-take-it-down"),
)


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
    """Every picture of the world."""

    seed: int
    copies: int
    placements: tuple[Placement, ...]

    def on(self, site: Site) -> tuple[Placement, ...]:
        """Give a site's pictures, page by page."""
        return tuple(placement for placement in self.placements if placement.site == site.name)


def make_plan(seed: int, copies: int) -> Plan:
    """Plan a world with that many copies among ten times as many decoys.

    Copies hang a few together, as leaks do; every edit is used in turn.
    """
    if not 1 <= copies <= _MOST_COPIES:
        raise UserMistake(_("A rehearsal has between 1 and %(most)d copies.") % {"most": _MOST_COPIES})
    random = Random(f"plan {seed} {copies}")
    pages = _pages(random, copies, copies * _DECOYS_PER_COPY)
    edits = _edits(random, copies)
    return Plan(seed, copies, tuple(_place(random, pages, edits)))


def _edits(random: Random, copies: int) -> Iterator[tuple[int, str]]:
    """Yield (item, edit): each item with each edit in turn, in shuffled order."""
    names = sorted(EDITS)
    pairs = [(number % ITEMS, names[(number // ITEMS + number) % len(names)]) for number in range(copies)]
    random.shuffle(pairs)
    return iter(pairs)


def _pages(random: Random, copies: int, decoys: int) -> list[list[bool]]:
    """Give pages as lists of "is a copy"; pages without a copy come last in number, not in place."""
    pages: list[list[bool]] = []
    while copies:
        others_in_need = max(0, len(CAST) - len(pages) - 1)  # sites that have no copy yet besides this one
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


def _place(random: Random, pages: Sequence[list[bool]], edits: Iterator[tuple[int, str]]) -> Iterator[Placement]:
    """Hang the pages on the sites in turn, so that every character gets copies, and number the pictures."""
    number = 0
    order = list(range(len(pages)))
    heads, tail = order[: len(CAST)], order[len(CAST) :]
    random.shuffle(tail)
    filled = dict.fromkeys((site.name for site in CAST), 0)
    for turn, index in enumerate([*heads, *tail]):
        site = CAST[turn % len(CAST)]
        filled[site.name] += 1
        for is_copy in pages[index]:
            item, edit = next(edits) if is_copy else (None, "")
            yield Placement(number, site.name, filled[site.name], item, edit)
            number += 1
