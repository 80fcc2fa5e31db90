"""Canonical JSON (RFC 8785): one value, one sequence of bytes; and a reader that takes nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

import rfc8785

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.words import gettext as _

__all__ = ["Json", "JsonObject", "canonical", "read_canonical"]

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]


def canonical(value: Json) -> bytes:
    """Give the value's RFC 8785 bytes; UserMistake for what has none (a lone surrogate, NaN, an int beyond 2**53)."""
    try:
        return rfc8785.dumps(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise UserMistake(_("This value has no canonical JSON form.")) from error


def read_canonical(untrusted_bytes: bytes) -> JsonObject:
    """Give the object that these bytes are the canonical form of; DoesNotHold for anything else.

    Two texts for one value would let a changed file pass as the same: written again, the value must give the same
    bytes, which refuses duplicate keys, spaces, other escapes and other number forms. Fractions are refused too, for
    none of our records has one. The caller bounds the size.
    """
    try:
        value = json.loads(untrusted_bytes.decode("utf-8"), parse_float=_refuse_fraction)
        same = isinstance(value, dict) and rfc8785.dumps(value) == untrusted_bytes
    except (ValueError, RecursionError) as error:
        raise DoesNotHold(_("it is not JSON that Zaoguang writes")) from error
    if not same:
        raise DoesNotHold(_("it is not in canonical form (RFC 8785)"))
    return value  # type: ignore[no-any-return]  # json.loads says Any; it is a dict by the check above


def _refuse_fraction(_text: str) -> NoReturn:
    raise ValueError
