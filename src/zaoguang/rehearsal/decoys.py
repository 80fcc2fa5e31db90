"""Pictures that are no copies: cut from other photographs, and every fifth made to look nearly like an item.

Each is measured before it is used: it differs from every item, in all eight orientations, in at least 36 bits, five
more than the match radius. So a match with a decoy is a mistake of the search and never of the plan.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from PIL import Image, ImageEnhance

from zaoguang.errors import DoesNotHold
from zaoguang.fingerprint import LOW_QUALITY_BELOW, Pdq
from zaoguang.fingerprint.kernel import Hashed, hashed
from zaoguang.words import gettext as _

__all__ = ["FARTHEST_ALIKE", "NEAREST", "Decoy", "make_decoy"]

NEAREST = 36
"""The least distance, in bits, of a decoy to any item."""

FARTHEST_ALIKE = 70
"""Near-alikes are at most this far from the item that they are mixed with."""

_NEAR_ALIKE_EVERY = 5
_TRIES = 200
_LONG_SIDE = 300


@dataclass(frozen=True, slots=True)
class Decoy:
    """One file; ``distance`` is how many bits lie between it and the nearest item."""

    content: bytes
    distance: int
    suffix: str = ".jpg"
    content_type: str = "image/jpeg"


def make_decoy(number: int, seed: int, items: Sequence[bytes], others: Sequence[bytes]) -> Decoy:
    """Give decoy ``number`` of that seed's world: from JPEGs of the items (at least one) and of other photographs.

    The same arguments give the same bytes.
    """
    random = Random(f"decoy {seed} {number}")
    near_alike = number % _NEAR_ALIKE_EVERY == 0
    known = _variants(tuple(items))
    attempts = _mixed(random, items, others) if near_alike else _cut(random, others)
    for picture, _tried in zip(attempts, range(_TRIES), strict=False):
        content = _saved(picture, random)
        distance, quality = _measured(content, known)
        far_enough = distance >= NEAREST and (not near_alike or distance <= FARTHEST_ALIKE)
        if far_enough and quality >= LOW_QUALITY_BELOW:
            return Decoy(content, distance)
    raise DoesNotHold(_("No decoy could be made that differs enough from every item; choose another seed."))


def _cut(random: Random, others: Sequence[bytes]) -> Iterator[Image.Image]:
    """Yield parts of photographs, lighter or darker than they were, some mirrored."""
    while True:
        picture = _small(random.choice(others))
        width, height = (round(side * random.uniform(0.5, 0.95)) for side in picture.size)
        left, top = random.randint(0, picture.width - width), random.randint(0, picture.height - height)
        part = picture.crop((left, top, left + width, top + height))
        if random.random() < 0.5:  # noqa: PLR2004  (a coin)
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        yield ImageEnhance.Brightness(part).enhance(random.uniform(0.7, 1.3))


def _mixed(random: Random, items: Sequence[bytes], others: Sequence[bytes]) -> Iterator[Image.Image]:
    """Yield an item mixed with another photograph, less or more of it by chance."""
    while True:
        item = _small(random.choice(items))
        other = _small(random.choice(others)).resize(item.size)
        yield Image.blend(item, other, random.uniform(0.2, 0.6))


def _saved(picture: Image.Image, random: Random) -> bytes:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=random.randint(60, 90))
    return held.getvalue()


def _measured(content: bytes, known: tuple[Pdq, ...]) -> tuple[int, int]:
    """Give the distance of a file to the nearest of all items' variants, and its quality."""
    found = _hashed(content)
    return min(found.variants[0].distance(other) for other in known), found.quality


@lru_cache(maxsize=4)
def _variants(items: tuple[bytes, ...]) -> tuple[Pdq, ...]:
    """Give the hashes of every item in every orientation."""
    return tuple(pdq for item in items for pdq in _hashed(item).variants)


def _hashed(content: bytes) -> Hashed:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return hashed(picture.tobytes(), *picture.size)


@lru_cache(maxsize=64)
def _small(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.thumbnail((_LONG_SIDE, _LONG_SIDE))
    return picture
