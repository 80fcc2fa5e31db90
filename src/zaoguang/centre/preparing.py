"""Making a centre ready: its folders, its keys, its database; safe to repeat at every start."""

import os
from collections.abc import Iterator

from zaoguang.centre.keyring import make_keys
from zaoguang.centre.places import Places, places
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.words import gettext as _

__all__ = ["prepare"]

_MADE = "made"
"""A file that says: this data was once sealed under the keys; without them it must not be given new ones."""


def _refuse_lost_key(where: Places) -> None:
    lost = [path for path in (where.worker_key, where.signing_key) if not path.exists()]
    if lost and (where.data / _MADE).exists():
        raise UserMistake(
            _("The key %(path)s is missing, and the data in %(data)s needs it: put it back from its backup.")
            % {"path": lost[0], "data": where.data}
        )


def prepare() -> Iterator[str]:
    """Do what is missing and yield a line on each thing done."""
    where = places()
    try:
        where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_lost_key(where)
        made = make_keys(where)
        (where.data / _MADE).touch(mode=0o600)
    except OSError as error:
        raise OutsideFailure(
            _("The folder %(path)s cannot be used: %(why)s.") % {"path": where.data, "why": error.strerror}
        ) from error
    if made:
        yield _("Made keys in %(path)s: %(names)s. Back them up apart from the data.") % {
            "path": where.keys,
            "names": ", ".join(made),
        }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zaoguang.centre.settings")
    import django  # noqa: PLC0415  (settings read the keys made above)
    from django.core.management import call_command  # noqa: PLC0415  (the same)

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    yield _("The database is up to date.")
