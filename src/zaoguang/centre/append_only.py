"""Rows that are only ever added: the database itself refuses to change or delete them, whoever asks."""

from collections.abc import Callable

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

__all__ = ["append_only"]

Step = Callable[[Apps, BaseDatabaseSchemaEditor], None]

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION zaoguang_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION zaoguang_append_only()
"""


def append_only(table: str) -> migrations.RunPython:
    """Give the migration step that makes a table append-only (SQLite and PostgreSQL)."""
    return migrations.RunPython(_add(table), _drop(table))


def _add(table: str) -> Step:
    def forwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        del apps
        postgres = editor.connection.vendor == "postgresql"
        if postgres:
            editor.execute(_POSTGRES_FUNCTION, params=None)
        for verb in ("update", "delete"):
            editor.execute((_POSTGRES if postgres else _SQLITE).format(table=table, verb=verb), params=None)

    return forwards


def _drop(table: str) -> Step:
    def backwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        del apps
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for verb in ("update", "delete"):
            editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}", params=None)

    return backwards
