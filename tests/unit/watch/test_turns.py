"""No slow host holds up the others, and no host is asked more than it may be at a time."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from zaoguang.watch.turns import Turns


def test_a_host_that_hangs_leaves_threads_for_the_others() -> None:
    turns = Turns(4, lambda _: 2)
    hang = threading.Event()
    stuck = [turns.submit("slow", hang.wait) for _ in range(50)]
    assert turns.submit("quick", lambda: "done").result(10) == "done"
    hang.set()
    assert all(work.result(10) for work in stuck)


def test_no_more_than_its_share_at_one_host(until: Callable[[Callable[[], bool]], None]) -> None:
    turns = Turns(8, lambda _: 3)
    here: list[int] = []
    go = threading.Event()

    def ask() -> int:
        here.append(1)
        go.wait(10)
        return len(here)

    waiting = [turns.submit("one", ask) for _ in range(10)]
    until(lambda: len(here) == 3)
    assert turns.submit("other", lambda: len(here)).result(10) == 3
    go.set()
    assert max(work.result(10) for work in waiting) == 10


def test_hosts_take_turns() -> None:
    turns = Turns(1, lambda _: 1)
    order: list[str] = []
    gate = threading.Event()
    turns.submit("gate", gate.wait)
    work = [turns.submit(host, lambda host=host: order.append(host)) for host in "aaabc"]  # type: ignore[misc]  # the default binds the loop's value
    gate.set()
    for each in work:
        each.result(10)
    assert order == ["a", "b", "c", "a", "a"]


def test_what_goes_wrong_is_told_to_whoever_waits_and_the_thread_goes_on() -> None:
    turns = Turns(1, lambda _: 1)
    failing = turns.submit("a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failing.result(10)
    assert turns.submit("a", lambda: 7).result(10) == 7


def test_a_thread_sleeps_while_a_host_is_at_its_limit_though_its_pause_is_past() -> None:
    turns, begun, go_on = Turns(2, lambda _: 1, lambda _: 0.001), threading.Event(), threading.Event()

    def long_work() -> bool:
        begun.set()
        return go_on.wait(10)

    first = turns.submit("a", long_work)
    second = turns.submit("a", lambda: 2)
    assert begun.wait(10)
    with turns._changed:
        assert turns._until_next() is None, "only the end of the first work wakes it"
    go_on.set()
    assert (first.result(10), second.result(10)) == (True, 2)


def test_a_host_is_left_in_peace_between_two_beginnings_and_the_others_do_not_wait() -> None:
    turns = Turns(4, lambda _: 4, lambda host: 0.15 if host == "slow" else 0.0)
    begun = [turns.submit("slow", time.monotonic) for _ in range(3)]
    assert turns.submit("quick", lambda: "done").result(10) == "done"
    assert not begun[2].done()
    times = [work.result(10) for work in begun]
    assert all(later - sooner >= 0.149 for sooner, later in pairwise(times))
