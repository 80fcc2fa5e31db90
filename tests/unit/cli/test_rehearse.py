"""`zaoguang rehearse`: the whole loop in one command, counted against its own plan."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from zaoguang.rehearsal.ready import Ready
from zaoguang.rehearsal.report import Report


def rehearse(*words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZAOGUANG_", "DJANGO_"))}
    command = [sys.executable, "-m", "zaoguang", "rehearse", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=kept)


@pytest.mark.slow
def test_the_loop_closes_and_says_so_in_json() -> None:
    done = rehearse("--copies", "20", "--seed", "5", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["planted"] == report["found"] == 20
    assert report["decoys"] >= 10 * report["planted"]
    assert report["missed"] == report["false"] == report["fields_missing"] == report["wrong_outcomes"] == 0
    assert report["sealed"] == report["verified"] == report["sightings"]
    assert report["reappeared_found"] == report["reappeared"] > 0
    assert report["notices_confirmed"] == report["notices_drafted"] > 0
    assert report["notices_sent"] == report["notices_confirmed"] - report["bouncing"]
    assert report["stopped"] == report["bouncing"] == 1
    assert report["traps_known"] == report["traps"] == 4
    assert report["notices_to_traps"] == 0
    assert report["ready"]["platforms"] == report["ready"]["notices"] == 16
    assert report["ready"]["confirmations"] == 1
    assert report["ready"]["seconds"] > 0
    assert report["notices_lost"] == report["notices_twice"] == 0
    assert set(report["outcomes"]) == {"removed", "refused", "no_answer", "geoblocked", "account_closed", "dead", "up"}
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
    bouncing=1,
    stopped=1,
    traps=4,
    traps_known=4,
    notices_to_traps=0,
    ready=Ready(50, 10, 10, 1, 4, 1.5),
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
    [
        *("missed", "false", "sightings", "fields_missing", "wrong_outcomes", "reappeared"),
        *("notices_lost", "notices_twice", "notices_to_traps", "traps", "bouncing"),
    ],
)
def test_each_shortfall_is_a_failure(broken: str) -> None:
    assert not WHOLE.failures
    changed = replace(WHOLE, **{broken: getattr(WHOLE, broken) + 1})
    assert len(changed.failures) == 1


def test_a_seal_that_does_not_verify_is_a_failure() -> None:
    assert replace(WHOLE, verified=7).failures


def test_too_few_copies_for_so_many_sites_are_refused_before_anything_starts() -> None:
    done = rehearse("--copies", "15")
    assert done.returncode == 2
    assert "between 16 and" in done.stderr
