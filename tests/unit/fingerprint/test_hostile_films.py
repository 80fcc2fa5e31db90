"""A hostile film cannot crash, exhaust or escape: a typed reason, or what could be seen of it, and a flag that says so.

Each case names an attack, shows that the attack is in the bytes, and then asserts what comes of it.
"""

import dataclasses
import io
import os
import re
import struct
import time
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.recorded_films import Made, film_of, pictures_of, written
from zaoguang.fingerprint import Film, FilmLimits, Reason, Unhashable, fingerprint_bytes
from zaoguang.fingerprint.container import container_of
from zaoguang.fingerprint.screening import screened
from zaoguang.sandbox import Sandbox

pytestmark = pytest.mark.slow  # seconds as a whole

SMALL = Made(shots=((0, 12), (3, 12)), options=(("preset", "ultrafast"), ("g", "6")))
BEGINNING_FIRST = dataclasses.replace(SMALL, container_options=(("movflags", "faststart"),))


def reason(untrusted_bytes: bytes, sandbox: Sandbox) -> Reason | str:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    return found.reason if isinstance(found, Unhashable) else "film"


def look(untrusted_bytes: bytes, sandbox: Sandbox, limits: FilmLimits) -> Film | Unhashable:
    descriptor = os.memfd_create("film")
    with open(descriptor, "r+b", buffering=0) as file:  # noqa: PTH123  # this opens a descriptor, not a path
        file.write(untrusted_bytes)
        file.seek(0)
        return screened(descriptor, sandbox, limits=limits)


def changed(whole: bytes, atom: bytes, place: int, value: bytes) -> bytes:
    """Change an atom's body at a place."""
    start = whole.index(atom) + 4 + place
    return whole[:start] + value + whole[start + len(value) :]


def test_attack_a_film_cut_in_the_middle(sandbox: Sandbox) -> None:
    whole = film_of(BEGINNING_FIRST)
    assert whole.index(b"moov") < whole.index(b"mdat")
    found = fingerprint_bytes(whole[: whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 2], sandbox)
    assert isinstance(found, Film)
    assert found.cut_short is Reason.TRUNCATED
    assert 0.1 < found.seconds < 0.9
    assert reason(film_of(SMALL)[:2000], sandbox) == Reason.NOT_A_FILM  # what says where the frames are is missing


def test_attack_a_film_that_promises_a_thousand_million_frames(sandbox: Sandbox) -> None:
    whole = film_of(SMALL)
    for atom, place in ((b"stsz", 8), (b"stts", 8), (b"stts", 4)):
        untrusted = changed(whole, atom, place, struct.pack(">I", 1_000_000_000))
        assert struct.pack(">I", 1_000_000_000) in untrusted
        assert reason(untrusted, sandbox) in {"film", Reason.NOT_A_FILM, Reason.OUT_OF_MEMORY, Reason.CRASHED}


def test_attack_sides_that_no_memory_holds(sandbox: Sandbox) -> None:
    whole = film_of(dataclasses.replace(SMALL, codec="mjpeg", format="yuvj420p", options=(), container="avi"))
    frames = [match.start() for match in re.finditer(b"\xff\xc0\0\x11", whole)]
    assert len(frames) == 24
    untrusted = bytearray(whole)
    for frame in frames:
        untrusted[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    header = whole.index(b"strf")
    untrusted[header + 12 : header + 20] = struct.pack("<ii", 65_535, 65_535)
    assert reason(bytes(untrusted), sandbox) in {Reason.TOO_MANY_PIXELS, Reason.NOT_A_FILM}


def test_attack_more_frames_than_are_wanted(sandbox: Sandbox) -> None:
    found = look(film_of(SMALL), sandbox, FilmLimits(frames_most=5))
    assert isinstance(found, Film)
    assert found.cut_short is Reason.TOO_LARGE
    assert found.frames[-1].number < 5


def test_attack_a_frame_larger_than_is_wanted(sandbox: Sandbox) -> None:
    assert look(film_of(SMALL), sandbox, FilmLimits(pixels_most=100 * 100)) == Unhashable(Reason.TOO_MANY_PIXELS)


def test_attack_a_small_file_of_large_black_frames(sandbox: Sandbox) -> None:
    """Black costs next to nothing to store and as much as anything to decode."""
    black = np.zeros((1080, 1920, 3), dtype=np.uint8)
    made = Made(size=(1920, 1080), options=(("preset", "ultrafast"), ("g", "30")), container="mpegts")
    untrusted = written(made, [black] * 30) * 60
    assert len(untrusted) * 1000 < 30 * 60 * black.nbytes
    limits = FilmLimits(cpu_seconds_least=0, cpu_seconds_most=0)
    found = look(untrusted, sandbox, limits)
    assert isinstance(found, Unhashable | Film)
    assert (found.reason if isinstance(found, Unhashable) else found.cut_short) is Reason.TIMED_OUT
    assert reason(film_of(SMALL), sandbox) == "film"


@pytest.mark.parametrize(
    "untrusted",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://example.org/</BaseURL></MPD>',
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        b'# AviSynth\nDirectShowSource("x")\n',
        b"RIFF\x10\0\0\0WAVEfmt " + bytes(64),
    ],
    ids=["m3u8", "concat", "dash", "sdp", "script", "wave"],
)
def test_attack_a_list_of_other_files(untrusted: bytes, sandbox: Sandbox) -> None:
    assert container_of(untrusted) is None
    assert reason(untrusted, sandbox) == Reason.NOT_A_PICTURE


def test_attack_a_list_hidden_behind_a_films_beginning(sandbox: Sandbox) -> None:
    untrusted = struct.pack(">I", 16) + b"ftypisom\0\0\2\0" + b"#EXTM3U\nfile:///etc/passwd\n"
    assert container_of(untrusted) == "mov"
    assert reason(untrusted, sandbox) == Reason.NOT_A_FILM


def alias(path: bytes) -> bytes:
    """Give a data reference of the kind that names another file (Apple's alias record)."""
    path += b"\0" * (len(path) % 2)
    body = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + bytes(4) + bytes(16)
    body += struct.pack(">HH", 2, len(path)) + path + struct.pack(">HH", 0xFFFF, 0)
    return struct.pack(">I", 12 + len(body)) + b"alis\0\0\0\0" + body


def test_attack_a_film_whose_frames_lie_in_another_file(sandbox: Sandbox, tmp_path: Path) -> None:
    whole = film_of(SMALL)
    (tmp_path / "other.mp4").write_bytes(whole)
    entry = alias(os.fsencode(tmp_path / "other.mp4"))
    place = whole.index(b"dref") - 4
    size = struct.unpack(">I", whole[place : place + 4])[0]
    box = struct.pack(">I", 16 + len(entry)) + b"dref\0\0\0\0\0\0\0\1" + entry
    untrusted = bytearray(whole[:place] + box + whole[place + size :])
    for atom in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = untrusted.index(atom) - 4
        untrusted[at : at + 4] = struct.pack(">I", struct.unpack(">I", untrusted[at : at + 4])[0] + len(box) - size)
    mdat = untrusted.index(b"mdat")
    untrusted[mdat + 4 : untrusted.index(b"moov") - 4] = bytes(untrusted.index(b"moov") - 4 - mdat - 4)
    assert b"other.mp4" in untrusted
    opened: list[str] = []

    def spy(name: str, *_: object) -> io.BytesIO:
        opened.append(name)
        return io.BytesIO(whole)

    with av.open(io.BytesIO(bytes(untrusted)), options={"enable_drefs": "1", "use_absolute_path": "1"}, io_open=spy):
        assert opened, "the attack does not work even where nothing forbids it"
    found = fingerprint_bytes(bytes(untrusted), sandbox)
    assert isinstance(found, Film | Unhashable)
    assert isinstance(found, Unhashable) or found.frames[0].quality == 0 or found.flaws


def test_attack_sound_or_text_alone(sandbox: Sandbox) -> None:
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert reason(held.getvalue(), sandbox) == Reason.NO_MOVING_PICTURE


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ([0] * 24, 25),
        (list(range(0, 24_000_000, 1_000_000)), 25),
        (list(range(24)), 1000),
    ],
    ids=["no time passes", "years", "a thousand a second"],
)
def test_attack_times_that_make_no_sense(times: list[int], rate: int, sandbox: Sandbox) -> None:
    made = dataclasses.replace(SMALL, container="matroska", codec="mpeg4", options=(), rate=rate)

    def change(frame: av.VideoFrame, number: int) -> None:
        frame.pts = times[number] if times[-1] else number

    untrusted = bytearray(written(made, pictures_of(made), change=change))
    found = fingerprint_bytes(bytes(untrusted), sandbox)
    assert isinstance(found, Film)
    last = 0.0
    for frame in found.frames:
        assert last <= frame.seconds <= frame.until <= found.seconds
        last = frame.until


def test_a_pipe_or_a_growing_file_is_not_waited_for(sandbox: Sandbox) -> None:
    begun = time.monotonic()
    whole = film_of(SMALL)
    assert reason(whole[:8] + b"isom" + bytes(1 << 20), sandbox) == Reason.NOT_A_FILM
    assert time.monotonic() - begun < 60


_opened: list[Sandbox] = []


@pytest.fixture(autouse=True)
def _share(sandbox: Sandbox) -> None:
    _opened[:] = [sandbox]


@pytest.mark.slow
@given(
    container=st.sampled_from(["mp4", "matroska", "avi", "mpegts", "asf"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
)
@settings(max_examples=20, deadline=None)
def test_attack_a_film_with_changed_bytes(container: str, changes: list[tuple[float, int]]) -> None:
    made = Made(shots=((0, 6),), size=(64, 48), container=container, codec="mpeg4", options=())
    untrusted = bytearray(film_of(made))
    for place, value in changes:
        untrusted[int(place**2 * len(untrusted))] = value
    assert isinstance(fingerprint_bytes(bytes(untrusted), _opened[0]), Film | Unhashable)
