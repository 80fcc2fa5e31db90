"""Landlock by itself, without the system call filter that stands before it in a child."""

import subprocess
import sys
from pathlib import Path

import pytest

from zaoguang.sandbox import Protection, Sandbox
from zaoguang.sandbox.landlock import version_here

ATTEMPTS = {
    "read": "open(folder + '/kept').read()",
    "write": "open(folder + '/kept', 'a')",
    "create": "open(folder + '/new', 'x')",
    "list": "os.listdir(folder)",
    "remove": "os.unlink(folder + '/kept')",
    "link": "os.symlink('/etc', folder + '/new')",
    "run": "subprocess.run(['/bin/true'])",
    "connect": "socket.socket().connect(('127.0.0.1', 9))",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
    "signal": "os.kill(os.getppid(), 0)",
}
PROGRAM = """
import os, socket, subprocess, sys
from zaoguang.sandbox.landlock import Access, confine
folder = sys.argv[1]
held = {confine}
try:
    {attempt}
except PermissionError:
    print(held, "refused")
except OSError as error:
    print(held, "tried")
else:
    print(held, "done")
"""

needs_landlock = pytest.mark.skipif(version_here() < 6, reason="this kernel's Landlock does not know all of it")


def outcome(attempt: str, folder: Path, *, confine: str = "confine()") -> str:
    (folder / "kept").write_text("kept")
    program = PROGRAM.format(attempt=ATTEMPTS[attempt], confine=confine)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@needs_landlock
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_confined_process_reaches_nothing(attempt: str, tmp_path: Path) -> None:
    assert outcome(attempt, tmp_path) == "True refused"


@pytest.mark.parametrize("attempt", ["create", "signal", "connect"])
def test_each_attempt_is_a_real_one(attempt: str, tmp_path: Path) -> None:
    assert outcome(attempt, tmp_path, confine="None") in {"None done", "None tried"}


@needs_landlock
def test_what_is_left_is_left_only_so_far(tmp_path: Path) -> None:
    reading = f"confine([({str(tmp_path)!r}, Access.READ), ('/no/such/path', Access.READ)], connects=True)"
    assert outcome("read", tmp_path, confine=reading) == "True done"
    assert outcome("connect", tmp_path, confine=reading) == "True tried"
    for attempt in ("write", "create", "remove", "list", "listen"):
        assert outcome(attempt, tmp_path, confine=reading) == "True refused", attempt


def test_a_kernel_without_it_is_told_apart() -> None:
    with Sandbox() as sandbox:
        assert sandbox.protections()[Protection.NO_PATHS] is (version_here() > 0)
