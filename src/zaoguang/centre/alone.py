"""One worker of a kind at a time: so that what an earlier one had taken is known to be nobody's.

On one machine a lock file does it (the kernel lets go of it when the process ends, however it ends); with PostgreSQL
an advisory lock, on a connection of its own, does it between machines too.
"""

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from zaoguang.errors import DoesNotHold
from zaoguang.words import gettext as _

__all__ = ["alone"]


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Be the only worker of that name while the block runs, or say in one sentence that another one runs."""
    settings.PLACES.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    busy = DoesNotHold(_("Another “%(name)s” worker already runs for this centre.") % {"name": name})
    with (settings.PLACES.data / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise busy from error
        if connection.vendor != "postgresql":
            yield
            return
        # A connection of the lock's own: Django closes the common one after CONN_MAX_AGE, and the lock with it.
        with closing(connection.copy()) as own:
            if not _advisory(own, name):
                raise busy
            yield


def _advisory(own: BaseDatabaseWrapper, name: str) -> bool:
    number = int.from_bytes(blake2b(f"zaoguang {name}".encode(), digest_size=8).digest(), "big", signed=True)
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        row = cursor.fetchone()
    return bool(row and row[0])
