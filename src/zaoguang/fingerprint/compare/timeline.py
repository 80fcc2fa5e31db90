"""One film laid out in time: which hash is on the screen at any moment, and moments to compare it by."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.compare.turning import turned
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW

__all__ = ["Moments", "Timeline", "distances"]

_Floats = NDArray[np.floating[Any]]
_Words = NDArray[np.uint64]  # (views, frames, 4)

_MOMENT: Final = 0.2  # seconds; excerpts of three seconds then have 15
_MOMENTS_MOST: Final = 8192  # bounds the work: longer films than 27 minutes are looked at less often
_STILL_MOMENT: Final = 1.0  # seconds; how often a picture that stays is taken again
_HASH_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Moments:
    """Times at which a film is looked at, and the frames that are on the screen then."""

    times: _Floats
    frames: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The frames of one film: a frame is on the screen until the next comes on."""

    starts: _Floats
    seconds: float
    good: NDArray[np.bool_]  # there is enough to see in the frame
    words: _Words  # view 0: the whole picture; view 1, where any frame has it: without its borders
    turned: tuple[_Words, ...]  # `words` in each of ORIENTATIONS

    @classmethod
    def of(cls, film: Film) -> "Timeline":
        """Lay out a film that has at least one frame."""
        starts = np.array([frame.seconds for frame in film.frames])
        good = np.array([frame.quality >= LOW_QUALITY_BELOW for frame in film.frames])
        views = [film.hashes()]
        if any(frame.inner is not None for frame in film.frames):
            inner = b"".join((frame.inner or frame.pdq).bits for frame in film.frames)
            views.append(np.frombuffer(inner, dtype=np.uint8).reshape(-1, 32))
        ways = tuple(_words(list(way)) for way in np.stack([turned(view) for view in views], axis=1))
        seconds = max(film.seconds, film.frames[-1].until)
        return cls(starts, seconds, good, ways[0], ways)

    def on(self, times: _Floats) -> NDArray[np.intp]:
        """Give the frames that are on the screen at these times."""
        return np.clip(np.searchsorted(self.starts, times, side="right") - 1, 0, len(self.starts) - 1)

    def moments(self) -> Moments:
        """Choose the moments to compare by: evenly, without dark or empty frames, seldom while nothing changes."""
        step = max(_MOMENT, self.seconds / _MOMENTS_MOST)
        times = (np.arange(int(self.seconds / step) or 1) + 0.5) * step
        frames = self.on(times)
        changes = np.diff(frames, prepend=-1) != 0
        every = max(round(_STILL_MOMENT / step), 1)
        since = np.arange(len(times)) - np.maximum.accumulate(np.where(changes, np.arange(len(times)), 0))
        kept = (since % every == 0) & self.good[frames]
        return Moments(times[kept], frames[kept])


def distances(left: _Words, right: _Words) -> NDArray[np.uint8]:
    """Give the fewest bits by which any view of the one differs from the same view of the other.

    Shapes (views, …, 4), which broadcast; where only one side has the view without borders, its plain one stands in.
    """
    views = max(len(left), len(right))
    least: NDArray[np.uint8] | None = None
    for view in range(views):
        one, other = left[min(view, len(left) - 1)], right[min(view, len(right) - 1)]
        # 255 stands for 256 too, which eight bits do not hold: far beyond any radius either way.
        bits = np.minimum(np.bitwise_count(one[..., 0] ^ other[..., 0]), np.uint8(63))
        for word in range(1, _HASH_WORDS):
            bits += np.bitwise_count(one[..., word] ^ other[..., word])
        least = bits if least is None else np.minimum(least, bits)
    return np.zeros(0, dtype=np.uint8) if least is None else least


def _words(views: list[NDArray[np.uint8]]) -> _Words:
    return np.stack([np.ascontiguousarray(view).view(np.uint64) for view in views])
