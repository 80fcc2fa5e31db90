"""Straight lines through pairs of moments: how the upload's time runs beside hers."""

from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.compare.pairs import Pairs

__all__ = ["Ballot", "Line"]

_Floats = NDArray[np.floating[Any]]

_PACE_LEAST: Final = 0.74  # seconds of the upload to one of hers: a quarter faster is 0.8; some room beyond
_PACE_MOST: Final = 1.36  # a quarter slower is 1.333
_PACES: Final = np.concatenate(([1.0], np.exp(np.linspace(log(_PACE_LEAST), log(_PACE_MOST), 61))))
_BIN: Final = 0.4  # seconds
_BINS_MOST: Final = 1 << 15  # bounds the memory: in films of more than an hour and a half the bins are wider
_NEAR: Final = (1.0, 0.6, 0.4, 0.3)  # seconds off the line that are let in, fit by fit


@dataclass(frozen=True, slots=True)
class Line:
    """The upload's time = pace · her time + offset, her film being turned that way."""

    pace: float
    offset: float
    orientation: int

    @classmethod
    def through(cls, one: tuple[float, float], other: tuple[float, float], orientation: int) -> "Line":
        """Give the line through two points (hers, upload), or the steepest or flattest that is let in."""
        slope = (other[1] - one[1]) / (other[0] - one[0]) if other[0] > one[0] else 1.0
        return cls.about(((one[0] + other[0]) / 2, (one[1] + other[1]) / 2), slope, orientation)

    @classmethod
    def about(cls, point: tuple[float, float], pace: float, orientation: int) -> "Line":
        """Give the line through one point (hers, upload) at this pace, or at the nearest that is let in."""
        let_in = min(max(pace, _PACE_LEAST), _PACE_MOST)
        return cls(let_in, point[1] - let_in * point[0], orientation)

    def off(self, pairs: Pairs) -> _Floats:
        """Give by how many seconds each pair is off the line."""
        return np.abs(pairs.upload - self.pace * pairs.hers - self.offset)

    def fitted(self, pairs: Pairs) -> "Line":
        """Fit the line to the pairs that lie near it, by weighted least squares, ever nearer."""
        line = self
        for near in _NEAR:
            close = pairs.where(line.off(pairs) <= near)
            line = line._least_squares(close)
        return line

    def _least_squares(self, pairs: Pairs) -> "Line":
        total = float(pairs.weights.sum())
        if total <= 0.0:
            return self
        middle_hers = float(pairs.weights @ pairs.hers) / total
        middle_upload = float(pairs.weights @ pairs.upload) / total
        apart = pairs.hers - middle_hers
        spread = float(pairs.weights @ (apart * apart))
        together = float(pairs.weights @ (apart * (pairs.upload - middle_upload)))
        slope = together / spread if spread > 0.0 else self.pace
        pace = min(max(slope, _PACE_LEAST), _PACE_MOST)
        return Line(pace, middle_upload - pace * middle_hers, self.orientation)


class Ballot:
    """The votes of pairs for lines (a Hough transform); pairs that are explained take their votes back."""

    def __init__(self, pairs: Pairs, orientation: int) -> None:
        self.pairs = pairs
        self._orientation = orientation
        lowest = -_PACE_MOST * float(pairs.hers.max(initial=0.0))
        across = float(pairs.upload.max(initial=0.0)) - lowest
        self._bin = max(_BIN, across / _BINS_MOST)
        self._from = lowest - self._bin
        self._votes = np.zeros((len(_PACES), int(across / self._bin) + 4), dtype=np.float32)
        self._cast(pairs)
        self._find()

    def _cast(self, pairs: Pairs, sign: float = 1.0) -> None:
        for row, pace in enumerate(_PACES):
            places = ((pairs.upload - pace * pairs.hers - self._from) / self._bin).astype(np.intp)
            self._votes[row] += (sign * np.bincount(places, pairs.weights, self._votes.shape[1])).astype(np.float32)

    def _find(self) -> None:
        together = self._votes[:, :-1] + self._votes[:, 1:]
        best = int(np.argmax(together))
        row, place = divmod(best, together.shape[1])
        self.most = float(together[row, place])
        self.line = Line(float(_PACES[row]), self._from + (place + 1) * self._bin, self._orientation)

    def strike(self, gone: NDArray[np.bool_]) -> None:
        """Take back the votes of these pairs."""
        if not gone.any():
            return
        self._cast(self.pairs.where(gone), -1.0)
        self.pairs = self.pairs.where(~gone)
        self._find()
