"""Letting a person join the centre."""

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from zaoguang.casework import Role
from zaoguang.centre.accounts.models import Person
from zaoguang.errors import UserMistake
from zaoguang.vault import Kdf
from zaoguang.words import gettext as _

__all__ = ["join"]

_LONGEST_HANDLE = 32


def join(handle: str, passphrase: str, role: Role) -> Person:
    """Make a person with a key pair; the handle must be free and the passphrase good enough."""
    try:
        validate_slug(handle)
        validate_password(passphrase)
    except ValidationError as error:
        raise UserMistake(" ".join(error.messages)) from error
    if len(handle) > _LONGEST_HANDLE:
        raise UserMistake(_("A handle has at most 32 characters."))
    kdf = Kdf.cheapest() if settings.FAST_KDF else Kdf()
    try:
        with transaction.atomic():
            return Person.objects.enrol(handle, passphrase, role, kdf)
    except IntegrityError as error:
        raise UserMistake(_("The handle %(handle)s is taken.") % {"handle": handle}) from error
