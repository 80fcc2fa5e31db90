"""Canonical JSON: RFC 8785's own examples, and a reader that takes one form only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.evidence import Json, canonical
from zaoguang.evidence.canonical import read_canonical

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


def test_keys_are_sorted_by_utf_16_as_the_rfc_shows() -> None:
    record: Json = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "ö": 7}
    assert canonical(record).decode() == '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=4))
def test_what_is_written_is_read_back(record: dict[str, Json]) -> None:
    assert read_canonical(canonical(record)) == record


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", {"\udfff": 1}, {1: 2}, b"bytes"])
def test_what_has_no_canonical_form_is_the_users_mistake(value: Json) -> None:
    with pytest.raises(UserMistake):
        canonical(value)


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"[]",
        b"null",
        b'{"a":1} ',
        b' {"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1.0}',
        b'{"a":1.5}',
        b'{"a":{"b":[1.5]}}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\n',
        b'{"a":9007199254740993}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_any_other_form_is_refused(untrusted: bytes) -> None:
    with pytest.raises(DoesNotHold):
        read_canonical(untrusted)
