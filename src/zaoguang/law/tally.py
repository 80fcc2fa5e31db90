"""What was counted: sealed sightings as numbers, on a day, at an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.law.record import Record
from zaoguang.words import gettext as _

__all__ = ["BOUNDED", "FLOWS", "MEASURES", "STOCKS", "Counts", "Tally", "read_counts"]

FLOWS: Final = (
    "videos",
    "audio",
    "pictures",  # pictures, texts, e-books
    "gain_cny",
    "posts",
    "payments_cny",
    "advertising_cny",
    "deletion_turnover_cny",
    "deletion_gain_cny",
    "records_sensitive",  # location, communications, credit, property
    "records_important",  # lodging, health, transactions
    "records_other",
    "records_gain_cny",
    "other_items",  # unlawful items that are not films
)
"""What adds up with each sighting."""

STOCKS: Final = (
    "clicks",
    "registered_members",  # of a site or group that registers its members
    "group_members",
    "site_accounts",
    "accounts_reached",
    "followers",
    "sites",
    "groups",
    "clients",
)
"""What stands on a counter: seen twice at one address, the higher number counts once; addresses add up."""

HIGHEST: Final = ("item_views", "item_reposts", "one_group_members", "deaths_or_injuries")
"""What the law asks of one item or one group: the highest single number counts."""

ADDED: Final = {"item_views": "views_added", "item_reposts": "reposts_added"}
"""What is also added up over items: one item at each address, by its highest number."""

MEASURES: Final = (*FLOWS, *STOCKS, *HIGHEST)
"""What a counts file may hold."""

BOUNDED: Final = (*MEASURES, *ADDED.values())
"""What a rule may ask a number of."""

_MAX_TALLIES = 10_000
_MAX_COUNT = 10**12


@dataclass(frozen=True, slots=True)
class Tally:
    """One sealed sighting's numbers; ``under_14`` is the part of them that shows under-14s."""

    on: date | None
    where: str
    counted: Mapping[str, int]
    under_14: Mapping[str, int]

    @property
    def one_group(self) -> bool:
        """Whether the members counted are those of one group: a named address, and no word of several groups."""
        return bool(self.where) and "group_members" in self.counted and self.counted.get("groups", 1) == 1


@dataclass(frozen=True, slots=True)
class Counts:
    """All that was counted, and whether it was done for profit (None: not known)."""

    for_profit: bool | None
    tallies: tuple[Tally, ...]

    def window(self, days: Iterable[Tally], *, under_14: bool) -> dict[str, int]:
        """Add tallies up as the law does: flows add, stocks count once per address, single items by the highest."""
        totals: dict[str, int] = {}
        stocks: dict[tuple[str, str], int] = {}
        for tally in days:
            counted = tally.under_14 if under_14 else tally.counted
            if tally.one_group:
                members = counted.get("group_members", 0)
                totals["one_group_members"] = max(members, totals.get("one_group_members", 0))
            for name, number in counted.items():
                counter = name if name in STOCKS else ADDED.get(name)
                if counter is not None:
                    stocks[counter, tally.where] = max(number, stocks.get((counter, tally.where), 0))
                if name in STOCKS:
                    continue
                if name in HIGHEST:
                    totals[name] = max(number, totals.get(name, 0))
                else:
                    totals[name] = totals.get(name, 0) + number
        for (name, _where), number in stocks.items():
            totals[name] = totals.get(name, 0) + number
        return totals


def read_counts(record: Record) -> Counts:
    """Read counts: ``for_profit`` (leave it out if unknown) and a list of ``sightings``.

    Raises:
        UserMistake: a key or number is wrong, there are too many, or more under-14 items than items.
    """
    for_profit = record.optional("for_profit", record.flag)
    tallies: list[Tally] = []
    for inner in record.records("sightings"):
        tallies.append(_read_tally(inner))
        if len(tallies) > _MAX_TALLIES:
            raise record.mistake("sightings", _("must hold at most %(most)s entries") % {"most": _MAX_TALLIES})
    record.done()
    return Counts(for_profit, tuple(tallies))


def _read_tally(record: Record) -> Tally:
    on = record.optional("day", record.day)
    where = record.optional("where", record.text) or ""
    under_14 = _numbers(record.record("under_14")) if record.has("under_14") else {}
    counted = _numbers(record)
    for name, number in under_14.items():
        if number > counted.get(name, 0):
            raise record.mistake("under_14", _("counts more %(name)s than there are in all") % {"name": name})
    return Tally(on, where, counted, under_14)


def _numbers(record: Record) -> dict[str, int]:
    found = {}
    for name in record.names():
        if name not in MEASURES:
            raise _unknown(record, name)
        found[name] = record.number(name, _MAX_COUNT)
    return found


def _unknown(record: Record, name: str) -> UserMistake:
    return record.mistake(name, _("is not counted here; what is: %(names)s") % {"names": ", ".join(MEASURES)})
