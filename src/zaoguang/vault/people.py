"""A person's key pair: the public half is known, the private half opens only with the passphrase.

Passphrase → Argon2id (libsodium ``crypto_pwhash``) → secretbox over the X25519 private key. Case keys are sealed to
the public half (``crypto_box_seal``), so that members are added without knowing anyone's passphrase.
"""

from dataclasses import dataclass, field

from nacl.bindings import crypto_pwhash_ALG_ARGON2ID13, crypto_pwhash_SALTBYTES
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random as random_bytes

from zaoguang.vault.keys import KEY_BYTES, CannotOpen, SecretKey
from zaoguang.words import gettext as _

__all__ = ["Kdf", "LockedPerson", "OpenPerson", "enrol", "seal_to", "unlock"]

_ALGORITHM = crypto_pwhash_ALG_ARGON2ID13  # named so that a change of libsodium's default cannot pass unseen


@dataclass(frozen=True, slots=True)
class Kdf:
    """The cost of opening: Argon2id passes and bytes of memory, stored per person so that it can be raised."""

    passes: int = 3
    memory: int = 128 << 20

    @classmethod
    def cheapest(cls) -> "Kdf":
        """Give the least cost that libsodium allows: for tests and rehearsals only."""
        return cls(argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)


@dataclass(frozen=True, slots=True)
class LockedPerson:
    """What is stored of a person's keys; useless without the passphrase."""

    public_key: bytes
    sealed_private_key: bytes
    salt: bytes
    kdf: Kdf


@dataclass(frozen=True, slots=True)
class OpenPerson:
    """A person whose passphrase was given: can open what was sealed to her."""

    private_key: bytes = field(repr=False)

    def open_key(self, sealed: bytes) -> SecretKey:
        """Give the key that was sealed to this person, or ``CannotOpen``."""
        try:
            return SecretKey(SealedBox(PrivateKey(self.private_key)).decrypt(sealed))
        except CryptoError as error:
            raise CannotOpen(_("This key was not sealed to this person, or it was changed.")) from error


def _stretch(passphrase: str, salt: bytes, kdf: Kdf) -> bytes:
    return argon2id.kdf(KEY_BYTES, passphrase.encode(), salt, opslimit=kdf.passes, memlimit=kdf.memory)


def enrol(passphrase: str, kdf: Kdf) -> LockedPerson:
    """Give a new key pair, its private half sealed under the passphrase."""
    private = PrivateKey.generate()
    salt = random_bytes(crypto_pwhash_SALTBYTES)
    sealed = SecretBox(_stretch(passphrase, salt, kdf)).encrypt(bytes(private))
    return LockedPerson(bytes(private.public_key), bytes(sealed), salt, kdf)


def unlock(person: LockedPerson, passphrase: str) -> OpenPerson:
    """Open a person's private key with the passphrase; a wrong one is ``CannotOpen``."""
    try:
        private = SecretBox(_stretch(passphrase, person.salt, person.kdf)).decrypt(person.sealed_private_key)
    except CryptoError as error:
        raise CannotOpen(_("The passphrase does not open this account.")) from error
    return OpenPerson(bytes(private))


def seal_to(public_key: bytes, key: SecretKey) -> bytes:
    """Seal a key to a person (``crypto_box_seal``): only her private key opens it."""
    return bytes(SealedBox(PublicKey(public_key)).encrypt(key.raw))
