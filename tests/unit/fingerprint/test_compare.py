"""Film against film: what is hers in an upload is found, to a fraction of a second, and nothing else is."""

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

import zaoguang.fingerprint.compare
from tests.support.made_films import FPS, Bits, faster, film_from, film_of, noisy, shots, walk
from zaoguang.fingerprint import Fingerprint
from zaoguang.fingerprint.compare import Evidence, Span, compare_films, still_in_film
from zaoguang.fingerprint.compare.turning import turned
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.kernel import hashed
from zaoguang.fingerprint.pdq import ORIENTATIONS, Pdq

EDGE = 0.6  # seconds by which an edge may be off in a walk, whose neighbours in time look alike
seeds = st.integers(0, 2**32 - 1)


def _put_in(random: np.random.Generator, excerpt: Bits) -> Bits:
    return np.concatenate([walk(random, 9.0), excerpt, walk(random, 7.0)])


def _is(span: Span, hers: tuple[float, float], upload: tuple[float, float], edge: float = EDGE) -> bool:
    got = (span.hers_from, span.hers_until, span.upload_from, span.upload_until)
    return bool(np.all(np.abs(np.array(got) - np.array([*hers, *upload])) <= edge))


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0, 36), st.floats(3.5, 20), st.floats(0.75, 1.25), st.integers(0, 12))
def test_an_excerpt_is_found_wherever_it_was_put_and_however_fast_it_runs(
    seed: int, start: float, lasts: float, speed: float, noise: int
) -> None:
    """One span, at the right seconds on both sides, and no second of the rest."""
    random = np.random.default_rng(seed)
    hers = walk(random, 60.0)
    excerpt = faster(hers[int(start * FPS) : int((start + lasts) * FPS)], speed)
    upload = _put_in(random, noisy(random, excerpt, noise))
    match = compare_films(film_of(hers), film_of(upload))
    assert len(match.spans) == 1
    assert _is(match.spans[0], (start, start + lasts), (9.0, 9.0 + len(excerpt) / FPS))
    assert match.spans[0].orientation == "original"
    assert abs(match.hers_share - lasts / 60) < 0.02
    assert abs(match.upload_share - len(excerpt) / len(upload)) < 0.05


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_films_that_share_nothing_have_no_span(seed: int) -> None:
    """Not one second of an unrelated film is taken for hers."""
    random = np.random.default_rng(seed)
    match = compare_films(film_of(walk(random, 60.0)), film_of(walk(random, 90.0)))
    assert (match.spans, match.hers_share, match.upload_share) == ((), 0.0, 0.0)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_a_film_is_itself(seed: int) -> None:
    """From the first second to the last, at its own speed."""
    film = film_of(walk(np.random.default_rng(seed), 30.0))
    match = compare_films(film, film)
    assert (match.hers_share, match.upload_share, len(match.spans)) == (1.0, 1.0, 1)
    assert _is(match.spans[0], (0.0, 30.0), (0.0, 30.0), 0.11)
    assert match.spans[0].speed == pytest.approx(1.0, abs=0.005)


@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(4, 20), st.integers(4, 20))
def test_pieces_in_another_order_are_each_found(seed: int, first: int, second: int) -> None:
    """Re-ordered, with foreign seconds between."""
    random = np.random.default_rng(seed)
    hers = walk(random, 60.0)
    early, late = hers[50 : 50 + first * FPS], hers[350 : 350 + second * FPS]
    upload = np.concatenate([noisy(random, late, 6), walk(random, 5.0), noisy(random, early, 6)])
    spans = compare_films(film_of(hers), film_of(upload)).spans
    assert len(spans) == 2
    assert _is(spans[0], (35.0, 35.0 + second), (0.0, second))
    assert _is(spans[1], (5.0, 5.0 + first), (second + 5.0, second + 5.0 + first))


@settings(max_examples=10, deadline=None)
@given(seeds, st.floats(0.8, 1.25))
def test_the_other_way_round_the_spans_are_the_same_with_their_sides_changed(seed: int, speed: float) -> None:
    """Whose film is called hers makes no difference."""
    random = np.random.default_rng(seed)
    hers = walk(random, 30.0)
    one, other = film_of(hers), film_of(_put_in(random, faster(hers[80:200], speed)))
    (there,), (back,) = compare_films(one, other).spans, compare_films(other, one).spans
    assert _is(back, (there.upload_from, there.upload_until), (there.hers_from, there.hers_until), 0.3)
    assert back.speed == pytest.approx(1 / there.speed, rel=0.03)


def test_a_piece_shown_twice_is_found_twice() -> None:
    """The second showing is hers too, though her seconds are explained already."""
    random = np.random.default_rng(5)
    hers = walk(random, 40.0)
    piece = hers[100:160]
    upload = np.concatenate([piece, walk(random, 10.0), piece])
    spans = compare_films(film_of(hers), film_of(upload)).spans
    assert [round(span.upload_from) for span in spans] == [0, 16]
    assert all(round(span.hers_from) == 10 for span in spans)


def test_a_still_shot_of_three_seconds_counts_as_weaker_evidence() -> None:
    """One picture that stays is as much as one matching picture, and is called so."""
    random = np.random.default_rng(6)
    still = walk(random, 30.0)
    still[100:140] = still[100]
    upload = np.concatenate([walk(random, 6.0), noisy(random, still[105:136], 3), walk(random, 6.0)])
    (span,) = compare_films(film_of(still), film_of(upload)).spans
    assert span.evidence is Evidence.STILL
    assert _is(span, (10.0, 14.0), (6.0, 9.1), 0.4)


def test_a_shot_of_one_second_is_no_evidence() -> None:
    """Too little to tell from chance: three seconds are asked for."""
    random = np.random.default_rng(7)
    hers = walk(random, 30.0)
    assert compare_films(film_of(hers), film_of(_put_in(random, hers[100:110]))).spans == ()


def test_dark_and_empty_frames_are_no_evidence() -> None:
    """Frames of low quality look like many others: the same black leader makes no match."""
    film = film_of(walk(np.random.default_rng(8), 20.0), quality=49)
    assert compare_films(film, film).spans == ()


def test_films_without_frames_match_nothing() -> None:
    """Nor do they fail."""
    film = film_of(walk(np.random.default_rng(9), 4.0))
    empty = Film("video", "0" * 64, 320, 240, 4.0, ())
    assert compare_films(empty, film).spans == compare_films(film, empty).spans == ()
    assert still_in_film(film.frames[0].pdq, empty) == ()


@pytest.fixture(scope="module")
def frames() -> list[Image.Image]:
    """Give five shots of real photographs, 20 seconds."""
    return shots((0, 5, 7, 13, 20), seed=1)


@pytest.fixture(scope="module")
def real(frames: list[Image.Image]) -> Film:
    """Give the film of them."""
    return film_from(frames)


def _saved(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize("orientation", ["original", "mirrored", "rotated_90", "transversed"])
def test_a_turned_and_poorly_saved_film_is_the_same(frames: list[Image.Image], real: Film, orientation: str) -> None:
    """JPEG quality 30, and turned: all of it is found, and how it was turned is said."""
    ways = {
        "original": None,
        "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
        "rotated_90": Image.Transpose.ROTATE_90,
        "transversed": Image.Transpose.TRANSVERSE,
    }
    way = ways[orientation]
    upload = [_saved(frame if way is None else frame.transpose(way), 30) for frame in frames]
    (span,) = compare_films(real, film_from(upload)).spans
    assert span.orientation == orientation
    assert _is(span, (0.0, 20.0), (0.0, 20.0), 0.3)


def test_three_seconds_inside_another_film_are_found_to_a_fifth_of_a_second(
    frames: list[Image.Image], real: Film
) -> None:
    """Half the size, saved poorly, at one and a quarter of the speed."""
    other = shots((25, 30), seed=4)
    excerpt = [_saved(frames[int(60 + number * 1.25)].resize((160, 120)), 40) for number in range(24)]
    upload = [*other[:40], *(frame.resize((320, 240)) for frame in excerpt), *other[40:]]
    (span,) = compare_films(real, film_from(upload)).spans
    assert _is(span, (6.0, 9.0), (4.0, 6.4), 0.2)
    assert span.speed == pytest.approx(1.25, abs=0.06)


def test_other_photographs_are_not_hers(real: Film) -> None:
    """Nothing is found in a film of other things."""
    assert compare_films(real, film_from(shots((1, 2, 9, 15, 18, 28), seed=9))).spans == ()


def test_a_still_taken_from_a_film_is_found_at_its_second(frames: list[Image.Image], real: Film) -> None:
    """By its fingerprint and by its bare hash, mirrored and saved poorly."""
    picture = _saved(ImageOps.mirror(frames[100]), 30)
    known = hashed(picture.tobytes(), *picture.size)
    whole = Fingerprint("image", known.variants[0], known.quality, "0" * 64, *picture.size, None, known.variants)
    for given_picture in (whole, known.variants[0]):
        (match,) = still_in_film(given_picture, real)
        assert match.orientation == "mirrored"
        assert match.seconds <= 10.0 < match.until
        assert match.until - match.seconds < 4.0
    blind = dataclasses.replace(real, frames=tuple(dataclasses.replace(each, quality=20) for each in real.frames))
    assert still_in_film(whole, blind) == ()


def test_the_hash_alone_gives_the_turned_hashes_nearly(frames: list[Image.Image]) -> None:
    """Within 24 bits of hashing the turned picture; exactly for the transposed one."""
    for number in range(0, len(frames), 20):
        variants = hashed(frames[number].tobytes(), *frames[number].size).variants
        derived = turned(np.frombuffer(variants[0].bits, dtype=np.uint8).reshape(1, 32))[:, 0]
        off = [Pdq(one.tobytes()).distance(other) for one, other in zip(derived, variants, strict=True)]
        assert max(off) <= 24
        assert off[0] == off[ORIENTATIONS.index("transposed")] == 0


def test_what_other_programs_call_is_this() -> None:
    """The names are a contract."""
    assert zaoguang.fingerprint.compare.__all__ == [
        "Evidence",
        "FilmMatch",
        "Span",
        "StillMatch",
        "compare_films",
        "still_in_film",
    ]
    assert zaoguang.fingerprint.compare_films is compare_films
