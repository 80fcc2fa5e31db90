"""The app's name and label."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Drafts, confirmations, attempts, answers and what is due."""

    name = "zaoguang.centre.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
