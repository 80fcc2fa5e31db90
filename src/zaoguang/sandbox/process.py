"""The parent's handle of one child: start, ask, end. Never blocks past its deadline, whatever the child does."""

import dataclasses
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Final

from zaoguang.sandbox.frames import ANSWER_HEAD, REQUEST_HEAD, BrokenAnswerError, Json, answer_from_bytes, json_bytes
from zaoguang.sandbox.limits import Limits, Refusal

__all__ = ["Child"]

# BLAS would start threads, and a thread would need a system call that the child has given up. glibc would hand each
# picture's memory back to the kernel and fetch it again for the next: measured, that doubles the time of a small one.
_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
_START_SECONDS: Final = 60.0
_GREETING_BYTES: Final = 4096
_PIPE_BYTES: Final = 1 << 20  # a common picture fits, so parent and child need not take turns for every 64 kB
_WAITED_MOST: Final = 10  # times the processor time, for all parts together: a loaded machine gives little of it
_FRAME_SLACK: Final = 64  # a refusal fits although an answer would not


class Child:
    """One locked process that does one kind of job."""

    def __init__(self, job: str, limits: Limits, handed: int | None = None) -> None:
        """Start the process (``OSError`` if the system cannot); ``greet`` must be called next.

        ``handed``: the descriptor of a file opened for reading, on which alone a child of ``parts`` works.
        """
        self._limits = limits
        self._jobs_left = limits.jobs_per_child if handed is None else 1
        self._killed_for: Refusal | None = None
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-B", "-m", "zaoguang.sandbox.child"),
                *(job, json.dumps(dataclasses.asdict(limits))),
                *(() if handed is None else (str(handed),)),
            ],
            pass_fds=() if handed is None else (handed,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            bufsize=0,
        )
        self._to_child = _descriptor(self._process.stdin)
        with suppress(OSError):  # more than this user may have: the pipe then keeps its usual size, and is only slower
            fcntl.fcntl(self._to_child, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._from_child = _descriptor(self._process.stdout)
        self.protections: Mapping[str, bool] = {}

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def reusable(self) -> bool:
        """Whether the child is well and may take another job."""
        return self._jobs_left > 0 and self._killed_for is None and self._process.poll() is None

    def greet(self) -> Refusal | None:
        """Wait until the child has loaded its code and locked itself; its report is in ``protections`` then."""
        greeting = self._exchange([], _START_SECONDS, _GREETING_BYTES)
        if isinstance(greeting, Refusal):
            return greeting
        held = greeting.get("protections")
        if not isinstance(held, dict):
            return Refusal.CRASHED
        self.protections = {name: holds is True for name, holds in held.items()}
        return None

    def ask(self, untrusted_bytes: bytes, options: Mapping[str, Json]) -> Json | Refusal:
        """Give the job's answer about those bytes, or why there is none; after a refusal the child may be dead."""
        self._jobs_left -= 1
        said = json_bytes(dict(options))
        head = REQUEST_HEAD.pack(len(said), len(untrusted_bytes)) + said
        answer = self._exchange(
            [memoryview(head), memoryview(untrusted_bytes)], self._limits.wall_seconds, self._limits.answer_bytes
        )
        if isinstance(answer, Refusal):
            return answer
        if "answer" in answer:
            return answer["answer"]
        refusal = _refusal(answer.get("refused"))
        if refusal is not Refusal.TOO_LARGE:
            self._jobs_left = 0  # memory ran out or the decoder raised: let nobody inherit that state
        return refusal

    def parts(self, options: Mapping[str, Json]) -> Iterator[Json | Refusal]:
        """Give the job's answer about the file it was handed, part by part; a refusal is the last of them.

        Each part must come within ``wall_seconds`` of being asked for; a child ahead of us waits in its pipe. All in
        all it is waited for ten times its processor time at most: one that was taken over may sleep instead of work.
        """
        self._jobs_left = 0
        said = json_bytes(dict(options))
        pending = [memoryview(REQUEST_HEAD.pack(len(said), 0) + said)]
        left = self._limits.wall_seconds + _WAITED_MOST * self._limits.cpu_seconds
        while True:
            asked = time.monotonic()
            untrusted_frame = self._next_frame(pending, asked + min(self._limits.wall_seconds, left))
            left -= time.monotonic() - asked
            if isinstance(untrusted_frame, Refusal):
                yield untrusted_frame
                return
            try:
                answer = answer_from_bytes(untrusted_frame)
            except BrokenAnswerError:
                answer = {}
            if "end" in answer:
                return
            if "part" not in answer:
                yield self._end(_refusal(answer.get("refused")))
                return
            yield answer["part"]

    def kill(self, why: Refusal) -> None:
        """End the process now; a call of ``ask`` that waits for it gets that refusal. Any thread may call this."""
        self._killed_for = self._killed_for or why
        self._process.kill()

    def bury(self) -> None:
        """End the process, reap it and close the pipes; only for the thread that owns the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _exchange(self, request: list[memoryview], seconds: float, answer_bytes: int) -> dict[str, Json] | Refusal:
        """Send the request and take one frame; writing and reading are interleaved, so neither side can wedge."""
        untrusted_frame = self._talk(request, time.monotonic() + seconds, answer_bytes + _FRAME_SLACK)
        if isinstance(untrusted_frame, Refusal):
            return untrusted_frame
        try:
            return answer_from_bytes(untrusted_frame)
        except BrokenAnswerError:
            return self._end(Refusal.CRASHED)

    def _talk(self, request: list[memoryview], deadline: float, answer_bytes: int) -> bytes | Refusal:
        pending = [piece for piece in request if piece]
        answer = bytearray()
        poll = select.poll()
        poll.register(self._from_child, select.POLLIN)
        if pending:
            poll.register(self._to_child, select.POLLOUT)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._end(Refusal.TIMED_OUT)
            ready = dict(poll.poll(left * 1000 + 1))
            if self._to_child in ready and not _write_some(self._to_child, pending):
                poll.unregister(self._to_child)
            if self._from_child not in ready:
                continue
            piece = _read_some(self._from_child)
            if not piece:
                return self._cause_of_death()
            answer += piece
            size = ANSWER_HEAD.unpack_from(answer)[0] if len(answer) >= ANSWER_HEAD.size else 0
            if size > answer_bytes:
                return self._end(Refusal.TOO_LARGE)
            if len(answer) == ANSWER_HEAD.size + size:
                return bytes(memoryview(answer)[ANSWER_HEAD.size :]) if not pending else self._end(Refusal.CRASHED)
            if len(answer) > ANSWER_HEAD.size + size and len(answer) >= ANSWER_HEAD.size:
                return self._end(Refusal.CRASHED)

    def _next_frame(self, pending: list[memoryview], deadline: float) -> bytes | Refusal:
        """Send what is left of the request and take just one frame, leaving what follows in the pipe."""
        answer, wanted = bytearray(), ANSWER_HEAD.size
        poll = select.poll()
        poll.register(self._from_child, select.POLLIN)
        while len(answer) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._end(Refusal.TIMED_OUT)
            _write_some(self._to_child, pending)  # small: the options always fit into the pipe
            if not poll.poll(left * 1000 + 1):
                continue
            piece = _read_some(self._from_child, min(wanted - len(answer), 1 << 16))
            if not piece:
                return self._cause_of_death()
            answer += piece
            if len(answer) == ANSWER_HEAD.size == wanted:
                wanted += ANSWER_HEAD.unpack_from(answer)[0]
                if wanted > ANSWER_HEAD.size + self._limits.answer_bytes + _FRAME_SLACK:
                    return self._end(Refusal.TOO_LARGE)
        return bytes(memoryview(answer)[ANSWER_HEAD.size :])

    def _end(self, why: Refusal) -> Refusal:
        self.kill(why)
        return self._killed_for or why

    def _cause_of_death(self) -> Refusal:
        """Say why the child went: our own reason if we killed it, else what its exit status tells."""
        self._process.kill()  # its pipe may be closed while it still runs
        status = self._process.wait()
        if self._killed_for is not None:
            return self._killed_for
        self._killed_for = Refusal.TIMED_OUT if status == -signal.SIGXCPU else Refusal.CRASHED
        return self._killed_for


def _descriptor(pipe: IO[bytes] | None) -> int:
    """Give the pipe's descriptor, made non-blocking."""
    if pipe is None:
        raise TypeError("a child is always started with its pipes")
    os.set_blocking(pipe.fileno(), False)
    return pipe.fileno()


def _write_some(descriptor: int, pending: list[memoryview]) -> bool:
    """Write what the pipe takes now and say whether more is left; a closed pipe ends writing (reading tells why)."""
    try:
        while pending:  # head and picture in one call: the child is woken once
            written = os.writev(descriptor, pending)
            while pending and written >= len(pending[0]):
                written -= len(pending.pop(0))
            if pending:
                pending[0] = pending[0][written:]
    except BlockingIOError:
        return True
    except BrokenPipeError:
        return False
    return False


def _read_some(descriptor: int, most: int = 1 << 16) -> bytes:
    try:
        return os.read(descriptor, most)
    except ConnectionError:
        return b""


def _refusal(untrusted_name: Json) -> Refusal:
    return Refusal(untrusted_name) if untrusted_name in {each.value for each in Refusal} else Refusal.CRASHED
