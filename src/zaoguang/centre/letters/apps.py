"""The app of answers that come in."""

from django.apps import AppConfig

__all__ = ["Letters"]


class Letters(AppConfig):
    """Answers to notices."""

    name = "zaoguang.centre.letters"
    label = "letters"
