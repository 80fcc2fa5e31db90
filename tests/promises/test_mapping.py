"""Each promise has a paragraph, a status and, when it is held, a test file; the README says the same.

The threat model has one heading per promise (``## P01 …``) and under it one line::

    Status: held
    Status: held in part — what is held, and what is not yet
    Status: not yet held — what is missing

A held or partly held promise has exactly one ``tests/promises/test_pNN_*.py``, with a test in it; one not yet held has
none. The README's table has one row per promise that begins ``| P01 |`` and ends with the same status, and links to the
test file when there is one.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.repository import ROOT

NUMBERS = tuple(f"P{number:02}" for number in range(1, 13))
STATUSES = ("held in part", "not yet held", "held")
HERE = ROOT / "tests" / "promises"


@dataclass(frozen=True, slots=True)
class Promise:
    """What the threat model says of one promise."""

    number: str
    status: str
    why: str
    paragraph: str


def promises() -> dict[str, Promise]:
    """Read the threat model; a promise without a well-formed status has an empty one."""
    text = (ROOT / "docs" / "threat-model.md").read_text()
    found: dict[str, Promise] = {}
    for number, body in re.findall(r"^#{2,4} (P\d\d)\b[^\n]*\n(.*?)(?=^#{1,4} |\Z)", text, re.MULTILINE | re.DOTALL):
        assert number not in found, f"{number} has two headings"
        status = re.findall(rf"^Status: ({'|'.join(STATUSES)})(?: — (.+?))?\.?$", body, re.MULTILINE)
        assert len(status) == 1, f"{number}: one line “Status: {' | '.join(STATUSES)}”, with “ — why” unless held"
        paragraph = re.sub(r"^Status:.*$", "", body, flags=re.MULTILINE).strip()
        found[number] = Promise(number, status[0][0], status[0][1], paragraph)
    return found


def files_of(number: str) -> list[Path]:
    return sorted(HERE.glob(f"test_{number.lower()}_*.py"))


def test_the_threat_model_has_every_promise_once() -> None:
    assert tuple(sorted(promises())) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_a_promise_is_tested_exactly_when_it_is_held(number: str) -> None:
    promise = promises()[number]
    assert promise.paragraph, "a promise is explained, not only named"
    assert promise.status == "held" or promise.why, "say what is missing"
    wanted = 0 if promise.status == "not yet held" else 1
    files = files_of(number)
    assert len(files) == wanted, [file.name for file in files]
    for file in files:
        names = [node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]
        assert any(name.startswith("test_") for name in names)


def test_no_test_file_holds_a_promise_that_nobody_made() -> None:
    strays = [file.name for file in HERE.glob("test_*.py") if file.name != Path(__file__).name]
    assert [name for name in strays if not re.match(r"test_p(?:0[1-9]|1[0-2])_", name)] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_the_readme_says_the_same(number: str) -> None:
    rows = re.findall(rf"^\| *\[?{number}\b.*\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 1
    status = next(word for word in STATUSES if word in rows[0].rstrip(" |").rpartition("|")[2])
    assert status == promises()[number].status
    for file in files_of(number):
        assert str(file.relative_to(ROOT)) in rows[0]
