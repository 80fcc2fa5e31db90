"""The sandbox's job “film”: decode the film in an open file and hash its frames, part by part. Child side only.

The child can open nothing: it reads the one file it was handed. Which demuxer is used is settled by the file's first
bytes (``container.py``), which decoders by a list, and a demuxer that asks for another file or address is refused.
"""

import os
import pkgutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib import import_module
from typing import Final, Never

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from zaoguang.fingerprint.brightness import frame_hash, turn_of
from zaoguang.fingerprint.container import HEAD_BYTES, container_of
from zaoguang.fingerprint.film_borders import FilmBorders, borders_of
from zaoguang.fingerprint.kernel import Kernel
from zaoguang.fingerprint.pdq import ORIENTATIONS
from zaoguang.fingerprint.record import Reason
from zaoguang.sandbox import Json

__all__ = ["DECODERS", "parts", "prepare"]

DECODERS: Final = (
    *("h264", "hevc", "libdav1d", "vp8", "vp9", "mpeg4", "mpeg1video", "mpeg2video", "msmpeg4v1", "msmpeg4v2"),
    *("msmpeg4", "h263", "h263p", "flv", "wmv1", "wmv2", "wmv3", "vc1", "theora", "mjpeg", "prores", "dnxhd", "ffv1"),
    *("rawvideo", "dvvideo", "vp6", "vp6f", "vp3", "qtrle", "png"),
)
"""The only decoders that are ever opened: what phones, cameras, platforms and browsers write, and have written."""

_SIDE_MOST: Final = 16_384
_SIDE_LEAST: Final = 16
_STREAMS_MOST: Final = 64
_READ_AT_ONCE: Final = 1 << 18
_PROBE_BYTES: Final = 16 << 20
_BYTES_FOR_BORDERS: Final = 512 << 20  # a file without an index is read from its beginning to find a place
_PART_SECONDS: Final = 0.4
_PART_FRAMES: Final = 2000
_FLAWS_IN_A_ROW_MOST: Final = 200
_ASPECT_MOST: Final = 16
_SECONDS_BEFORE: Final = 10  # of the place to go on from: reaches over a keyframe or two, whose pictures are whole
_TURNED: Final = frozenset({"rotated_90", "rotated_270", "transposed", "transversed"})
_NOT_NEEDED: Final = frozenset({"av.__main__", "av.about", "av.datasets"})


def prepare() -> None:
    """Set PyAV up for the locked child: silent, since nothing may be written, and with all that it would load late."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _NOT_NEEDED:
            import_module(module.name)


@dataclass(slots=True)
class _Asked:
    """What the parent wants, from its options."""

    pixels_most: int
    frames_most: int
    first_look: bool
    resume_at: int | None  # in the stream's own time
    origin: int | None
    kernel: Kernel | None

    @classmethod
    def of(cls, options: Mapping[str, Json]) -> "_Asked":
        def number(name: str) -> int | None:
            value = options.get(name)
            return value if isinstance(value, int) else None

        kernel = Kernel(str(options["kernel"])) if "kernel" in options else None
        first_look = options.get("first_look") is True
        pixels, frames = number("pixels_most") or 0, number("frames_most") or 0
        return cls(pixels, frames, first_look, number("resume_at"), number("origin"), kernel)


@dataclass(slots=True)
class _Film:
    """The open film, and how far it has been shown."""

    container: InputContainer
    stream: VideoStream
    base: Fraction
    asked: _Asked
    borders: FilmBorders | None = None
    origin: int | None = None
    turn: int = 0
    shown: int = 0
    last: int | None = None  # time of the last frame
    step: int = 1  # how long the last frame stays
    passed: int | None = None  # when the last frame ends that a first look left out
    flaws: int = 0  # packets that could not be decoded, since the last frame
    broke_off: bool = False
    waiting: list[Json] = field(default_factory=list)


class _TooManyPixelsError(Exception):
    """A frame is larger than was asked for."""


def parts(descriptor: int, options: Mapping[str, Json]) -> Iterator[Json]:
    """Give ``{"film": …}``, ``{"frames": [[time, seconds, hex, quality, flaws], …]}`` often, ``{"ended": …}`` last.

    A frame has a sixth part, the hex of what is inside its borders, where the film has any. Or only
    ``{"unhashable": reason}``. ``options``: ``pixels_most``, ``frames_most``, ``first_look``, ``kernel``; and
    to go on from an earlier time, ``resume_at`` and ``origin`` as they were given then.
    """
    asked = _Asked.of(options)
    borders = _borders(descriptor, asked)
    film = _opened(descriptor, asked)
    if isinstance(film, Reason):
        yield {"unhashable": film.value}
        return
    film.borders = borders
    ended: Reason | None = None
    try:
        yield from _shown(film)
    except _TooManyPixelsError:
        ended = Reason.TOO_MANY_PIXELS
    if film.waiting:
        yield {"frames": film.waiting}
    if film.shown >= asked.frames_most:
        ended = Reason.TOO_LARGE
    elif ended is None and (film.broke_off or _ends_early(film)):
        ended = Reason.TRUNCATED
    yield {"ended": None if ended is None else ended.value, "seconds": _seconds(film, _end(film))}


def _borders(descriptor: int, asked: _Asked) -> FilmBorders | None:
    """Look for borders first, in the film opened for that alone: what is shown afterwards is not touched by it."""
    film = _opened(descriptor, replace(asked, resume_at=None), bytes_most=_BYTES_FOR_BORDERS)
    if isinstance(film, Reason):
        return None
    try:
        return borders_of(film.container, film.stream, asked.pixels_most)
    finally:
        film.container.close()


def _opened(descriptor: int, asked: _Asked, bytes_most: int | None = None) -> _Film | Reason:
    os.lseek(descriptor, 0, os.SEEK_SET)
    name = container_of(os.read(descriptor, HEAD_BYTES))
    if name is None:
        return Reason.NOT_A_FILM
    os.lseek(descriptor, 0, os.SEEK_SET)
    settings = {
        "protocol_whitelist": "none",
        "format_whitelist": name if name != "mov" else "mov,mp4,m4a,3gp,3g2,mj2",
        "codec_whitelist": ",".join(DECODERS),
        "max_streams": str(_STREAMS_MOST),
        "probesize": str(_PROBE_BYTES),
        "max_pixels": str(asked.pixels_most),
        "threads": "1",
    }
    if name == "mov":
        settings |= {"enable_drefs": "0", "use_absolute_path": "0"}
    try:
        container = av.open(
            _Handed(descriptor, bytes_most),
            "r",
            format=name,
            options=settings,
            buffer_size=_READ_AT_ONCE,
            io_open=_no_other,
        )
    except MemoryError:
        raise
    except (FFmpegError, ValueError, OSError):
        return Reason.NOT_A_FILM
    stream = _stream_to_show(container)
    return stream if isinstance(stream, Reason) else _ready(container, stream, asked)


class _Handed:
    """The file that was handed over, as PyAV reads files; it seems to end when so many bytes were read."""

    def __init__(self, descriptor: int, bytes_most: int | None) -> None:
        self._descriptor, self._left = descriptor, bytes_most

    def read(self, size: int) -> bytes:
        if self._left is None:
            return os.read(self._descriptor, size)
        piece = os.read(self._descriptor, min(size, self._left))
        self._left -= len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)


def _no_other(untrusted_url: str, flags: int, options: Mapping[str, str]) -> Never:
    """Refuse a film that says that a part of it lies elsewhere."""
    del untrusted_url, flags, options
    raise PermissionError("a film is one file")


def _stream_to_show(container: InputContainer) -> VideoStream | Reason:
    """Choose the moving picture that a player would show; a cover picture is none."""
    moving = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if not moving:
        return Reason.NO_MOVING_PICTURE
    best = container.streams.best("video")
    stream = best if isinstance(best, VideoStream) and best in moving else moving[0]
    context: object = stream.codec_context  # None, whatever the stub says, where no decoder is known
    known = isinstance(context, VideoCodecContext) and context.codec.name in DECODERS
    return stream if known else Reason.NOT_A_FILM


def _ready(container: InputContainer, stream: VideoStream, asked: _Asked) -> _Film | Reason:
    context = stream.codec_context
    width, height = context.width, context.height
    if width * height > asked.pixels_most or max(width, height) > _SIDE_MOST:
        return Reason.TOO_MANY_PIXELS
    context.thread_count = 1
    context.options = {"max_pixels": str(asked.pixels_most)}
    if asked.first_look:
        context.skip_frame = "NONKEY"
    base = stream.time_base or Fraction(1, 90_000)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    film = _Film(
        container, stream, base, asked, origin=asked.origin, step=max(round(1 / (rate * base)), 1) if rate > 0 else 1
    )
    if asked.resume_at is not None:
        container.seek(asked.resume_at - int(_SECONDS_BEFORE / base), stream=stream)
    return film


def _shown(film: _Film) -> Iterator[Json]:
    """Hash frame after frame, and give those that wait whenever enough do."""
    begun = time.monotonic()
    for frame in _frames(film):
        if film.shown == 0:
            film.turn = turn_of(frame)
            if min(frame.width, frame.height) < _SIDE_LEAST:
                yield {"unhashable": Reason.TOO_SMALL.value}
                return
            yield {"film": _description(film, frame)}
        if frame.width * frame.height > film.asked.pixels_most:
            raise _TooManyPixelsError
        film.waiting.append(_sight(film, frame))
        film.shown += 1
        if film.shown >= film.asked.frames_most:
            return
        if len(film.waiting) >= _PART_FRAMES or time.monotonic() - begun > _PART_SECONDS:
            yield {"frames": film.waiting}
            film.waiting = []
            begun = time.monotonic()


def _frames(film: _Film) -> Iterator[av.VideoFrame]:
    """Give what can be decoded; a flawed packet is counted and passed over, as a player does."""
    in_a_row = 0
    for packet in _packets(film):
        if film.asked.first_look and packet.size and not packet.is_keyframe:
            _pass_over(film, packet)
            continue
        try:
            decoded = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            film.flaws += 1
            in_a_row += 1
            if in_a_row > _FLAWS_IN_A_ROW_MOST:
                film.broke_off = True
                return
            continue
        if decoded:
            in_a_row = 0
        yield from decoded


def _pass_over(film: _Film, packet: "Packet[VideoStream]") -> None:
    """Note until when a frame stays that is not looked at: the last keyframe stands for it."""
    if packet.pts is not None:
        until = packet.pts + (packet.duration or film.step)
        film.passed = until if film.passed is None else max(film.passed, until)


def _packets(film: _Film) -> Iterator["Packet[VideoStream]"]:
    """Give the stream's packets; one that cannot be read is passed over where the demuxer finds the next."""
    for _ in range(_FLAWS_IN_A_ROW_MOST):
        try:
            yield from film.container.demux(film.stream)
        except MemoryError:
            raise
        except (FFmpegError, OSError):
            film.flaws += 1
            film.broke_off = True
        else:
            return


def _sight(film: _Film, frame: av.VideoFrame) -> Json:
    at = frame.pts if frame.pts is not None else frame.dts
    if at is None:
        at = 0 if film.last is None else film.last + film.step
    film.origin = at if film.origin is None else film.origin
    if frame.duration:
        film.step = frame.duration
    elif film.last is not None and at > film.last:
        film.step = at - film.last
    film.last = at
    bits, quality = frame_hash(frame, film.turn, film.asked.kernel)
    flaws, film.flaws = film.flaws, 0
    sight: list[Json] = [at, _seconds(film, at), bits.hex(), quality, flaws]
    box = film.borders.box_in(frame) if film.borders is not None else None
    if box is not None:
        sight.append(frame_hash(frame, film.turn, film.asked.kernel, box)[0].hex())
    return sight


def _seconds(film: _Film, at: int) -> float:
    return float((at - (film.origin or 0)) * film.base)


def _end(film: _Film) -> int:
    """Give when the film ends, in the stream's own time."""
    seen = (film.last or 0) + film.step
    return seen if film.passed is None else max(seen, film.passed)


def _description(film: _Film, frame: av.VideoFrame) -> Json:
    """Give the sides in square pixels, upright, and how long the film says that it runs."""
    aspect = film.stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, _ASPECT_MOST) <= aspect <= _ASPECT_MOST:
        aspect = Fraction(1)
    width, height = max(round(frame.width * aspect), 1), frame.height
    if ORIENTATIONS[film.turn] in _TURNED:
        width, height = height, width
    return {"width": width, "height": height, "seconds": _promised(film)}


def _promised(film: _Film) -> float:
    """Give how long the film says that it runs; 0 when it does not say."""
    if film.stream.duration:
        return max(float(film.stream.duration * film.base), 0.0)
    return max((film.container.duration or 0) / 1_000_000, 0.0)


def _ends_early(film: _Film) -> bool:
    """Say whether the stream itself promised clearly more than came (half a second, or a fiftieth of it)."""
    if not film.stream.duration or film.last is None or film.asked.first_look:
        return False
    promised = film.stream.duration * film.base
    came = ((film.last + film.step) - (film.origin or 0)) * film.base
    return promised - came > max(Fraction(1, 2), promised / 50)
