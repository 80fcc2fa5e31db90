"""A test whose transactions are real: committed, seen by other threads, and cleared away afterwards.

The append-only triggers would refuse the clearing, so they are lifted for it and stand again for the next test.
"""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from zaoguang.centre.append_only import forbid_changes, permit_changes

APPEND_ONLY = ("audit_auditevent", "exhibits_custodyrow", "exhibits_exhibit")


def _lift() -> None:
    with connection.schema_editor() as editor:
        for table in APPEND_ONLY:
            permit_changes(table, editor)


def _set() -> None:
    with connection.schema_editor() as editor:
        for table in APPEND_ONLY:
            forbid_changes(table, editor)


@pytest.fixture
def _triggers_stand_again(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    del django_db_setup
    yield
    with django_db_blocker.unblock():
        _set()
        connection.close()


@pytest.fixture
def committed(_triggers_stand_again: None, transactional_db: None) -> Iterator[None]:
    """Give a database in which what is committed is committed."""
    del transactional_db
    yield
    _lift()
