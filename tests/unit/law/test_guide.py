"""The survivor's guide: whole in both languages for every place, from the data, with what is not verified said so."""

import re

import pytest

from zaoguang.errors import UserMistake
from zaoguang.law.guide import guide, guide_html, guide_markdown
from zaoguang.law.model import GuidePart
from zaoguang.law.provisions import jurisdictions
from zaoguang.words import LANGUAGES, speaking

CODES = [place.code for place in jurisdictions()]
ENGLISH_RUN = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{2,}){3,}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_part_is_there_in_every_place(code: str, language: str) -> None:
    with speaking(language):
        shown = guide(code)
    assert [section.part for section in shown.sections] == list(GuidePart)
    assert all(len(section.lines) >= 4 for section in shown.sections)
    assert shown.helpers
    assert any("takeitdown.ncmec.org" in who for who, _about in shown.helpers)
    assert any("stopncii.org" in who for who, _about in shown.helpers)


@pytest.mark.parametrize("code", CODES)
def test_the_chinese_guide_holds_no_english_sentence(code: str) -> None:
    with speaking("zh-Hans"):
        text = guide_markdown(guide(code))
    assert [run for run in ENGLISH_RUN.findall(text) if run not in {"Revenge Porn Helpline", "TAKE IT DOWN"}] == []


def test_a_hotline_that_nobody_checked_is_shown_as_such() -> None:
    with speaking("en"):
        shown = guide("CN")
    (police,) = [who for who, _about in shown.helpers if "110" in who]
    assert police.endswith("not verified")
    (stopncii,) = [who for who, _about in shown.helpers if "stopncii" in who]
    assert "not verified" not in stopncii


def test_a_sentence_that_rests_on_unverified_law_says_so() -> None:
    with speaking("en"):
        shown = guide("TW")
    grounds = {text: ground for section in shown.sections for text, ground in section.lines}
    (practice,) = [ground for text, ground in grounds.items() if "72 hours in practice" in text]
    assert "practice, not verified" in practice
    (minors,) = [ground for text, ground in grounds.items() if "24 hours" in text]
    assert "not verified" not in minors


def test_the_page_to_print_loads_nothing_and_runs_nothing() -> None:
    with speaking("zh-Hans"):
        page = guide_html(guide("CN"))
    assert '<html lang="zh-Hans">' in page
    assert not re.search(r"<script|<img|<link|\bsrc=|\bhref=|url\(", page)


def test_small_letters_do_and_a_place_without_law_is_one_sentence() -> None:
    assert guide("cn").code == "CN"
    with pytest.raises(UserMistake, match="CN, EU"):
        guide("FR")
