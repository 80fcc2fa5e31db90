"""The app's name and label."""

from django.apps import AppConfig


class SightingsConfig(AppConfig):
    """Links that a person checks, and the copies found there."""

    name = "zaoguang.centre.sightings"
    label = "sightings"
    default_auto_field = "django.db.models.BigAutoField"
