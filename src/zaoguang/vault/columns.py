"""One sealed column value: XChaCha20-Poly1305 bound to its table, row and column, its length rounded up.

Layout: version (1 byte) · nonce (24 bytes) · ciphertext with tag. The place is associated data, so a value that is
copied to another row, column or table no longer opens (libsodium, ``crypto_aead_xchacha20poly1305_ietf``).
"""

from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    sodium_pad,
    sodium_unpad,
)
from nacl.exceptions import CryptoError
from nacl.utils import random as random_bytes

from zaoguang.vault.keys import CannotOpen, SecretKey
from zaoguang.words import gettext as _

__all__ = ["Place", "open_column", "seal_column"]

_VERSION = b"\x01"
_NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_PAD_TO = 64  # a name's length says something about the name
_SHORTEST = 1 + _NONCE_BYTES + _PAD_TO + crypto_aead_xchacha20poly1305_ietf_ABYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lives; it opens nowhere else."""

    table: str
    row: str
    column: str

    @property
    def associated_data(self) -> bytes:
        """Give the bytes that bind a value here: each part length-prefixed, so that no two places are alike."""
        parts = (self.table.encode(), self.row.encode(), self.column.encode())
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def seal_column(key: SecretKey, place: Place, plain: bytes) -> bytes:
    """Give the sealed form of a value for that place."""
    nonce = random_bytes(_NONCE_BYTES)
    padded = sodium_pad(plain, _PAD_TO)
    return _VERSION + nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(padded, place.associated_data, nonce, key.raw)


def open_column(key: SecretKey, place: Place, sealed: bytes) -> bytes:
    """Give back the value sealed for that place; anything else is ``CannotOpen``."""
    if sealed[:1] != _VERSION or len(sealed) < _SHORTEST:
        raise CannotOpen(_("A sealed value is damaged or of an unknown version."))
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        padded = crypto_aead_xchacha20poly1305_ietf_decrypt(body, place.associated_data, nonce, key.raw)
        return sodium_unpad(padded, _PAD_TO)
    except CryptoError as error:
        raise CannotOpen(_("A sealed value does not open: wrong key, wrong place or changed bytes.")) from error
