"""The verdict on a copy's address, without which no notice may name it: is a copy kept there, or made up on request?"""

from django.db.models import QuerySet

from zaoguang.centre.sightings.models import Sighting

__all__ = ["nameable"]


def nameable(copies: QuerySet[Sighting]) -> QuerySet[Sighting]:
    """Give those that a notice may name: a verdict was given on them, and it says that a copy is kept there."""
    return copies.filter(judged_at__isnull=False, on_request=False)
