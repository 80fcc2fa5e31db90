"""The habits that no linter knows: reasons beside exceptions, names that mean something, decisions written down."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.repository import ROOT, text_of, tracked_files

SRC = ROOT / "src" / "zaoguang"
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "tools"}
EXCEPTION = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[^\]]*\])?)(?P<after>.*)$", re.MULTILINE)
DECISION_PARTS = ("What", "Why", "What else was weighed", "What would change our mind")


def python_files(*folders: str) -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


def pinned(lock: str) -> set[str]:
    return set(
        re.findall(r"^([a-z0-9][a-z0-9.-]*==[^ ;\\]+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE)
    )


def test_every_exception_from_a_rule_has_its_reason() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
        for path in python_files("src", "tests", "scripts", "bench")
        if (text := text_of(path)) is not None
        for found in EXCEPTION.finditer(text)
        if len(found["after"].strip(" #:")) < 5
    ]
    assert bare == []


def test_no_module_has_an_empty_name() -> None:
    assert [str(path) for path in python_files("src") if {path.stem, path.parent.name} & EMPTY_NAMES] == []


def test_every_room_says_what_it_is_for() -> None:
    rooms = [path for path in python_files("src") if path.name == "__init__.py" and "migrations" not in path.parts]
    mute = [str(path.relative_to(ROOT)) for path in rooms if not path.read_text().startswith('"""')]
    assert mute == []


def test_no_room_is_empty() -> None:
    rooms = [folder for folder in SRC.iterdir() if folder.is_dir() and not folder.name.startswith(("_", "."))]
    without = [room.name for room in rooms if room.name != "locale" and not list(room.rglob("*.py"))]
    assert without == []


def test_nobody_was_left_in_a_note() -> None:
    notes = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = [str(path) for path in python_files("src", "tests", "scripts") if notes.search(path.read_text())]
    assert found == []


def test_decisions_are_numbered_dated_and_argued() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert pages
    for page in pages:
        text = page.read_text()
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", text), f"{page.name}: no date"
        for part in DECISION_PARTS:
            assert re.search(rf"^## {part}$", text, re.MULTILINE), f"{page.name}: no “## {part}”"


def test_locks_hold_hashes_and_nothing_but_pins() -> None:
    for lock in ("run.lock", "dev.lock"):
        for line in (ROOT / "requirements" / lock).read_text().splitlines():
            assert re.match(r"[a-z0-9][a-z0-9.-]*==\S+|    --hash=sha256:[0-9a-f]{64}", line), line
    assert pinned("run.lock") <= pinned("dev.lock"), "the checks run with what a centre runs"


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for wanted, lock in (
        (project["project"]["dependencies"], "run.lock"),
        (project["dependency-groups"]["dev"], "dev.lock"),
        (project["dependency-groups"]["build"], "run.lock"),
    ):
        names = {re.match(r"[A-Za-z0-9.-]+", each)[0].lower() for each in wanted}  # type: ignore[index]  # they begin so
        assert names <= {pin.partition("==")[0] for pin in pinned(lock)}, lock


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    listed = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    declared = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]  # it is there
    assert listed == declared
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"make {target} " in said for target in declared)


def test_the_one_job_is_make_test() -> None:
    job = ROOT / ".ci" / "run"
    assert os.access(job, os.X_OK)
    assert [line for line in job.read_text().splitlines() if "make" in line][-1].split()[:3] == ["exec", "make", "test"]


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "NOTICE", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_a_newcomer_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).read_text().strip()
