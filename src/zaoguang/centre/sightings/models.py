"""A link check with its links, and sightings: a copy of an item at an address at a time. Addresses are tier B."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.casework import Outcome
from zaoguang.centre.keyring import tag_key
from zaoguang.centre.sealed import SealedField, read_b

__all__ = ["CheckState", "Link", "LinkCheck", "LinkState", "OutcomeRecord", "Sighting", "address_tag"]

OUTCOME_NAMES = {
    Outcome.REMOVED: _("removed"),
    Outcome.DEINDEXED: _("no longer in search results"),
    Outcome.GEOBLOCKED: _("blocked in some countries"),
    Outcome.ACCOUNT_CLOSED: _("account closed"),
    Outcome.DEAD: _("site gone"),
    Outcome.REFUSED: _("refused"),
    Outcome.NO_ANSWER: _("no answer"),
}


def address_tag(address: str) -> bytes:
    """Give the keyed tag by which the same address is found again without storing it readable."""
    return tag_key().tag(address)


class CheckState(models.TextChoices):
    """How far a link check is."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    STOPPED = "stopped", _("stopped")


class LinkState(models.TextChoices):
    """How far one link is."""

    WAITING = "waiting", _("waiting")
    TAKEN = "taken", _("being read")
    READ = "read", _("read")
    UNREAD = "unread", _("could not be read")
    STOPPED = "stopped", _("stopped")


class LinkCheck(models.Model):
    """One paste of addresses by one person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="checks")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=CheckState.choices, default=CheckState.WAITING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-started_at",)


class Link(models.Model):
    """One address of a check; taken by compare-and-set, given back when the worker starts again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    check_run = models.ForeignKey(LinkCheck, on_delete=models.CASCADE, related_name="links")
    position = models.PositiveIntegerField()
    address = SealedField(tier="B")
    tag = SealedField(tier="K")
    state = models.CharField(max_length=16, choices=LinkState.choices, default=LinkState.WAITING)
    reason = models.CharField(max_length=32, blank=True, default="")
    pictures = models.PositiveIntegerField(default=0)
    unread_pictures = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)

    class Meta:
        """In the order they were pasted."""

        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["check_run", "tag"], name="link_once"),)

    def where(self) -> str:
        """Open the address with the worker key."""
        return read_b(self, "address")


class Sighting(models.Model):
    """A copy of an item, seen at a picture address on a page at a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="sightings")
    item = models.ForeignKey("intake.Item", on_delete=models.CASCADE, related_name="sightings")
    page_address = SealedField(tier="B")
    picture_address = SealedField(tier="B")
    page_tag = SealedField(tier="K")
    tag = SealedField(tier="K")
    seen_at = models.DateTimeField()
    distance = models.PositiveSmallIntegerField()
    orientation = models.CharField(max_length=16)
    outcome = models.CharField(
        max_length=16, blank=True, default="", choices=[(o.value, name) for o, name in OUTCOME_NAMES.items()]
    )
    outcome_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    on_request = models.BooleanField(default=False)  # its address shows whatever was asked for: no copy to demand down
    judged_at = models.DateTimeField(null=True)  # when that was found out; none: not yet, and no notice may name it
    judged_by = models.ForeignKey(  # whose word it is; none: the decoys', which never change a person's word
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reappearance_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reappearances")

    class Meta:
        """Newest first; the same copy at the same place is one sighting."""

        ordering = ("-seen_at", "id")
        constraints = (models.UniqueConstraint(fields=["case", "item", "page_tag", "tag"], name="sighting_once"),)

    def page(self) -> str:
        """Open the page's address with the worker key."""
        return read_b(self, "page_address")

    def picture(self) -> str:
        """Open the picture's address with the worker key."""
        return read_b(self, "picture_address")


class OutcomeRecord(models.Model):
    """One observation of a sighting: what a recheck found, and the outcome it led to, if any."""

    id = models.BigAutoField(primary_key=True)
    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="observations")
    at = models.DateTimeField()
    finding = models.CharField(max_length=16)
    outcome = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        """Oldest first."""

        ordering = ("id",)
