"""The doctor says what is wrong with a machine and what to do, and changes nothing while it looks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.ground import MISSING
from zaoguang.centre.places import Places
from zaoguang.vault import write_new_key

pytestmark = pytest.mark.slow  # seconds as a whole


def ask(home: Path, *more: str, **here: str) -> tuple[int, str, str]:
    environment: Mapping[str, str] = {"PATH": os.environ["PATH"], "ZAOGUANG_HOME": str(home), "LANG": "C.UTF-8", **here}
    order = [sys.executable, "-c", "from zaoguang.cli import run; run()", "doctor", *more]
    done = subprocess.run(order, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def states(home: Path, part: str) -> list[tuple[str, str]]:
    _code, out, _err = ask(home, "--json")
    return [(finding["state"], finding["do"]) for finding in json.loads(out)["findings"] if finding["part"] == part]


@pytest.fixture
def where(tmp_path: Path) -> Places:
    place = Places(data=tmp_path / "data", keys=tmp_path / "keys")
    place.data.mkdir(mode=0o700)
    place.keys.mkdir(mode=0o700)
    write_new_key(place.worker_key)
    return place


def test_a_machine_before_the_first_start_is_fit_and_untouched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code, out, err = ask(home, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (code, err, answer["fit"]) == (0, "", True)
    assert {"python", "sandbox", "keys", "data", "disk", "database", "openssl"} <= {
        finding["part"] for finding in answer["findings"]
    }
    assert all(finding["do"] for finding in answer["findings"] if finding["state"] != "ok")
    assert not home.exists()


def test_each_line_begins_with_its_state(tmp_path: Path) -> None:
    _code, out, _err = ask(tmp_path / "home")
    assert {line.split()[0] for line in out.splitlines() if not line.startswith(" ")} <= {"ok", "warn", "bad"}


def test_a_key_that_others_can_read_is_in_the_way(tmp_path: Path, where: Places) -> None:
    assert states(tmp_path, "keys") == [("ok", "")]
    where.worker_key.chmod(0o640)
    [(state, advice)] = states(tmp_path, "keys")
    assert state == "bad"
    assert f"chmod 600 {where.worker_key}" in advice


def test_a_key_that_others_can_read_is_exit_1(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o755)
    code, out, _err = ask(tmp_path)
    assert code == 1
    assert f"chmod 700 {keys}" in out


def test_a_data_folder_open_to_others_is_worth_a_look(tmp_path: Path, where: Places) -> None:
    where.data.chmod(0o755)
    [(state, advice)] = states(tmp_path, "data")
    assert (state, advice) == ("warn", f"Run: chmod 700 {where.data}.")


def test_a_database_that_does_not_answer_is_in_the_way_and_its_password_is_not_repeated(tmp_path: Path) -> None:
    code, out, err = ask(tmp_path, ZAOGUANG_DATABASE_URL="postgresql://zaoguang:hunter2-canary@127.0.0.1:1/zaoguang")
    assert code == 1
    assert "bad   database" in out
    assert "hunter2" not in out + err


def test_shortcuts_of_a_rehearsal_are_named(tmp_path: Path) -> None:
    _code, out, _err = ask(tmp_path, ZAOGUANG_TEST_FAST_KDF="1")
    assert "ZAOGUANG_TEST_FAST_KDF" in out


def test_it_says_what_makes_the_fingerprints(tmp_path: Path) -> None:
    pytest.importorskip("zaoguang.fingerprint._pdq", reason=f"{MISSING}the C kernel, for want of a C compiler")
    assert states(tmp_path, "kernel") == [("ok", "")]
    _code, out, _err = ask(tmp_path, ZAOGUANG_KERNEL="numpy")
    assert re.search(r"^warn +kernel .*NumPy", out, re.MULTILINE)
