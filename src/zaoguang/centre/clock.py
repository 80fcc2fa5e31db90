"""What time it is: the wall clock, or in a rehearsal the wall clock moved on by as much as somebody chose."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from zaoguang.centre.audit.models import RehearsalTime
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["MOST_AHEAD", "move_on", "now"]

MOST_AHEAD = timedelta(days=3650)


def now() -> datetime:
    """Give the present moment, aware, in UTC; the edges take it once and pass it in."""
    wall = timezone.now()
    if not settings.REHEARSAL:
        return wall
    row = RehearsalTime.objects.first()
    return wall + timedelta(seconds=row.ahead_seconds) if row else wall


def move_on(by: timedelta) -> None:
    """Let time pass in a rehearsal; refused everywhere else."""
    if not settings.REHEARSAL:
        raise UserMistake(_("Only a rehearsal's time can be moved."))
    if not timedelta(0) < by <= timedelta(days=60):
        raise UserMistake(_("Time moves on by up to 60 days at once."))
    row = RehearsalTime.objects.first() or RehearsalTime.objects.create()
    RehearsalTime.objects.filter(pk=row.pk, ahead_seconds__lt=MOST_AHEAD.total_seconds()).update(
        ahead_seconds=F("ahead_seconds") + int(by.total_seconds())
    )
