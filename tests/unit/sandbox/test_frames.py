"""The receiver believes nothing about an answer that it has not checked."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.sandbox.frames import BrokenAnswerError, answer_from_bytes, json_bytes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(untrusted: bytes) -> None:
    with contextlib.suppress(BrokenAnswerError):
        assert isinstance(answer_from_bytes(untrusted), dict)


@given(st.dictionaries(st.text(), JSON))
def test_an_answer_arrives_as_it_was_sent(answer: dict[str, object]) -> None:
    assert answer_from_bytes(json.dumps(answer).encode()) == answer


@pytest.mark.parametrize(
    "untrusted",
    [
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a":' + b"[" * 2_000_000,
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":' + b"9" * 10_000 + b"}",
        b'{"a":"\xff"}',
        b"[]",
        b"",
    ],
    ids=["deep", "deeper than the stack", "nan", "infinity", "huge number", "bad utf-8", "not an object", "nothing"],
)
def test_answers_made_to_hurt_are_refused(untrusted: bytes) -> None:
    with pytest.raises(BrokenAnswerError):
        answer_from_bytes(untrusted)


def test_depth_is_allowed_to_its_limit_and_no_further() -> None:
    assert answer_from_bytes(b'{"a":' * 32 + b"1" + b"}" * 32)
    with pytest.raises(BrokenAnswerError):
        answer_from_bytes(b'{"a":' * 33 + b"1" + b"}" * 33)


def test_what_json_has_no_word_for_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_bytes({"a": float("nan")})
