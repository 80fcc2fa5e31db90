"""Strict reading of reviewed YAML: each key must be known and of its type, and an error names the file and the key."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from zaoguang.errors import UserMistake
from zaoguang.law.model import Grade, Source, Wording
from zaoguang.words import gettext as _

__all__ = ["Record", "read_record", "read_sources"]

_MAX_BYTES = 1 << 20  # the largest reviewed file is a hundredth of this
_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


class Record:
    """One mapping of a file, read key by key; whatever nobody asked for is an error at :meth:`done`."""

    def __init__(self, untrusted: object, file: str, place: str = "") -> None:
        self.file = file
        self.place = place
        if not isinstance(untrusted, dict) or not all(isinstance(key, str) for key in untrusted):
            raise self.mistake("", _("must be a mapping with plain keys"))
        self._rest: dict[str, object] = dict(untrusted)

    def mistake(self, key: str, what: str) -> UserMistake:
        """Give the error that says which key of which file is wrong, and how."""
        where = ".".join(part for part in (self.place, key) if part) or _("the whole file")
        return UserMistake(
            _("%(file)s: %(where)s %(what)s.") % {"file": self.file, "where": where, "what": what},
        )

    def has(self, key: str) -> bool:
        """Tell whether the key is there and not yet read."""
        return key in self._rest

    def holds_mapping(self, key: str) -> bool:
        """Tell whether the key is there and holds a mapping."""
        return isinstance(self._rest.get(key), dict)

    def names(self) -> tuple[str, ...]:
        """Give the keys that are still unread."""
        return tuple(self._rest)

    def take(self, key: str) -> object:
        """Give a key's raw value."""
        if key not in self._rest:
            raise self.mistake(key, _("is missing"))
        return self._rest.pop(key)

    def text(self, key: str) -> str:
        """Give a text that isn't blank."""
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.mistake(key, _("must be a text that is not blank"))
        return value.strip()

    def flag(self, key: str) -> bool:
        """Give true or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.mistake(key, _("must be true or false"))
        return value

    def hours(self, key: str) -> int:
        """Give a whole number of hours, from 1 to ten years."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 24 * 3660:
            raise self.mistake(key, _("must be a whole number of hours, at least 1"))
        return value

    def number(self, key: str, most: int = 10**12) -> int:
        """Give a whole number from 0 up to ``most``."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.mistake(key, _("must be a whole number from 0 to %(most)s") % {"most": most})
        return value

    def numbers(self, key: str) -> dict[str, int]:
        """Give a mapping of names to whole numbers from 1 on."""
        inner = self.record(key)
        found = {name: inner.number(name) for name in inner.names()}
        if not all(found.values()):
            raise self.mistake(key, _("must hold numbers from 1 on"))
        return found

    def choices(self, key: str, kind: type[_E]) -> tuple[_E, ...]:
        """Give a list of an enumeration's values, none twice."""
        texts = self.texts(key)
        if not all(text in set(kind) for text in texts):
            raise self.mistake(key, _("must hold only: %(choices)s") % {"choices": ", ".join(kind)})
        return tuple(kind(text) for text in texts)

    def wordings(self, key: str) -> tuple[Wording, ...]:
        """Give a list of texts that are there in every complete language."""
        found = []
        for inner in self.records(key):
            found.append(Wording(en=inner.text("en"), zh_hans=_unfolded(inner.text("zh-Hans"))))
            inner.done()
        return tuple(found)

    def day(self, key: str) -> date:
        """Give a date."""
        value = self.take(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.mistake(key, _("must be a date such as 2026-05-19"))
        return value

    def choice(self, key: str, kind: type[_E]) -> _E:
        """Give one of an enumeration's values."""
        value = self.take(key)
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        raise self.mistake(key, _("must be one of %(choices)s") % {"choices": ", ".join(kind)})

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts, none blank, none twice."""
        value = self.take(key)
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            raise self.mistake(key, _("must be a list of texts that are not blank"))
        if len(set(value)) != len(value):
            raise self.mistake(key, _("must not say the same thing twice"))
        return tuple(value)

    def wording(self, key: str) -> Wording:
        """Give a text that is there in every complete language."""
        inner = self.record(key)
        wording = Wording(en=inner.text("en"), zh_hans=_unfolded(inner.text("zh-Hans")))
        inner.done()
        return wording

    def record(self, key: str) -> "Record":
        """Give the mapping below a key."""
        return Record(self.take(key), self.file, ".".join(part for part in (self.place, key) if part))

    def records(self, key: str) -> Iterator["Record"]:
        """Give the mappings of the list below a key."""
        value = self.take(key)
        if not isinstance(value, list):
            raise self.mistake(key, _("must be a list"))
        for number, inner in enumerate(value):
            yield Record(inner, self.file, f"{self.place}.{key}[{number}]".lstrip("."))

    def optional(self, key: str, read: Callable[[str], _T]) -> _T | None:
        """Give what ``read`` makes of the key, or None where it isn't there or is written as null."""
        if self._rest.get(key) is None:
            self._rest.pop(key, None)
            return None
        return read(key)

    def graded(self, sources: Mapping[str, Source]) -> tuple[Grade, bool, tuple[Source, ...]]:
        """Give grade, verified and sources; what is from memory must not claim to be verified."""
        grade = self.choice("grade", Grade)
        verified = self.flag("verified")
        if grade is Grade.MEMORY and verified:
            raise self.mistake("verified", _("must be false where the grade is M"))
        names = self.texts("source")
        if not names and grade is not Grade.MEMORY:
            raise self.mistake("source", _("must name a source where the grade is P or S"))
        for name in names:
            if name not in sources:
                raise self.mistake("source", _("names %(name)s, which the file's sources lack") % {"name": name})
        return grade, verified, tuple(sources[name] for name in names)

    def done(self) -> None:
        """Refuse the keys that nobody asked for: a mistyped key must not pass in silence."""
        for key in self._rest:
            raise self.mistake(key, _("is not a key that is known here"))


def _unfolded(chinese: str) -> str:
    """Take away the spaces that YAML puts where a folded line ends: Chinese has none between its characters."""
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])", "", chinese)


def _no_repeats(node: yaml.MappingNode) -> None:
    """Refuse a second key of the same name, which the safe loaders would let win in silence."""
    keys = Counter(key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode))
    for key, times in keys.items():
        if times > 1:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is there twice", node.start_mark)


class _NoRepeats(yaml.SafeLoader):
    """The safe loader, without repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 -- PyYAML's signature
        """Build the mapping unless a key repeats."""
        _no_repeats(node)
        return dict(super().construct_mapping(node, deep=deep))


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one exists where libyaml does
    """The same with libyaml, eight times as fast; for our own files only: deep nesting could exhaust its stack."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 -- PyYAML's signature
        """Build the mapping unless a key repeats."""
        _no_repeats(node)
        return dict(super().construct_mapping(node, deep=deep))


def read_record(path: Path, name: str = "", *, ours: bool = False) -> Record:
    """Read a YAML file whose top is a mapping; errors call it ``name``, or by its own file name.

    ``ours`` says that the file was shipped with this program; it is then read faster, by the same rules.

    Raises:
        UserMistake: it can't be read, is too large, is not YAML, or its top isn't a mapping.
    """
    try:
        with path.open("rb") as file:
            untrusted_bytes = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UserMistake(
            _("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror or _("unknown reason")},
        ) from error
    if len(untrusted_bytes) > _MAX_BYTES:
        raise UserMistake(_("%(file)s is too large for a reviewed file.") % {"file": path})
    try:
        untrusted = yaml.load(untrusted_bytes.decode("utf-8"), Loader=_Fast if ours else _NoRepeats)  # noqa: S506 -- both are safe loaders
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        line = " ".join(str(error).split())
        raise UserMistake(_("%(file)s is not YAML in UTF-8: %(why)s.") % {"file": path, "why": line}) from error
    return Record(untrusted, name or path.name)


def read_sources(record: Record) -> dict[str, Source]:
    """Read a file's ``sources``: a mapping of short names to title, url and, where needed, a note."""
    inner = record.record("sources")
    sources: dict[str, Source] = {}
    for name in inner.names():
        entry = inner.record(name)
        url = entry.text("url")
        if not url.startswith(("https://", "http://")):
            raise entry.mistake("url", _("must begin with https:// or http://"))
        sources[name] = Source(title=entry.text("title"), url=url, note=entry.optional("note", entry.text) or "")
        entry.done()
    return sources
