"""The words of a notice, from a regime's template and checked values; the same input gives the same bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from zaoguang.casework.deadlines import Unit
from zaoguang.errors import UserMistake
from zaoguang.notices.regime import Regime
from zaoguang.notices.values import Values, checked, missing, refuse_hidden
from zaoguang.words import gettext as _

__all__ = ["Text", "fill", "prior_report", "render"]

_SUBJECT = "Subject: "
_PARTS = Path(__file__).parent / "parts"
"""The paragraphs that several notices share, as macros, one file a language."""

_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Text:
    """A notice in words; the body ends with one line feed."""

    subject: str
    body: str


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_PARTS),
        auto_reload=False,
        undefined=StrictUndefined,
        autoescape=False,  # plain text; what could deceive a reader was refused before
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(regime: Regime, language: str, values: Values) -> Text:
    """Write the notice in that language.

    Raises:
        UserMistake: a required field is missing, a value may not stand in a notice, or the regime isn't written in
            that language.
    """
    if language not in regime.languages:
        raise UserMistake(
            _("The notice %(regime)s is not written in %(language)r; it is in %(languages)s.")
            % {"regime": regime.id, "language": language, "languages": ", ".join(regime.languages)},
        )
    gaps = missing(regime, values)
    if gaps:
        raise UserMistake(
            _("The notice is not complete; still missing: %(fields)s.")
            % {"fields": ", ".join(f"{gap.field} ({gap.clause})" for gap in gaps)},
        )
    first, _newline, rest = regime.templates[language].partition("\n")
    if not first.startswith(_SUBJECT) or not rest.strip():
        raise UserMistake(
            _("The text %(language)s of the notice %(regime)s must begin with its subject and go on with a body.")
            % {"language": language, "regime": regime.id},
        )
    filled = checked(regime, values)
    subject = _fill(regime, language, first.removeprefix(_SUBJECT), filled).strip()
    refuse_hidden(subject, "subject")
    body = _BLANKS.sub("\n\n", _fill(regime, language, rest, filled))  # what a left-out paragraph leaves behind
    return Text(subject, body.strip("\n") + "\n")


def _fill(regime: Regime, language: str, template: str, values: Mapping[str, object]) -> str:
    try:
        return fill(language, template, {**values, **_time(regime)})
    except TemplateError as error:
        raise UserMistake(
            _("The text %(language)s of the notice %(regime)s is broken: %(why)s.")
            % {"language": language, "regime": regime.id, "why": error.message or type(error).__name__},
        ) from error


def fill(language: str, template: str, values: Mapping[str, object]) -> str:
    """Fill a template of ours with checked values; ``part`` in it gives the paragraphs that the letters share.

    Raises:
        TemplateError: the template is broken, or names a value that is not there.
    """
    part = _environment().get_template(f"{language}.txt").make_module(dict(values))
    return _environment().from_string(template).render(**values, part=part)


def _time(regime: Regime) -> dict[str, object]:
    """Give how long the addressee has; ``hours`` only where it is counted so, as a text that says "hours" needs it."""
    period = regime.deadline.period
    words: dict[str, object] = {"amount": period.amount, "unit": period.unit.value}
    return {**words, "hours": period.amount} if period.unit is Unit.HOURS else words


def prior_report(sent_at: datetime, message_id: str) -> str:
    """Give the line of ``prior_reports`` for an earlier notice: when it went, and the name under which it went.

    Raises:
        UserMistake: the time has no time zone.
    """
    if sent_at.utcoffset() is None:
        raise UserMistake(_("The time %(time)s has no time zone; give it in UTC.") % {"time": sent_at.isoformat()})
    return f"{sent_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, Message-ID {message_id}"
