"""Two processes at one host keep one limit between them, and one that is killed holds nobody up."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from zaoguang.watch import AddressPolicy, FetchLimits, Reader, Unread
from zaoguang.watch.neighbours import Neighbours
from zaoguang.watch.turns import Turns

HOST = "forum.example:443"
PAUSE = 0.3


@pytest.fixture
def turns(tmp_path: Path) -> int:
    """Give the file, open for good: threads of the test may look at it after its end."""
    return os.open(tmp_path / "turns.lock", os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def a_neighbour(folder: Path, statements: str) -> Iterator["subprocess.Popen[str]"]:
    """Run statements in another process that has taken them from the same file, until the block ends."""
    program = (
        "import os, sys, time\n"
        "from zaoguang.watch.neighbours import Neighbours\n"
        "file = os.open('turns.lock', os.O_RDWR)\n"
        f"{statements}\nprint('taken', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        try:
            yield process
        finally:
            process.kill()


def test_what_a_neighbour_has_is_not_had_twice_and_is_free_when_it_is_killed(
    turns: int, tmp_path: Path, until: Callable[[Callable[[], bool]], None]
) -> None:
    mine = Neighbours(turns)
    taken = f"here = Neighbours(file)\nassert here.begin({HOST!r}, 2, 0)\ntime.sleep(0.05)"
    with a_neighbour(tmp_path, taken) as other:
        slot = mine.begin(HOST, 2, 0)
        assert slot is not None
        assert mine.begin(HOST, 2, 0) is None, "one is ours, one is the neighbour's"
        assert mine.begin("another.example:443", 2, 0) is not None
        mine.end(slot)
        assert mine.begin(HOST, 2, 0) is not None
        other.kill()
        other.wait()
        until(lambda: mine.begin(HOST, 2, 0) is not None)
    assert (tmp_path / "turns.lock").stat().st_size == 0, "nothing about any host is ever written"


def test_a_neighbour_s_pause_is_ours_too(turns: int, tmp_path: Path) -> None:
    mine = Neighbours(turns)
    with a_neighbour(tmp_path, f"Neighbours(file).begin({HOST!r}, 9, 60)"):
        assert mine.begin(HOST, 9, 0) is None
        assert mine.begin("another.example:443", 9, 0) is not None
    assert mine.begin(HOST, 9, 0) is not None


def test_work_that_a_neighbour_holds_up_is_done_when_its_turn_comes(turns: int, tmp_path: Path) -> None:
    working = Turns(4, lambda _: 1, lambda _: 0.0, Neighbours(turns))
    done = threading.Event()
    with a_neighbour(tmp_path, f"Neighbours(file).begin({HOST!r}, 1, 0)"):
        held = working.submit(HOST, done.set)
        assert working.submit("another.example:443", lambda: 7).result(10) == 7
        assert not held.done()
    held.result(10)
    assert working.submit(HOST, lambda: 8).result(10) == 8, "it gave its own turn back"


@pytest.mark.slow
def test_two_readers_ask_one_host_no_faster_than_one(tmp_path: Path) -> None:
    """The address may not be fetched, and its host's turn is taken all the same: no network is needed."""
    limits, file = FetchLimits(host_pause=PAUSE, per_host=4), tmp_path / "turns.lock"

    def read(reader: Reader) -> list[float]:
        ended = []
        for report in reader.read([(str(number), f"http://10.0.0.1/{number}") for number in range(4)]):
            assert report.page is Unread.FORBIDDEN_ADDRESS
            ended.append(time.monotonic())
        return ended

    with (
        Reader(AddressPolicy(), limits, connections=4, decoders=1, turns=file) as first,
        Reader(AddressPolicy(), limits, connections=4, decoders=1, turns=file) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        list(first.read([("0", "")]))
        list(second.read([("0", "")]))  # both are up now
        began = time.monotonic()
        ended = [moment for part in pool.map(read, (first, second)) for moment in part]
    assert len(ended) == 8
    assert max(ended) - began >= 7 * PAUSE - 0.01, "eight beginnings, seven pauses"
    assert file.stat().st_size == 0
