"""More than a hundred cases: the first three routes of each are those that were reasoned from the law."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from tests.support.repository import ROOT
from zaoguang.law.facts import PLACES, read_facts
from zaoguang.law.routes import find_routes

FOLDER = ROOT / "tests" / "fixtures" / "facts"
EXPECTED = yaml.safe_load((FOLDER / "expected.yaml").read_text(encoding="utf-8"))
AT = date(2026, 11, 22)
SITUATIONS = ("ex-partner-leak", "hotel-camera", "subway-upskirt", "face-swap", "paid-group", "minor-threat")


def files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.yaml") if path.name != "expected.yaml")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_first_three_routes(name: str) -> None:
    routes = find_routes(read_facts(FOLDER / f"{name}.yaml", AT), at=AT).routes
    assert [route.rule.id for route in routes[:3]] == EXPECTED[name]


def test_there_are_a_hundred_and_sixteen_and_each_has_its_expectation() -> None:
    assert {path.stem for path in files()} == set(EXPECTED)
    assert len(EXPECTED) == 116


def test_every_situation_is_there_for_every_place() -> None:
    wanted = {f"{each}-{code.lower()}" for each in SITUATIONS for code in PLACES if code != "elsewhere"}
    assert wanted <= set(EXPECTED)
