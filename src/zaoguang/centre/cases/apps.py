"""The app's name and label."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """A case, its members, its consents and notes."""

    name = "zaoguang.centre.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
