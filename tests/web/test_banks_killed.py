"""The index over the banks under kill -9: whatever the instant, the next question finds what is live, and no more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ground, postgres
from tests.support.repository import ROOT

KILLS = 8


def _sums(folder: Path, database: str) -> dict[str, int]:
    (folder / "tmp").mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ZAOGUANG_HOME": str(folder / "home"),
        "ZAOGUANG_TEST_FAST_KDF": "1",
        "ZAOGUANG_LANG": "en",
        "TMPDIR": str(folder / "tmp"),
        **({"ZAOGUANG_DATABASE_URL": database} if database else {}),
    }
    order = [sys.executable, "-m", "tests.support.kill_banks", "17", str(KILLS)]
    done = subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    sums: dict[str, int] = json.loads(done.stdout)
    return sums


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_no_kill_makes_the_index_wrong(tmp_path: Path, database: str) -> None:
    if database == "sqlite":
        sums = _sums(tmp_path / "centre", "")
    else:
        try:
            postgres.programs()
        except postgres.PostgresMissingError as why:
            ground.missing(str(why))
        with postgres.cluster() as running:
            sums = _sums(tmp_path / "centre", running.address)
    assert sums.pop("live") > 0
    assert set(sums.values()) == {0}, sums
