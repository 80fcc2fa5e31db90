"""Making a centre ready: its folders, its keys, its database; safe to repeat at every start."""

import os
from collections.abc import Iterator

from zaoguang.centre.keyring import make_keys
from zaoguang.centre.places import Places, places
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.words import gettext as _

__all__ = ["prepare", "require_ready"]

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


def require_ready() -> None:
    """Set Django up for a centre that was prepared; say in one sentence what to run where it was not."""
    where = places()
    run_prepare = UserMistake(_("This centre is not ready, or not up to date; run: zaoguang centre prepare"))
    if not where.worker_key.exists():
        raise run_prepare
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zaoguang.centre.settings")
    import django  # noqa: PLC0415  (settings read the keys)
    from django.db import DatabaseError, connection  # noqa: PLC0415  (the same)
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415  (the same)

    django.setup()
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise OutsideFailure(_("The database does not answer; is it running, and is its address right?")) from error
    if behind:
        raise run_prepare
