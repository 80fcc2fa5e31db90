"""The survivor's guide of one place, put together from the law's data: what to do when, what not to do, who helps."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Final

from zaoguang.law.answer import body_line, cited, in_a_row, listed, not_advice
from zaoguang.law.model import Body, ClockBasis, GuideLine, GuidePart, Jurisdiction, Provision, RouteRule, Runs
from zaoguang.law.provisions import DATA, jurisdiction, jurisdictions
from zaoguang.law.reading import EVERYWHERE, read_guide_lines
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = ["Guide", "GuideSection", "guide", "guide_html", "guide_markdown", "part_title"]

_WORLDWIDE: Final = ("uk-stopncii", "us-take-it-down")


@dataclass(frozen=True, slots=True)
class GuideSection:
    """One part of a guide: its title, and its sentences with the law that each rests on."""

    part: GuidePart
    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """A place's guide in the language it was asked for; every field is text to show."""

    code: str
    place: str
    title: str
    not_advice: str  # and when the law's data was last compared with its sources
    sections: tuple[GuideSection, ...]
    helpers: tuple[tuple[str, str], ...]  # who and how to reach them, what they do
    clocks: tuple[str, ...]


def guide(code: str) -> Guide:
    """Give the guide of a place, e.g. ``CN``, in the language now spoken.

    Raises:
        UserMistake: no law is held for that place.
    """
    place = jurisdiction(code)
    name = place.name(spoken())
    return Guide(
        code=place.code,
        place=name,
        title=_("If intimate pictures of you were taken or shared: {place}").format(place=name),
        not_advice=in_a_row(not_advice(), _compared(place)),
        sections=tuple(_sections(place)),
        helpers=tuple((body_line(body), body.about(spoken())) for body in _helpers(place)),
        clocks=tuple(_clocks(place.routes)),
    )


def _compared(place: Jurisdiction) -> str:
    """Say when the oldest of what is told here was compared with its source: a sheet of paper outlives the law."""
    days = [law.checked for law in place.provisions if law.checked is not None]
    days += [body.checked for body in place.bodies if body.checked is not None]
    return _("Last compared with its sources on {day}.").format(day=min(days)) if days else ""


def part_title(part: GuidePart) -> str:
    """Give the heading of a part."""
    return {
        GuidePart.FIRST_HOUR: _("In the first hour"),
        GuidePart.FIRST_DAY: _("On the first day"),
        GuidePart.FIRST_WEEK: _("In the first week"),
        GuidePart.DO_NOT: _("What not to do"),
        GuidePart.MINORS: _("If you are under 18, or were then"),
        GuidePart.DRUGGED: _("If you may have been drugged"),
        GuidePart.DEVICE: _("If you found a camera in a room"),
    }[part]


@cache
def _everywhere() -> tuple[GuideLine, ...]:
    return read_guide_lines(DATA / EVERYWHERE)


def _sections(place: Jurisdiction) -> Iterator[GuideSection]:
    laws = {law.id: law for each in jurisdictions() for law in each.provisions}
    for part in GuidePart:
        first, *rest = (line for line in _everywhere() if line.part is part)
        own = [line for line in place.guide if line.part is part]
        # Where every minute counts, the number to call comes right after the first sentence.
        lines = [first, *own, *rest] if part is GuidePart.FIRST_HOUR else [first, *rest, *own]
        yield GuideSection(part, part_title(part), tuple((line.text(spoken()), _ground(line, laws)) for line in lines))


def _ground(line: GuideLine, laws: dict[str, Provision]) -> str:
    """Give the law a sentence rests on, with a word where nobody has verified it."""
    return listed(cited(laws[name]) for name in line.rests_on)


def _helpers(place: Jurisdiction) -> Iterator[Body]:
    everyone = {body.id: body for each in jurisdictions() for body in each.bodies}
    known = [body for body in place.bodies if body.contact or body.free]
    yield from sorted(known, key=lambda body: not body.free)
    yield from (everyone[name] for name in _WORLDWIDE if everyone[name] not in known)


def _clocks(routes: tuple[RouteRule, ...]) -> Iterator[str]:
    """Yield the times that the law sets, each once: first those that run against the survivor."""
    times = [(route, each) for route in routes for each in route.deadlines if each.basis is ClockBasis.LAW]
    for route, each in sorted(times, key=lambda pair: pair[1].runs is not Runs.SURVIVOR):
        yield _("{step}: {time}").format(step=route.name(spoken()), time=each.what(spoken()))


def guide_markdown(shown: Guide) -> str:
    """Give the guide as Markdown."""
    lines = [f"# {shown.title}", "", shown.not_advice]
    for section in shown.sections:
        lines += ["", f"## {section.title}", ""]
        lines += [f"- {text}" + (_(" ({law})").format(law=ground) if ground else "") for text, ground in section.lines]
    lines += ["", f"## {helpers_title()}", "", *(f"- {who}: {about}" for who, about in shown.helpers)]
    if shown.clocks:
        lines += ["", f"## {clocks_title()}", "", *(f"- {clock}" for clock in shown.clocks)]
    return "\n".join(lines) + "\n"


def helpers_title() -> str:
    """Give the heading over those who help."""
    return _("Who helps")


def clocks_title() -> str:
    """Give the heading over the law's times."""
    return _("Times that count")


def guide_html(shown: Guide) -> str:
    """Give the guide as one HTML page without scripts, pictures or addresses to load: to print or to keep."""
    body = [f"<h1>{escape(shown.title)}</h1>", f"<p>{escape(shown.not_advice)}</p>"]
    body += [_list_html(section.title, section.lines) for section in shown.sections]
    body.append(_list_html(helpers_title(), shown.helpers))
    if shown.clocks:
        body.append(_list_html(clocks_title(), tuple((clock, "") for clock in shown.clocks)))
    style = (
        "body{font:1.05rem/1.6 sans-serif;max-width:42rem;margin:1rem auto;padding:0 1rem}small{color:#555}"
        "@page{margin:15mm}@media print{body{font:11pt/1.45 sans-serif;max-width:none;margin:0;padding:0;"
        "color:#000;background:#fff}small{color:#000}h2{break-after:avoid}li{break-inside:avoid}}"
    )
    return (
        f'<!doctype html>\n<html lang="{spoken()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(shown.title)}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _list_html(title: str, lines: tuple[tuple[str, str], ...]) -> str:
    items = "".join(
        f"<li>{escape(text)}" + (f" <small>{escape(more)}</small>" if more else "") + "</li>\n" for text, more in lines
    )
    return f"<section>\n<h2>{escape(title)}</h2>\n<ul>\n{items}</ul>\n</section>"
