"""The frames of an animation and the pages of a document, one after the other, as a viewer shows them. Child side only.

GIF, APNG, WebP and AVIF frames come composed onto what stays of those before. Of a JPEG with several pictures in it
(MPO) and of an icon with several sizes, a viewer shows one: so do we.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from PIL import Image

from zaoguang.fingerprint.pdq import Pdq
from zaoguang.fingerprint.record import FRAMES_MOST
from zaoguang.sandbox.lock import cpu_seconds_left

__all__ = [
    "FRAMES_LOOKED_AT",
    "FRAME_PIXELS_MOST",
    "Distinct",
    "FrameTime",
    "Look",
    "TooManyFramesError",
    "later_frames",
]

FRAMES_LOOKED_AT: Final = 4096
"""At ten frames a second, seven minutes."""

FRAME_PIXELS_MOST: Final = 128_000_000
"""Of all frames together: a few seconds of work, whatever the format."""

_WITH_FRAMES: Final = frozenset({"GIF", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"})
_NEAR: Final = 4  # bits; re-saving alone changes as many
_NEAR_AT_MOST: Final = 16  # half of what a match allows, so that a copy of a frame left out still matches its neighbour


class TooManyFramesError(ValueError):
    """There is more than is looked at; stays inside the job."""


@dataclass(frozen=True, slots=True)
class FrameTime:
    """How long further frames may be looked at: whatever they cost, what is known of the first must still be told."""

    processor: float  # ``time.process_time`` at which it is over
    clock: float  # ``time.monotonic`` at which it is over: a loaded machine gives little of its processor

    @classmethod
    def of_this_job(cls) -> Self:
        """Give half of the processor time that the job has left, and as long by the clock as it has in all."""
        left = cpu_seconds_left()
        return cls(time.process_time() + left / 2, time.monotonic() + left)

    def is_over(self) -> bool:
        """Say whether no further frame may be begun."""
        return time.process_time() >= self.processor or time.monotonic() >= self.clock


@dataclass(frozen=True, slots=True)
class Look:
    """One frame that has a fingerprint."""

    number: int  # of the frame, counted from 0
    variants: tuple[Pdq, ...]  # turned in each of ORIENTATIONS; the first is the frame as it is
    quality: int
    on_black: Pdq | None  # a transparent frame over black, when that looks different
    size: tuple[int, int]  # width and height in pixels, as a person sees it

    def distance(self, other: "Look") -> int:
        """Give how many bits two looks differ in, on the ground where they differ most."""
        return max(
            self.variants[0].distance(other.variants[0]),
            (self.on_black or self.variants[0]).distance(other.on_black or other.variants[0]),
        )


def later_frames(picture: Image.Image, frame_time: FrameTime) -> Iterator[int]:
    """Seek each frame but the one now shown, without decoding it, and give its number.

    Ends after the last frame. Raises what the decoder raises, and ``TooManyFramesError`` when more frames, pixels or
    time have gone by than are looked at.
    """
    if picture.format not in _WITH_FRAMES:
        return
    shown_first = picture.tell()
    pixels = picture.width * picture.height
    for number in range(FRAMES_LOOKED_AT + 1):
        if number == shown_first:
            continue
        if frame_time.is_over():
            raise TooManyFramesError
        try:
            picture.seek(number)
        except EOFError:
            return
        pixels += picture.width * picture.height
        if number == FRAMES_LOOKED_AT or pixels > FRAME_PIXELS_MOST:
            raise TooManyFramesError
        yield number


@dataclass(slots=True)
class Distinct:
    """The looks that differ from each other; where there are too many of them, those that differ more."""

    kept: list[Look] = field(default_factory=list)
    full: bool = False  # there were more than could be kept
    _near: int = _NEAR

    def add(self, look: Look) -> None:
        """Keep a look, unless it is near to one already kept."""
        if not self._is_new(look, self.kept):
            return
        self.kept.append(look)
        while len(self.kept) > FRAMES_MOST and self._near < _NEAR_AT_MOST:
            self._near += _NEAR
            held: list[Look] = []
            for each in self.kept:
                if self._is_new(each, held):
                    held.append(each)
            self.kept = held
        if len(self.kept) > FRAMES_MOST:
            self.kept.pop()
            self.full = True

    def _is_new(self, look: Look, held: list[Look]) -> bool:
        return all(look.distance(other) > self._near for other in held)
