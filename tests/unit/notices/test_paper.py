"""A notice on paper: PDF/A, the same bytes for the same words, every character there, and words are never markup."""

import re
import zlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.notices.make import FULL, complete
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.notices import Regime, Text, paper, regimes, render
from zaoguang.notices.paper import to_pdf

DAY = date(2026, 6, 4)


_STRING = re.compile(rb"/(f\d+) [\d.]+ Tf|\(((?:[^()\\]|\\[0-7]{3}|\\.)*)\)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def shown(pdf: bytes) -> str:
    """Give the letters of a one-page file in their order, without blanks, by its own fonts' maps to Unicode."""
    objects = {int(number): body for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL)}
    (names,) = {each for body in objects.values() for each in re.findall(rb"/Font<<(/f.*?)>>", body)}
    letters = {}
    for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", names):
        (mapped,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        rows = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", unpacked(objects[int(mapped)]))
        letters[name] = {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in rows}
    (page,) = re.findall(rb"/Type/Page/.*?/Contents (\d+) 0 R", pdf, re.DOTALL)
    font, found = b"", []
    for name, text in _STRING.findall(unpacked(objects[int(page)])):
        font = name or font
        glyphs = re.sub(rb"\\([0-7]{3}|.)", escaped, text, flags=re.DOTALL)
        found += [letters[font][high << 8 | low] for high, low in zip(glyphs[::2], glyphs[1::2], strict=True)]
    return "".join("".join(found).split())


def escaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if len(found[1]) == 3 else _ESCAPES.get(found[1], found[1])


def unpacked(stream: bytes) -> bytes:
    return zlib.decompress(stream.partition(b"stream\n")[2].rpartition(b"\nendstream")[0])


@pytest.mark.parametrize("each", regimes(), ids=lambda each: each.id)
def test_each_notice_prints_in_each_of_its_languages_without_a_missing_letter(each: Regime) -> None:
    for language in each.languages:
        made = to_pdf(render(each, language, complete(each, FULL)), language, DAY, "ZG-0001")
        assert made.startswith(b"%PDF-1.7")
        assert b"<pdfaid:part>2</pdfaid:part>" in made
        assert b"<pdfaid:conformance>B</pdfaid:conformance>" in made
        assert b"/URI" not in made, "an address is not a link that a finger could open"


def test_the_same_words_on_the_same_day_give_the_same_bytes_and_any_change_others() -> None:
    text = Text("Notice 通知 통지 通知書", "要求: 1.\n\nhttps://a.example/" + "x" * 300 + "\n")
    made = to_pdf(text, "en", DAY, "ZG-0001")
    assert made == to_pdf(text, "en", DAY, "ZG-0001")
    assert made != to_pdf(text, "en", date(2026, 6, 5), "ZG-0001")
    assert made != to_pdf(text, "en", DAY, "ZG-0002")
    assert made != to_pdf(text, "ja", DAY, "ZG-0001")


@pytest.mark.parametrize("character", ["😀", "ก", "ب"])
@pytest.mark.parametrize("place", ["subject", "body", "mark"])
def test_a_character_without_a_letter_is_refused_by_its_code(character: str, place: str) -> None:
    words = {"subject": "Notice", "body": "Words\n", "mark": "ZG-0001"}
    words[place] += character
    with pytest.raises(UserMistake, match=f"U\\+{ord(character):04X}"):
        to_pdf(Text(words["subject"], words["body"]), "en", DAY, words["mark"])


@pytest.mark.parametrize(
    "words",
    [
        '#import "@preview/cetz:0.3.0": canvas', '#read("/etc/passwd")', "$ x^2 $ *bold* _x_ = y", "] #panic() [", "\\",
        "// not a comment", "`raw` <label> @reference", "#sys.inputs", "\"quoted\" 'so' -- --- ...",
    ],
)  # fmt: skip
def test_words_are_printed_as_they_stand_and_never_obeyed(words: str) -> None:
    for text in (Text("Notice", words + "\n"), Text(words, "Notice\n")):
        assert shown(to_pdf(text, "en", DAY)) == "".join(f"{text.subject}{text.body}1/1".split())
    assert shown(to_pdf(Text("Notice", "x\n"), "en", DAY, words)) == "".join(f"Noticex{words}1/1".split())


@settings(max_examples=25)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_any_plain_words_print(words: str) -> None:
    assert shown(to_pdf(Text("Notice", words + "\n"), "en", DAY)) == "".join(f"Notice{words}1/1".split())


def test_a_machine_without_the_letters_is_told_which_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "FONTS", {"en": ("No Such Letters", "en", "GB")})
    with pytest.raises(OutsideFailure, match="fonts-noto-cjk"):
        to_pdf(Text("Notice", "Words\n"), "en", DAY)


def test_a_long_address_is_broken_and_runs_over_no_edge() -> None:
    """Broken, forty addresses of 2,000 characters need several pages; run over the edge, they would need one."""
    pages = [
        len(
            re.findall(
                rb"/Type ?/Page\b(?!s)", to_pdf(Text("Notice", f"https://a.example/{'x' * length}\n" * 40), "en", DAY)
            )
        )
        for length in (1, 2_000)
    ]
    assert pages[0] == 1
    assert pages[1] > 10
