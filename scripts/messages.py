#!/usr/bin/env python3
"""Gather every sentence a person reads into the zh-Hans catalogue, and compile it: ``make messages``.

Django's ``makemessages`` (with GNU xgettext) reads Python and templates; Babel merges and compiles. The work is done
on a copy of the sources, because ``makemessages`` writes beside what it reads. Running it twice changes nothing:
entries are sorted, carry no line numbers and no dates. A new sentence appears with an empty translation, which
``tests/unit/test_words.py`` refuses: the translator fills it in, then this script compiles.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.command_reference import every_command
from zaoguang.cli.help_words import CLICK_WORDS, help_sentences
from zaoguang.words import speaking

SOURCES = Path(__file__).resolve().parent.parent / "src" / "zaoguang"
LANGUAGE = "zh_Hans"
PO = SOURCES / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Written where the format asks for a date: a real one would change the file at every run."""

HEADER = "# Zaoguang 凿光 in Simplified Chinese. `make messages` keeps this file; translations are written by people."


def readable_sources() -> Iterator[Path]:
    """Give the files that may hold sentences for a person: all Python but migrations, and the centre's templates."""
    for path in sorted(SOURCES.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path
    for kind in ("*.html", "*.txt"):
        yield from sorted((SOURCES / "centre").rglob(kind))


def extract() -> Catalog:
    """Give a catalogue of all sentences in the sources, untranslated; needs GNU gettext's ``xgettext``."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for path in readable_sources():
            target = copy / path.relative_to(SOURCES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (copy / "locale").mkdir()
        order = [sys.executable, "-m", "django", "makemessages", "--keep-pot", "--no-location", "--locale", LANGUAGE]
        order += ["--domain", "django", "--extension", "html,txt,py"]
        here = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run(order, cwd=copy, env=here, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr or done.stdout)
        template = (copy / "locale" / "django.pot").read_bytes()
        # Where a sentence has a plural, xgettext leaves this line for a translator to fill in.
        found = read_po(
            BytesIO(template.replace(b"nplurals=INTEGER; plural=EXPRESSION;", b"nplurals=2; plural=(n != 1);"))
        )
    for sentence in said_by_commands():
        if found.get(sentence) is None:
            found.add(sentence)
    return found


def said_by_commands() -> Iterator[str]:
    """Give what the commands say of themselves (docstrings and options, which xgettext does not know as sentences)."""
    yield from CLICK_WORDS
    with speaking("en"):
        for _name, command, _context in every_command():
            yield from help_sentences(command)


def catalogue() -> Catalog:
    """Give the catalogue as it is in the repository; an empty one when there is none yet."""
    if not PO.exists():
        return Catalog(locale=LANGUAGE, domain="django")
    return read_po(BytesIO(PO.read_bytes()), locale=LANGUAGE, domain="django")


def merged(old: Catalog, found: Catalog) -> Catalog:
    """Give the sentences found, with the translations there are; nothing is guessed and nothing obsolete is kept."""
    new = Catalog(
        locale=LANGUAGE,
        domain="django",
        project="zaoguang",
        version="1",
        header_comment=HEADER,
        creation_date=SOME_DAY,
        revision_date=SOME_DAY,
        last_translator="The Zaoguang authors",
        language_team="zh-Hans",
        fuzzy=False,
    )
    for message in found:
        if message.id:
            known = old.get(message.id, message.context)
            new.add(
                message.id,
                known.string if known else None,
                flags=message.flags,
                auto_comments=message.auto_comments,
                user_comments=known.user_comments if known else (),
                context=message.context,
            )
    return new


def sentences(found: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    """Give what identifies each sentence: its context, and the English text (with its plural)."""
    return {(message.context, _key(message)) for message in found if message.id}


def _key(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def po_text(new: Catalog) -> bytes:
    """Give the catalogue as the text kept in the repository."""
    text = BytesIO()
    write_po(text, new, width=110, no_location=True, sort_output=True, ignore_obsolete=True, include_previous=False)
    return text.getvalue()


def main() -> int:
    """Bring the catalogue and its compiled form up to date; say what is still untranslated."""
    if shutil.which("xgettext") is None:
        print("xgettext is missing: install your system's gettext package.", file=sys.stderr)
        return 3
    new = merged(catalogue(), extract())
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po_text(new))
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(PO.read_bytes()), locale=LANGUAGE, domain="django"))
    MO.write_bytes(compiled.getvalue())
    empty = [message for message in new if message.id and not all(strings(message))]
    print(f"{len(sentences(new))} sentences, {len(empty)} without a translation: {PO}")
    return 0


def strings(message: Message) -> tuple[str, ...]:
    """Give the translations of one sentence: one, or one per plural form; an empty text where there is none."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


if __name__ == "__main__":
    sys.exit(main())
