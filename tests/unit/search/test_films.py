"""Films among many: the right one is found with its seconds, and what all films share costs nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Film, Frame, Pdq
from zaoguang.search import LinearIndex, Matches
from zaoguang.search.films import FRAMES_MOST, FilmIndex, entries_of_film, rows_of_film, telling_frames

FRAMES = 60


def made_film(seed: int, *, lead: int = 0) -> Film:
    """Give a film of frames that drift, one every half second; ``lead`` black ones before, the same in every film."""
    source = np.random.default_rng(seed)
    value = source.integers(0, 256, 32, np.uint8)
    black = np.random.default_rng(10**6).integers(0, 256, 32, np.uint8)
    shown = [black] * lead
    for _ in range(FRAMES):
        bits = np.unpackbits(value)
        bits[source.choice(256, 24, replace=False)] ^= 1
        value = np.packbits(bits)
        shown.append(value)
    return film_of(shown)


def film_of(shown: list[NDArray[np.uint8]], quality: int = 90) -> Film:
    frames = tuple(
        Frame(place, place / 2, place / 2 + 0.5, Pdq(value.tobytes()), quality) for place, value in enumerate(shown)
    )
    return Film("video", "ab" * 32, 320, 240, len(shown) / 2, frames)


def films_of(films: dict[int, Film]) -> FilmIndex:
    entries = [entry for number, film in films.items() for entry in entries_of_film(number, film, "films")]
    return FilmIndex(LinearIndex.build(entries), films.get)


def test_a_part_of_one_film_is_found_with_its_seconds() -> None:
    films = {number: made_film(number) for number in range(20)}
    hers = films[7]
    excerpt = film_of([np.frombuffer(frame.pdq.bits, np.uint8) for frame in hers.frames[20:44]])
    (found,) = films_of(films).query(excerpt)
    (span,) = found.match.spans
    assert found.film == 7
    assert (span.hers_from, span.upload_from) == pytest.approx((10.0, 0.0), abs=1.0)
    assert span.hers_until - span.hers_from == pytest.approx(12.0, abs=1.5)


def test_another_film_is_not_found() -> None:
    assert films_of({number: made_film(number) for number in range(5)}).query(made_film(99)) == ()


def test_what_all_films_share_leads_to_none_of_them() -> None:
    """A title card in 50 films brings no comparison; the film itself is still found by its other frames."""
    films = {number: made_film(number, lead=20) for number in range(50)}
    asked: list[int] = []

    def film_of_number(number: int) -> Film:
        asked.append(number)
        return films[number]

    entries = [entry for number, film in films.items() for entry in entries_of_film(number, film, "films")]
    index = FilmIndex(LinearIndex.build(entries), film_of_number)
    assert index.query(made_film(99, lead=20)) == ()
    assert asked == []
    assert [each.film for each in index.query(films[3])] == [3]
    assert asked == [3]


def test_a_query_is_bounded_however_long_the_film_is() -> None:
    class Counting(LinearIndex):
        asked = 0

        def query(self, hashes: NDArray[np.uint8], *_given: object, **_more: object) -> Matches:
            self.asked += len(hashes)
            return Matches.none()

    source = np.random.default_rng(5)
    long = film_of(list(source.integers(0, 256, (5000, 32), np.uint8)))
    index = Counting()
    FilmIndex(index, lambda _number: None).query(long)
    assert index.asked == 8 * 64


def test_frames_alike_or_empty_are_not_looked_up() -> None:
    still = np.random.default_rng(6).integers(0, 256, 32, np.uint8)
    assert len(telling_frames(film_of([still] * 100))) == 1
    assert len(telling_frames(film_of([still] * 100, quality=10))) == 0
    assert films_of({}).query(film_of([still], quality=10)) == ()


def test_a_film_that_is_gone_is_passed_over_and_banks_are_kept_apart() -> None:
    film = made_film(1)
    index = LinearIndex.build(entries_of_film(1, film, "films"))
    assert FilmIndex(index, lambda _number: None).query(film) == ()
    assert FilmIndex(index, {1: film}.get).query(film, bank="others") == ()
    assert FilmIndex(index, {1: film}.get).query(film, bank="films")


def test_ids_tell_film_and_frame_and_do_not_overflow() -> None:
    rows = rows_of_film(2**43 - 1, made_film(1), "films")
    assert int(rows.entries[-1]) == (2**43 - 1) * FRAMES_MOST + FRAMES - 1 < 2**63
    with pytest.raises(UserMistake):
        rows_of_film(2**43, made_film(1), "films")
