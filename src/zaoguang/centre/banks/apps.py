"""The app's name and label."""

from django.apps import AppConfig


class BanksConfig(AppConfig):
    """Which fingerprints may be matched, and the index that finds them."""

    name = "zaoguang.centre.banks"
    label = "banks"
    default_auto_field = "django.db.models.BigAutoField"
