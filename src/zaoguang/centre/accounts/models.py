"""A person who works at the centre: a handle, a role, and a key pair whose private half her passphrase opens."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.casework import Role
from zaoguang.centre.sealed import SealedField
from zaoguang.vault import Kdf, LockedPerson, enrol

__all__ = ["Person"]

ROLE_NAMES = {Role.SUPERVISOR: _("Supervisor"), Role.CASEWORKER: _("Caseworker"), Role.VOLUNTEER: _("Volunteer")}


class People(BaseUserManager["Person"]):
    """How people are made and found."""

    def enrol(self, handle: str, passphrase: str, role: Role, kdf: Kdf) -> "Person":
        """Make a person with a fresh key pair sealed under the passphrase."""
        locked = enrol(passphrase, kdf)
        person = self.model(
            handle=handle,
            role=role,
            public_key=locked.public_key,
            sealed_private_key=locked.sealed_private_key,
            kdf_salt=locked.salt,
            kdf_passes=kdf.passes,
            kdf_memory=kdf.memory,
        )
        person.set_password(passphrase)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """A supervisor, caseworker or volunteer; known here by a handle, never by name or e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    handle = models.SlugField(_("handle"), max_length=32, unique=True)
    role = models.CharField(max_length=16, choices=[(role.value, name) for role, name in ROLE_NAMES.items()])
    is_active = models.BooleanField(default=True)
    public_key = models.BinaryField(max_length=32)
    sealed_private_key = SealedField(tier="K")
    kdf_salt = models.BinaryField(max_length=16)
    kdf_passes = models.PositiveIntegerField()
    kdf_memory = models.PositiveBigIntegerField()

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = People()

    @property
    def locked(self) -> LockedPerson:
        """Give the stored keys, still locked."""
        return LockedPerson(
            public_key=bytes(self.public_key),
            sealed_private_key=bytes(self.sealed_private_key),
            salt=bytes(self.kdf_salt),
            kdf=Kdf(self.kdf_passes, self.kdf_memory),
        )

    @property
    def kind(self) -> Role:
        """Give the role as the rules know it."""
        return Role(self.role)
