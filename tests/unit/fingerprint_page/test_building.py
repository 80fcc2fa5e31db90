"""The fingerprint page as a file: whole by itself, locked by digests, complete in each language, and comparable."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from django.test import Client

from tests.support.fingerprint_page import PLACE
from zaoguang.centre.fingerprint_page.building import LANGUAGES, fingerprint_page
from zaoguang.cli import main
from zaoguang.errors import OutsideFailure

PAGE = fingerprint_page()
TEXT = PAGE.content.decode()
WORDS = yaml.safe_load((PLACE / "words.yaml").read_text(encoding="utf-8"))
HOTLINES = yaml.safe_load((PLACE / "hotlines.yaml").read_text(encoding="utf-8"))
POLICY = {
    "default-src": "'none'",
    "worker-src": "blob:",
    "connect-src": "'none'",
    "img-src": "'none'",
    "media-src": "blob:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "sandbox": "allow-scripts allow-downloads allow-forms",
}


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def part(tag: str) -> str:
    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", TEXT, re.DOTALL)
    return str(found)


def test_the_policy_is_this_and_no_more() -> None:
    assert dict(PAGE.policy) == POLICY | {"script-src": digest(part("script")), "style-src": digest(part("style"))}


def test_the_saved_copy_carries_the_same_policy_as_far_as_a_file_can() -> None:
    (inside,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', TEXT)
    assert inside == "; ".join(f"{n} {v}" for n, v in PAGE.policy.items() if n not in {"frame-ancestors", "sandbox"})
    assert TEXT.index(inside) < TEXT.index("<style>"), "a policy binds what comes after it"


def test_the_centre_serves_these_bytes_to_anybody_without_a_cookie() -> None:
    answer = Client().get("/fingerprint/")
    assert answer.status_code == 200
    assert answer.content == PAGE.content
    sent = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert sent == {**PAGE.policy, "form-action": "http://testserver/fingerprint/send/"}
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert Client().post("/fingerprint/", {"x": "y"}).status_code == 405


def test_nothing_in_it_comes_from_elsewhere() -> None:
    without_data = part("script").partition("\n")[2].partition("\n")[2]
    assert not re.search(r"https?:", without_data + part("style"))
    assert "url(" not in part("style")
    assert "@import" not in part("style")
    assert not re.search(r"<(?!!|/)[a-z]+[^>]* (?:src|href|action|style|on\w+)=", TEXT.replace(part("script"), ""))
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "sendBeacon",
        "WebSocket",
        "localStorage",
        "cookie",
        "indexedDB",
        "innerHTML",
    ):
        assert word not in part("script")


@pytest.mark.parametrize("key", WORDS)
def test_every_sentence_is_there_in_every_language(key: str) -> None:
    said = WORDS[key]
    assert tuple(said) == LANGUAGES
    holes = {language: sorted(re.findall(r"\{\w+\}", text)) for language, text in said.items()}
    assert all(text.strip() for text in said.values())
    assert all(found == holes["en"] for found in holes.values())


def test_traditional_chinese_is_not_a_copy_of_the_simplified() -> None:
    same = [key for key, said in WORDS.items() if said["zh-Hans"] == said["zh-Hant"]]
    assert len(same) < len(WORDS) / 8  # a few short words are written alike


def test_every_sentence_is_used_and_every_used_one_is_there() -> None:
    script = "".join((PLACE / f"{name}.js").read_text(encoding="utf-8") for name in ("film", "page"))
    markup = (PLACE / "page.html").read_text(encoding="utf-8")
    states = {
        f"state_{name}"
        for name in re.findall(r'(?:return|throw|wrong|\?|:|\|\||state:|,) "([a-z_]+)"', script + engine())
    }
    used = set(re.findall(r'data-say="(\w+)"', markup)) | set(re.findall(r'(?:say|tell)\("(\w+)"', script))
    used |= set(re.findall(r'return \[[^;]*?"(send\w+)"', script))
    assert used <= set(WORDS)
    assert set(WORDS) - used <= states | {"state_working", "state_done", "state_heic"}


def engine() -> str:
    return (PLACE / "engine.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", HOTLINES, ids=lambda line: line["id"])
def test_every_hotline_says_how_well_it_is_known(line: dict[str, object]) -> None:
    assert isinstance(line["name"], dict)
    assert isinstance(line["about"], dict)
    assert set(line["name"]) == set(line["about"]) == set(LANGUAGES)
    assert line["grade"] in {"P", "S", "M"}
    assert line["verified"] is (line["grade"] == "P")
    assert isinstance(line["contact"], str)


def test_the_command_prints_the_checksum_and_writes_the_page(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    printed = CliRunner().invoke(main, ["fingerprint-page", "--out", str(file)], catch_exceptions=False).output
    assert printed == f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}\n"
    assert file.read_bytes() == PAGE.content
    assert CliRunner().invoke(main, ["fingerprint-page"]).output == f"{PAGE.sha256}  fingerprint-page.html\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure, match="could not be written"):
        CliRunner().invoke(main, ["fingerprint-page", "--out", str(tmp_path / "no" / "page")], catch_exceptions=False)
