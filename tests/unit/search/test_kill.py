"""kill -9 at any instant loses nothing that was acknowledged, and brings nothing back that was removed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KEYS = {"plain": "", "sealed": "5a" * 32}


@pytest.mark.slow
@pytest.mark.parametrize("form", KEYS)
def test_an_index_under_kill_nine(tmp_path: Path, form: str) -> None:
    order = [sys.executable, "-m", "tests.support.kill_index", str(tmp_path / "index"), "7", "80", KEYS[form]]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    counts = json.loads(done.stdout)
    assert counts["kills"] == 80
    assert counts["wrong"] == 0, counts
    assert counts["acknowledged"] > 100
    assert counts["in_a_merge"] > 3, "the kills must also meet merges"
    assert counts["left"] == 0
