"""The inventory of columns says of every column in which tier it lies, and nothing of columns that are not there."""

from secrets import token_hex

import pytest
from django.apps import apps
from django.contrib.messages import INFO
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, models
from django.http import HttpResponse
from django.test import RequestFactory

from zaoguang.centre.inventory import COLUMNS, FREE_TEXT, columns
from zaoguang.centre.sealed import SealedField

OURS = "zaoguang.centre"


def _fields() -> dict[str, models.Field]:  # type: ignore[type-arg]  # any field at all
    return {
        f"{model._meta.db_table}.{field.column}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
    }


def test_every_column_of_every_model_is_listed_and_no_other() -> None:
    assert set(COLUMNS) == set(_fields())


def test_no_column_is_listed_twice() -> None:
    names = [name for name, _column in columns()]
    assert len(names) == len(set(names))


def test_the_tier_listed_is_the_tier_of_the_field() -> None:
    for name, field in _fields().items():
        assert COLUMNS[name].tier == (field.tier if isinstance(field, SealedField) else "C"), name


def test_every_open_column_says_why_it_may_be() -> None:
    assert [name for name, column in COLUMNS.items() if (column.tier == "C") is not bool(column.why)] == []


def _could_hold_any_text(field: models.Field) -> bool:  # type: ignore[type-arg]  # any field at all
    free = (models.CharField, models.TextField, models.JSONField, models.FileField)
    return isinstance(field, free) and not field.choices


def test_no_column_of_ours_takes_free_text_unless_it_is_named_with_a_reason() -> None:
    ours = {name: field for name, field in _fields().items() if field.model.__module__.startswith(OURS)}
    assert {name for name, field in ours.items() if _could_hold_any_text(field)} == set(FREE_TEXT)


def test_no_open_column_of_ours_takes_bytes_except_keys_and_seals() -> None:
    found = {name for name, field in _fields().items() if type(field) is models.BinaryField}
    assert found == {"accounts_person.public_key", "accounts_person.kdf_salt", "exhibits_exhibit.signature"}


@pytest.mark.django_db
def test_the_database_has_no_table_and_no_column_beside_the_models() -> None:
    tables = set(connection.introspection.table_names()) - {"django_migrations"}
    assert tables == {name.split(".")[0] for name in COLUMNS}
    with connection.cursor() as cursor:
        found = {
            f"{table}.{column.name}"
            for table in tables
            for column in connection.introspection.get_table_description(cursor, table)
        }
    assert found == set(COLUMNS)


def test_a_session_keeps_no_sentence_however_many_wait_to_be_read() -> None:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    waiting = default_storage(request)
    for _ in range(100):
        waiting.add(INFO, f"About https://{token_hex(40)}.example")
    waiting.update(HttpResponse())
    assert list(request.session.keys()) == []
