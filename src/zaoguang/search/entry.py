"""An entry: one banked fingerprint, its id, and the banks it belongs to; and what makes one acceptable."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["HASH_BYTES", "MAX_ENTRY", "Entry", "Rows", "checked_banks", "checked_entry", "checked_hash"]

HASH_BYTES = 32
"""A fingerprint is 256 bits."""

MAX_ENTRY = 2**63 - 1
"""Ids are 64-bit and not negative, so that a signed column of a database and an int64 array both hold them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fingerprint as it is banked: 32 bytes, an id that survives rebuilds, and at least one bank."""

    hash: bytes
    entry: int
    banks: Collection[str]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Many fingerprints of the same banks at once: hashes (n, 32) uint8, ids (n,) of any whole-number type."""

    hashes: NDArray[np.uint8]
    entries: NDArray[np.integer]
    banks: Collection[str]


def checked_hash(untrusted_hash: object) -> bytes:
    """Give the hash if it is 32 bytes; UserMistake otherwise (the hash itself is never put into the sentence)."""
    if not isinstance(untrusted_hash, bytes) or len(untrusted_hash) != HASH_BYTES:
        raise UserMistake(_("A fingerprint to bank must be exactly 32 bytes."))
    return untrusted_hash


def checked_entry(untrusted_entry: object) -> int:
    """Give the id if it is a whole number from 0 to 2**63 - 1; UserMistake otherwise."""
    if isinstance(untrusted_entry, bool) or not isinstance(untrusted_entry, int):
        raise UserMistake(_("An entry id must be a whole number."))
    if not 0 <= untrusted_entry <= MAX_ENTRY:
        raise UserMistake(_("An entry id must lie between 0 and 2**63 - 1."))
    return untrusted_entry


def checked_banks(untrusted_banks: Collection[str]) -> frozenset[str]:
    """Give the bank names as a set; UserMistake for a bare text, which would otherwise be taken letter by letter."""
    if isinstance(untrusted_banks, str | bytes):
        raise UserMistake(_("Banks must be given as a collection of names, not as one text."))
    names: frozenset[object] = frozenset(untrusted_banks)
    banks = frozenset(name for name in names if isinstance(name, str) and name)
    if len(banks) != len(names):
        raise UserMistake(_("A bank's name must be a text of at least one character."))
    return banks
