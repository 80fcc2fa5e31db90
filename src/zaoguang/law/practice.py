"""What those who do this work have counted, what they say stops them, and what in this program answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from zaoguang.law.model import Figure, Grade, Source, Wording
from zaoguang.law.provisions import DATA
from zaoguang.law.record import Record, read_record, read_sources

__all__ = ["Bottleneck", "Practice", "practice", "read_practice"]

NAME: Final = Path("practice") / "everywhere.yaml"
"""Where the file lies in a folder of law data."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What stops the work as its people tell it, what answers it here, and the figures that show it."""

    id: str
    said: Wording
    answered: Wording
    see: str  # a page of the handbook
    figures: tuple[str, ...]  # ids of figures, of this file or of a place
    grade: Grade
    verified: bool
    source: tuple[Source, ...]
    checked: date | None


@dataclass(frozen=True, slots=True)
class Practice:
    """The figures that belong to no one place, and the bottlenecks."""

    figures: tuple[Figure, ...]
    bottlenecks: tuple[Bottleneck, ...]


@cache
def practice() -> Practice:
    """Give what is shipped."""
    return read_practice(DATA / NAME)


def read_practice(path: Path) -> Practice:
    """Read one file strictly.

    Raises:
        UserMistake: the file or a key is wrong.
    """
    top = read_record(path)
    sources, checked = read_sources(top), top.optional("checked", top.day)
    found = Practice(
        tuple(_figure(each, sources, checked) for each in top.records("figures")),
        tuple(_bottleneck(each, sources, checked) for each in top.records("bottlenecks")),
    )
    top.done()
    return found


def _figure(record: Record, sources: Mapping[str, Source], checked: date | None) -> Figure:
    grade, verified, source = record.graded(sources)
    found = Figure(record.text("id"), record.wording("text"), grade, verified, source, checked)
    record.done()
    return found


def _bottleneck(record: Record, sources: Mapping[str, Source], checked: date | None) -> Bottleneck:
    grade, verified, source = record.graded(sources)
    found = Bottleneck(
        id=record.text("id"),
        said=record.wording("said"),
        answered=record.wording("answered"),
        see=record.text("see"),
        figures=record.texts("figures"),
        grade=grade,
        verified=verified,
        source=source,
        checked=checked,
    )
    record.done()
    return found
