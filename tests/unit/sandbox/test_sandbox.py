"""The sandbox answers or refuses, whatever a child does; and a child can do nothing but answer."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from zaoguang.errors import UserMistake
from zaoguang.sandbox import Limits, Protection, Refusal, Sandbox, child, process
from zaoguang.sandbox.frames import ANSWER_HEAD, json_bytes
from zaoguang.sandbox.limits import JOBS

pytestmark = pytest.mark.slow  # seconds as a whole

TIGHT = Limits(memory_bytes=256 << 20, cpu_seconds=1, wall_seconds=20.0, input_bytes=1 << 20, answer_bytes=1 << 16)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(children=2, limits=TIGHT) as opened:
        yield opened


def attempt(sandbox: Sandbox, name: str, untrusted_bytes: bytes = b"") -> object:
    answer = sandbox.run("probe", untrusted_bytes, {"attempt": name})
    return answer["ended"] if isinstance(answer, dict) else answer


def still_works(sandbox: Sandbox) -> bool:
    return attempt(sandbox, "nothing", b"four") == 4


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def children_of(sandbox: Sandbox) -> list[int]:
    return [each.pid for each in (*sandbox._asked, *(one for idle in sandbox._idle.values() for one in idle))]


def test_every_protection_holds_on_the_machines_this_is_built_for(sandbox: Sandbox) -> None:
    held = sandbox.protections()
    assert set(held) == {each.value for each in Protection}
    optional = {Protection.SYSCALL_FILTER, Protection.NO_PATHS}  # these two the kernel may not have
    assert all(holds for name, holds in held.items() if name not in optional), held


@pytest.mark.parametrize(
    "name", ["socket", "read_file", "program", "fork", "executable_memory", "trace"], ids=lambda name: f"no_{name}"
)
def test_a_child_is_forbidden_what_only_an_attacker_needs(sandbox: Sandbox, name: str) -> None:
    if not sandbox.protections()[Protection.SYSCALL_FILTER]:
        pytest.skip("this kernel refuses the filter")
    assert attempt(sandbox, name) == "PermissionError"


def test_a_child_leaves_no_file(sandbox: Sandbox, tmp_path: Path) -> None:
    wanted = tmp_path / "left-behind"
    assert attempt(sandbox, "write_file", os.fsencode(wanted)) == "PermissionError"
    assert not wanted.exists()


def test_a_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAOGUANG_WORKER_KEY", "secret")
    with Sandbox(limits=TIGHT) as fresh:
        inherited = attempt(fresh, "environment")
    assert isinstance(inherited, list)
    assert all(str(name).endswith(("_NUM_THREADS", "_THRESHOLD_")) or name == "LC_CTYPE" for name in inherited)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("memory", Refusal.OUT_OF_MEMORY),
        ("time", Refusal.TIMED_OUT),
        ("die", Refusal.CRASHED),
        ("broken_memory", Refusal.CRASHED),
        ("false_size", Refusal.TOO_LARGE),
        ("false_json", Refusal.CRASHED),
        ("chatter", Refusal.CRASHED),
        ("silence", Refusal.CRASHED),
        ("no such attempt", Refusal.CRASHED),
    ],
)
def test_a_child_that_misbehaves_costs_its_one_job(sandbox: Sandbox, name: str, refusal: Refusal) -> None:
    assert attempt(sandbox, name) is refusal
    assert still_works(sandbox)


def test_waiting_time_is_bounded_too() -> None:
    with Sandbox(limits=Limits(cpu_seconds=1000, wall_seconds=0.3)) as impatient:
        assert attempt(impatient, "time") is Refusal.TIMED_OUT
        assert still_works(impatient)


def test_processor_time_is_counted_for_each_job_anew() -> None:
    """A child that has served long must not be ended for the sum of its work."""
    with Sandbox(limits=TIGHT) as patient:
        for _ in range(5):
            assert attempt(patient, "half_a_second") == "done"
        assert len(children_of(patient)) == 1


def test_sizes_and_depth_are_bounded(sandbox: Sandbox) -> None:
    assert sandbox.run("probe", bytes((1 << 20) + 1), {"attempt": "nothing"}) is Refusal.TOO_LARGE
    assert attempt(sandbox, "nothing", bytes(1 << 20)) == 1 << 20
    assert attempt(sandbox, "large_answer", b"100000") is Refusal.TOO_LARGE
    assert attempt(sandbox, "deep_answer", b"10") is not Refusal.CRASHED
    assert attempt(sandbox, "deep_answer", b"40") is Refusal.CRASHED
    assert still_works(sandbox)


def test_a_job_that_does_not_exist_is_the_callers_mistake(sandbox: Sandbox) -> None:
    with pytest.raises(UserMistake, match="no job named"):
        sandbox.run("os.system", b"")


@pytest.mark.parametrize(("module", "what"), [("zaoguang.nowhere", "job"), ("zaoguang.errors", "job")])
def test_a_job_whose_module_is_missing_only_refuses(module: str, what: str) -> None:
    job = child._loaded(module, what)
    assert b"crashed" in child._answer(job, b"", {}, 1000)


def test_parts_whose_module_is_missing_are_one_refusal(sandbox: Sandbox) -> None:
    """“probe” does its job on bytes, and has no parts."""
    with open("pyproject.toml", "rb") as file:  # noqa: PTH123  # as a descriptor is handed over
        assert list(sandbox.stream("probe", file.fileno(), Limits())) == [Refusal.CRASHED]
    assert still_works(sandbox)


def test_a_child_that_says_a_little_now_and_then_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part comes in time, none in the end: 60 seconds and ten times 10 seconds of work have gone by then."""
    now = itertools.count(step=0.25)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    part = json_bytes({"part": 0})
    from_child, said = os.pipe()
    os.write(said, (ANSWER_HEAD.pack(len(part)) + part) * 2_000)
    asked, to_child = os.pipe()
    one: Any = process.Child.__new__(process.Child)
    one._limits, one._killed_for, one._process = Limits(cpu_seconds=10, wall_seconds=60.0), None, Mock()
    one._to_child, one._from_child = to_child, from_child
    heard = list(one.parts({}))
    for descriptor in (from_child, said, asked, to_child):
        os.close(descriptor)
    assert heard[-1] is Refusal.TIMED_OUT
    assert set(heard[:-1]) == {0}
    assert 100 <= len(heard) <= 700
    assert one._process.kill.called


def test_answers_go_to_those_who_asked(sandbox: Sandbox) -> None:
    sizes = [(7 * i) % 5000 for i in range(200)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda size: attempt(sandbox, "nothing", bytes(size)), sizes))
    assert answers == sizes
    assert len(children_of(sandbox)) <= 2


def test_many_threads_among_dying_children_all_get_an_answer(sandbox: Sandbox) -> None:
    names = [("nothing", "die", "nothing", "false_json")[i % 4] for i in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda name: attempt(sandbox, name), names))
    expected = {"nothing": 0, "die": Refusal.CRASHED, "false_json": Refusal.CRASHED}
    assert answers == [expected[name] for name in names]


def test_a_child_killed_from_outside_costs_its_one_job(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as threads:
        doomed = threads.submit(attempt, sandbox, "time")
        wait_until(lambda: bool(sandbox._asked))
        for asked in list(sandbox._asked):
            os.kill(asked.pid, signal.SIGKILL)
        assert doomed.result() is Refusal.CRASHED
    assert still_works(sandbox)


def test_a_child_killed_while_idle_costs_at_most_one_job(sandbox: Sandbox) -> None:
    assert still_works(sandbox)
    for pid in children_of(sandbox):
        os.kill(pid, signal.SIGKILL)
    answers = [attempt(sandbox, "nothing") for _ in range(4)]
    assert answers.count(0) >= 2
    assert still_works(sandbox)


def test_a_child_outlives_the_thread_that_first_needed_it() -> None:
    """The kernel's parent-death signal goes by thread: children started where they are asked for would be lost."""
    with Sandbox(limits=TIGHT) as shared:
        first = threading.Thread(target=still_works, args=(shared,))
        first.start()
        native = first.native_id
        first.join()
        wait_until(lambda: not Path(f"/proc/self/task/{native}").exists())
        served_by = children_of(shared)
        assert still_works(shared)
        assert children_of(shared) == served_by


def test_a_child_is_replaced_after_its_share_of_jobs() -> None:
    with Sandbox(limits=Limits(jobs_per_child=2)) as shared:
        assert all(still_works(shared) for _ in range(5))


def test_closing_ends_those_who_work_and_those_who_wait() -> None:
    closing = Sandbox(limits=Limits(cpu_seconds=1000, wall_seconds=1000.0))
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(attempt, closing, "time") for _ in range(3)]
        wait_until(lambda: any(each.protections for each in closing._asked))
        pids = children_of(closing)
        closing.close()
        assert [each.result() for each in waiting] == [Refusal.CLOSED] * 3
    assert attempt(closing, "nothing") is Refusal.CLOSED
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    closing.close()


def test_replaced_children_leave_no_open_files() -> None:
    with Sandbox(limits=TIGHT) as shared:
        assert still_works(shared)
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(4):
            attempt(shared, "die")
        assert still_works(shared)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


PARENT = """
import sys, threading, time
from zaoguang.sandbox import Limits, Sandbox
sandbox = Sandbox(limits=Limits(cpu_seconds=1000, wall_seconds=1000.0))
threading.Thread(target=sandbox.run, args=("probe", b"", {"attempt": "time"}), daemon=True).start()
while not any(child.protections for child in sandbox._asked):
    time.sleep(0.01)
print(*[child.pid for child in sandbox._asked], flush=True)
time.sleep(1000)
"""


def test_a_busy_child_dies_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
    wait_until(lambda: not running(pid))


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_jobs_are_a_closed_list() -> None:
    assert set(JOBS) == {"film", "picture", "page", "probe"}
