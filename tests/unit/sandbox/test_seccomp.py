"""The filter's program, run by a small interpreter, so that both machines' tables are checked on either."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.sandbox.seccomp import _PLAIN_CALLS, filter_program

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FORBIDDEN = {
    # socket connect execve execveat fork/clone clone3 ptrace open/openat openat2 kill io_uring_setup bpf mount
    "x86_64": (41, 42, 59, 322, 56, 57, 58, 435, 101, 2, 257, 437, 62, 425, 321, 165),
    "aarch64": (198, 203, 221, 281, 220, 435, 117, 56, 437, 129, 425, 280, 40),
}
machines = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def verdict(machine: str, number: int, arguments: tuple[int, ...] = (), arch: int | None = None) -> int:
    program = filter_program(machine)
    assert program is not None
    steps = list(struct.iter_unpack("<HBBI", program))
    data = struct.pack("<II8x6Q", number, ARCH[machine] if arch is None else arch, *(*arguments, *[0] * 6)[:6])
    accumulator = place = 0
    while True:
        code, if_true, if_false, constant = steps[place]
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == 0x06:
            return int(constant)
        else:
            tests = {0x15: accumulator == constant, 0x35: accumulator >= constant, 0x45: accumulator & constant}
            place += if_true if tests[code] else if_false


@machines
def test_computing_is_allowed(machine: str) -> None:
    column = ("x86_64", "aarch64").index(machine)
    assert all(verdict(machine, numbers[column]) == ALLOW for numbers in _PLAIN_CALLS.values())


@machines
def test_what_an_attacker_needs_is_refused(machine: str) -> None:
    assert {verdict(machine, number) for number in FORBIDDEN[machine]} == {REFUSE}


@machines
@given(number=st.integers(0, 2**30 - 1))
def test_every_call_that_is_not_listed_is_refused(machine: str, number: int) -> None:
    column = ("x86_64", "aarch64").index(machine)
    listed = {numbers[column] for numbers in _PLAIN_CALLS.values()}
    looked_into = {"x86_64": {1, 9, 10, 302}, "aarch64": {64, 222, 226, 261}}[machine]
    if number not in listed | looked_into:
        assert verdict(machine, number, (1, 1, 4)) == REFUSE


@machines
def test_calls_that_are_looked_into(machine: str) -> None:
    write, mmap, mprotect, prlimit = {"x86_64": (1, 9, 10, 302), "aarch64": (64, 222, 226, 261)}[machine]
    assert verdict(machine, write, (1,)) == ALLOW
    assert verdict(machine, write, (2,)) == REFUSE
    assert verdict(machine, mmap, (0, 4096, 3)) == ALLOW
    assert verdict(machine, mmap, (0, 4096, 7)) == REFUSE
    assert verdict(machine, mprotect, (0, 4096, 1)) == ALLOW
    assert verdict(machine, mprotect, (0, 4096, 5)) == REFUSE
    assert verdict(machine, prlimit, (0, 0)) == ALLOW
    assert verdict(machine, prlimit, (0, 9)) == REFUSE


@machines
def test_another_architectures_numbers_end_the_process(machine: str) -> None:
    assert verdict(machine, 0, arch=0x40000003) == KILL


def test_the_second_table_of_numbers_ends_the_process() -> None:
    assert verdict("x86_64", 0x40000000 + 1) == KILL


def test_a_machine_with_unknown_numbers_gets_no_filter() -> None:
    assert filter_program("sparc64") is None
