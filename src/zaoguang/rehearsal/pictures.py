"""The bytes of every picture in a plan, made when first asked for and the same each time."""

from dataclasses import dataclass
from functools import cached_property
from random import Random
from threading import Lock

from zaoguang.rehearsal.decoys import make_decoy
from zaoguang.rehearsal.edits import EDITS
from zaoguang.rehearsal.photographs import Photograph, photographs
from zaoguang.rehearsal.plan import ITEMS, Placement, Plan

__all__ = ["Picture", "Pictures", "survivors_items"]

_OTHERS_FROM = 1_000_000  # no placement of a plan has such a number


@dataclass(frozen=True, slots=True)
class Picture:
    """One file as a site serves it."""

    content: bytes
    suffix: str
    content_type: str


def survivors_items(seed: int) -> tuple[Photograph, ...]:
    """Give the photographs that play the survivor's items in this seed's world."""
    chosen = list(photographs())
    Random(f"items {seed}").shuffle(chosen)
    return tuple(chosen[:ITEMS])


class Pictures:
    """Makes pictures and keeps them in memory."""

    def __init__(self, plan: Plan) -> None:
        """Take the plan."""
        self._plan = plan
        self._made: dict[int, Picture] = {}
        self._lock = Lock()

    @cached_property
    def _items(self) -> tuple[bytes, ...]:
        return tuple(photograph.content for photograph in survivors_items(self._plan.seed))

    @cached_property
    def _others(self) -> tuple[bytes, ...]:
        mine = {photograph.name for photograph in survivors_items(self._plan.seed)}
        return tuple(photograph.content for photograph in photographs() if photograph.name not in mine)

    def suffix(self, placement: Placement) -> str:
        """Give the file name's ending, without making the picture where the edit tells it."""
        return EDITS[placement.edit].suffix if placement.item is not None else ".jpg"

    def of(self, placement: Placement) -> Picture:
        """Give the picture at that place."""
        known = self._made.get(placement.number)
        if known is None:
            known = self._make(placement)
            with self._lock:
                self._made[placement.number] = known
        return known

    def instead(self, placement: Placement) -> Picture:
        """Give another picture than the one at that place, none of hers."""
        return self._decoy(_OTHERS_FROM + placement.number)

    def item(self) -> Picture:
        """Give her first item as it is."""
        return Picture(self._items[0], ".jpg", "image/jpeg")

    def _decoy(self, number: int) -> Picture:
        decoy = make_decoy(number, self._plan.seed, self._items, self._others)
        return Picture(decoy.content, decoy.suffix, decoy.content_type)

    def _make(self, placement: Placement) -> Picture:
        if placement.item is None:
            return self._decoy(placement.number)
        edit = EDITS[placement.edit]
        random = Random(f"{self._plan.seed} {placement.number}")
        return Picture(edit.make(self._items[placement.item], random), edit.suffix, edit.content_type)
