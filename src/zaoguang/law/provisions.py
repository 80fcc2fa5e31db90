"""Every provision we hold, by its id."""

from functools import cache
from pathlib import Path

from zaoguang.errors import UserMistake
from zaoguang.law.model import Clock, ClockBasis, Provision, Source
from zaoguang.law.record import Record, read_record, read_sources
from zaoguang.words import gettext as _

__all__ = ["load_provisions", "provision", "provisions"]

_DATA = Path(__file__).parent / "data"


@cache
def provisions() -> tuple[Provision, ...]:
    """Give every provision, in the order of the files' names and of each file."""
    return load_provisions(_DATA)


def provision(id: str) -> Provision:  # noqa: A002 -- the word the data uses
    """Give one provision, e.g. ``us-tida-3-a-3``.

    Raises:
        UserMistake: there is none of that id.
    """
    for candidate in provisions():
        if candidate.id == id:
            return candidate
    raise UserMistake(_("No provision has the id %(id)r.") % {"id": id})


def load_provisions(folder: Path) -> tuple[Provision, ...]:
    """Read the ``*.yaml`` files of a folder, strictly.

    Raises:
        UserMistake: a file or key is wrong (the sentence names both), or an id is there twice.
    """
    found: dict[str, Provision] = {}
    for path in sorted(folder.glob("*.yaml")):
        top = read_record(path)
        jurisdiction = top.text("jurisdiction")
        sources = read_sources(top)
        for record in top.records("provisions"):
            read = _read(record, jurisdiction, sources)
            if read.id in found:
                raise record.mistake("id", _("is %(id)s, which is there already") % {"id": read.id})
            found[read.id] = read
        top.done()
    return tuple(found.values())


def _read(record: Record, jurisdiction: str, sources: dict[str, Source]) -> Provision:
    grade, verified, source = record.graded(sources)
    read = Provision(
        id=record.text("id"),
        jurisdiction=jurisdiction,
        instrument=record.wording("instrument"),
        article=record.text("article"),
        text=record.wording("text"),
        clock=_read_clock(record.record("clock")) if record.has("clock") else None,
        in_force=record.optional("in_force", record.day),
        replaces=record.optional("replaces", record.text),
        grade=grade,
        verified=verified,
        source=source,
    )
    record.done()
    return read


def _read_clock(record: Record) -> Clock:
    clock = Clock(
        starts=record.wording("starts"),
        within=record.wording("within"),
        hours=record.optional("hours", record.hours),
        basis=record.choice("basis", ClockBasis),
    )
    record.done()
    return clock
