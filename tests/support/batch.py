"""A case at the end of matching: as many copies as asked for, on ten of the rehearsal's platforms; nothing is real."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tests.support.made_centre import fetched, made_fingerprint
from zaoguang.centre.cases.models import Case
from zaoguang.centre.sightings.matching import case_index
from zaoguang.centre.sightings.reading import keep_sightings
from zaoguang.rehearsal.cast import WIDE, Character, Site
from zaoguang.watch import PageReport, PictureSeen

__all__ = ["ADDRESSES", "COPIES_EACH", "PLATFORMS", "plant", "platforms"]

PLATFORMS, COPIES_EACH = 10, 4
ADDRESSES = PLATFORMS * (COPIES_EACH + 1)
"""A notice names each page, and each picture on it."""


def platforms() -> tuple[Site, ...]:
    """Give ten platforms under ten laws; one takes reports through its own form only."""
    homes = [site for site in WIDE if not site.character.is_trap and site.character is not Character.BOUNCES]
    return tuple(homes[-PLATFORMS:])


def plant(case: Case, sites: Sequence[Site], ports: Mapping[str, int], now: datetime, *, pages_each: int = 1) -> None:
    """Put four sealed copies of an item on each page, as if a check had found and probed them.

    The case's first item must be the made-up fingerprint of seed 1.
    """
    index, seen = case_index(case), made_fingerprint(1)
    for site in sites:
        for number in range(pages_each):
            page = f"http://127.0.0.1:{ports[site.name]}/made/{number}"
            pictures = [f"{page}/{picture}.jpg" for picture in range(COPIES_EACH)]
            shown = tuple(PictureSeen(picture, fetched(picture, now), seen) for picture in pictures)
            with transaction.atomic():
                keep_sightings(case, PageReport("link", page, fetched(page, now), shown), index, now)
    case.sightings.update(judged_at=now)  # as after the decoys: a copy is kept there
