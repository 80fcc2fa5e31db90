"""Rows that are only ever added: the database itself refuses to change or delete them, whoever asks."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

__all__ = ["append_only", "forbid_changes", "permit_changes"]

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
FOR EACH {each} EXECUTE FUNCTION zaoguang_append_only()
"""
_VERBS = {"update": "ROW", "delete": "ROW", "truncate": "STATEMENT"}  # SQLite knows no TRUNCATE


def append_only(table: str) -> migrations.RunPython:
    """Give the migration step that makes a table append-only (SQLite and PostgreSQL)."""

    def forwards(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        forbid_changes(table, editor)

    def backwards(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        permit_changes(table, editor)

    return migrations.RunPython(forwards, backwards)


def forbid_changes(table: str, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the database refuse to change, delete or empty rows of a table."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_POSTGRES_FUNCTION, params=None)
        for verb, each in _VERBS.items():
            editor.execute(_POSTGRES.format(table=table, verb=verb, each=each), params=None)
        return
    for verb in ("update", "delete"):
        editor.execute(_SQLITE.format(table=table, verb=verb), params=None)


def permit_changes(table: str, editor: BaseDatabaseSchemaEditor) -> None:
    """Take that back: for undoing the migration."""
    postgres = editor.connection.vendor == "postgresql"
    for verb in _VERBS if postgres else ("update", "delete"):
        editor.execute(f"DROP TRIGGER {table}_no_{verb}{f' ON {table}' if postgres else ''}", params=None)
