"""One secret key of 32 bytes: made, kept in a file that only its owner reads, and split by purpose."""

import base64
import binascii
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from nacl.encoding import RawEncoder
from nacl.hash import blake2b
from nacl.utils import random as random_bytes

from zaoguang.errors import DoesNotHold, OutsideFailure, UserMistake
from zaoguang.words import gettext as _

__all__ = ["KEY_BYTES", "CannotOpen", "SecretKey", "load_key", "write_new_key"]

KEY_BYTES = 32
_MAX_KEY_FILE = 256
_PERSON_BYTES = 16  # BLAKE2b's personalisation is 16 bytes (RFC 7693 §2.5 parameter block)


class CannotOpen(DoesNotHold):
    """A sealed value does not open: wrong key, wrong place or changed bytes; libsodium does not tell which."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A symmetric key; its text form never shows the bytes."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key of another length."""
        if len(self.raw) != KEY_BYTES:
            raise UserMistake(_("A key has 32 bytes; this one has another length."))

    @classmethod
    def generate(cls) -> "SecretKey":
        """Give a fresh key from the system's randomness."""
        return cls(random_bytes(KEY_BYTES))

    def derive(self, purpose: str) -> "SecretKey":
        """Give the subkey for that purpose (keyed BLAKE2b-256, the construction of libsodium's crypto_kdf).

        Raises:
            UserMistake: the purpose is longer than 16 bytes or holds a NUL, so that two purposes could give one key.
        """
        person = purpose.encode().ljust(_PERSON_BYTES, b"\0")
        if len(person) > _PERSON_BYTES or "\0" in purpose:
            raise UserMistake(_("The purpose of a key has at most 16 bytes and no NUL."))
        return SecretKey(blake2b(b"", digest_size=KEY_BYTES, key=self.raw, person=person, encoder=RawEncoder))

    def tag(self, text: str) -> bytes:
        """Give the 32-byte keyed tag of a text: equal texts are found again without storing them."""
        return blake2b(text.encode(), digest_size=KEY_BYTES, key=self.raw, encoder=RawEncoder)


def write_new_key(path: Path) -> SecretKey:
    """Write a fresh key to a new file that only its owner may read; an existing file is never replaced."""
    key = SecretKey.generate()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key.raw) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutsideFailure(
            _("The key file %(path)s cannot be made: %(why)s.") % {"path": path, "why": error.strerror}
        ) from error
    return key


def load_key(path: Path) -> SecretKey:
    """Read a key file (base64 of 32 bytes); a file that others may read is refused."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UserMistake(
                    _("The key file %(path)s may be read by others; run: chmod 600 %(path)s") % {"path": path}
                )
            content = file.read(_MAX_KEY_FILE)
    except OSError as error:
        raise OutsideFailure(
            _("The key file %(path)s cannot be read: %(why)s.") % {"path": path, "why": error.strerror}
        ) from error
    try:
        return SecretKey(base64.b64decode(content.strip(), validate=True))
    except binascii.Error as error:
        raise UserMistake(_("The key file %(path)s does not hold a key.") % {"path": path}) from error
