"""A person's open key between two requests: sealed under a key that only her browser keeps.

The server stores the sealed half, the browser the key; the disk alone opens nothing, and neither does the cookie.
"""

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from zaoguang.vault.keys import CannotOpen, SecretKey
from zaoguang.vault.people import OpenPerson
from zaoguang.words import gettext as _

__all__ = ["open_in_session", "seal_for_session"]


def seal_for_session(person: OpenPerson, browser_key: SecretKey) -> bytes:
    """Give the half that the server keeps while the session lives."""
    return bytes(SecretBox(browser_key.raw).encrypt(person.private_key))


def open_in_session(sealed: bytes, browser_key: SecretKey) -> OpenPerson:
    """Give the person back from both halves, or ``CannotOpen``."""
    try:
        return OpenPerson(bytes(SecretBox(browser_key.raw).decrypt(sealed)))
    except CryptoError as error:
        raise CannotOpen(_("This session no longer opens; please log in again.")) from error
