"""What commands say of themselves, in both languages."""

import os
import re
import subprocess
import sys

import pytest

HAN = re.compile(r"[\u4e00-\u9fff]")
COMMANDS = [
    (),
    ("centre",),
    ("centre", "run"),
    ("doctor",),
    ("evidence", "verify"),
    ("fingerprint",),
    ("fingerprint-page",),
    ("rehearse",),
]


def run(language: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ZAOGUANG_LANG": language, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "zaoguang", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_is_in_the_person_s_language(words: tuple[str, ...]) -> None:
    chinese, english = run("zh-Hans", *words, "--help").stdout, run("en", *words, "--help").stdout
    assert chinese.startswith("用法")
    assert english.startswith("Usage")
    assert "Show this message" not in chinese
    assert not HAN.search(english.replace("凿光", ""))
    said = [line for line in chinese.splitlines() if re.match(r"  (--?|\w[\w-]*  )", line)]
    assert said
    assert all(HAN.search(line) for line in said), chinese


def test_a_mistake_is_said_in_the_person_s_language() -> None:
    done = run("zh-Hans", "rehearse", "--copies", "many")
    assert done.returncode == 2
    assert HAN.search(done.stderr)
    assert "Try '" not in done.stderr
