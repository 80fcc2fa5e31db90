"""The even borders of a film, found on a few keyframes before its frames are hashed. Child side only.

They are the same all through a film, but a dark scene hides where they end. So they are looked for all over it. A film
without any costs three keyframes.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from zaoguang.fingerprint.borders import Box, shared_box, uneven_part

__all__ = ["FilmBorders", "borders_of"]

_PLACES: Final = 24
_WITHOUT_MOST: Final = 3  # frames without a border at a side settle that side
_USEFUL_LEAST: Final = 4  # of keyframes; with fewer, the film's beginning is looked at frame by frame
_BEGINNING_FRAMES: Final = 120
_BEGINNING_STEP: Final = 12
_PACKETS_MOST: Final = 1000  # between a place and the next keyframe


@dataclass(frozen=True, slots=True)
class FilmBorders:
    """What is inside the borders, for frames of that size, as they lie in the file."""

    box: Box
    height: int
    width: int

    def box_in(self, frame: VideoFrame) -> Box | None:
        """Give the box if the frame is of the size it was found in."""
        return self.box if (frame.height, frame.width) == (self.height, self.width) else None


def borders_of(container: InputContainer, stream: VideoStream, pixels_most: int) -> FilmBorders | None:
    """Look for borders in a film that is open for this alone; ``None`` without any. What is damaged is passed over."""
    found = _Found(pixels_most)
    with suppress(FFmpegError, OSError):
        stream.codec_context.skip_frame = "NONKEY"
        for frame in _keyframes(container, stream):
            found.take(frame)
            if found.settled:
                return None
    with suppress(FFmpegError, OSError):
        if len(found.boxes) < _USEFUL_LEAST:
            stream.codec_context.skip_frame = "DEFAULT"
            for frame in _beginning(container, stream):
                found.take(frame)
    return found.borders()


class _Found:
    """The uneven parts of the frames that were looked at, of the size of the first."""

    def __init__(self, pixels_most: int) -> None:
        self._pixels_most = pixels_most
        self._size: tuple[int, int] | None = None
        self._without = np.zeros(4, dtype=int)
        self.boxes: list[Box] = []

    @property
    def settled(self) -> bool:
        """Whether enough frames have no border at all."""
        return bool((self._without >= _WITHOUT_MOST).all())

    def take(self, frame: VideoFrame) -> None:
        size = (frame.height, frame.width)
        if frame.height * frame.width > self._pixels_most or size != (self._size or size):
            return
        self._size = size
        box = uneven_part(_brightness(frame))
        if box is not None:
            self.boxes.append(box)
            ends = (box.top, box.left, frame.height - box.bottom, frame.width - box.right)
            self._without += np.array(ends) == 0

    def borders(self) -> FilmBorders | None:
        if self._size is None:
            return None
        box = shared_box(self.boxes, *self._size)
        return None if box is None else FilmBorders(box, *self._size)


def _keyframes(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Give the keyframes at places spread over the film, each once."""
    length, begin = stream.duration or 0, stream.start_time or 0
    if not length and container.duration and stream.time_base:
        length = int(container.duration / 1_000_000 / stream.time_base)
    seen: set[int | None] = set()
    for place in range(_PLACES if length > 0 else 1):
        if place:
            container.seek(begin + length * place // _PLACES, stream=stream)
        for packet, _ in zip(container.demux(stream), range(_PACKETS_MOST), strict=False):
            if packet.is_keyframe and packet.size:
                if packet.pts not in seen:
                    seen.add(packet.pts)
                    yield from _shown(stream, packet)
                break


def _shown(stream: VideoStream, packet: "Packet[VideoStream]") -> list[VideoFrame]:
    """Decode one packet for itself; a damaged one shows nothing."""
    try:
        return [*packet.decode(), *stream.codec_context.decode(None)]
    except MemoryError:
        raise
    except FFmpegError:
        return []


def _beginning(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    container.seek(stream.start_time or 0, stream=stream)
    for frame, number in zip(container.decode(stream), range(_BEGINNING_FRAMES), strict=False):
        if number % _BEGINNING_STEP == 0:
            yield frame


def _brightness(frame: VideoFrame) -> NDArray[np.uint8]:
    plane = frame.reformat(format="gray", threads=1).planes[0]  # the child can start no thread
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
