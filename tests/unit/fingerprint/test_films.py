"""A film is known by what a person sees of it, frame after frame, whatever it is written in."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.support.recorded_films import Made, film_of, pictures_of
from zaoguang.fingerprint import Film, Fingerprint, Reason, Unhashable, fingerprint_bytes, fingerprint_file
from zaoguang.fingerprint.kernel import hashed
from zaoguang.sandbox import Sandbox

PLAIN = Made()


def known(untrusted_bytes: bytes, sandbox: Sandbox) -> Film:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(found, Film), found
    return found


def expected(made: Made) -> list[bytes]:
    return [
        hashed(np.ascontiguousarray(picture).tobytes(), *made.size).variants[0].bits for picture in pictures_of(made)
    ]


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def test_every_frame_is_hashed_as_it_was_drawn(sandbox: Sandbox) -> None:
    film = known(film_of(PLAIN), sandbox)
    assert (film.width, film.height, film.seconds) == (160, 120, 2.4)
    drawn = expected(PLAIN)
    for frame in film.frames:
        assert frame.seconds == round(frame.number / 25, 6)
        assert apart(frame.pdq.bits, drawn[frame.number]) <= 16
    assert {0, 20, 40} <= {frame.number for frame in film.frames}


def test_frames_that_hardly_differ_are_one_run(sandbox: Sandbox) -> None:
    film = known(film_of(dataclasses.replace(PLAIN, moving=False)), sandbox)
    assert [(frame.number, frame.seconds, frame.until) for frame in film.frames] == [
        *((0, 0.0, 0.8), (20, 0.8, 1.6), (40, 1.6, 2.4))
    ]
    for one, next_one in itertools.pairwise(film.frames):
        assert one.until == next_one.seconds


def test_a_file_and_its_bytes_are_known_by_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(film_of(PLAIN))
    assert fingerprint_file(tmp_path / "a", sandbox) == known(film_of(PLAIN), sandbox)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        *(("matroska", "libx264"), ("avi", "mpeg4"), ("mpegts", "libx264"), ("flv", "libx264"), ("mov", "mpeg4")),
        *(("webm", "libvpx"), ("webm", "libvpx-vp9"), ("mpeg", "mpeg2video"), ("asf", "wmv2"), ("mp4", "libx265")),
    ],
)
def test_any_container_and_codec_gives_about_the_same(container: str, codec: str, sandbox: Sandbox) -> None:
    options = {"libx264": PLAIN.options, "libvpx-vp9": (("cpu-used", "8"), ("b", "2M"))}.get(codec, (("b", "2M"),))
    made = dataclasses.replace(
        PLAIN, shots=((0, 10), (3, 10)), container=container, codec=codec, options=options, moving=False
    )
    film = known(film_of(made), sandbox)
    drawn = expected(made)
    assert abs(film.seconds - 0.8) < 0.1
    for frame in film.frames:
        assert apart(frame.pdq.bits, drawn[min(frame.number, 19)]) <= 16, frame


def test_a_picture_stays_a_picture(sandbox: Sandbox) -> None:
    photograph = Path("src/zaoguang/rehearsal/photographs/cup.jpg").read_bytes()
    assert isinstance(fingerprint_bytes(photograph, sandbox), Fingerprint)
    assert fingerprint_bytes(b"\0\0\0\x20ftypisom" + bytes(200), sandbox) == Unhashable(Reason.NOT_A_FILM)
