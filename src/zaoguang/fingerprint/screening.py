"""From a film's open file to what it is known by, through the sandbox: the caller's side, where nothing is decoded.

What the projector says is checked word by word: it comes from a process that may have been taken over.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.kernel import kernel_here
from zaoguang.fingerprint.record import Reason, Unhashable, reason_from
from zaoguang.fingerprint.sights import Runs, Sight, seconds_from, sight_from
from zaoguang.sandbox import Json, Limits, Refusal, Sandbox

__all__ = ["REFUSED", "FilmLimits", "Watcher", "file_sha256", "screened"]

REFUSED: Final[Mapping[Refusal, Reason]] = MappingProxyType(
    {
        Refusal.TOO_LARGE: Reason.TOO_LARGE,
        Refusal.TIMED_OUT: Reason.TIMED_OUT,
        Refusal.OUT_OF_MEMORY: Reason.OUT_OF_MEMORY,
        Refusal.CRASHED: Reason.CRASHED,
        Refusal.CLOSED: Reason.CLOSED,
    }
)

_SIDE_MOST: Final = 1 << 20
_TAIL: Final = 16  # frames that must come again, exactly, before what follows is believed to go on from them
_OVERLAP_FRAMES_MOST: Final = 100_000
_HASHED_AT_ONCE: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class FilmLimits:
    """How much one film may use; over these it is cut short, with what is known until then."""

    bytes_most: int = 64 << 30
    pixels_most: int = 36_000_000  # of one frame: 8K
    frames_most: int = 2_000_000  # 18 hours at 30 frames a second
    memory_bytes: int = 2 << 30
    part_seconds: float = 60.0  # waiting for the next part of the answer
    cpu_seconds_least: int = 120
    cpu_seconds_per_mebibyte: int = 20  # about seven times what grainy 1080p takes
    cpu_seconds_most: int = 24 * 3600

    def of_child(self, size: int) -> Limits:
        """Give the limits of the process that decodes a file of that many bytes."""
        seconds = self.cpu_seconds_least + self.cpu_seconds_per_mebibyte * (size >> 20)
        return Limits(
            memory_bytes=self.memory_bytes,
            cpu_seconds=min(seconds, self.cpu_seconds_most),
            wall_seconds=self.part_seconds,
            answer_bytes=1 << 20,
        )


class Watcher:
    """What is told how a film goes on; this one does nothing, and is there to be taken after."""

    def begins(self, seconds: float) -> None:
        """Hear that the film begins, from its first frame or again from it, and how long it says that it runs."""

    def goes_on(self, known: Sequence[Sight], seconds: float) -> None:
        """Hear that it goes on after frames that were known before."""

    def sees(self, sights: Sequence[Sight]) -> None:
        """Hear of the next frames; none of those that were known before."""


_NOBODY: Final = Watcher()
_DEFAULT_LIMITS: Final = FilmLimits()


def screened(
    descriptor: int,
    sandbox: Sandbox,
    *,
    first_look: bool = False,
    every_frame: bool = False,
    limits: FilmLimits = _DEFAULT_LIMITS,
    watcher: Watcher = _NOBODY,
    known: Sequence[Sight] = (),
    sha256: str = "",
) -> Film | Unhashable:
    """Give what the film in an open file is known by, or why nothing is known of it.

    ``known``: its first frames, from an earlier look that was broken off; then decoding begins shortly before
    their end.
    The result is the same as without them: where the frames around the join do not come out the same, all is
    done anew. ``sha256``: the file's, where the caller has worked it out already.
    """
    size = os.fstat(descriptor).st_size
    if size > limits.bytes_most:
        return Unhashable(Reason.TOO_LARGE)
    sha256 = sha256 or file_sha256(descriptor)
    options: dict[str, Json] = {
        "kernel": kernel_here().value,
        "pixels_most": limits.pixels_most,
        "frames_most": limits.frames_most,
        "first_look": first_look,
    }
    if len(known) >= _TAIL and not first_look:
        again = _Showing(Runs(every_frame), watcher, limits, tuple(known))
        resumed = options | {"resume_at": known[-1].at, "origin": known[0].at}
        resumed["frames_most"] = max(limits.frames_most - len(known), 1) + _OVERLAP_FRAMES_MOST
        again.run(sandbox.stream("film", descriptor, limits.of_child(size), resumed))
        if again.joined:
            return again.result(sha256, first_look=first_look)
    os.lseek(descriptor, 0, os.SEEK_SET)
    showing = _Showing(Runs(every_frame), watcher, limits)
    showing.run(sandbox.stream("film", descriptor, limits.of_child(size), options))
    return showing.result(sha256, first_look=first_look)


def file_sha256(descriptor: int) -> str:
    """Give the SHA-256 of an open file, without moving its position."""
    digest, offset = hashlib.sha256(), 0
    while piece := os.pread(descriptor, _HASHED_AT_ONCE, offset):
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()


class _Showing:
    """One run of the projector: what has come of it until now."""

    def __init__(self, runs: Runs, watcher: Watcher, limits: FilmLimits, known: tuple[Sight, ...] = ()) -> None:
        self._runs, self._watcher, self._limits, self._known = runs, watcher, limits, known
        self._recent: list[Sight] = []
        self._size: tuple[int, int] | None = None
        self._promised = 0.0
        self._end = 0.0
        self._last = 0.0
        self._passed = 0  # frames that came before the join
        self._over = False  # the last part has come
        self._ended: Reason | None = None
        self._refused: Reason | None = None
        self.joined = not known

    def run(self, untrusted_parts: Iterator[Json | Refusal]) -> None:
        """Take part after part, until the last, one that is not of the agreed form, or more than can be wanted."""
        try:
            for part in untrusted_parts:
                if isinstance(part, Refusal):
                    self._ended = REFUSED[part]
                elif not isinstance(part, dict) or not self._take(part):
                    self._ended = Reason.CRASHED
                    return
                if self._over or self._passed > _OVERLAP_FRAMES_MOST:
                    return
                if self._runs.shown > self._limits.frames_most:
                    self._ended = Reason.TOO_LARGE
                    return
        finally:
            close = getattr(untrusted_parts, "close", None)
            if close is not None:
                close()

    def result(self, sha256: str, *, first_look: bool) -> Film | Unhashable:
        """Give the film, cut short where it was; or why there is nothing of it."""
        if self._refused is not None:
            return Unhashable(self._refused)
        if self._ended is Reason.CLOSED:
            return Unhashable(Reason.CLOSED)
        if self._size is None or self._runs.shown == 0:
            return Unhashable(self._ended or Reason.NOT_A_FILM)
        frames = self._runs.frames(max(self._end, self._last))
        return Film(
            "video",
            sha256,
            *self._size,
            seconds=frames[-1].until,
            frames=frames,
            first_look=first_look,
            cut_short=self._ended,
            flaws=self._runs.flaws,
        )

    def _take(self, part: dict[str, Json]) -> bool:
        """Take one part; say whether it was of the agreed form."""
        if "unhashable" in part:
            self._refused = reason_from(part["unhashable"]) or Reason.CRASHED
            self._over = True
            return True
        if "film" in part:
            return self._take_description(part["film"])
        if "frames" in part:
            return self._take_frames(part["frames"])
        end = seconds_from(part.get("seconds"))
        if end is None or "ended" not in part:
            return False
        self._end, self._over = end, True
        self._ended = reason_from(part["ended"])
        return self._ended is not None or part["ended"] is None

    def _take_description(self, untrusted: Json) -> bool:
        if not isinstance(untrusted, dict) or self._size is not None:
            return False
        width, height = (untrusted.get(name) for name in ("width", "height"))
        for side in (width, height):
            if not isinstance(side, int) or isinstance(side, bool) or not 1 <= side <= _SIDE_MOST:
                return False
        seconds = seconds_from(untrusted.get("seconds"))
        if seconds is None:
            return False
        self._size = (width, height)  # type: ignore[assignment]  # whole numbers, as just seen
        self._promised = seconds
        if self.joined:
            self._watcher.begins(self._promised)
        return True

    def _take_frames(self, untrusted: Json) -> bool:
        if not isinstance(untrusted, list) or not untrusted or self._size is None:
            return False
        sights = []
        for each in untrusted:
            sight = sight_from(each)
            if sight is None:
                return False
            sights.append(sight)
        self._go_on(sights if self.joined else self._after_the_join(sights))
        return True

    def _after_the_join(self, sights: list[Sight]) -> list[Sight]:
        """Look for the known frames' tail in what comes; give what comes after it."""
        tail = list(self._known[-_TAIL:])
        self._passed += len(sights)
        for place, sight in enumerate(sights):
            self._recent = [*self._recent, sight][-_TAIL:]
            if self._recent == tail:
                self.joined = True
                for each in self._known:
                    self._runs.take(each)
                self._last = self._known[-1].seconds
                self._watcher.goes_on(self._known, self._promised)
                return sights[place + 1 :]
        return []

    def _go_on(self, sights: list[Sight]) -> None:
        for sight in sights:
            self._runs.take(sight)
            self._last = max(self._last, sight.seconds)
        if sights:
            self._watcher.sees(sights)
