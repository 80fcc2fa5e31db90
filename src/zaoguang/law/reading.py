"""One jurisdiction's file, read strictly: every key known, every text in both languages, every fact graded."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from zaoguang.errors import UserMistake
from zaoguang.law.facts import CHOICES, FLAGS, ROLES, TOLD
from zaoguang.law.harm import Door, Harm, RouteKind
from zaoguang.law.model import (
    Anchor,
    Body,
    Clock,
    ClockBasis,
    Condition,
    Deadline,
    Figure,
    GuideLine,
    GuidePart,
    Jurisdiction,
    KnownError,
    Provision,
    RouteRule,
    Runs,
    Source,
    ThresholdRule,
    Wording,
)
from zaoguang.law.record import Record, read_record, read_sources
from zaoguang.law.tally import BOUNDED
from zaoguang.words import gettext as _

__all__ = ["EVERYWHERE", "NOTHING_ASKED", "guide_line", "read_guide_lines", "read_jurisdiction"]

EVERYWHERE = Path("guide") / "everywhere.yaml"
"""Where a folder of law data holds what its guides say in every place."""

_ONE_ARTICLE = re.compile(r"^Art\. (\d+)(?:-(\d+))?(?:\((\d+)\))?(?:\((\d+)\))?$")
_ARTICLES = re.compile(r"^(?:Art\.|s\.|sec\.) ((?:\d+[A-Z]*(?:\(\w\))*(?:-\d+)?(?:, )?)+)$")
NOTHING_ASKED = Condition({}, {}, ())
_SHIPPED = Path(__file__).parent / "data"
_UNITS = ("years", "months", "days", "hours")
_DEPTH = 4
_YEAR = 12  # months: what adds up where a rule names no other time
_LONGEST = 240  # months
_T = TypeVar("_T")
_Sources = dict[str, Source]


class _Reader:
    """What is the same for all facts of a file: its place, its sources, the day it was last checked."""

    def __init__(self, top: Record, mistakes: list[str] | None) -> None:
        self.code = top.text("jurisdiction")
        self.sources = read_sources(top)
        self.checked = top.optional("checked", top.day)
        self.mistakes = mistakes

    def each(self, top: Record, key: str, read: Callable[[Record], _T]) -> Iterator[_T]:
        """Read each mapping of a list; where mistakes are gathered, a wrong one is left out."""
        if not top.has(key):
            return
        for record in top.records(key):
            try:
                found = read(record)
                record.done()
            except UserMistake as mistake:
                if self.mistakes is None:
                    raise
                self.mistakes.append(str(mistake))
                continue
            yield found

    def day_checked(self, record: Record) -> date | None:
        """Give the day this fact, or else its file, was last compared with its source."""
        return record.optional("checked", record.day) or self.checked

    def body(self, record: Record) -> Body:
        grade, verified, source = record.graded(self.sources)
        return Body(
            id=record.text("id"),
            name=record.wording("name"),
            contact=record.optional("contact", record.text) or "",
            about=record.wording("about"),
            free=record.optional("free", record.flag) or False,
            legal=record.optional("legal", record.flag) or False,
            minors=record.optional("minors", record.flag) or False,
            grade=grade,
            verified=verified,
            source=source,
            checked=self.day_checked(record),
        )

    def provision(self, record: Record) -> Provision:
        grade, verified, source = record.graded(self.sources)
        cited = _cited(record, mainland=self.code == "CN")
        found = Provision(
            id=record.text("id"),
            jurisdiction=self.code,
            instrument=record.wording("instrument"),
            article=cited.en,
            cited=cited,
            text=record.wording("text"),
            clock=_clock(record.record("clock")) if record.has("clock") else None,
            in_force=record.optional("in_force", record.day),
            replaces=record.optional("replaces", record.text),
            grade=grade,
            verified=verified,
            source=source,
            covers=_covers(record),
            route=record.choice("route", RouteKind) if record.has("route") else None,
            to=_texts(record, "to"),
            penalty=record.optional("penalty", record.wording),
            threshold=record.optional("threshold", record.wording),
            conditions=record.optional("conditions", record.wording),
            when=_condition(record),
            deadlines=_deadlines(record),
            until=record.optional("until", record.day),
            checked=self.day_checked(record),
        )
        if found.in_force and found.until and found.until <= found.in_force:
            raise record.mistake("until", _("must be after in_force"))
        return found

    def route(self, record: Record) -> RouteRule:
        grade, verified, source = record.graded(self.sources)
        roles = _texts(record, "roles")
        if not set(roles) <= set(ROLES):
            raise record.mistake("roles", _("must hold only: %(choices)s") % {"choices": ", ".join(ROLES)})
        return RouteRule(
            id=record.text("id"),
            jurisdiction=self.code,
            door=record.choice("door", Door),
            kind=record.choice("kind", RouteKind),
            name=record.wording("name"),
            roles=roles,
            rests_on=_texts(record, "rests_on"),
            covers=_covers(record),
            when=_condition(record),
            to=_texts(record, "to"),
            gives=record.wording("gives"),
            bring=record.wordings("bring") if record.has("bring") else (),
            risks=record.wordings("risks") if record.has("risks") else (),
            deadlines=_deadlines(record),
            grade=grade,
            verified=verified,
            source=source,
            checked=self.day_checked(record),
        )

    def threshold(self, record: Record) -> ThresholdRule:
        grade, verified, source = record.graded(self.sources)
        bounds = record.numbers("bounds")
        two_of = record.numbers("two_of") if record.has("two_of") else {}
        proportion = _texts(record, "in_proportion")
        if not set(proportion) <= set(bounds):
            raise record.mistake("in_proportion", _("must hold only: %(choices)s") % {"choices": ", ".join(bounds)})
        for name in (*bounds, *two_of):
            if name not in BOUNDED:
                raise record.mistake("bounds", _("names %(name)s, which is not counted here") % {"name": name})
        times = record.number("times", 100) if record.has("times") else 1
        if times < 1 or any(number % times for number in bounds.values()):
            raise record.mistake("times", _("must divide every bound"))
        return ThresholdRule(
            id=record.text("id"),
            provision=record.text("provision"),
            name=record.wording("name"),
            bounds=bounds,
            times=times,
            half_of_two=record.optional("half_of_two", record.flag) or False,
            two_of=two_of,
            in_proportion=proportion,
            months=record.number("months", _LONGEST) if record.has("months") else _YEAR,
            under_14=record.optional("under_14", record.flag) or False,
            for_profit=record.optional("for_profit", record.flag),
            conditions=record.optional("conditions", record.wording),
            grade=grade,
            verified=verified,
            source=source,
            checked=self.day_checked(record),
        )

    def known_error(self, record: Record) -> KnownError:
        grade, verified, source = record.graded(self.sources)
        return KnownError(
            id=record.text("id"),
            quoted=record.text("quoted"),
            right=record.wording("right"),
            means=_texts(record, "means"),
            grade=grade,
            verified=verified,
            source=source,
            checked=self.day_checked(record),
        )

    def figure(self, record: Record) -> Figure:
        grade, verified, source = record.graded(self.sources)
        return Figure(record.text("id"), record.wording("text"), grade, verified, source, self.day_checked(record))


def read_jurisdiction(path: Path, mistakes: list[str] | None = None) -> Jurisdiction:
    """Read one file; wrong entries are gathered in ``mistakes``, or raised where none is given.

    Raises:
        UserMistake: the file itself can't be read, or an entry is wrong and nobody gathers.
    """
    top = read_record(path, ours=path.is_relative_to(_SHIPPED))
    reader = _Reader(top, mistakes)
    name = top.optional("name", top.wording) or Wording(reader.code, reader.code)
    found = Jurisdiction(
        code=reader.code,
        name=name,
        bodies=tuple(reader.each(top, "bodies", reader.body)),
        provisions=tuple(reader.each(top, "provisions", reader.provision)),
        routes=tuple(reader.each(top, "routes", reader.route)),
        thresholds=tuple(reader.each(top, "thresholds", reader.threshold)),
        known_errors=tuple(reader.each(top, "known_errors", reader.known_error)),
        figures=tuple(reader.each(top, "figures", reader.figure)),
        guide=tuple(reader.each(top, "guide", guide_line)),
    )
    top.done()
    return found


def guide_line(record: Record) -> GuideLine:
    """Read one sentence of a guide."""
    return GuideLine(
        part=record.choice("part", GuidePart),
        text=record.wording("text"),
        rests_on=_texts(record, "rests_on"),
        bodies=_texts(record, "bodies"),
    )


def read_guide_lines(path: Path) -> tuple[GuideLine, ...]:
    """Read the guide's sentences for every place.

    Raises:
        UserMistake: the file or a sentence is wrong.
    """
    top = read_record(path)
    lines = []
    for record in top.records("lines"):
        lines.append(guide_line(record))
        record.done()
    top.done()
    return tuple(lines)


def _cited(record: Record, *, mainland: bool) -> Wording:
    """Read an article: both languages where words are in it, else as numbers that Chinese is made from."""
    if record.holds_mapping("article"):
        return record.wording("article")
    article = record.text("article")
    chinese = in_chinese(article)
    if mainland:  # which writes 第253条之一 where Taiwan writes 第319条之1
        chinese = re.sub(r"之([1-9])", lambda found: "之" + "一二三四五六七八九"[int(found[1]) - 1], chinese)
    return Wording(article, chinese)


def in_chinese(article: str) -> str:
    """Give an article's numbers as Chinese cites them, e.g. Art. 50(1)(6) as 第50条第1款第6项."""
    one = _ONE_ARTICLE.match(article)
    if one is not None and (one[2] is None or _inserted(article.removeprefix("Art. "))):
        number, inserted, paragraph, item = one.groups()
        words = f"第{number}条" + (f"之{inserted}" if inserted else "")
        return words + (f"第{paragraph}款" if paragraph else "") + (f"第{item}项" if item else "")
    several = _ARTICLES.match(article)
    if several is None:
        return article
    parts = several[1].split(", ")
    apart = [f"Art. {part}" for part in parts]
    if any(_inserted(part) or "(" in part for part in parts) and all(map(_ONE_ARTICLE.match, apart)):
        return "、".join(in_chinese(part) for part in apart)
    return f"第{'、'.join(parts).replace('-', '—')}条"


def _inserted(part: str) -> bool:
    """Tell an article that was put in later (319-5, 8-1) from several in a row (27-30): a row goes up."""
    first, _dash, last = part.partition("(")[0].partition("-")
    return last.isdigit() and first.isdigit() and int(last) < int(first)


def _texts(record: Record, key: str) -> tuple[str, ...]:
    return record.texts(key) if record.has(key) else ()


def _covers(record: Record) -> tuple[Harm, ...]:
    return record.choices("covers", Harm) if record.has("covers") else ()


def _clock(record: Record) -> Clock:
    clock = Clock(
        starts=record.wording("starts"),
        within=record.wording("within"),
        hours=record.optional("hours", record.hours),
        basis=record.choice("basis", ClockBasis),
    )
    record.done()
    return clock


def _condition(record: Record) -> Condition:
    if not record.has("when"):
        return NOTHING_ASKED
    return _read_condition(record.record("when"), _DEPTH)


def _read_condition(record: Record, depth: int) -> Condition:
    flags: dict[str, bool] = {}
    choices: dict[str, tuple[str, ...]] = {}
    alternatives: tuple[Condition, ...] = ()
    for key in record.names():
        if key in FLAGS or key in TOLD:
            flags[key] = record.flag(key)
        elif key in CHOICES:
            choices[key] = record.texts(key)
            if not set(choices[key]) <= set(CHOICES[key]):
                raise record.mistake(key, _("must hold only: %(choices)s") % {"choices": ", ".join(CHOICES[key])})
        elif key == "any" and depth:
            alternatives = tuple(_read_condition(inner, depth - 1) for inner in record.records(key))
        else:
            raise record.mistake(key, _("is not a key that is known here"))
    return Condition(flags, choices, alternatives)


def _deadlines(record: Record) -> tuple[Deadline, ...]:
    if not record.has("deadlines"):
        return ()
    return tuple(_deadline(inner) for inner in record.records("deadlines"))


def _deadline(record: Record) -> Deadline:
    amounts = {unit: record.number(unit, 100 * 365) if record.has(unit) else 0 for unit in _UNITS}
    if sum(amount > 0 for amount in amounts.values()) != 1:
        raise record.mistake("", _("must have exactly one of years, months, days, hours"))
    found = Deadline(
        id=record.text("id"),
        what=record.wording("what"),
        start=record.choice("from", Anchor),
        runs=record.choice("runs", Runs),
        basis=record.choice("basis", ClockBasis),
        closes=not record.has("closes") or record.flag("closes"),
        then=record.wording("then"),
        **amounts,
    )
    record.done()
    return found
