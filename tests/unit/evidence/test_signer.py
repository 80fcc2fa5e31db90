"""The signing key: PEM in and out, and what is not one."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as other_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from scripts.make_fixtures import signer
from zaoguang.errors import UserMistake
from zaoguang.evidence import Signer
from zaoguang.evidence.signer import PublicKey, key_id_of


def test_a_key_survives_its_pem() -> None:
    key = Signer.generate()
    again = Signer.from_pem(key.to_pem())
    assert again.key_id == key.key_id
    assert again.sign(b"x") == key.sign(b"x")
    assert len(key.sign(b"x")) == 64
    assert Signer.generate().key_id != key.key_id


def test_a_key_does_not_show_itself() -> None:
    key = signer()
    assert key.to_pem().splitlines()[1].decode() not in repr(key)


def test_other_private_keys_are_refused() -> None:
    locked = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
    )
    other = other_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem in (
        locked,
        other,
        signer().public_pem,
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
    ):
        with pytest.raises(UserMistake):
            Signer.from_pem(pem)


def test_other_public_keys_are_refused() -> None:
    other = other_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (other, signer().to_pem(), b"", b"x" * 5000, b"\xff\xfe"):
        with pytest.raises(UserMistake):
            PublicKey.from_pem(pem)


def test_a_signer_is_named_by_id_or_by_pem() -> None:
    key = signer()
    assert key_id_of(key.key_id) == key.key_id
    assert key_id_of(f" {key.key_id.upper()}\n") == key.key_id
    assert key_id_of(key.public_pem) == key.key_id
    assert key_id_of(key.public_pem.decode()) == key.key_id


@pytest.mark.parametrize("named", ["", "abc", "g" * 64, "\ud800", b"", b"abc"])
def test_what_names_no_signer_is_the_users_mistake(named: str | bytes) -> None:
    with pytest.raises(UserMistake):
        key_id_of(named)
