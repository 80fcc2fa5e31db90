"""Signer: the centre's Ed25519 key (RFC 8032), and the public half that a package carries."""

import hashlib
import re
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["PublicKey", "Signer", "key_id_of"]

_KEY_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PEM_BYTES = 4096


class PublicKey:
    """The public half of a signing key, as read from PEM."""

    __slots__ = ("_key", "key_id", "pem")

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    @classmethod
    def from_pem(cls, untrusted_pem: bytes) -> Self:
        """Give the key in these PEM bytes; UserMistake when they are not one Ed25519 public key."""
        key = None
        if len(untrusted_pem) <= _PEM_BYTES:
            try:
                key = load_pem_public_key(untrusted_pem)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                key = None
        if not isinstance(key, Ed25519PublicKey):
            raise UserMistake(_("This is not the PEM of an Ed25519 public key."))
        return cls(key)

    def signed(self, message: bytes, untrusted_signature: bytes) -> bool:
        """Tell whether this key signed exactly these bytes."""
        try:
            self._key.verify(untrusted_signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A signing key. It signs the exact bytes of a file, so that stock tools check the file as it lies.

    Records of different kinds cannot be taken for each other: each names its schema inside the signed bytes.
    """

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        """Give a new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Give the key in this unencrypted PKCS #8 PEM; UserMistake when it is not an Ed25519 private key."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise UserMistake(_("This is not the PEM of an unencrypted Ed25519 private key."))
        return cls(key)

    def to_pem(self) -> bytes:
        """Give the private key as unencrypted PKCS #8 PEM; the caller keeps it safe."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public_pem(self) -> bytes:
        """The public key as SubjectPublicKeyInfo PEM (RFC 8410)."""
        return self.public.pem

    @property
    def key_id(self) -> str:
        """The SHA-256 of the public key's DER, as 64 hex digits; what a centre publishes."""
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """Give the 64-byte signature of exactly these bytes; the same bytes always get the same signature."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<Signer {self.key_id[:16]}>"


def key_id_of(signer_key: str | bytes) -> str:
    """Give the key id that a person named, by itself or as a public key's PEM; UserMistake for anything else."""
    if isinstance(signer_key, str):
        text = signer_key.strip().lower()
        if _KEY_ID.fullmatch(text):
            return text
        signer_key = signer_key.encode("utf-8", "replace")
    try:
        return PublicKey.from_pem(signer_key).key_id
    except UserMistake as error:
        raise UserMistake(
            _("The signer must be a key id (64 hex digits) or the PEM of an Ed25519 public key.")
        ) from error
