"""``zaoguang law``: the law as data: checked, answered as routes, counted against thresholds, told as a guide."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click

from zaoguang.cli.law_deadline import deadline
from zaoguang.law.answer import answer_lines, answer_record, not_advice
from zaoguang.law.arithmetic import finding_lines, finding_record
from zaoguang.law.checking import LawReport, check_law
from zaoguang.law.facts import read_facts
from zaoguang.law.guide import guide as the_guide
from zaoguang.law.guide import guide_html, guide_markdown
from zaoguang.law.practice import practice as from_practice
from zaoguang.law.provisions import DATA, jurisdiction, jurisdictions
from zaoguang.law.record import read_record
from zaoguang.law.tally import read_counts
from zaoguang.law.thresholds import thresholds as find_thresholds
from zaoguang.words import LANGUAGES, speaking, spoken
from zaoguang.words import gettext as _

__all__ = ["law"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def law() -> None:
    """Ask the law of ten places: check the data, find routes, count thresholds and time, print the survivor's guide."""


law.add_command(deadline)


@law.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--at", type=_DAY, metavar="DATE", help="The day to reckon from (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(folder: Path | None, at: datetime | None, *, as_json: bool) -> None:
    """Check the law's files (or those in FOLDER), and list what nobody has verified and what is due for review.

    Exit 0 if nothing is wrong, 1 if a reference dangles, a source is missing, dates are out of order, or what is from
    memory claims to be verified. What is due for review is a list to work through, not a fault.
    """
    report = check_law(DATA if folder is None else folder, day_or_today(at))
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, default=str))
    else:
        _print_report(report)
    sys.exit(1 if report.problems else 0)


@law.command()
@click.argument("facts", type=click.Path(path_type=Path))
@click.option("--at", type=_DAY, metavar="DATE", help="The day to reckon from (default: today).")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of the answer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def routes(facts: Path, at: datetime | None, lang: str | None, *, as_json: bool) -> None:
    """Give the routes that the facts in FACTS (a YAML file) leave open, first the one to take first.

    Leave out what is not known: that keeps routes open. The answer names the one question that would narrow it most.
    """
    day = day_or_today(at)
    with speaking(lang or spoken()):
        known = read_facts(facts, day)
        if as_json:
            click.echo(json.dumps(answer_record(known, at=day), ensure_ascii=False))
        else:
            for line in answer_lines(known, at=day):
                click.echo(line)


@law.command()
@click.argument("counts", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of the answer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def thresholds(counts: Path, lang: str | None, *, as_json: bool) -> None:
    """Set what was counted in COUNTS (a YAML file) against the numbers that China's law asks, and show each sum."""
    with speaking(lang or spoken()):
        found = find_thresholds(read_counts(read_record(counts)))
        if as_json:
            click.echo(json.dumps({"thresholds": [finding_record(each) for each in found]}, ensure_ascii=False))
            return
        click.echo(not_advice())
        for each in found:
            click.echo("\n".join(["", *finding_lines(each)]))
        if not found:
            click.echo(_("Nothing was counted that a threshold asks for."))


@law.command()
@click.argument("place")
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of the guide.")
@click.option("--html", "as_html", is_flag=True, help="Print one HTML page instead of Markdown.")
def guide(place: str, lang: str | None, *, as_html: bool) -> None:
    """Print the survivor's guide of PLACE (CN, HK, TW, KR, JP, US, EU, UK, AU or IN)."""
    with speaking(lang or spoken()):
        shown = the_guide(place)
        click.echo(guide_html(shown) if as_html else guide_markdown(shown), nl=False)


@law.command()
@click.argument("place", required=False)
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of the answer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def errors(place: str | None, lang: str | None, *, as_json: bool) -> None:
    """List what is often quoted and wrong about the law (of PLACE, or of all places), with what is right."""
    with speaking(lang or spoken()):
        known = [each for one in ([jurisdiction(place)] if place else jurisdictions()) for each in one.known_errors]
        if as_json:
            record = [
                {"id": each.id, "quoted": each.quoted, "right": each.right(spoken()), "means": each.means}
                for each in known
            ]
            click.echo(json.dumps({"errors": record}, ensure_ascii=False))
            return
        for each in known:
            click.echo(_("{quoted}: {right}").format(quoted=each.quoted, right=each.right(spoken())))


@law.command()
@click.argument("place", required=False)
@click.option("--lang", type=click.Choice(LANGUAGES), help="The language of the answer.")
def practice(place: str | None, lang: str | None) -> None:
    """List what those who do this work have counted (in PLACE, or everywhere), and what stops them.

    Each figure says how far to trust it; each bottleneck says what answers it here and where to read on.
    """
    with speaking(lang or spoken()):
        places = [jurisdiction(place)] if place else jurisdictions()
        figures = [*(each for one in places for each in one.figures), *(() if place else from_practice().figures)]
        if not figures:
            click.echo(_("No figure is on record for this place."))
        for figure in figures:
            click.echo(f"[{figure.grade}] {figure.text(spoken())}")
        for each in () if place else from_practice().bottlenecks:
            click.echo(
                _("[{grade}] {said} Here: {answered} ({page})").format(
                    grade=each.grade, said=each.said(spoken()), answered=each.answered(spoken()), page=each.see
                )
            )


def day_or_today(at: datetime | None) -> date:
    """Give the day that was asked for, or the day it is now in UTC."""
    return (at or datetime.now(UTC)).date()


def _print_report(report: LawReport) -> None:
    for problem in report.problems:
        click.echo(problem)
    click.echo(
        _("{facts} facts, {problems} problems, {unverified} not verified, {due} due for review.").format(
            facts=report.facts,
            problems=len(report.problems),
            unverified=len(report.unverified),
            due=len(report.due),
        )
    )
    for due in report.due:
        since = _("since {day}").format(day=due.since) if due.since else _("no day is written down")
        click.echo(_("due for review: {id} (grade {grade}, {since})").format(id=due.id, grade=due.grade, since=since))
