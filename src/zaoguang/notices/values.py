"""What a person filled in, checked against a regime: what is missing, and what may not stand in a notice at all."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from zaoguang.errors import UserMistake
from zaoguang.notices.regime import Field, FieldKind, Regime
from zaoguang.words import gettext as _
from zaoguang.words import speaking

__all__ = ["Missing", "Values", "checked", "is_mail_address", "missing", "names_survivor", "refuse_hidden"]

Value = str | Sequence[str] | bool
Values = Mapping[str, Value]

_MAX_LINE = 2_048  # the longest address that browsers agree on
_MAX_TEXT = 20_000
_MAX_LINES = 1_000
_MAX_MAIL_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the brackets

_JOINERS = "\u200c\u200d"
"""Zero-width characters that some scripts need within a word."""

_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode counts as letters or symbols and that show as nothing."""

_MAIL_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.")
_MAIL_DOMAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")


@dataclass(frozen=True, slots=True)
class Missing:
    """One field that the law asks for and nobody has filled in; ``sentence`` says so to a person."""

    field: str
    clause: str
    sentence: str


def missing(regime: Regime, values: Values, language: str = "en") -> tuple[Missing, ...]:
    """Give each field that the notice still needs, in the regime's order, said in that language."""
    with speaking(language):
        return tuple(
            Missing(field.name, field.clause, _sentence(regime, field, language))
            for field in regime.fields
            if _is_empty(values.get(field.name)) and field.is_required(_with_defaults(regime, values))
        )


def names_survivor(regime: Regime, values: Values) -> bool:
    """Tell whether the notice comes from the survivor herself, or says her name."""
    herself = not regime.identity.agent_allowed or values.get("capacity") == "self"
    asked = {field.name for field in regime.fields}
    return herself or ("legal_name" in asked and not _is_empty(values.get("legal_name")))


def _sentence(regime: Regime, field: Field, language: str) -> str:
    return _("“%(label)s” is missing: %(clause)s asks for it. %(refusal)s") % {
        "label": field.label(language),
        "clause": field.clause,
        "refusal": regime.refusal(language),
    }


def _with_defaults(regime: Regime, values: Values) -> dict[str, object]:
    filled: dict[str, object] = dict(values)
    for field in regime.fields:
        if _is_empty(filled.get(field.name)) and field.kind is FieldKind.CHOICE and field.default:
            filled[field.name] = field.default[0]
    return filled


def _is_empty(value: object) -> bool:
    """Tell whether nothing was said: a blank text, a list of blanks, an unticked statement."""
    if value is None or isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return not value.strip().strip(_JOINERS)
    return isinstance(value, Iterable) and all(_is_empty(line) for line in value)


def checked(regime: Regime, values: Values) -> dict[str, Value]:
    """Give a value for every field of the regime, empty ones included, or refuse.

    Names that the regime doesn't have are left out: the same answers serve several regimes.

    Raises:
        UserMistake: a value is of the wrong kind, too long, or holds characters that could deceive a reader.
    """
    return {field.name: _checked_value(field, values.get(field.name)) for field in regime.fields}


def _checked_value(field: Field, value: Value | None) -> Value:
    if field.kind is FieldKind.BOOL:
        if value is None or isinstance(value, bool):
            return bool(value)
        raise _wrong(field, _("must be true or false"))
    if field.kind is FieldKind.LIST:
        return _checked_list(field, value)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise _wrong(field, _("must be one text"))
    return _checked_text(field, value.strip())


def _checked_list(field: Field, value: Value | None) -> Value:
    if value is None:
        value = ()
    if isinstance(value, str | bool) or not all(isinstance(line, str) for line in value):
        raise _wrong(field, _("must be a list of texts"))
    lines = tuple(line.strip() for line in value if line.strip()) or field.default
    if len(lines) > _MAX_LINES:
        raise _wrong(field, _("has more than %(most)s entries; split the notice") % {"most": _MAX_LINES})
    for line in lines:
        refuse_hidden(line, field.name)
        if field.options and line not in {option.value for option in field.options}:
            raise _wrong(field, _("has an entry that is not one of its options"))
    return lines


def _checked_text(field: Field, text: str) -> str:
    if not text:
        return field.default[0] if field.default else ""
    if field.kind is FieldKind.LONG_TEXT:
        return _checked_paragraphs(field, text)
    refuse_hidden(text, field.name)
    if field.kind is FieldKind.EMAIL and not is_mail_address(text):
        raise _wrong(field, _("must be one e-mail address, such as name@example.org"))
    if field.kind is FieldKind.DATE and not _is_day(text):
        raise _wrong(field, _("must be a date such as 2026-05-19"))
    if field.kind is FieldKind.CHOICE and text not in {option.value for option in field.options}:
        raise _wrong(field, _("must be one of its options"))
    return text


def _checked_paragraphs(field: Field, text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise _wrong(field, _("is longer than %(most)s characters") % {"most": _MAX_TEXT})
    lines = text.replace("\r\n", "\n").split("\n")  # a browser's form sends CRLF
    for line in lines:
        if line:
            refuse_hidden(line, field.name, most=_MAX_TEXT)
    return "\n".join(lines)


def refuse_hidden(line: str, where: str, most: int = _MAX_LINE) -> None:
    """Refuse a line that is too long or holds what a reader would not see: control, direction and hidden characters.

    Raises:
        UserMistake: it does; the sentence names the field and the character, never the text.
    """
    if len(line) > most:
        raise UserMistake(_("“%(field)s” is longer than %(most)s characters.") % {"field": where, "most": most})
    for character in line:
        if _is_hidden(character):
            raise UserMistake(
                _("“%(field)s” holds the hidden character %(code)s; remove it.")
                % {"field": where, "code": f"U+{ord(character):04X}"},
            )


def _is_hidden(character: str) -> bool:
    if character in _JOINERS:
        return False
    return character in _BLANKS or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def is_mail_address(text: str) -> bool:
    """Tell whether it is one plain address (RFC 5321 dot-string in ASCII, no display name, no quotes)."""
    local, at, domain = text.rpartition("@")
    if not at or not local or len(local) > 64 or len(text) > _MAX_MAIL_ADDRESS:  # noqa: PLR2004 -- RFC 5321 4.5.3.1.1
        return False
    atoms, labels = local.split("."), domain.split(".")
    return (
        set(local) <= _MAIL_LOCAL
        and all(atoms)
        and set(domain) <= _MAIL_DOMAIN
        and all(label and not label.startswith("-") and not label.endswith("-") for label in labels)
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _wrong(field: Field, what: str) -> UserMistake:
    return UserMistake(_("“%(field)s” %(what)s.") % {"field": field.name, "what": what})
