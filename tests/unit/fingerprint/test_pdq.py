"""A PDQ hash is 256 bits in the field's own order, and its distance is a metric."""

import re

import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.made_pictures import made_picture, saved
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import ORIENTATIONS, Fingerprint, Pdq, fingerprint_bytes
from zaoguang.sandbox import Sandbox

pdqs = st.binary(min_size=32, max_size=32).map(Pdq)

# Published with the reference implementation: the bridge picture, and the same turned by 180 degrees.
BRIDGE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
BRIDGE_TURNED = "adad5a64b5a142e75b62a09857da895ae63b847fc23794b766b319361bc93188"


@given(pdqs)
def test_hex_there_and_back(pdq: Pdq) -> None:
    assert Pdq.from_hex(pdq.hex) == pdq == Pdq.from_hex(pdq.hex.upper())
    assert re.fullmatch("[0-9a-f]{64}", pdq.hex)


@given(pdqs, pdqs, pdqs)
def test_distance_is_a_metric(a: Pdq, b: Pdq, c: Pdq) -> None:
    assert a.distance(a) == 0
    assert a.distance(b) == b.distance(a)
    assert (a.distance(b) == 0) == (a == b)
    assert a.distance(c) <= a.distance(b) + b.distance(c)
    assert 0 <= a.distance(b) <= 256


@given(pdqs, st.sets(st.integers(0, 255)))
def test_distance_counts_the_bits_that_differ(pdq: Pdq, flipped: set[int]) -> None:
    other = int.from_bytes(pdq.bits) ^ sum(1 << bit for bit in flipped)
    assert pdq.distance(Pdq(other.to_bytes(32))) == len(flipped)


@pytest.mark.parametrize("wrong", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n", "0x" + "0" * 62, "٠" * 64])
def test_what_is_not_64_hex_digits_is_the_users_mistake(wrong: str) -> None:
    with pytest.raises(UserMistake, match="64 hex digits"):
        Pdq.from_hex(wrong)


@given(st.binary(max_size=64).filter(lambda bits: len(bits) != 32))
def test_what_is_not_256_bits_is_the_users_mistake(wrong: bytes) -> None:
    with pytest.raises(UserMistake):
        Pdq(wrong)


def test_bits_are_in_the_order_of_python_threatexchange(sandbox: Sandbox) -> None:
    """It joins pdqhash's vector to a string of binary digits and prints that number in hex."""
    picture = made_picture(1)
    vector, quality = pdqhash.compute(np.asarray(picture))
    found = fingerprint_bytes(saved(picture, "PNG"), sandbox)
    assert isinstance(found, Fingerprint)
    assert found.pdq.hex == f"{int(''.join(str(bit) for bit in vector), 2):064x}"
    assert found.quality == quality


def test_rows_are_in_the_order_of_the_published_hashes(sandbox: Sandbox) -> None:
    """Turning by 180 degrees negates every second frequency: a chessboard of bits flips, which tells the order."""
    chessboard = Pdq((int(BRIDGE, 16) ^ int(BRIDGE_TURNED, 16)).to_bytes(32))
    found = fingerprint_bytes(saved(made_picture(1), "PNG"), sandbox)
    assert isinstance(found, Fingerprint)
    turned = found.variants[ORIENTATIONS.index("rotated_180")]
    ours = Pdq(bytes(a ^ b for a, b in zip(found.pdq.bits, turned.bits, strict=True)))
    assert ours.distance(chessboard) <= 24  # rounding moves a dozen bits in each; the other order is 256 away
