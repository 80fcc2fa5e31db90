"""A case's clocks and those of its notices; when each is due is stored, and counted anew only when it changes."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.casework.deadlines import Clock, ClockKind, CountsFrom, Pause, Period, Place, Unit

__all__ = ["KIND_NAMES", "PLACE_NAMES", "UNIT_NAMES", "CaseClock", "ClockPause", "ClockState"]

KIND_NAMES = {
    ClockKind.POLICE_DECISION: _("The police decide"),
    ClockKind.RECONSIDERATION: _("Ask for administrative reconsideration"),
    ClockKind.PROTECTION_ORDER: _("The court decides on a protection order"),
    ClockKind.PRESERVATION_ORDER: _("The court decides on preservation of conduct"),
    ClockKind.COUNTER_STATEMENT: _("Show a complaint or a suit after a counter-statement"),
    ClockKind.OWN: _("A deadline of our own"),
    ClockKind.NOTICE: _("Deadline of a notice"),
}
PLACE_NAMES = {
    Place.CN: _("Mainland China"),
    Place.HK: _("Hong Kong"),
    Place.TW: _("Taiwan"),
    Place.KR: _("South Korea"),
    Place.JP: _("Japan"),
    Place.US: _("United States"),
    Place.EU: _("European Union"),
    Place.UK: _("United Kingdom"),
    Place.AU: _("Australia"),
    Place.IN: _("India"),
    Place.ANY: _("no one place"),
}
UNIT_NAMES = {
    Unit.HOURS: _("hours"),
    Unit.DAYS: _("days"),
    Unit.WORKING_DAYS: _("working days"),
    Unit.MONTHS: _("months"),
    Unit.YEARS: _("years"),
}


class ClockState(models.TextChoices):
    """Where a clock stands."""

    RUNNING = "running", _("running")
    STANDING = "standing", _("standing still")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


class CaseClock(models.Model):
    """One clock of a case, or of one of its notices."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="clocks")
    notice = models.OneToOneField("notices.Notice", null=True, on_delete=models.CASCADE, related_name="clock")
    kind = models.CharField(max_length=32, choices=[(kind.value, name) for kind, name in KIND_NAMES.items()])
    place = models.CharField(max_length=2, choices=[(place.value, name) for place, name in PLACE_NAMES.items()])
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=16, choices=[(unit.value, name) for unit, name in UNIT_NAMES.items()])
    extension = models.PositiveIntegerField(default=0)  # in the same unit
    extended = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # none while it stands still
    announced = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=ClockState.choices, default=ClockState.RUNNING)

    class Meta:
        """Soonest first."""

        ordering = ("due_at", "id")

    def rule(self) -> Clock:
        """Give the clock as the rules count it."""
        unit = Unit(self.unit)
        return Clock(
            Place(self.place),
            Period(self.amount, unit),
            CountsFrom.RECEIPT,
            received_at=self.begun_at,
            extension=Period(self.extension, unit) if self.extension else None,
            extended=self.extended,
            pauses=tuple(Pause(each.begun_at, each.ended_at) for each in self.pauses.all()),
        )


class ClockPause(models.Model):
    """A time in which a clock stood still; open while it has no end, and only one is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clock = models.ForeignKey(CaseClock, on_delete=models.CASCADE, related_name="pauses")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Oldest first."""

        ordering = ("begun_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["clock"], condition=models.Q(ended_at__isnull=True), name="clock_stands_once"
            ),
        )
