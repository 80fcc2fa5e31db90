"""A film in even borders is known by what is inside them too, the same all through, also where a scene is dark."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.recorded_films import Made, film_of, pictures_of, written
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Film, Pdq, compare_films, film_from_json, film_to_json, fingerprint_bytes
from zaoguang.fingerprint.borders import Box, shared_box
from zaoguang.fingerprint.kernel import hashed
from zaoguang.fingerprint.sights import Runs, Sight
from zaoguang.sandbox import Sandbox

pytestmark = pytest.mark.slow  # seconds as a whole

PLAIN = Made(shots=((0, 30), (3, 30), (5, 30)), options=(("preset", "veryfast"), ("g", "10")))
FRAMED = dataclasses.replace(PLAIN, size=(200, 160))

_Pixels = NDArray[np.uint8]


def framed(picture: _Pixels) -> _Pixels:
    """Put 20 rows above and below and 30 and 10 columns beside it."""
    return np.pad(picture, ((20, 20), (30, 10), (0, 0)))


def known(untrusted_bytes: bytes, sandbox: Sandbox) -> Film:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(found, Film), found
    return found


def drawn(picture: _Pixels) -> Pdq:
    return hashed(np.ascontiguousarray(picture).tobytes(), *PLAIN.size).variants[0]


def test_a_film_without_borders_has_no_inner_fingerprints(sandbox: Sandbox) -> None:
    assert {frame.inner for frame in known(film_of(PLAIN), sandbox).frames} == {None}


@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
def test_inside_its_borders_a_film_is_what_it_was(container: str, sandbox: Sandbox) -> None:
    pictures = list(pictures_of(PLAIN))
    upload = known(
        written(dataclasses.replace(FRAMED, container=container), [framed(each) for each in pictures]), sandbox
    )
    for frame in upload.frames:
        assert frame.inner is not None
        assert frame.inner.distance(drawn(pictures[frame.number])) <= 12
        assert frame.pdq.distance(drawn(pictures[frame.number])) > 31
    match = compare_films(known(film_of(PLAIN), sandbox), upload)
    assert match.upload_share == 1.0
    assert film_from_json(json.loads(json.dumps(film_to_json(upload)))) == upload


def test_a_dark_beginning_does_not_make_the_borders_wider(sandbox: Sandbox) -> None:
    """One keyframe only, and that is black: then the beginning is looked at frame by frame."""
    pictures = list(pictures_of(PLAIN))
    faded = [framed((each * min(1.0, number / 40)).astype(np.uint8)) for number, each in enumerate(pictures)]
    one = dataclasses.replace(FRAMED, options=(("preset", "veryfast"), ("g", "250"), ("sc_threshold", "0")))
    for frame in known(written(one, faded), sandbox).frames:
        if frame.number > 10:
            assert frame.inner is not None
            assert frame.inner.distance(drawn(pictures[frame.number])) <= 24


def test_the_narrowest_borders_count_but_for_one_frame_in_ten() -> None:
    bars, dark, whole = Box(20, 0, 100, 160), Box(50, 40, 90, 150), Box(0, 0, 120, 160)
    assert shared_box([dark] * 19 + [bars], 120, 160) == dark
    assert shared_box([dark] * 17 + [bars] * 3, 120, 160) == bars
    assert shared_box([bars] * 9 + [dark], 120, 160) == bars
    assert shared_box([bars] * 18 + [whole] * 2, 120, 160) == bars
    assert shared_box([bars, whole], 120, 160) is None
    assert shared_box([], 120, 160) is None


@given(st.binary(min_size=32, max_size=32), st.integers(0, 256))
def test_a_run_ends_where_what_is_inside_changes(inside: bytes, differing: int) -> None:
    changed = (int.from_bytes(inside) ^ ((1 << differing) - 1)).to_bytes(32)
    runs = Runs()
    for number, inner in enumerate((inside, changed)):
        runs.take(Sight(number, float(number), Pdq(bytes(32)), 80, 0, Pdq(inner)))
    assert len(runs.frames(2.0)) == (1 if differing <= 8 else 2)


@pytest.mark.parametrize("inner", [None, 7, "", "00", "g" * 64])
def test_a_malformed_inner_fingerprint_is_refused(inner: object, sandbox: Sandbox) -> None:
    record = film_to_json(known(film_of(PLAIN), sandbox))
    frames = record["frames"]
    assert isinstance(frames, list)
    assert isinstance(frames[0], dict)
    with pytest.raises(UserMistake):
        film_from_json({**record, "frames": [{**frames[0], "inner": inner}, *frames[1:]]})
