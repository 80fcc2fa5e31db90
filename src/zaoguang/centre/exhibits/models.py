"""Exhibits and the custody log: sealed once, never changed (database triggers hold that)."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.centre.sealed import SealedField, read_b
from zaoguang.evidence import CustodyEntry, CustodyEvent, SealedExhibit

__all__ = ["CustodyRow", "Exhibit"]

EVENT_NAMES = {
    CustodyEvent.SEALED: _("sealed"),
    CustodyEvent.EXPORTED: _("exported"),
    CustodyEvent.WITHDRAWN: _("withdrawn"),
}


class Exhibit(models.Model):
    """What was seen, as canonical JSON under the worker key, with its seal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sighting = models.OneToOneField("sightings.Sighting", on_delete=models.CASCADE, related_name="exhibit")
    sealed_at = models.DateTimeField()
    body = SealedField(tier="B")
    sha256 = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=64)
    key_id = models.CharField(max_length=64)

    def sealed(self) -> SealedExhibit:
        """Give the exhibit as the evidence room knows it."""
        return SealedExhibit(
            body=read_b(self, "body").encode(),
            sha256=self.sha256,
            signature=bytes(self.signature),
            key_id=self.key_id,
        )


class CustodyRow(models.Model):
    """One entry of a case's custody log."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="custody")
    seq = models.PositiveIntegerField()
    at = models.CharField(max_length=32)
    event = models.CharField(max_length=16, choices=[(e.value, name) for e, name in EVENT_NAMES.items()])
    exhibit_id = models.CharField(max_length=36)
    exhibit_sha256 = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    key_id = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        """In the order of the chain, which cannot fork."""

        ordering = ("case", "seq")
        constraints = (models.UniqueConstraint(fields=["case", "seq"], name="custody_no_fork"),)

    def entry(self) -> CustodyEntry:
        """Give the entry as the evidence room knows it."""
        return CustodyEntry(
            log_id=str(self.case.log_id),
            seq=self.seq,
            at=self.at,
            event=CustodyEvent(self.event),
            exhibit_id=self.exhibit_id,
            exhibit_sha256=self.exhibit_sha256,
            previous=self.previous,
            key_id=self.key_id,
            signature=self.signature,
        )
