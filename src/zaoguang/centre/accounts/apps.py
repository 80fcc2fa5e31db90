"""The app's name and label."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who work here, their keys and their sessions."""

    name = "zaoguang.centre.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
