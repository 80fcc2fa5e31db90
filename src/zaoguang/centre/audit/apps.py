"""The app's name and label."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what and when; and the centre's clock."""

    name = "zaoguang.centre.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
