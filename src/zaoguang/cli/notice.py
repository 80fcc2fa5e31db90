"""``zaoguang notice``: what each law asks of a notice, what is still missing, and the notice as text, mail or PDF."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import click

from zaoguang.errors import UserMistake
from zaoguang.law.record import read_record
from zaoguang.notices import (
    Annex,
    Missing,
    Regime,
    Text,
    compose,
    missing,
    regime,
    regimes,
    render,
    statement_of_authority,
)
from zaoguang.notices.values import Value
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = ["notice"]


@click.group()
def notice() -> None:
    """Write a notice: list the kinds, check what is missing for each, render it as text, mail, PDF or JSON."""


@notice.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def kinds(*, as_json: bool) -> None:
    """List every kind of notice, its languages and its time."""
    if as_json:
        click.echo(json.dumps({"kinds": [_kind(each) for each in regimes()]}, ensure_ascii=False))
        return
    for each in regimes():
        click.echo(f"{each.id}  {each.title(spoken())}  [{', '.join(each.languages)}]")


def _kind(each: Regime) -> dict[str, object]:
    return {
        "id": each.id,
        "title": each.title(spoken()),
        "audience": each.audience.value,
        "sender": each.sender.value,
        "languages": list(each.languages),
        **_time(each),
        "identity": each.identity.sentence(spoken()),
        "agent_allowed": each.identity.agent_allowed,
        "required": [field.name for field in each.fields if field.required],
    }


def _time(each: Regime) -> dict[str, object]:
    rule = each.deadline
    return {
        "amount": rule.period.amount,
        "unit": rule.period.unit.value,
        "place": rule.place.value,
        "counts_from": rule.counts_from.value,
        "basis": rule.basis.value,
    }


@notice.command()
@click.argument("values", type=click.Path(path_type=Path))
@click.argument("kind", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(values: Path, kind: tuple[str, ...], *, as_json: bool) -> None:
    """Say what VALUES (a YAML file) still lacks for each KIND (default: every kind), and what may come of it.

    Exit 0 if nothing is missing, 1 if something is.
    """
    given = read_values(values)
    asked = [regime(name) for name in kind] or list(regimes())
    lacking = {each.id: missing(each, given, spoken()) for each in asked}
    if as_json:
        click.echo(json.dumps({"missing": {name: _gaps(gaps) for name, gaps in lacking.items()}}, ensure_ascii=False))
    else:
        for each in asked:
            click.echo(_("{kind}: complete").format(kind=each.id) if not lacking[each.id] else f"{each.id}:")
            for gap in lacking[each.id]:
                click.echo(f"  {gap.field}: {gap.sentence}")
    sys.exit(1 if any(lacking.values()) else 0)


def _gaps(gaps: Iterable[Missing]) -> list[dict[str, str]]:
    return [{"field": gap.field, "clause": gap.clause, "sentence": gap.sentence} for gap in gaps]


@notice.command("render")
@click.argument("kind")
@click.argument("values", type=click.Path(path_type=Path))
@click.option("--lang", help="The notice's language (default: the addressee's own).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["txt", "eml", "pdf", "annex", "json"]),
    default="txt",
    help="What to make of it; annex: the agent’s statement of authority as PDF, which an eml carries already.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it here and not to the screen.")
@click.option("--from", "sender", default="", help="Who sends the mail (for eml).")
@click.option("--to", "recipient", default="", help="Who gets the mail (for eml).")
@click.option("--message-id", default="", help="The mail's Message-ID (default: made from the text).")
def render_notice(
    kind: str,
    values: Path,
    lang: str | None,
    form: str,
    output: Path | None,
    sender: str,
    recipient: str,
    message_id: str,
) -> None:
    """Write the notice of that KIND from VALUES (a YAML file); the same values give the same bytes.

    A mail and a PDF file carry the date that VALUES gives, never that of the clock.
    """
    law, given = regime(kind), read_values(values)
    language = lang or law.languages[0]
    text = render(law, language, given)
    if form == "pdf":
        content = _paper(text, language, given)
    elif form == "annex":
        content = _paper(_statement(law, language, given), language, given)
    elif form == "eml":
        said = statement_of_authority(law, language, given)
        annexes = [Annex(_paper(said, language, given), "application/pdf", "pdf")] if said is not None else []
        content = _mail(text, annexes, _day(given), sender, recipient, message_id)
    elif form == "json":
        content = (json.dumps(_record(law, language, text, given), ensure_ascii=False) + "\n").encode()
    else:
        content = f"Subject: {text.subject}\n\n{text.body}".encode()
    _hand_out(content, output)


def read_values(path: Path) -> dict[str, Value]:
    """Read the answers of a YAML file: a mapping of field names to text, a list of texts, or true and false."""
    record = read_record(path)
    given: dict[str, Value] = {}
    for name in record.names():
        value = record.take(name)
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            given[name] = tuple(value)
        elif isinstance(value, str | bool):
            given[name] = value
        elif value is not None:
            raise record.mistake(name, _("must be a text, a list of texts, a date, true or false"))
    return given


def _day(given: Mapping[str, Value]) -> date:
    try:
        return date.fromisoformat(str(given.get("date", "")))
    except ValueError as error:
        raise UserMistake(
            _("A mail or a PDF file needs the notice's date: add a line such as date: 2026-05-19.")
        ) from error


def _paper(text: Text, language: str, given: Mapping[str, Value]) -> bytes:
    from zaoguang.notices.paper import to_pdf  # noqa: PLC0415 -- the typesetter is needed for this alone

    return to_pdf(text, language, _day(given), str(given.get("case_id", "")))


def _statement(law: Regime, language: str, given: Mapping[str, Value]) -> Text:
    said = statement_of_authority(law, language, given)
    if said is None:
        raise UserMistake(_("Only a notice that an agent gives, and that names a paper, has a statement of authority."))
    return said


def _mail(text: Text, annexes: list[Annex], day: date, sender: str, recipient: str, message_id: str) -> bytes:
    if not sender or not recipient:
        raise UserMistake(_("A mail needs --from and --to."))
    made = f"<{_digest(text)[:32]}@{sender.rpartition('@')[2]}>"
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return compose(text, sender, recipient, message_id or made, at, annexes=annexes)


def _digest(text: Text) -> str:
    return sha256(f"{text.subject}\n{text.body}".encode()).hexdigest()


def _record(law: Regime, language: str, text: Text, given: Mapping[str, Value]) -> dict[str, object]:
    return {
        "kind": law.id,
        "language": language,
        "subject": text.subject,
        "body": text.body,
        "sha256": _digest(text),
        **_time(law),
        "fields": {field.name: given[field.name] for field in law.fields if field.name in given},
    }


def _hand_out(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UserMistake(
            _("%(file)s cannot be written: %(why)s.") % {"file": output, "why": error.strerror or _("unknown reason")}
        ) from error
