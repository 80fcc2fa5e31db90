"""Films: which of many banked films a film shows, found by a few of its frames, then compared second by second.

A frame is an entry like any other; its id says of which film it is (``FRAMES_MOST`` ids a film). Not exact, unlike
``Index``: only some frames are looked up, and a picture that many films share (black, a title card) says nothing about
any of them and is passed over. docs/explain/scale.md says what that misses.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import LOW_QUALITY_BELOW, MATCH_RADIUS, Film, FilmMatch, compare_films
from zaoguang.fingerprint.compare.turning import turned
from zaoguang.search.entry import Entry, Rows
from zaoguang.search.searchable import Searchable
from zaoguang.words import gettext as _

__all__ = ["FILMS_MOST", "FRAMES_MOST", "FilmCandidate", "FilmIndex", "entries_of_film", "rows_of_film"]

_FRAME_BITS: Final = 20
FRAMES_MOST: Final = 1 << _FRAME_BITS
"""Frames of one film that can be banked; ids are film number << 20 | frame."""

FILMS_MOST: Final = 1 << (63 - _FRAME_BITS)
"""Numbers of films, from 0."""

_LOOKED_UP: Final = 64  # frames of a query, spread over its length
_APART: Final = 16  # bits: a frame this near to one that is looked up already says nothing new
_FILMS_A_PICTURE: Final = 32  # a picture that is in more films than these tells none of them from the others
_COMPARED: Final = 8  # films, those with most frames in common first


@dataclass(frozen=True, slots=True)
class FilmCandidate:
    """A banked film that shows some of the same: its number, how many frames led to it, and the stretches."""

    film: int
    frames: int  # of those looked up that are in it
    match: FilmMatch


class FilmIndex:
    """Films in an index of their frames; ``film_of`` gives a banked film by its number, none if it is gone."""

    def __init__(self, index: Searchable, film_of: Callable[[int], Film | None]) -> None:
        self._index, self._film_of = index, film_of

    def query(self, film: Film, *, radius: int = MATCH_RADIUS, bank: str | None = None) -> tuple[FilmCandidate, ...]:
        """Give the banked films that this one shows a stretch of, those with most frames in common first.

        In the spans of a match the banked film is hers, the queried one the upload. However much is banked, at most
        512 hashes (64 frames, turned each way) are looked up and 8 films compared.
        """
        looks = telling_frames(film)
        if not len(looks):
            return ()
        banks = None if bank is None else [bank]
        pairs = [np.empty((0, 2), np.int64)]
        for way in turned(looks):  # one at a time: what floods one is reduced to its films before the next
            found = self._index.query(way, radius, banks)
            pairs.append(np.unique(np.stack([found.rows, found.entries >> _FRAME_BITS], axis=1), axis=0))
        return tuple(self._compared(film, _votes(np.unique(np.concatenate(pairs), axis=0)), radius))

    def _compared(self, film: Film, votes: list[tuple[int, int]], radius: int) -> Iterator[FilmCandidate]:
        for number, frames in votes[:_COMPARED]:
            banked = self._film_of(number)
            match = None if banked is None else compare_films(banked, film, radius=radius)
            if match is not None and match.spans:
                yield FilmCandidate(number, frames, match)


def telling_frames(film: Film) -> NDArray[np.uint8]:
    """Give the hashes (n, 32) of at most 64 frames with enough to see, unlike each other, spread over the film."""
    good = [frame for frame in film.frames if frame.quality >= LOW_QUALITY_BELOW]
    if not good:
        return np.empty((0, 32), np.uint8)
    hashes = np.frombuffer(b"".join(frame.pdq.bits for frame in good), np.uint8).reshape(-1, 32)
    most = min(len(hashes), 4 * _LOOKED_UP)
    sample = hashes[np.linspace(0, len(hashes) - 1, most).round().astype(np.intp)]
    distinct = _distinct(sample)
    few = np.linspace(0, len(distinct) - 1, min(len(distinct), _LOOKED_UP)).round().astype(np.intp)
    return np.ascontiguousarray(sample[distinct[few]])


def _distinct(hashes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Give the places of those that are unlike every one kept before them."""
    kept: list[int] = []
    for place, each in enumerate(hashes):
        if not kept or int(np.bitwise_count(hashes[kept] ^ each).sum(axis=1).min()) > _APART:
            kept.append(place)
    return np.array(kept, np.intp)


def _votes(pairs: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Give (film, rows that are in it), most first, of distinct (row, film); rows in many films do not count."""
    looks, in_films = np.unique(pairs[:, 0], return_counts=True)
    telling = looks[in_films <= _FILMS_A_PICTURE]
    numbers, counts = np.unique(pairs[np.isin(pairs[:, 0], telling), 1], return_counts=True)
    order = np.lexsort((numbers, -counts))
    return [(int(numbers[place]), int(counts[place])) for place in order]


def rows_of_film(number: int, film: Film, bank: str) -> Rows:
    """Give the frames of a film that have enough to see, to be banked; UserMistake where there is no id for them."""
    if not 0 <= number < FILMS_MOST or len(film.frames) > FRAMES_MOST:
        raise UserMistake(_("A film to bank needs a number from 0 to 2**43 - 1 and at most 2**20 frames."))
    good = [place for place, frame in enumerate(film.frames) if frame.quality >= LOW_QUALITY_BELOW]
    ids = np.array(good, np.int64) | (number << _FRAME_BITS)
    return Rows(film.hashes()[good], ids, [bank])


def entries_of_film(number: int, film: Film, bank: str) -> Iterable[Entry]:
    """Give the same as single entries, for ``insert_many``."""
    rows = rows_of_film(number, film, bank)
    pairs = zip(rows.hashes, (int(entry) for entry in rows.entries), strict=True)
    return [Entry(value.tobytes(), entry, rows.banks) for value, entry in pairs]
