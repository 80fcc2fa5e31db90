"""One law's notice: what it must contain, by when it must be answered, and what it gives away; read from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from zaoguang.errors import UserMistake
from zaoguang.law import Wording
from zaoguang.law.record import Record, read_record
from zaoguang.notices.deadline import Deadline, known_provision, read_deadline
from zaoguang.notices.further import Further, read_further
from zaoguang.words import gettext as _

__all__ = [
    "NOTICE_LANGUAGES",
    "Audience",
    "Condition",
    "Field",
    "FieldKind",
    "Identity",
    "Option",
    "Regime",
    "Sender",
    "load_regimes",
    "regime",
    "regimes",
]

_REGIMES = Path(__file__).parent / "regimes"
_SUPERSET = Path(__file__).parent / "fields.yaml"
_RESERVED = frozenset({"amount", "hours", "part", "unit"})
"""Names that a template uses for how long the addressee has and for the shared paragraphs."""

NOTICE_LANGUAGES = ("en", "zh-Hans", "zh-Hant", "ko", "ja")
"""The languages that a notice may be written in, as BCP 47 tags; its labels are in the two that a page speaks."""
_MAX_TEMPLATE = 64 * 1024


class FieldKind(StrEnum):
    """What a field holds, as a form shows it."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"  # several lines
    EMAIL = "email"
    DATE = "date"  # YYYY-MM-DD
    BOOL = "bool"  # a statement made, or not
    CHOICE = "choice"  # one of the options
    LIST = "list"  # lines; with options, only those


class Audience(StrEnum):
    """Who is asked."""

    PLATFORM = "platform"
    HOST = "host"  # who keeps the machine, the name or the network
    SEARCH = "search"
    REGULATOR = "regulator"
    AUTHORITY = "authority"  # a body that orders others to act
    SUPPORT = "support"  # a public centre that asks on her behalf


class Sender(StrEnum):
    """Who may send a notice of that kind."""

    SURVIVOR = "survivor"  # she, or whom she has authorised
    COUNSEL = "counsel"
    AUTHORITY = "authority"  # only a body with that power: we draft nothing in its name


@dataclass(frozen=True, slots=True)
class Condition:
    """Another field of the same notice having a certain value."""

    field: str
    value: str | bool

    def holds(self, values: Mapping[str, object]) -> bool:
        """Tell whether the field has that value."""
        value = values.get(self.field, "")
        return (value.strip() if isinstance(value, str) else value) == self.value


@dataclass(frozen=True, slots=True)
class Option:
    """One value that a choice or a list may take, and how it is said."""

    value: str
    label: Wording


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a notice says; ``why`` tells a person what it is for and what to write."""

    name: str
    kind: FieldKind
    required: bool  # always, if the conditions are None
    required_when: Condition | None
    required_unless: Condition | None
    clause: str  # of the law that asks for it; "" if none does
    label: Wording
    why: Wording
    options: tuple[Option, ...]
    default: tuple[str, ...]  # what is taken where nothing is given; at most one for a choice

    def is_required(self, values: Mapping[str, object]) -> bool:
        """Tell whether the law asks for it, given the other values."""
        if self.required_unless is not None and self.required_unless.holds(values):
            return False
        return self.required_when.holds(values) if self.required_when is not None else self.required


@dataclass(frozen=True, slots=True)
class Identity:
    """What a notice gives away; ``sentence`` says it to the person who is about to confirm."""

    reveals_to_platform: bool
    may_reach_uploader: bool  # the law orders it, allows it, or does not forbid it
    agent_allowed: bool  # an agent or a lawyer may send it, and her name may stay out of the text
    sentence: Wording


@dataclass(frozen=True, slots=True)
class Regime:
    """One law's notice."""

    id: str
    title: Wording
    audience: Audience
    sender: Sender
    provision: str  # "" where it rests on the addressee's own terms
    refusal: Wording  # what the addressee may do with an incomplete notice
    languages: tuple[str, ...]
    fields: tuple[Field, ...]
    deadline: Deadline
    identity: Identity
    templates: Mapping[str, str]  # by language
    further: Further | None  # None: it is a first demand and nothing else

    def field(self, name: str) -> Field:
        """Give the field of that name.

        Raises:
            UserMistake: the regime has none.
        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise UserMistake(_("The notice %(regime)s has no field %(field)r.") % {"regime": self.id, "field": name})


@cache
def regimes() -> tuple[Regime, ...]:
    """Give every regime that comes with the package, sorted by id."""
    return load_regimes(_REGIMES)


def regime(id: str) -> Regime:  # noqa: A002 -- the word the data uses
    """Give one regime, e.g. ``us-take-it-down``.

    Raises:
        UserMistake: there is none of that id.
    """
    for candidate in regimes():
        if candidate.id == id:
            return candidate
    raise UserMistake(_("No kind of notice has the id %(id)r.") % {"id": id})


def load_regimes(folder: Path) -> tuple[Regime, ...]:
    """Read each sub-folder that holds a ``regime.yaml``, strictly.

    Raises:
        UserMistake: a file or key is wrong (the sentence names both), a text is missing, or an id is there twice.
    """
    found: dict[str, Regime] = {}
    for path in sorted(folder.glob("*/regime.yaml")):
        read = _read_regime(path)
        if read.id in found:
            raise UserMistake(_("%(file)s: the id %(id)s is there twice.") % {"file": path, "id": read.id})
        found[read.id] = read
    return tuple(found[id] for id in sorted(found))  # noqa: A001 -- the word the data uses


def _read_regime(path: Path) -> Regime:
    top = read_record(path, name=f"{path.parent.name}/{path.name}")
    languages = top.texts("languages")
    if not languages or not set(languages) <= set(NOTICE_LANGUAGES):
        known = ", ".join(NOTICE_LANGUAGES)
        raise top.mistake("languages", _("must name languages among %(known)s") % {"known": known})
    read = Regime(
        id=top.text("id"),
        title=top.wording("title"),
        audience=top.choice("audience", Audience),
        sender=top.choice("sender", Sender),
        provision=known_provision(top, "provision") if top.has("provision") else "",
        refusal=top.wording("refusal"),
        languages=languages,
        fields=_read_fields(top),
        deadline=read_deadline(top.record("deadline")),
        identity=_read_identity(top.record("identity")),
        templates={language: _read_template(path.parent / f"{language}.txt") for language in languages},
        further=read_further(top.record("further")) if top.has("further") else None,
    )
    top.done()
    return read


def _read_template(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(_("%(file)s, the text of a notice, cannot be read as UTF-8.") % {"file": path}) from error
    if len(text) > _MAX_TEMPLATE:
        raise UserMistake(_("%(file)s is too long for the text of a notice.") % {"file": path})
    return text


def _read_identity(record: Record) -> Identity:
    read = Identity(
        reveals_to_platform=record.flag("reveals_to_platform"),
        may_reach_uploader=record.flag("may_reach_uploader"),
        agent_allowed=record.flag("agent_allowed"),
        sentence=record.wording("sentence"),
    )
    record.done()
    return read


def _read_fields(top: Record) -> tuple[Field, ...]:
    fields: list[Field] = []
    conditions: list[tuple[Record, str, Condition]] = []
    for short in top.records("fields"):
        record = _completed(short)
        field = _read_field(record)
        if any(field.name == other.name for other in fields):
            raise record.mistake("name", _("is %(id)s, which is there already") % {"id": field.name})
        fields.append(field)
        named = {"required_when": field.required_when, "required_unless": field.required_unless}
        conditions += [(record, key, condition) for key, condition in named.items() if condition is not None]
    for record, key, condition in conditions:
        _check_condition(record, key, condition, fields)
    return tuple(fields)


@cache
def _superset() -> Mapping[str, Mapping[str, object]]:
    """Give what is asked for every field that more than one law knows, by its name: asked once, mapped to all."""
    top = read_record(_SUPERSET)
    found: dict[str, dict[str, object]] = {}
    for name in top.names():
        inner = top.record(name)
        found[name] = {key: inner.take(key) for key in inner.names()}
    return found


def _completed(short: Record) -> Record:
    """Give a field's record with what it leaves unsaid taken from the superset."""
    given = {key: short.take(key) for key in short.names()}
    return Record({**_superset().get(str(given.get("name")), {}), **given}, short.file, short.place)


def _check_condition(record: Record, key: str, condition: Condition, fields: list[Field]) -> None:
    for field in fields:
        if field.name != condition.field:
            continue
        if field.kind is FieldKind.BOOL and isinstance(condition.value, bool):
            return
        if field.kind is FieldKind.CHOICE and condition.value in {option.value for option in field.options}:
            return
    raise record.mistake(key, _("must name a choice or a yes-or-no field of this notice and one of its values"))


def _read_field(record: Record) -> Field:
    kind = record.choice("kind", FieldKind)
    options = tuple(_read_options(record)) if record.has("options") else ()
    if (kind is FieldKind.CHOICE and not options) or (options and kind not in {FieldKind.CHOICE, FieldKind.LIST}):
        raise record.mistake("options", _("belongs to a choice, which needs it, or to a list"))
    default = record.texts("default") if record.has("default") else ()
    if not set(default) <= {option.value for option in options} or (kind is FieldKind.CHOICE and len(default) > 1):
        raise record.mistake("default", _("must be taken from the options, and be one for a choice"))
    when, unless = (_read_condition(record, key) for key in ("required_when", "required_unless"))
    read = Field(
        name=record.text("name"),
        kind=kind,
        required=record.flag("required") if record.has("required") else when is not None or unless is not None,
        required_when=when,
        required_unless=unless,
        clause=record.optional("clause", record.text) or "",
        label=record.wording("label"),
        why=record.wording("help"),
        options=options,
        default=default,
    )
    if not read.name.isidentifier() or read.name in _RESERVED:
        raise record.mistake("name", _("must be a plain word that a template can use"))
    if read.required and read.default:
        raise record.mistake("default", _("does not go with a required field, which a person must fill in"))
    if read.required and not read.clause:
        raise record.mistake("clause", _("must say which clause asks for a required field"))
    record.done()
    return read


def _read_options(record: Record) -> list[Option]:
    options = []
    for inner in record.records("options"):
        options.append(Option(inner.text("value"), Wording(en=inner.text("en"), zh_hans=inner.text("zh-Hans"))))
        inner.done()
    return options


def _read_condition(record: Record, key: str) -> Condition | None:
    if not record.has(key):
        return None
    inner = record.record(key)
    name = inner.text("field")
    value = inner.take("value")
    if not isinstance(value, str | bool):
        raise inner.mistake("value", _("must be a text, true or false"))
    inner.done()
    return Condition(name, value)
