"""A moment that everybody can name: aware, in UTC."""

from datetime import UTC, datetime

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["in_utc"]


def in_utc(moment: datetime) -> datetime:
    """Give the same moment as UTC.

    Raises:
        UserMistake: it carries no time zone, so that nobody can say which moment it is.
    """
    if moment.utcoffset() is None:
        raise UserMistake(_("The time %(time)s has no time zone; give it in UTC.") % {"time": moment.isoformat()})
    return moment.astimezone(UTC)
