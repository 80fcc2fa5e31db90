"""The app's name and label."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """A survivor's items as fingerprints come in; never a picture."""

    name = "zaoguang.centre.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
