"""A notice as a PDF/A-2b document: the same input gives the same bytes, and each character is really there."""

import json
import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import typst

from zaoguang.errors import OutsideFailure, UserMistake, ZaoguangError
from zaoguang.notices.mail import Annex
from zaoguang.notices.text import Text
from zaoguang.words import gettext as _

__all__ = ["FONTS", "to_annex", "to_pdf"]

_LETTER = Path(__file__).parent / "letter.typ"
_NO_GLYPH: Final = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)

FONTS: Final = MappingProxyType(
    {
        "en": ("Noto Sans CJK SC", "en", "GB"),
        "zh-Hans": ("Noto Sans CJK SC", "zh", "CN"),
        "zh-Hant": ("Noto Sans CJK TC", "zh", "TW"),
        "ko": ("Noto Sans CJK KR", "ko", "KR"),
        "ja": ("Noto Sans CJK JP", "ja", "JP"),
    }
)
"""The family, language and region of each language's letters; all have Latin, Chinese, Japanese and Korean glyphs."""


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)


def to_pdf(text: Text, language: str, day: date, mark: str = "") -> bytes:
    """Give the notice as PDF/A-2b, dated with the notice's own day; ``mark`` (our reference) stands on each page.

    Nothing is looked up or downloaded: the document is set in this process from our own template and the words.

    Raises:
        UserMistake: the letters lack a character (an emoji, say): a box in its place would be no demand.
        OutsideFailure: the fonts are not on this machine, or the file could not be made.
    """
    family, lang, region = FONTS[language]
    if family not in _fonts().families():
        raise OutsideFailure(
            _("The font %(font)s is not on this machine; install fonts-noto-cjk to make PDF files.") % {"font": family}
        )
    notice = {
        "subject": text.subject,
        "lines": text.body.rstrip("\n").split("\n"),
        "mark": mark,
        "font": family,
        "lang": lang,
        "region": region,
        "year": day.year,
        "month": day.month,
        "day": day.day,
    }
    compiler = typst.Compiler(
        input=_LETTER.read_bytes(),
        root=_LETTER.parent / "parts",  # nothing is read from it; the project's own files are out of reach
        font_paths=_fonts(),
        sys_inputs={"notice": json.dumps(notice, ensure_ascii=False)},
    )
    try:
        made = compiler.compile(
            format="pdf", pdf_standards="a-2b", timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC)
        )
    except typst.TypstError as error:
        raise _mistake(error) from error
    if not isinstance(made, bytes):
        raise OutsideFailure(_("The PDF file could not be made."))
    return made


def to_annex(text: Text, language: str, day: date, mark: str = "") -> Annex:
    """Give a text as an annex: PDF/A, or plain text where this machine has no fonts, for a notice must not wait.

    Raises:
        UserMistake: the letters lack a character.
    """
    try:
        return Annex(to_pdf(text, language, day, mark), "application/pdf", "pdf")
    except OutsideFailure:
        return Annex(text.body.encode(), "text/plain", "txt")


def _mistake(error: typst.TypstError) -> ZaoguangError:
    """Say which character has no glyph; PDF/A forbids the box that would stand for it (ISO 19005-2, 6.2.11.8)."""
    lacking = _NO_GLYPH.search(str(error))
    if lacking is None:
        return OutsideFailure(_("The PDF file could not be made."))
    codes = ", ".join(f"U+{ord(character):04X}" for character in lacking.group(1))
    return UserMistake(
        _("No letter on this machine shows %(codes)s; take it out, or send the notice as text.") % {"codes": codes}
    )
