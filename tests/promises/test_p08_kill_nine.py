"""P08: kill -9 at any instant loses no acknowledged record and sends no notice twice.

A whole rehearsal is played while its web server, link reader, clock and the addressees' mail server are killed at
random instants. A person who meets a dead page waits and looks again before pressing anything twice, as people do.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 20


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.kill_nine", str(tmp_path / "stage"), "8"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    counts = json.loads(done.stdout)
    # The attack took place, on every kind of process.
    assert len(counts["killed"]) >= KILLS, counts
    assert set(counts["killed"]) == {"web", "reader", "clock", "mailbox"}, counts
    # Nothing acknowledged is lost.
    assert counts["confirmed_acknowledged"] > 0
    assert counts["confirmed_kept"] == counts["confirmed_audited"] == counts["confirmed_acknowledged"], counts
    assert counts["missed"] == counts["false"] == 0, counts
    assert counts["sealed"] == counts["verified"] == counts["sightings"] >= counts["found"] > 0, counts
    # Nothing is sent twice, nothing that was confirmed is forgotten.
    assert counts["posted_twice"] == counts["posted_lost"] == counts["unfinished"] == 0, counts
