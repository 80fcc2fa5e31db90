"""Her items, known by fingerprints only; the invitations to send some, and what she sent."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.centre.sealed import SealedField, read_b
from zaoguang.fingerprint import Pdq

__all__ = ["Arrival", "ArrivalState", "Invitation", "Item", "ItemFingerprint"]


def new_entry() -> int:
    """Give a random positive 63-bit id for the search index; ids say nothing about order or number."""
    return secrets.randbits(62) + 1


class Item(models.Model):
    """One picture of hers: a code that people can say aloud, and fingerprints."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="items")
    code = models.CharField(max_length=8)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    label = SealedField(tier="A", blank=True, default=bytes)

    class Meta:
        """In the order they came; codes are unique in a case."""

        ordering = ("added_at", "code")
        constraints = (models.UniqueConstraint(fields=["case", "code"], name="item_code_once"),)


class ItemFingerprint(models.Model):
    """One fingerprint of an item: of each frame that differs, over white, and over black where that differs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="fingerprints")
    entry = models.BigIntegerField(unique=True, default=new_entry)
    pdq = SealedField(tier="B")
    sha256 = SealedField(tier="B", blank=True, default=bytes)
    quality = models.PositiveSmallIntegerField()

    def value(self) -> Pdq:
        """Open the fingerprint with the worker key."""
        return Pdq.from_hex(read_b(self, "pdq"))


class Invitation(models.Model):
    """A way in for her: who has its code may send fingerprints to this case, once, until it runs out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="invitations")
    tag = SealedField(tier="K", unique=True)  # of the code, which is kept nowhere
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # taken back, or its ground fell away
    used_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-made_at",)


class ArrivalState(models.TextChoices):
    """What became of fingerprints that she sent."""

    WAITING = "waiting", _("waiting for a caseworker")
    TAKEN = "taken", _("taken as items")
    REFUSED = "refused", _("not taken")
    DROPPED = "dropped", _("dropped, because their ground fell away")


class Arrival(models.Model):
    """What she sent from the fingerprint page, until a caseworker takes it or not; nothing is compared before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="arrivals")
    invitation = models.OneToOneField(Invitation, on_delete=models.CASCADE, related_name="arrival")
    at = models.DateTimeField()
    count = models.PositiveSmallIntegerField()
    lines = SealedField(tier="B", blank=True, default=bytes)  # emptied as soon as it is settled
    state = models.CharField(max_length=16, choices=ArrivalState.choices, default=ArrivalState.WAITING)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        """Oldest first."""

        ordering = ("at", "pk")

    @property
    def receipt(self) -> str:
        """The number that she and her caseworker can compare; it opens nothing."""
        return f"{self.pk.hex[:4]}-{self.pk.hex[4:8]}".upper()
