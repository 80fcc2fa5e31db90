"""The frames between parent and child: sizes first, then JSON and bytes; each side bounds what the other sends.

Parent → child: two 32-bit big-endian sizes, the options as JSON, the untrusted bytes.
Child → parent: one 32-bit big-endian size, the answer as JSON. The first frame is the child's greeting.
"""

import json
import struct
from typing import Final, Never, TypeAlias

__all__ = ["ANSWER_HEAD", "REQUEST_HEAD", "BrokenAnswerError", "Json", "answer_from_bytes", "json_bytes"]

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""A JSON value."""

REQUEST_HEAD: Final = struct.Struct(">II")
ANSWER_HEAD: Final = struct.Struct(">I")
_DEPTH_MOST: Final = 32


class BrokenAnswerError(ValueError):
    """The answer of a child is not JSON of the agreed form; stays inside this room."""


def json_bytes(value: Json) -> bytes:
    """Give compact UTF-8 JSON; ``ValueError`` for what JSON has no word for (NaN, infinity)."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def answer_from_bytes(untrusted_answer: bytes) -> dict[str, Json]:
    """Give the answer frame's object; ``BrokenAnswerError`` if it is not one, or nests deeper than 32."""
    try:
        answer = json.loads(untrusted_answer, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswerError(str(type(error))) from None
    if not isinstance(answer, dict) or _deeper_than(answer, _DEPTH_MOST):
        raise BrokenAnswerError("not an object, or too deep")
    return answer


def _refuse_constant(name: str) -> Never:
    raise BrokenAnswerError(name)


def _deeper_than(value: Json, most: int) -> bool:
    """Say whether lists and objects nest deeper than that; layer by layer, so that depth costs no stack."""
    layer: list[Json] = [value]
    for _ in range(most):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in held if isinstance(inner, dict | list)]
