"""The app's name and label."""

from django.apps import AppConfig


class ExhibitsConfig(AppConfig):
    """What was seen, sealed; and the log that chains the seals."""

    name = "zaoguang.centre.exhibits"
    label = "exhibits"
    default_auto_field = "django.db.models.BigAutoField"
