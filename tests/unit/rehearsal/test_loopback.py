"""A rehearsal talks to this machine and to nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from zaoguang.errors import UserMistake
from zaoguang.rehearsal.loopback import require_loopback
from zaoguang.rehearsal.stage import Stage, StageSettings
from zaoguang.rehearsal.visitor import Visitor


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "http://127.0.0.1:8000/s/1", "http://[::1]/"]
)
def test_this_machine_is_allowed(address: str) -> None:
    assert require_loopback(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "0.0.0.0",  # noqa: S104  (that it is refused is the point)
        "::",
        "192.0.2.1",
        "10.0.0.1",
        "localhost",
        "example.org",
        "127.0.0.1.example.org",
        "http://192.0.2.1/",
        "http://127.0.0.1@192.0.2.1/",
        "http://localhost:8000/",
        "http:///nothing",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    with pytest.raises(UserMistake):
        require_loopback(address)


def test_neither_stage_nor_visitor_goes_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(UserMistake):
        Stage(StageSettings(folder=tmp_path, host="192.0.2.1"))
    with pytest.raises(UserMistake):
        Visitor("http://192.0.2.1:8000")


def test_the_mailbox_listens_nowhere_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zaoguang.rehearsal.mailbox", "--folder", str(tmp_path / "mail")]
    done = subprocess.run(
        [*command, "--host", "0.0.0.0", "--port", "0"],  # noqa: S104  (that it is refused is the point)
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert "not a loopback address" in done.stderr
    assert not (tmp_path / "mail").exists()
