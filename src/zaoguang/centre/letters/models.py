"""Mails that came in. What one says is sealed to the members who may read identity, before it is stored.

The worker that fetched it cannot read it again: its text is sealed under a fresh key, that key to each member's public
half, and the fresh key forgotten. The first member who opens it moves it under the case key.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.centre.notices.models import Answer
from zaoguang.centre.sealed import SealedField

__all__ = ["READING_NAMES", "Letter", "LetterKey", "LetterState"]

READING_NAMES = {**dict(Answer.choices), "unknown": _("no rule fits")}


class LetterState(models.TextChoices):
    """How far a mail is."""

    WAITING = "waiting", _("waits to be read")
    SETTLED = "settled", _("read")
    UNMATCHED = "unmatched", _("answers no notice of ours")
    UNREADABLE = "unreadable", _("could not be read")


class Letter(models.Model):
    """One mail of the mailbox; what answers no notice leaves only its place, so that it is not read again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    validity = models.BigIntegerField()  # the mailbox's UIDVALIDITY (RFC 9051 §2.3.1.1)
    uid = models.BigIntegerField()
    tag = SealedField(tier="K")  # keyed digest of the mail, so that a mailbox numbered anew brings nothing twice
    notice = models.ForeignKey("notices.Notice", null=True, on_delete=models.CASCADE, related_name="letters")
    arrived_at = models.DateTimeField()
    reading = models.CharField(max_length=16, choices=list(READING_NAMES.items()))
    state = models.CharField(max_length=16, choices=LetterState.choices)
    body = SealedField(tier="A", blank=True, default=bytes)  # under a key that only members can open
    text = SealedField(tier="A", blank=True, default=bytes)  # under the case key, once a member opened it
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Newest first; a place in the mailbox is read once, and so is a mail."""

        ordering = ("-arrived_at", "id")
        constraints = (
            models.UniqueConstraint(fields=["validity", "uid"], name="letter_place_once"),
            models.UniqueConstraint(fields=["tag"], condition=models.Q(notice__isnull=False), name="letter_once"),
        )


class LetterKey(models.Model):
    """A letter's key, sealed to one member; gone once the letter is under the case key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="keys")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sealed = SealedField(tier="K")

    class Meta:
        """One for each member."""

        constraints = (models.UniqueConstraint(fields=["letter", "person"], name="letter_key_once"),)
