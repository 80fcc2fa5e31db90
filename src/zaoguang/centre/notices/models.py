"""Notices, the attempts to send them, and what is due. A confirmed message is tier B only while it is on its way."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.casework import NoticeState
from zaoguang.centre.sealed import SealedField, read_b

__all__ = [
    "AddresseeStop",
    "Answer",
    "Attempt",
    "AttemptResult",
    "Due",
    "DueKind",
    "DueState",
    "Notice",
    "Route",
    "SendingGate",
]

STATE_NAMES = {
    NoticeState.PROPOSED: _("proposed"),
    NoticeState.DRAFT: _("draft"),
    NoticeState.CONFIRMED: _("confirmed"),
    NoticeState.SENDING: _("being sent"),
    NoticeState.SENT: _("sent"),
    NoticeState.NOT_SENT: _("not sent"),
    NoticeState.UNKNOWN: _("result unknown"),
    NoticeState.WITHDRAWN: _("withdrawn"),
}


class Route(models.TextChoices):
    """How a notice reaches its addressee."""

    EMAIL = "email", _("e-mail")
    FORM = "form", _("report form, filled in by a person")
    COUNSEL = "counsel", _("letter, signed and sent by counsel")
    PAPER = "paper", _("sheet, handed over by a person")


class Answer(models.TextChoices):
    """What the addressee said, as a person read it."""

    RECEIPT = "receipt", _("confirmed receipt")
    REMOVED = "removed", _("says it was removed")
    REFUSED = "refused", _("refused")
    ASKS = "asks", _("asks for more")
    BOUNCED = "bounced", _("came back undelivered")


class Notice(models.Model):
    """One demand to one addressee for one or more sightings under one law."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="notices")
    sightings = models.ManyToManyField("sightings.Sighting", related_name="notices")
    regime = models.CharField(max_length=32)
    channel = models.CharField(max_length=64, blank=True, default="")
    route = models.CharField(max_length=8, choices=Route.choices)
    language = models.CharField(max_length=16)
    state = models.CharField(max_length=16, choices=[(s.value, name) for s, name in STATE_NAMES.items()])
    message_id = models.CharField(max_length=128, unique=True)
    addressee = SealedField(tier="B")
    fields = SealedField(tier="A", blank=True, default=bytes)
    text = SealedField(tier="A", blank=True, default=bytes)
    receipt = SealedField(tier="A", blank=True, default=bytes)
    outbox = SealedField(tier="B", blank=True, default=bytes)
    made_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    escalates = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="escalations")
    beside = models.BooleanField(default=False)  # asks somebody else, or for something else than removal

    class Meta:
        """Newest first; one escalation per notice at a time."""

        ordering = ("-made_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["escalates"],
                condition=~models.Q(state=NoticeState.WITHDRAWN.value),
                name="escalation_once",
            ),
        )

    def to(self) -> str:
        """Open the addressee with the worker key."""
        return read_b(self, "addressee")

    @property
    def step(self) -> NoticeState:
        """Give the state as the rules know it."""
        return NoticeState(self.state)


class AttemptResult(models.TextChoices):
    """What became of an attempt."""

    STARTED = "started", _("begun")
    ACCEPTED = "accepted", _("accepted by the server")
    NOT_SENT = "not_sent", _("certainly not sent")
    UNKNOWN = "unknown", _("unknown")


class Attempt(models.Model):
    """One attempt to send: recorded before it is made, its result after."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField()
    result = models.CharField(max_length=16, choices=AttemptResult.choices, default=AttemptResult.STARTED)
    ended_at = models.DateTimeField(null=True)
    code = models.PositiveIntegerField(null=True)
    tag = SealedField(tier="K", blank=True, default=bytes)  # of the addressee; empty for a form
    bounced_at = models.DateTimeField(null=True)  # it came back after the addressee's server had taken it
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Oldest first; a notice has at most one attempt under way."""

        ordering = ("started_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["notice"],
                condition=models.Q(result__in=["started", "accepted"]),
                name="attempt_alone",
            ),
        )


class DueKind(models.TextChoices):
    """What is to be done when the time has come."""

    SEND = "send", _("send the notice")
    RECHECK = "recheck", _("look again")
    DEADLINE = "deadline", _("deadline")


class DueState(models.TextChoices):
    """Whether it has been done."""

    WAITING = "waiting", _("waiting")
    TAKEN = "taken", _("taken")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


class Due(models.Model):
    """One thing that is due at a stored time; taken by compare-and-set, so that two workers never both do it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=DueKind.choices)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="dues")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=DueState.choices, default=DueState.WAITING)

    class Meta:
        """Soonest first."""

        ordering = ("due_at", "id")
        indexes = (models.Index(fields=["state", "due_at"], name="due_soonest"),)


class SendingGate(models.Model):
    """The one row that says whether anything may be sent; whoever begins an attempt holds it."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")


class AddresseeStop(models.Model):
    """An addressee to whom nothing is sent until a person lets it go on; one live stop each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tag = SealedField(tier="K")
    addressee = SealedField(tier="B")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Oldest first."""

        ordering = ("begun_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["tag"], condition=models.Q(ended_at__isnull=True), name="addressee_stopped_once"
            ),
        )

    def to(self) -> str:
        """Open the addressee with the worker key."""
        return read_b(self, "addressee")
