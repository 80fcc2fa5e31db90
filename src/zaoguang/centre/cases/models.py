"""A case: who it is for (tier A), who works on it, what she agreed to."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.casework import CaseStatus, ConsentUse
from zaoguang.centre.sealed import SealedField

__all__ = ["Case", "Consent", "Membership", "Note"]

STATUS_NAMES = {CaseStatus.OPEN: _("open"), CaseStatus.REFERRAL: _("referral"), CaseStatus.CLOSED: _("closed")}
USE_NAMES = {
    ConsentUse.MATCH: _("Compare her fingerprints with what is found"),
    ConsentUse.SEAL: _("Keep sealed proof of what was found"),
    ConsentUse.NOTICE: _("Send notices that demand removal"),
}


class Case(models.Model):
    """One survivor's case. Name, contact and story open only with the case key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=16, unique=True)
    status = models.CharField(max_length=16, choices=[(s.value, name) for s, name in STATUS_NAMES.items()])
    opened_at = models.DateTimeField()
    log_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    alias = SealedField(tier="A")
    legal_name = SealedField(tier="A", blank=True, default=bytes)
    contact = SealedField(tier="A", blank=True, default=bytes)
    story = SealedField(tier="A", blank=True, default=bytes)

    class Meta:
        """Newest first."""

        ordering = ("-opened_at", "-number")

    @property
    def is_open(self) -> bool:
        """Say whether work may go on."""
        return self.status == CaseStatus.OPEN


class Membership(models.Model):
    """A person's place in a case: the case key, sealed to her; empty for a role that may not read identity."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    sealed_case_key = SealedField(tier="K", blank=True, default=bytes)
    since = models.DateTimeField()

    class Meta:
        """A person is a member once."""

        constraints = (models.UniqueConstraint(fields=["case", "person"], name="member_once"),)


class Consent(models.Model):
    """The survivor's yes to one use, and when she took it back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="consents")
    use = models.CharField(max_length=16, choices=[(use.value, name) for use, name in USE_NAMES.items()])
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Oldest first; one live consent per use."""

        ordering = ("given_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["case", "use"], condition=models.Q(withdrawn_at__isnull=True), name="consent_live_once"
            ),
        )


class Note(models.Model):
    """What a member wrote down."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = SealedField(tier="A")

    class Meta:
        """Newest first."""

        ordering = ("-at",)
