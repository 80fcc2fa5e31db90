"""The form that starts a clock."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from zaoguang.casework.deadlines import ClockKind, Period, Place, Unit
from zaoguang.centre.clocks.models import KIND_NAMES, PLACE_NAMES, UNIT_NAMES
from zaoguang.centre.clocks.setting import OwnPeriod

__all__ = ["ClockForm"]


class ClockForm(forms.Form):
    """What runs, and from when; place and length only for a deadline of one's own."""

    kind = forms.ChoiceField(
        label=_("What is waited for"),
        choices=[(kind.value, name) for kind, name in KIND_NAMES.items() if kind is not ClockKind.NOTICE],
    )
    begun = forms.DateTimeField(
        label=_("Since when (the day it was received)"),
        input_formats=["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"],
        help_text=_("Such as 2026-03-02, or 2026-03-02 14:30 where hours count."),
    )
    amount = forms.IntegerField(label=_("Own deadline: how long"), required=False, min_value=1, max_value=100_000)
    unit = forms.ChoiceField(
        label=_("Own deadline: counted in"),
        required=False,
        choices=[("", "–"), *((unit.value, name) for unit, name in UNIT_NAMES.items())],
    )
    place = forms.ChoiceField(
        label=_("Own deadline: calendar of"),
        required=False,
        choices=[("", "–"), *((place.value, name) for place, name in PLACE_NAMES.items() if place is not Place.ANY)],
    )

    def chosen(self) -> ClockKind:
        """Give what is waited for."""
        return ClockKind(self.cleaned_data["kind"])

    def begun_at(self) -> datetime:
        """Give the moment it counts from, read in the centre's time zone."""
        moment: datetime = self.cleaned_data["begun"]
        return moment

    def own(self) -> OwnPeriod | None:
        """Give the period of a deadline of one's own; none unless all three parts are there."""
        given = self.cleaned_data
        if not (given["amount"] and given["unit"] and given["place"]):
            return None
        return OwnPeriod(Place(given["place"]), Period(given["amount"], Unit(given["unit"])))
