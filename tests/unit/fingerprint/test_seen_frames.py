"""What a person sees of a frame decides: plain colours, HDR, what is see-through, fields of an interlaced frame."""

import dataclasses
import io
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.recorded_films import Made, film_of, pictures_of, written
from zaoguang.fingerprint import Film, Pdq, fingerprint_bytes
from zaoguang.fingerprint.kernel import hashed
from zaoguang.sandbox import Sandbox

STILL = Made(shots=((3, 2),), moving=False, options=())
PQ, HLG, SDR = 16, 18, 1
WIDTH, HEIGHT = STILL.size

_Floats = NDArray[np.float64]


def first(untrusted_bytes: bytes, sandbox: Sandbox) -> Pdq:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(found, Film), found
    return found.frames[0].pdq


def drawn() -> Pdq:
    (picture, *_) = pictures_of(STILL)
    return hashed(np.ascontiguousarray(picture).tobytes(), *STILL.size).variants[0]


@pytest.mark.parametrize(
    ("container", "codec", "form"),
    [
        *(("mov", "qtrle", "rgb24"), ("mov", "qtrle", "argb"), ("mov", "png", "rgba"), ("avi", "rawvideo", "bgr24")),
        *(("matroska", "ffv1", "bgra"), ("mov", "prores_ks", "yuva444p10le"), ("matroska", "ffv1", "gray16le")),
    ],
)
def test_a_film_without_a_plane_of_brightness(container: str, codec: str, form: str, sandbox: Sandbox) -> None:
    made = dataclasses.replace(STILL, container=container, codec=codec, format=form)
    assert first(film_of(made), sandbox).distance(drawn()) <= 8


def test_what_is_see_through_is_shown_over_black(sandbox: Sandbox) -> None:
    """The right half is wholly see-through, whatever colours are written there."""
    (picture, *_) = pictures_of(STILL)
    seen = picture.copy()
    seen[:, WIDTH // 2 :] = 0
    alpha = np.full((HEIGHT, WIDTH, 1), 255, dtype=np.uint8)
    alpha[:, WIDTH // 2 :] = 0
    frame = av.VideoFrame.from_ndarray(np.concatenate([picture, alpha], axis=2), format="rgba")
    found = first(_encoded("png", "mov", "rgba", [frame]), sandbox)
    assert found.distance(hashed(seen.tobytes(), *STILL.size).variants[0]) <= 2
    assert found.distance(drawn()) > 31


def _encoded(codec: str, container: str, form: str, frames: list[av.VideoFrame], transfer: int = SDR) -> bytes:
    held = io.BytesIO()
    with av.open(held, "w", format=container) as opened:
        stream: Any = opened.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, form
        stream.codec_context.color_trc, stream.codec_context.color_range = transfer, 1
        for number, frame in enumerate(frames):
            frame.pts = number
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return held.getvalue()


def _graded(signal: _Floats, transfer: int) -> bytes:
    """Give a film of one grey frame, of such a signal (0-1), in ten bits."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
    rows = np.zeros((HEIGHT, frame.planes[0].line_size // 2), dtype=np.uint16)
    rows[:, :WIDTH] = np.round(signal * 876 + 64)
    frame.planes[0].update(rows.tobytes())
    for plane in frame.planes[1:]:
        plane.update(np.full(plane.buffer_size // 2, 512, dtype=np.uint16).tobytes())
    setattr(frame, "color_trc", transfer)  # noqa: B010  # the stub takes an enumeration only
    return _encoded("ffv1", "matroska", "yuv420p10le", [frame], transfer)


def _pq(nits: _Floats) -> _Floats:
    """SMPTE ST 2084, from light to signal."""
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(light: _Floats) -> _Floats:
    """ITU-R BT.2100, from the scene's light to signal."""
    bright = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    return np.where(light <= 1 / 12, np.sqrt(3 * light), bright)


def test_hdr_comes_near_what_an_ordinary_screen_shows(sandbox: Sandbox) -> None:
    """As the same picture in SDR; taken without its curve, PQ would be farther off."""
    (picture, *_) = pictures_of(STILL)
    grey = np.ascontiguousarray(picture[:, :, 1])
    light = (grey / 255.0) ** 2.2
    ordinary = hashed(grey.tobytes(), *STILL.size, channels=1).variants[0]
    as_pq = first(_graded(_pq(203 * light), PQ), sandbox).distance(ordinary)
    assert as_pq <= 12
    assert as_pq < first(_graded(_pq(203 * light), SDR), sandbox).distance(ordinary)
    assert first(_graded(_hlg(0.265 * light), HLG), sandbox).distance(ordinary) <= 20


def test_of_an_interlaced_film_one_moment_is_hashed(sandbox: Sandbox) -> None:
    """Each frame holds the even lines of one moment and the odd lines of the next, in which all has moved."""
    made = Made(shots=((0, 8),), size=(320, 256), container="mpegts", options=(("x264-params", "tff=1"), ("g", "4")))
    (picture, *_) = pictures_of(dataclasses.replace(made, size=(480, 256), moving=False))
    moments = [np.ascontiguousarray(picture[:, 12 * step : 12 * step + 320]) for step in range(9)]
    woven = [one.copy() for one in moments[:8]]
    for torn_one, after in zip(woven, moments[1:], strict=True):
        torn_one[1::2] = after[1::2]
    found = fingerprint_bytes(written(made, woven), sandbox)
    assert isinstance(found, Film)
    for frame in found.frames:
        moment, torn = moments[frame.number], woven[frame.number]
        assert frame.pdq.distance(_hash(np.ascontiguousarray(moment[::2]))) <= 6
        assert frame.pdq.distance(_hash(moment)) < _hash(torn).distance(_hash(moment))


def _hash(picture: NDArray[np.uint8]) -> Pdq:
    return hashed(picture.tobytes(), picture.shape[1], picture.shape[0]).variants[0]
