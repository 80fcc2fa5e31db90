"""One frame as the projector saw it, checked; and how runs of near-identical ones become one ``Frame``."""

import math
import re
from dataclasses import dataclass, field, replace
from typing import Final

from zaoguang.fingerprint.film import Frame
from zaoguang.fingerprint.pdq import Pdq
from zaoguang.sandbox import Json

__all__ = ["SAME_RUN_QUALITY", "SAME_RUN_RADIUS", "SECONDS_MOST", "Runs", "Sight", "seconds_from", "sight_from"]

SAME_RUN_RADIUS: Final = 8
"""A frame belongs to a run when at most this many bits differ from the run's first (docs/reference/films.md)."""

SAME_RUN_QUALITY: Final = 5
"""… and its quality by at most this much."""

SECONDS_MOST: Final = 10_000_000.0

_AT_MOST: Final = 1 << 62
_QUALITY_MOST: Final = 100
_PARTS: Final = 5
_PARTS_WITH_BORDERS: Final = 6
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sight:
    """One frame of a film."""

    at: int  # in the stream's own time
    seconds: float  # from the first frame, to the microsecond
    pdq: Pdq
    quality: int
    flaws: int  # damaged pieces passed over since the frame before
    inner: Pdq | None = None  # of the frame without the film's even borders, where it has any

    def as_json(self) -> list[Json]:
        """Give it as the projector does."""
        inner = [] if self.inner is None else [self.inner.hex]
        return [self.at, self.seconds, self.pdq.hex, self.quality, self.flaws, *inner]


def sight_from(untrusted: Json) -> Sight | None:
    """Read one frame as the projector or a journal gives it; ``None`` when it is not one."""
    if not isinstance(untrusted, list) or len(untrusted) not in {_PARTS, _PARTS_WITH_BORDERS}:
        return None
    at, seconds, hexed, quality, flaws, *inner = untrusted
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (at, quality, flaws))
    bounded = seconds_from(seconds)
    if not whole or bounded is None or not isinstance(hexed, str) or not _HEX.fullmatch(hexed):
        return None
    if inner and not (isinstance(inner[0], str) and _HEX.fullmatch(inner[0])):
        return None
    if not (abs(at) <= _AT_MOST and 0 <= quality <= _QUALITY_MOST and 0 <= flaws <= _AT_MOST):  # type: ignore[arg-type,operator]  # whole numbers, as just seen
        return None
    inside = Pdq.from_hex(str(inner[0])) if inner else None
    return Sight(at, round(bounded, 6), Pdq.from_hex(hexed), quality, flaws, inside)  # type: ignore[arg-type]  # the same


def seconds_from(untrusted: Json) -> float | None:
    """Read a time, held between 0 and ``SECONDS_MOST``; ``None`` when it is not one."""
    if isinstance(untrusted, bool) or not isinstance(untrusted, int | float):
        return None
    if isinstance(untrusted, float) and not math.isfinite(untrusted):  # a whole number always is, and may fit no float
        return None
    return float(min(max(untrusted, 0), SECONDS_MOST))


@dataclass(slots=True)
class Runs:
    """Frames as they come, gathered into runs: the first stands for those that follow and hardly differ from it."""

    every_frame: bool = False
    shown: int = 0
    flaws: int = 0
    _ended: list[Frame] = field(default_factory=list)
    _open: Frame | None = None
    _last: float = 0.0

    def take(self, sight: Sight) -> None:
        """Add the next frame; a time that lies before the last one's (a flaw of the file) counts as that one's."""
        seconds = max(sight.seconds, self._last)
        if self._open is None or self.every_frame or not self._belongs(sight, self._open):
            self._close(seconds)
            self._open = Frame(self.shown, seconds, seconds, sight.pdq, sight.quality, sight.inner)
        self._last = seconds
        self.shown += 1
        self.flaws += sight.flaws

    def frames(self, end: float) -> tuple[Frame, ...]:
        """Give the runs, the last of them lasting until then. No frame may be added afterwards."""
        self._close(max(round(end, 6), self._last))
        self._open = None
        return tuple(self._ended)

    def _close(self, until: float) -> None:
        if self._open is not None:
            self._ended.append(replace(self._open, until=until))

    @staticmethod
    def _belongs(sight: Sight, first: Frame) -> bool:
        near = abs(sight.quality - first.quality) <= SAME_RUN_QUALITY
        inside = sight.inner is None if first.inner is None else _near(sight.inner, first.inner)
        return near and inside and _near(sight.pdq, first.pdq)


def _near(one: Pdq | None, other: Pdq) -> bool:
    return one is not None and one.distance(other) <= SAME_RUN_RADIUS
