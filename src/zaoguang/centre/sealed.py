"""Sealed columns of the centre's tables: which there are, in which tier, and how one is read and written.

Tier A opens with a case key that only a member's session holds; tier B with the worker key; ``K`` is key material
that is sealed by its nature (private keys, case keys). Every other column is tier C: no free text, no addresses.
"""

from collections.abc import Iterator
from typing import Any, Literal

from django.apps import apps
from django.db import models

from zaoguang.centre.keyring import column_key
from zaoguang.vault import Place, SecretKey, open_column, seal_column

__all__ = ["SealedField", "Tier", "read", "read_b", "sealed_columns", "write", "write_b"]

Tier = Literal["A", "B", "K"]


class SealedField(models.BinaryField[bytes, bytes]):
    """A column that holds only sealed bytes; its tier is part of the schema."""

    def __init__(self, *args: Any, tier: Tier, **kwargs: Any) -> None:  # noqa: ANN401  (Django's own signature)
        """Take the tier beside what a BinaryField takes."""
        self.tier: Tier = tier
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:  # noqa: ANN401  (Django's own signature)
        """Keep the tier in migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "tier": self.tier}


def _place(row: models.Model, column: str) -> Place:
    return Place(row._meta.db_table, str(row.pk), column)  # noqa: SLF001  (Django documents _meta as public)


def write(row: models.Model, column: str, plain: str, key: SecretKey) -> None:
    """Seal a text into a column of this row under the key; the row is not saved."""
    setattr(row, column, seal_column(key, _place(row, column), plain.encode()))


def read(row: models.Model, column: str, key: SecretKey) -> str:
    """Open a column of this row with the key; an empty column reads as an empty text."""
    sealed = getattr(row, column)
    return open_column(key, _place(row, column), bytes(sealed)).decode() if sealed else ""


def write_b(row: models.Model, column: str, plain: str) -> None:
    """Seal a text into a tier-B column under the worker key."""
    write(row, column, plain, column_key())


def read_b(row: models.Model, column: str) -> str:
    """Open a tier-B column with the worker key."""
    return read(row, column, column_key())


def sealed_columns() -> Iterator[tuple[str, str, Tier]]:
    """Yield (table, column, tier) of every sealed column in the schema."""
    for model in apps.get_models():
        for field in model._meta.get_fields():  # noqa: SLF001  (Django documents _meta as public)
            if isinstance(field, SealedField):
                yield model._meta.db_table, str(field.column), field.tier  # noqa: SLF001  (the same)
