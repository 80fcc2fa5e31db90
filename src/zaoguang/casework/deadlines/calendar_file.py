"""Deadlines as a calendar file (RFC 5545): case codes and kinds only, the same bytes for the same deadlines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

from zaoguang.casework.moment import in_utc

__all__ = ["Entry", "calendar_file"]

_SHOWN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Entry:
    """One deadline as a calendar shows it; ``summary`` must name nobody."""

    id: UUID  # stays the deadline's own, so that a calendar that reads the file again moves the entry it has
    due_at: datetime
    changed_at: datetime  # when the deadline was last set
    summary: str


def calendar_file(entries: Iterable[Entry]) -> bytes:
    """Give the file, sorted by time.

    Each entry is the quarter of an hour before its deadline, marked private and leaving the person free: a shared
    calendar shows no more than that there is something.

    Raises:
        UserMistake: a time carries no zone.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Zaoguang//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry in sorted(entries, key=lambda each: (in_utc(each.due_at), each.id)):
        calendar.add_component(_event(entry))
    file: bytes = calendar.to_ical()
    return file


def _event(entry: Entry) -> Event:
    event, due = Event(), in_utc(entry.due_at).replace(microsecond=0)
    event.add("uid", f"{entry.id}@zaoguang.invalid")
    event.add("dtstamp", in_utc(entry.changed_at).replace(microsecond=0))
    event.add("dtstart", due - _SHOWN)
    event.add("dtend", due)
    event.add("summary", entry.summary)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event
