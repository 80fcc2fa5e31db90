"""Give changed films to the job that opens films: ``python -m tests.fuzz.films HOW_MANY SEED [FOLDER]``.

FFmpeg is not built with a fuzzer's probes, so nothing guides the changes but the formats. Each film is decoded in a
child that locks itself as the sandbox's do, forked off a process that has all loaded, which makes it fifty times
cheaper; what the child says is checked by the same code. Counts what came of them, in JSON, and ends with failure
when one stopped the child (a film that does so is laid into FOLDER) or came out as no film can be.
"""

import json
import math
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fuzz.structure import mutated
from tests.support.recorded_films import Made, film_of
from zaoguang.fingerprint import Film, FilmLimits, Reason, Unhashable, projector
from zaoguang.fingerprint.screening import screened
from zaoguang.sandbox import JOBS, Limits, Refusal, Sandbox, child
from zaoguang.sandbox.frames import Json
from zaoguang.sandbox.process import Child

_TINY = {"shots": ((0, 4), (3, 4)), "size": (64, 48), "options": ()}
_KINDS = (
    ("mp4", "libx264", "yuv420p"),
    ("mov", "mpeg4", "yuv420p"),
    ("mov", "prores_ks", "yuv422p10le"),
    ("mov", "qtrle", "rgb24"),
    ("mp4", "libx265", "yuv420p10le"),
    ("matroska", "libx264", "yuv420p"),
    ("matroska", "ffv1", "yuv420p"),
    ("webm", "libvpx", "yuv420p"),
    ("webm", "libvpx-vp9", "yuv420p"),
    ("avi", "mjpeg", "yuvj420p"),
    ("avi", "msmpeg4v2", "yuv420p"),
    ("mpegts", "mpeg2video", "yuv420p"),
    ("mpeg", "mpeg1video", "yuv420p"),
    ("flv", "flv", "yuv420p"),
    ("asf", "wmv2", "yuv420p"),
    ("ogg", "libtheora", "yuv420p"),
)
_LIMITS = FilmLimits(cpu_seconds_least=20, part_seconds=60.0, memory_bytes=1 << 30)


def seeds() -> list[bytes]:
    """Give one tiny film of each kind that can be made here."""
    found = []
    for container, codec, form in _KINDS:
        with suppress(ValueError, LookupError, OSError):  # this build of FFmpeg has no such encoder
            found.append(film_of(Made(container=container, codec=codec, format=form, **_TINY)))  # type: ignore[arg-type]  # a dict of many kinds
    return found


def _deep_down(given: bytes, rng: random.Random) -> bytes:
    """Change some bytes anywhere: most of a film is its frames, while ``mutated`` is busy with its head."""
    body = bytearray(given)
    for _ in range(rng.choice((1, 3, 30))):
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


class _Process:
    """A forked process, with as much of ``Popen`` as ``Child`` asks for."""

    def __init__(self, limits: Limits, handed: int) -> None:
        asked, answered = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _serve(asked[0], answered[1], handed, limits)
        os.close(asked[0])
        os.close(answered[1])
        self.stdin, self.stdout = os.fdopen(asked[1], "wb", 0), os.fdopen(answered[0], "rb", 0)
        self._status: int | None = None

    def kill(self) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def poll(self) -> int | None:
        return self._status


def _serve(asked: int, answered: int, handed: int, limits: Limits) -> None:
    """Be the child, and end."""
    code = 1
    with suppress(BaseException):
        film = os.dup(handed)
        os.dup2(asked, 0)
        os.dup2(answered, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.dup2(film, 3)
        os.closerange(4, 64)
        child._serve_parts(JOBS["film"], limits, 3)
        code = 0
    os._exit(code)


class _Forking(Sandbox):
    """A sandbox whose children are forked, each for one film."""

    died = 0

    def stream(
        self, job: str, descriptor: int, limits: Limits, options: Mapping[str, Json] | None = None
    ) -> Iterator[Json | Refusal]:
        del job
        process: Any = _Process(limits, descriptor)
        one: Any = Child.__new__(Child)
        one._limits, one._jobs_left, one._killed_for, one._process = limits, 1, None, process
        one._to_child, one._from_child = process.stdin.fileno(), process.stdout.fileno()
        for pipe in (one._to_child, one._from_child):
            os.set_blocking(pipe, False)
        try:
            refusal = one.greet()
            if refusal is not None:
                yield refusal
                return
            yield from one.parts(options or {})
        finally:
            one.kill(Refusal.CLOSED)
            one.bury()


def outcome(untrusted_bytes: bytes, sandbox: Sandbox) -> str:
    """Give in a word what comes of a film; raises what nobody was promised."""
    descriptor = os.memfd_create("film")
    with open(descriptor, "r+b", buffering=0) as file:  # noqa: PTH123  # this opens a descriptor, not a path
        file.write(untrusted_bytes)
        file.seek(0)
        found = screened(descriptor, sandbox, limits=_LIMITS)
    if isinstance(found, Unhashable):
        return found.reason.value
    _check(found)
    return "film" if found.cut_short is None else f"film, {found.cut_short.value}"


def _check(film: Film) -> None:
    last = 0.0
    for frame in film.frames:
        if not (math.isfinite(frame.until) and last <= frame.seconds <= frame.until <= film.seconds):
            raise AssertionError(film.frames)
        last = frame.until


def main() -> int:
    """Make that many changed films, and count."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    projector.prepare()
    rng, films, counts = random.Random(seed), seeds(), Counter[str]()
    begun, slowest = time.monotonic(), 0.0
    with _Forking() as sandbox:
        for number in range(count):
            untrusted = rng.choice(films)
            for change in rng.choices((_deep_down, mutated), k=rng.choice((1, 1, 2, 5))):
                untrusted = change(untrusted, rng)
            started = time.monotonic()
            result = outcome(untrusted, sandbox)
            slowest = max(slowest, time.monotonic() - started)
            counts[result] += 1
            if folder is not None and (Reason.CRASHED.value in result or Reason.TIMED_OUT.value in result):
                (folder / f"{seed}-{number}").write_bytes(untrusted)
    said = {**counts, "kinds": len(films), "slowest": slowest, "seconds": time.monotonic() - begun}
    sys.stdout.write(json.dumps(said) + "\n")
    return 1 if any(Reason.CRASHED.value in result for result in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
