"""How often the banks changed, and which entries changed: written in the transaction that changes them."""

import uuid

from django.db import models

__all__ = ["BankChange", "BankState"]


class BankState(models.Model):
    """The one row that everybody locks who changes what may be matched: so changes commit in the order they count."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    origin = models.UUIDField(default=uuid.uuid4)  # of this database's banks: an index of other ones is no use here
    sequence = models.BigIntegerField(default=0)
    mark = models.UUIDField(default=uuid.uuid4)  # drawn anew with each number: a number counted twice is told apart


class BankChange(models.Model):
    """One entry that came or went with that number; what is so now, the fingerprints themselves say."""

    sequence = models.BigIntegerField()
    mark = models.UUIDField()
    entry = models.BigIntegerField()

    class Meta:
        """Read from a number on."""

        indexes = (models.Index(fields=["sequence"], name="bank_change_sequence"),)
