"""One PDQ hash: 256 bits that change little when a picture is re-saved, and its distance to another."""

import re
from dataclasses import dataclass
from typing import Final, Self

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["MATCH_RADIUS", "ORIENTATIONS", "Pdq"]

MATCH_RADIUS: Final = 31
"""Two pictures whose hashes differ in at most this many bits are taken for the same (the field's own threshold)."""

ORIENTATIONS: Final = (
    "original",
    "rotated_90",  # counter-clockwise
    "rotated_180",
    "rotated_270",
    "flipped",  # top to bottom
    "mirrored",  # left to right
    "transposed",  # over the diagonal from top left
    "transversed",  # over the diagonal from top right
)
"""How a picture can be turned: the names of ``Fingerprint.variants``, in their order.

``variants[i]`` is the hash of the picture turned that way; the order is that of ``pdqhash.compute_dihedral``.
"""

_SIZE: Final = 32
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Pdq:
    """256 bits as 32 bytes, first bit highest: the order of the 64 hex digits that python-threatexchange writes."""

    bits: bytes

    def __post_init__(self) -> None:
        """Refuse anything but 32 bytes (``UserMistake``)."""
        if len(self.bits) != _SIZE:
            raise UserMistake(_("A PDQ hash has 256 bits (64 hex digits); this one has not. Copy it again in full."))

    @classmethod
    def from_hex(cls, untrusted_hex: str) -> Self:
        """Read 64 hex digits; ``UserMistake`` for anything else."""
        if not _HEX.fullmatch(untrusted_hex):
            raise UserMistake(_("A PDQ hash is written as exactly 64 hex digits; this is not. Copy it again in full."))
        return cls(bytes.fromhex(untrusted_hex))

    @property
    def hex(self) -> str:
        """The 64 lower-case hex digits."""
        return self.bits.hex()

    def distance(self, other: "Pdq") -> int:
        """Give how many of the 256 bits differ."""
        return (int.from_bytes(self.bits) ^ int.from_bytes(other.bits)).bit_count()
