"""The words a person reads, in their language: gettext over one catalogue that rooms and pages share.

The catalogue is ``locale/<language>/LC_MESSAGES/django.po``: its name is Django's, so that the centre's pages and
the pure rooms need only one. English is the source text; ``zh-Hans`` is complete, and a test holds it complete.
"""

import gettext as _stdlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "LOCALE_FOLDER", "gettext", "language_of_environment", "ngettext", "speaking", "spoken"]

LANGUAGES = ("en", "zh-Hans")
"""The languages that are complete, as BCP 47 tags."""

LOCALE_FOLDER = Path(__file__).parent / "locale"
_speaking: ContextVar[str | None] = ContextVar("zaoguang_language", default=None)


def language_of_environment() -> str:
    """Give the language that ``ZAOGUANG_LANG``, ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` asks for, else ``en``."""
    for name in ("ZAOGUANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh-Hans" if value.lower().replace("_", "-").startswith("zh") else "en"
    return "en"


@cache
def _catalogue(language: str) -> _stdlib.NullTranslations:
    return _stdlib.translation("django", LOCALE_FOLDER, [language.replace("-", "_")], fallback=True)


def spoken() -> str:
    """Give the language now spoken, as one of ``LANGUAGES``."""
    return _speaking.get() or language_of_environment()


def _current() -> _stdlib.NullTranslations:
    return _catalogue(spoken())


def gettext(message: str) -> str:
    """Give the message in the language now spoken."""
    return _current().gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Give the message for that number in the language now spoken."""
    return _current().ngettext(singular, plural, number)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak that language (``en`` or ``zh-Hans``) inside the ``with`` block."""
    token = _speaking.set(language)
    try:
        yield
    finally:
        _speaking.reset(token)
