"""The app of deadlines."""

from django.apps import AppConfig

__all__ = ["Clocks"]


class Clocks(AppConfig):
    """Deadlines of cases."""

    name = "zaoguang.centre.clocks"
    label = "clocks"
