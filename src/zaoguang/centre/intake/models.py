"""An item: one picture or film of hers, known by fingerprints only."""

import secrets
import uuid

from django.db import models

from zaoguang.centre.sealed import SealedField, read_b
from zaoguang.fingerprint import Pdq

__all__ = ["Item", "ItemFingerprint"]


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
