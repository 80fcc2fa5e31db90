"""`zaoguang rehearse`: the whole loop in one command, counted against its own plan."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from zaoguang.rehearsal.report import Report


def rehearse(*words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZAOGUANG_", "DJANGO_"))}
    command = [sys.executable, "-m", "zaoguang", "rehearse", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=kept)


@pytest.mark.slow
def test_the_loop_closes_and_says_so_in_json() -> None:
    done = rehearse("--copies", "30", "--seed", "5", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["planted"] == report["found"] == 30
    assert report["decoys"] >= 10 * report["planted"]
    assert report["missed"] == report["false"] == report["fields_missing"] == report["wrong_outcomes"] == 0
    assert report["sealed"] == report["verified"] == report["found"] + report["reappeared_found"]
    assert report["reappeared_found"] == report["reappeared"] > 0
    assert report["notices_sent"] == report["notices_confirmed"] == report["notices_drafted"] > 0
    assert report["notices_lost"] == report["notices_twice"] == 0
    assert set(report["outcomes"]) == {"removed", "refused", "no_answer", "geoblocked"}
    assert report["clicks"] > 0
    assert report["seconds"]["find and seal"] > 0


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = rehearse("--folder", str(tmp_path))
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


WHOLE = Report(
    seed=1,
    planted=7,
    decoys=70,
    found=7,
    missed=0,
    false=0,
    sightings=8,
    sealed=8,
    verified=8,
    notices_drafted=7,
    notices_confirmed=7,
    notices_sent=7,
    notices_lost=0,
    notices_twice=0,
    fields_missing=0,
    outcomes={"removed": 8},
    wrong_outcomes=0,
    escalations=1,
    reappeared=1,
    reappeared_found=1,
    clicks=40,
    seconds={"find": 1.0},
)


@pytest.mark.parametrize(
    "broken",
    ["missed", "false", "notices_lost", "notices_twice", "fields_missing", "wrong_outcomes", "reappeared", "sightings"],
)
def test_each_shortfall_is_a_failure(broken: str) -> None:
    assert not WHOLE.failures
    changed = replace(WHOLE, **{broken: getattr(WHOLE, broken) + 1})
    assert len(changed.failures) == 1


def test_a_seal_that_does_not_verify_is_a_failure() -> None:
    assert replace(WHOLE, verified=7).failures
