"""Chinese is a first language here: every sentence a person reads is in the zh-Hans catalogue, whole and compiled."""

import re
import shutil
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from scripts import messages
from tests.support import ground
from zaoguang import words

PLACEHOLDER = re.compile(r"%\(\w+\)[#0 +-]*[\d.]*[a-z%]|%[sdrf]|\{\w*(?:![rsa])?(?::[^{}]*)?\}")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    assert messages.PO.exists(), "run `make messages`"
    return messages.catalogue()


def test_nothing_is_untranslated_or_guessed(catalogue: Catalog) -> None:
    undone = [
        message.id for message in catalogue if message.id and (message.fuzzy or not all(messages.strings(message)))
    ]
    assert undone == []


def test_translations_keep_the_placeholders(catalogue: Catalog) -> None:
    for message in catalogue:
        if not message.id:
            continue
        english = (message.id,) if isinstance(message.id, str) else message.id
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in english}
        for translated in messages.strings(message):
            assert not translated or frozenset(PLACEHOLDER.findall(translated)) in wanted, message.id


def test_compiled_catalogue_says_the_same(catalogue: Catalog) -> None:
    with messages.MO.open("rb") as file:
        compiled = GNUTranslations(file)
    for message in catalogue:
        if not message.id or not all(messages.strings(message)):
            continue
        if isinstance(message.id, str):
            spoken = compiled.pgettext(message.context, message.id) if message.context else compiled.gettext(message.id)
            assert spoken == message.string, "run `make messages`"
        else:
            assert compiled.ngettext(message.id[0], message.id[1], 7) == messages.strings(message)[-1], (
                "run `make messages`"
            )


def test_no_sentence_is_missing_or_left_over(catalogue: Catalog) -> None:
    if shutil.which("xgettext") is None:
        ground.missing("xgettext (Debian package: gettext)")
    found = messages.extract()
    assert messages.sentences(found) == messages.sentences(catalogue), "run `make messages` and translate"


def test_gathering_twice_changes_nothing(catalogue: Catalog) -> None:
    once = messages.po_text(messages.merged(catalogue, catalogue))
    again = read_po(BytesIO(once), locale=messages.LANGUAGE, domain="django")
    assert messages.po_text(messages.merged(again, again)) == once == messages.PO.read_bytes()


def test_chinese_is_spoken_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAOGUANG_LANG", "zh_CN.UTF-8")
    assert words.language_of_environment() == "zh-Hans"
    monkeypatch.delenv("ZAOGUANG_LANG")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert words.language_of_environment() == "en"


def test_a_language_is_spoken_inside_its_block_only(catalogue: Catalog) -> None:
    simple = [one for one in catalogue if isinstance(one.id, str) and one.id and one.string and not one.context]
    with words.speaking("zh-Hans"):
        assert [words.gettext(str(one.id)) for one in simple] == [one.string for one in simple]
    assert [words.gettext(str(one.id)) for one in simple] == [one.id for one in simple]
