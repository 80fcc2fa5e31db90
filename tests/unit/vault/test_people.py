"""People: only her passphrase opens her keys, only her keys open what was sealed to her, only both halves a session."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zaoguang.vault import (
    CannotOpen,
    Kdf,
    LockedPerson,
    OpenPerson,
    SecretKey,
    enrol,
    open_in_session,
    seal_for_session,
    seal_to,
    unlock,
)

PASSPHRASES = st.text(min_size=1, max_size=40)
FAST = Kdf.cheapest()


@settings(max_examples=20)
@given(PASSPHRASES)
def test_the_passphrase_opens_the_keys(passphrase: str) -> None:
    person, key = enrol(passphrase, FAST), SecretKey.generate()
    assert unlock(person, passphrase).open_key(seal_to(person.public_key, key)) == key


@settings(max_examples=20)
@given(PASSPHRASES, PASSPHRASES)
def test_another_passphrase_does_not(passphrase: str, other: str) -> None:
    assume(passphrase != other)
    with pytest.raises(CannotOpen):
        unlock(enrol(passphrase, FAST), other)


def test_two_people_with_one_passphrase_have_nothing_in_common() -> None:
    one, other = enrol("correct horse battery", FAST), enrol("correct horse battery", FAST)
    assert one.salt != other.salt
    assert one.public_key != other.public_key
    with pytest.raises(CannotOpen):
        unlock(replace(one, sealed_private_key=other.sealed_private_key), "correct horse battery")


def test_what_is_stored_of_a_person_holds_neither_passphrase_nor_private_key() -> None:
    person = enrol("correct horse battery", FAST)
    opened = unlock(person, "correct horse battery")
    stored = b"".join((person.public_key, person.sealed_private_key, person.salt))
    assert opened.private_key not in stored
    assert b"correct horse" not in stored
    assert opened.private_key.hex() not in repr(opened)
    assert repr(opened.private_key)[2:-1] not in repr(opened)


@given(st.data())
def test_any_changed_byte_of_the_locked_keys_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(LOCKED.sealed_private_key)
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        unlock(replace(LOCKED, sealed_private_key=bytes(sealed)), "correct horse battery")


LOCKED: LockedPerson = enrol("correct horse battery", FAST)
OPENED: OpenPerson = unlock(LOCKED, "correct horse battery")


@given(st.data())
def test_a_sealed_key_opens_for_her_alone_and_whole(data: st.DataObject) -> None:
    key = SecretKey(data.draw(st.binary(min_size=32, max_size=32)))
    sealed = bytearray(seal_to(LOCKED.public_key, key))
    with pytest.raises(CannotOpen):
        OTHER.open_key(bytes(sealed))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        OPENED.open_key(bytes(sealed))


OTHER: OpenPerson = unlock(enrol("another person", FAST), "another person")


@given(st.binary(max_size=200))
def test_what_was_never_sealed_to_her_is_a_typed_refusal(untrusted: bytes) -> None:
    with pytest.raises(CannotOpen):
        OPENED.open_key(untrusted)
    with pytest.raises(CannotOpen):
        open_in_session(untrusted, SecretKey(bytes(32)))


def test_a_session_opens_with_both_halves_only() -> None:
    key = SecretKey.generate()
    half = seal_for_session(OPENED, key)
    assert open_in_session(half, key) == OPENED
    assert OPENED.private_key not in half
    with pytest.raises(CannotOpen):
        open_in_session(half, SecretKey.generate())
    with pytest.raises(CannotOpen):
        open_in_session(half[:-1], key)


def test_the_cost_in_earnest_is_not_the_cost_in_tests() -> None:
    assert Kdf().memory >= 128 << 20
    assert Kdf().passes >= 3
    assert Kdf.cheapest().memory < Kdf().memory
