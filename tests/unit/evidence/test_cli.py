"""``zaoguang evidence verify``: what it prints and how it exits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.make_fixtures import signer

FIXTURES = Path(__file__).parents[2] / "fixtures"
VALID = FIXTURES / "valid" / "package.zip"
PEM = FIXTURES / "valid" / "signer.pem"


def verify(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from zaoguang.cli import run; run()", "evidence", "verify", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("named", [signer().key_id, PEM])
def test_a_package_that_holds_prints_its_nine_steps_and_exits_0(named: str | Path) -> None:
    done = verify(VALID, "--signer", named)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line[:2] for line in lines[:9]] == [f"{number}." for number in range(1, 10)]
    assert lines[9] == "The package holds."


def test_without_a_signer_it_exits_0_and_says_what_was_not_compared() -> None:
    done = verify(VALID)
    assert done.returncode == 0
    assert "Signer not compared" in done.stdout
    assert signer().key_id in done.stdout
    record = json.loads(verify(VALID, "--json").stdout)
    assert (record["holds"], record["signer_compared"], record["key_id"]) == (True, False, signer().key_id)
    assert [step["number"] for step in record["steps"]] == list(range(1, 10))


def test_a_tampered_package_exits_1_with_the_reason() -> None:
    done = verify(FIXTURES / "tampered" / "signed-cut-log.zip", "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert not record["holds"]
    failed = [step for step in record["steps"] if not step["holds"]]
    assert failed[0]["check"] == "head"
    assert "cut" in failed[0]["detail"]
    assert all("step 6" in step["detail"] for step in failed[1:])


def test_another_signer_exits_1() -> None:
    assert verify(VALID, "--signer", signer(2).key_id).returncode == 1


@pytest.mark.parametrize("path", ["/no/such/package.zip", "x" * 5000, "/dev/null"])
def test_a_path_with_nothing_to_read_exits_2(path: str) -> None:
    done = verify(path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert verify(tmp_path / "pipe").returncode == 2


@pytest.mark.parametrize("named", ["", "abc", "/no/such/key.pem", VALID, VALID.parent])
def test_a_signer_that_is_none_exits_2(named: str | Path) -> None:
    done = verify(VALID, "--signer", named)
    assert done.returncode == 2
    assert "key id" in done.stderr


def test_no_package_named_exits_2() -> None:
    assert verify().returncode == 2


def test_a_file_name_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "x\x1b[2J\u202e").write_bytes(b"")
    done = verify(tmp_path)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
