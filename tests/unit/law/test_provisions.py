"""The law as data: what we hold is cited and graded; what is badly written is refused by name."""

from datetime import date
from pathlib import Path

import pytest

from zaoguang.errors import UserMistake
from zaoguang.law import ClockBasis, Grade, load_provisions, provision, provisions
from zaoguang.law.reading import in_chinese

GOOD = """
jurisdiction: XX
sources:
  s1: {title: A title, url: "https://law.example/1", note: read}
provisions:
  - id: xx-1
    instrument: {en: An act, zh-Hans: 某法}
    article: sec. 1
    text: {en: Says so., zh-Hans: 如此规定。}
    clock:
      starts: {en: receipt, zh-Hans: 收到}
      within: {en: 48 hours, zh-Hans: 48小时}
      hours: 48
      basis: law
    in_force: 2026-05-19
    grade: P
    verified: true
    source: [s1]
"""


def load(folder: Path, text: str) -> str:
    """Load one file and give the error's sentence."""
    (folder / "xx.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserMistake) as caught:
        load_provisions(folder)
    return str(caught.value)


def test_the_48_hours_of_the_take_it_down_act_are_the_laws_and_run_since_may_2026() -> None:
    removal = provision("us-tida-3-a-3")
    assert removal.clock is not None
    assert (removal.clock.hours, removal.clock.basis) == (48, ClockBasis.LAW)
    assert removal.in_force == date(2026, 5, 19)
    assert removal.jurisdiction == "US"


def test_article_16_names_no_hours_so_the_follow_up_is_the_centres_practice() -> None:
    decision = provision("eu-dsa-16-6")
    assert decision.clock is not None
    assert decision.clock.basis is ClockBasis.PRACTICE
    receipt = provision("eu-dsa-16-4")
    assert receipt.clock is not None
    assert receipt.clock.hours is None


def test_every_provision_says_something_in_both_languages_and_where_it_was_read() -> None:
    for each in provisions():
        assert each.text("en")
        assert not each.text("zh-Hans").isascii()
        assert each.source or each.grade is Grade.MEMORY
        assert not (each.grade is Grade.MEMORY and each.verified)
        assert each.id.startswith(each.jurisdiction.lower())


def test_an_unknown_id_and_an_unknown_language_are_one_sentence() -> None:
    with pytest.raises(UserMistake, match="no-such-law"):
        provision("no-such-law")
    with pytest.raises(UserMistake, match="tlh"):
        provision("us-tida-3-a-3").text("tlh")


def test_a_well_written_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "xx.yaml").write_text(GOOD, encoding="utf-8")
    (read,) = load_provisions(tmp_path)
    assert read.text("zh-Hans") == "如此规定。"
    assert read.source[0].url == "https://law.example/1"
    assert read.replaces is None


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ("grade: P", "grade: M", "verified"),
        ("grade: P", "grade: Q", "grade"),
        ("verified: true", "verified: 'yes'", "verified"),
        ("in_force: 2026-05-19", "in_force: May 2026", "in_force"),
        ("in_force: 2026-05-19", "in_force: 2026-05-19 10:00:00", "in_force"),
        ("source: [s1]", "source: [s2]", "s2"),
        ("source: [s1]", "source: []", "source"),
        ("hours: 48", "hours: 0", "clock.hours"),
        ("hours: 48", "hours: true", "clock.hours"),
        ("article: sec. 1", "artikel: sec. 1", "article"),
        ("article: sec. 1", "article: sec. 1\n    colour: red", "colour"),
        ("article: sec. 1", "article: ' '", "article"),
        ("article: sec. 1", "article: sec. 1\n    article: sec. 2", "twice"),
        ("zh-Hans: 如此规定。", "zh: 如此规定。", "text.zh-Hans"),
        ("https://law.example/1", "ftp://law.example/1", "sources.s1.url"),
        ("jurisdiction: XX", "jurisdiction: XX\ncolour: red", "colour"),
        ("provisions:", "provisions: 3\nmore:", "provisions"),
        ("basis: law", "basis: rumour", "clock.basis"),
    ],
)
def test_a_badly_written_file_is_refused_by_file_and_key(tmp_path: Path, wrong: str, right: str, named: str) -> None:
    assert wrong in GOOD
    sentence = load(tmp_path, GOOD.replace(wrong, right, 1))
    assert "xx.yaml" in sentence
    assert named in sentence


@pytest.mark.parametrize("text", ["", "- a list", "{", "a: &x [*x]", "\x00", "!!python/object/apply:os.getcwd []"])
def test_what_is_no_mapping_in_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert "xx.yaml" in load(tmp_path, text)


def test_a_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    assert "too large" in load(tmp_path, GOOD + "#" * (1 << 20))


def test_an_id_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "aa.yaml").write_text(GOOD, encoding="utf-8")
    assert "xx-1" in load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("article", "chinese"),
    [
        ("Art. 50(1)(6)", "第50条第1款第6项"),
        ("Art. 253-1", "第253条之1"),
        ("Art. 27-30", "第27—30条"),
        ("Art. 23, 27-30, 34", "第23、27—30、34条"),
        ("Art. 319-5, 319-6", "第319条之5、第319条之6"),
        ("Art. 8, 8-1, 47", "第8条、第8条之1、第47条"),
        ("Art. 44-9, 44-14(2)", "第44条之9、第44条之14第2款"),
        ("s. 77, 78", "第77、78条"),
    ],
)
def test_chinese_cites_inserted_articles_and_rows_of_articles_apart(article: str, chinese: str) -> None:
    assert in_chinese(article) == chinese


def test_the_mainland_writes_an_inserted_article_in_words_and_taiwan_in_figures() -> None:
    assert provision("cn-cl-253-1").cited("zh-Hans") == "第253条之一"
    assert provision("tw-319-1").cited("zh-Hans") == "第319条之1"


def test_no_citation_says_its_law_twice() -> None:
    numbered = [each for each in provisions() if any(sign.isdigit() for sign in each.cited("en"))]
    assert [each.id for each in numbered if each.cited("en") in each.instrument("en")] == []
    assert [each.id for each in numbered if each.cited("zh-Hans") in each.instrument("zh-Hans")] == []
