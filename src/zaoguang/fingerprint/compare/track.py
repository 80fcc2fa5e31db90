"""Following lines moment by moment: where along a line do the films show the same, and which seconds that explains."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.compare.line import Line
from zaoguang.fingerprint.compare.pairs import Pairs
from zaoguang.fingerprint.compare.span import Evidence, Span
from zaoguang.fingerprint.compare.timeline import Timeline, distances
from zaoguang.fingerprint.pdq import ORIENTATIONS

__all__ = ["Tracks"]

_Floats = NDArray[np.floating[Any]]
_Indices = NDArray[np.intp]
_Bools = NDArray[np.bool_]

_STEP: Final = 0.1  # seconds
_STEPS_MOST: Final = 16384
_SHIFTS: Final = (-0.1, 0.0, 0.1)  # seconds: frames of the two films need not come on at the same moment
_SECONDS_LEAST: Final = 2.5  # of the longer side: an excerpt of three seconds may lose its edges
_STILL_LEAST: Final = 1.8  # of the shorter side of a still shot
_UNLIKE_MOST: Final = 0.5  # seconds that may differ between two that match
_GAP_MOST: Final = 3.0  # seconds with nothing to see, or explained already, between two that match
_SHARE_LEAST: Final = 0.6  # of the moments in which there is something to see
_AS_GOOD: Final = 6  # bits: a second place for the same seconds must fit about as well as the first
_PICTURES: Final = 3  # different pictures that make a span move
_DIFFERENT: Final = 10  # bits
_LOOKED_AT: Final = 48  # frames of a span in which different pictures are sought
_FITS: Final = 4
_POLISHED_AT: Final = 256  # moments of a run
_POLISH: Final = (0.4, 0.2, 0.1, 0.05)  # seconds by which either end of a run is moved against the upload, try by try
_MOVES: Final = ((-1, -1), (1, 1), (-1, 1), (1, -1), (-1, 0), (1, 0), (0, -1), (0, 1)) * 2
_TILTS: Final = (1.0, 0.98, 1.02, 0.95, 1.05, 0.92, 1.08, 0.88, 1.12)  # the first of equals is taken
_EDGE: Final = 0.4  # seconds at either end of a run that may lie beyond what the films share, and must not pull
_NEARBY: Final = 3.0  # seconds round a run whose pairs refine its line
_UNEXPLAINED: Final = 255


class Tracks:
    """Two films side by side, and which of their seconds are explained so far."""

    def __init__(self, hers: Timeline, upload: Timeline, radius: int) -> None:
        self._hers = hers
        self._upload = upload
        self._radius = radius
        self._hers_ruler = _Ruler(hers)
        self._upload_ruler = _Ruler(upload)

    def follow(self, line: Line, pairs: Pairs) -> list[Span]:
        """Give the spans along a line that nothing explained before, each with a line of its own fitted to it."""
        spans = []
        for first, last in list(self._runs(line)):
            span = self._span(*self._refined(line, pairs, first, last))
            if span is not None:
                spans.append(span)
        return spans

    def explained(self, pairs: Pairs) -> _Bools:
        """Say which pairs have both their moments explained."""
        return self._hers_ruler.explained(pairs.hers) & self._upload_ruler.explained(pairs.upload)

    def shares(self) -> tuple[float, float]:
        """Give how much of each film is explained, of what there is to see in it."""
        return self._hers_ruler.share(), self._upload_ruler.share()

    def _refined(self, line: Line, pairs: Pairs, first: float, last: float) -> tuple[Line, float, float]:
        """Fit the line to what lies near the run, and follow it again, as long as that makes the run longer."""
        best = (line, first, last)
        for _ in range(_FITS):
            nearby = (pairs.hers >= best[1] - _NEARBY) & (pairs.hers <= best[2] + _NEARBY)
            fitted = best[0].fitted(pairs.where(nearby))
            runs = [run for run in self._runs(fitted) if run[0] <= best[2] and run[1] >= best[1]]
            if not runs:
                break
            longest = max(runs, key=lambda run: run[1] - run[0])
            grown = longest[1] - longest[0] > best[2] - best[1] + _STEP
            if longest[1] - longest[0] >= best[2] - best[1] - 3 * _STEP:
                best = (fitted, *longest)
            if not grown:
                break
        return self._polished(*best), best[1], best[2]

    def _polished(self, line: Line, first: float, last: float) -> Line:
        """Tilt the line, then move either end of the run a little, to where frames differ least.

        That is finer than any fit to pairs, which lie 0.2 seconds apart.
        """
        times = np.linspace(first + _EDGE, last - _EDGE, _POLISHED_AT)
        middle = ((first + last) / 2, line.pace * (first + last) / 2 + line.offset)
        starts = (Line.about(middle, line.pace * by, line.orientation) for by in _TILTS)
        best = min(((self._sum(start, times), start) for start in starts), key=lambda each: each[0])
        ends = (best[1].pace * first + best[1].offset, best[1].pace * last + best[1].offset)
        for reach in _POLISH:
            for begin, end in _MOVES:
                moved = (ends[0] + begin * reach, ends[1] + end * reach)
                trial = Line.through((first, moved[0]), (last, moved[1]), line.orientation)
                differ = self._sum(trial, times)
                if differ < best[0]:
                    best, ends = (differ, trial), moved
        return best[1]

    def _sum(self, line: Line, times: _Floats) -> int:
        return int(self._bits(line, times, (0.0,)).sum())

    def _steps(self, line: Line) -> _Floats:
        """Give the moments of her film, in the middle of each step, that the line brings into the upload."""
        times = self._hers_ruler.times
        there = line.pace * times + line.offset
        inside: _Floats = times[(there >= 0.0) & (there < self._upload.seconds)]
        return inside

    def _bits(self, line: Line, times: _Floats, shifts: tuple[float, ...] = _SHIFTS) -> NDArray[np.uint8]:
        there = line.pace * times + line.offset
        left = self._hers.turned[line.orientation][:, self._hers.on(times)]
        shifted = (distances(left, self._upload.words[:, self._upload.on(there + shift)]) for shift in shifts)
        least: NDArray[np.uint8] = np.minimum.reduce(list(shifted))
        return least

    def _runs(self, line: Line) -> Iterator[tuple[float, float]]:
        """Give the stretches of her time, first and last moment, in which the films are alike along this line."""
        times = self._steps(line)
        if not len(times):
            return
        there = line.pace * times + line.offset
        bits = self._bits(line, times)
        before = np.minimum(self._hers_ruler.best(times), self._upload_ruler.best(there))
        old = self._hers_ruler.explained(times) & self._upload_ruler.explained(there)
        seen = self._hers.good[self._hers.on(times)] & self._upload.good[self._upload.on(there)] & ~old
        alike = seen & (bits <= self._radius) & (bits <= before.astype(np.int64) + _AS_GOOD)
        step = self._hers_ruler.step
        matched = np.flatnonzero(alike)
        if not len(matched):
            return
        unlike = np.cumsum(seen & ~alike)
        breaks = (np.diff(unlike[matched]) * step > _UNLIKE_MOST) | (np.diff(matched) * step > _GAP_MOST)
        for run in np.split(matched, np.flatnonzero(breaks) + 1):
            evident = int(seen[run[0] : run[-1] + 1].sum())
            lasts = len(run) * step * max(line.pace, 1.0)
            if lasts >= _SECONDS_LEAST and len(run) >= _SHARE_LEAST * evident:
                yield float(times[run[0]]), float(times[run[-1]])

    def _span(self, line: Line, first: float, last: float) -> Span | None:
        """Note the run as explained and give its span; ``None`` when an earlier run explained it in the meantime."""
        half = self._hers_ruler.step / 2
        times = self._hers_ruler.between(first, last)
        alike = np.flatnonzero(self._bits(line, times, (0.0,)) <= self._radius)
        if not len(alike):
            return None
        times = times[alike[0] : alike[-1] + 1]
        first, last = float(times[0]), float(times[-1])
        there = line.pace * times + line.offset
        fresh = ~(self._hers_ruler.explained(times) & self._upload_ruler.explained(there))
        if fresh.sum() * 2 * half * max(line.pace, 1.0) < _SECONDS_LEAST:
            return None
        bits = self._bits(line, times)
        if self._pictures(times, there) < _PICTURES:
            return self._still(line, times, bits)
        ends = (first - half, last + half, line.pace * (first - half) + line.offset, line.pace * (last + half))
        upload_until = ends[3] + line.offset
        middle = int(np.median(bits))
        self._hers_ruler.explain(ends[0], ends[1], middle)
        self._upload_ruler.explain(ends[2], upload_until, middle)
        return Span(
            max(ends[0], 0.0),
            min(ends[1], self._hers.seconds),
            max(ends[2], 0.0),
            min(upload_until, self._upload.seconds),
            1.0 / line.pace,
            ORIENTATIONS[line.orientation],
            Evidence.MOVING,
            middle,
        )

    def _pictures(self, times: _Floats, there: _Floats) -> int:
        """Count different pictures along the line, on the side that has fewer; more than enough are not counted."""
        chosen = np.unique(np.linspace(0, len(times) - 1, _LOOKED_AT).astype(np.intp))
        ours = self._hers.words[:1, self._hers.on(times[chosen])]
        theirs = self._upload.words[:1, self._upload.on(there[chosen])]
        return min(_different(ours), _different(theirs))

    def _still(self, line: Line, times: _Floats, bits: NDArray[np.uint8]) -> Span | None:
        """Give a shot that hardly changes: it says nothing about speed, so each side is as long as it is seen there."""
        place = int(np.argmin(bits))
        time, there = float(times[place]), float(line.pace * times[place] + line.offset)
        hers = self._hers.turned[line.orientation][:, self._hers.on(np.array([time]))]
        upload = self._upload.words[:, self._upload.on(np.array([there]))]
        ours = self._hers_ruler.round(time, self._hers.turned[line.orientation], upload, self._radius)
        theirs = self._upload_ruler.round(there, self._upload.words, hers, self._radius)
        shorter, longer = sorted((ours[1] - ours[0], theirs[1] - theirs[0]))
        if longer < _SECONDS_LEAST or shorter < _STILL_LEAST:
            return None
        middle = int(np.median(bits))
        self._hers_ruler.explain(*ours, middle)
        self._upload_ruler.explain(*theirs, middle)
        return Span(*ours, *theirs, 1.0, ORIENTATIONS[line.orientation], Evidence.STILL, middle)


class _Ruler:
    """One film's time in short steps, with the best distance at which each is explained."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.step = max(_STEP, timeline.seconds / _STEPS_MOST)
        self.times = (np.arange(max(int(timeline.seconds / self.step), 1)) + 0.5) * self.step
        self._seen = timeline.good[timeline.on(self.times)]
        self._best = np.full(len(self.times), _UNEXPLAINED, dtype=np.uint8)

    def _places(self, times: _Floats) -> _Indices:
        return np.clip((times / self.step).astype(np.intp), 0, len(self.times) - 1)

    def best(self, times: _Floats) -> NDArray[np.uint8]:
        return self._best[self._places(times)]

    def explained(self, times: _Floats) -> _Bools:
        return self.best(times) < _UNEXPLAINED

    def between(self, first: float, last: float) -> _Floats:
        places = self._places(np.array([first, last]))
        return self.times[places[0] : places[1] + 1]

    def explain(self, first: float, until: float, bits: int) -> None:
        inside = (self.times >= first) & (self.times < until)
        self._best[inside] = np.minimum(self._best[inside], bits)

    def share(self) -> float:
        seen = int(self._seen.sum())
        return float((self._seen & (self._best < _UNEXPLAINED)).sum() / seen) if seen else 0.0

    def round(
        self, time: float, words: NDArray[np.uint64], picture: NDArray[np.uint64], radius: int
    ) -> tuple[float, float]:
        """Give from when until when, round this time, the film shows the picture and nothing else."""
        like = (distances(words, picture) <= radius)[self._timeline.on(self.times)]
        place = int(self._places(np.array([time]))[0])
        taken = self._best < _UNEXPLAINED
        like &= taken == taken[place]
        before, after = np.flatnonzero(~like[:place]), np.flatnonzero(~like[place:])
        first = int(before[-1]) + 1 if len(before) else 0
        end = place + int(after[0]) if len(after) else len(like)
        return first * self.step, max(end, first + 1) * self.step


def _different(words: NDArray[np.uint64]) -> int:
    """Count pictures that each differ from all counted before; stops at enough."""
    left = words
    count = 0
    while left.shape[1] and count < _PICTURES:
        count += 1
        left = left[:, distances(left, left[:, :1]) > _DIFFERENT]
    return count
