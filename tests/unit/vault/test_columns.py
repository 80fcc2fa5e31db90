"""A sealed value opens at its own place under its own key, whole, and nowhere else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zaoguang.vault import CannotOpen, Place, SecretKey, open_column, seal_column

NAMES = st.text(max_size=40)
PLACES = st.builds(Place, NAMES, NAMES, NAMES)
KEYS = st.binary(min_size=32, max_size=32).map(SecretKey)
VALUES = st.binary(max_size=300)


@given(KEYS, PLACES, VALUES)
def test_a_value_opens_at_its_place(key: SecretKey, place: Place, value: bytes) -> None:
    assert open_column(key, place, seal_column(key, place, value)) == value


@given(KEYS, PLACES, PLACES, VALUES)
def test_a_value_copied_to_another_place_does_not_open(
    key: SecretKey, place: Place, other: Place, value: bytes
) -> None:
    assume(place != other)
    with pytest.raises(CannotOpen):
        open_column(key, other, seal_column(key, place, value))


@pytest.mark.parametrize(
    "other",
    [
        Place("case", "1", "alias"),
        Place("cases", "2", "alias"),
        Place("cases", "1", "story"),
        Place("cases1", "", "alias"),
        Place("cases", "1alias", ""),
    ],
)
def test_each_part_of_a_place_counts_and_none_flows_into_the_next(other: Place) -> None:
    key = SecretKey.generate()
    sealed = seal_column(key, Place("cases", "1", "alias"), b"value")
    with pytest.raises(CannotOpen):
        open_column(key, other, sealed)


@given(KEYS, KEYS, PLACES, VALUES)
def test_another_key_does_not_open_it(key: SecretKey, other: SecretKey, place: Place, value: bytes) -> None:
    assume(key != other)
    with pytest.raises(CannotOpen):
        open_column(other, place, seal_column(key, place, value))


@given(st.data(), PLACES, VALUES)
def test_any_changed_byte_is_noticed(data: st.DataObject, place: Place, value: bytes) -> None:
    key = SecretKey.generate()
    sealed = bytearray(seal_column(key, place, value))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        open_column(key, place, bytes(sealed))


@given(st.data(), PLACES, VALUES)
def test_a_value_cut_short_or_made_longer_is_noticed(data: st.DataObject, place: Place, value: bytes) -> None:
    key = SecretKey.generate()
    sealed = seal_column(key, place, value)
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for changed in (cut, sealed + b"\0", sealed + sealed):
        with pytest.raises(CannotOpen):
            open_column(key, place, changed)


@given(st.binary(max_size=400))
def test_what_was_never_sealed_gives_the_typed_refusal_and_nothing_else(untrusted: bytes) -> None:
    with pytest.raises(CannotOpen):
        open_column(SecretKey(bytes(32)), Place("t", "r", "c"), untrusted)


@given(VALUES, VALUES)
def test_lengths_within_the_same_64_bytes_look_alike(one: bytes, other: bytes) -> None:
    key, place = SecretKey.generate(), Place("cases", "1", "alias")
    first, second = len(seal_column(key, place, one)), len(seal_column(key, place, other))
    assert (first - len(seal_column(key, place, b""))) % 64 == 0
    assert (first == second) is (len(one) // 64 == len(other) // 64)


@given(VALUES)
def test_the_same_value_is_never_sealed_to_the_same_bytes(value: bytes) -> None:
    key, place = SecretKey.generate(), Place("cases", "1", "alias")
    assert seal_column(key, place, value) != seal_column(key, place, value)
