"""Measure how long it takes to find a film among many: 10,000 films of 500 frames by default.

Frames drift as a film's do: each differs from the last by some bits, and at a cut by all. Half the films begin with the
same title card. Each query is ten seconds of one film, with every frame changed a little; the answer must be that film.

    python bench/film_search.py [FILMS] [QUERIES]
"""

import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint import Film, Frame, Pdq
from zaoguang.search import Index
from zaoguang.search.films import FilmIndex, rows_of_film

FRAMES = 500
SECONDS = 0.2  # a frame
CARD = 10  # frames
CUT = 25  # frames of a shot


def made(number: int) -> NDArray[np.uint8]:
    """Give the hashes of one film (500, 32): shots that drift."""
    source = np.random.default_rng(number)
    starts = source.integers(0, 256, (FRAMES // CUT, 1, 32), np.uint8)
    steps = np.packbits(source.random((FRAMES // CUT, CUT, 256)) < 4 / 256, axis=2)
    shown = (starts ^ np.bitwise_xor.accumulate(steps, axis=1)).reshape(FRAMES, 32)
    if number % 2:
        shown[:CARD] = 0x5A
    return shown


def film(hashes: NDArray[np.uint8]) -> Film:
    """Give a film of these frames."""
    frames = tuple(
        Frame(place, place * SECONDS, (place + 1) * SECONDS, Pdq(value.tobytes()), 90)
        for place, value in enumerate(hashes)
    )
    return Film("video", "ab" * 32, 320, 240, len(frames) * SECONDS, frames)


def excerpt(number: int) -> Film:
    """Give the film's first ten seconds, each frame changed by about eight bits."""
    noise = np.packbits(np.random.default_rng(number + 10**9).random((50, 256)) < 8 / 256, axis=1)
    return film(made(number)[:50] ^ noise)


def main() -> int:
    """Print the figures; 1 when a film was not found, or another one was."""
    films, queries = (int(given) for given in (*sys.argv[1:], *("10000", "40")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        rows = (rows_of_film(number, film(made(number)), "films") for number in range(films))
        index = Index.build(rows, Path(folder) / "index")
        print(f"{films} films of {FRAMES} frames banked in {time.process_time() - began:.0f} s CPU")
        search = FilmIndex(index, lambda number: film(made(number)))
        took, wrong = [], 0
        for number in np.random.default_rng(1).choice(films, queries, replace=False).tolist():
            asked, began = excerpt(number), time.process_time()
            found = [each.film for each in search.query(asked)]
            took.append(time.process_time() - began)
            wrong += found != [number]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{queries} queries: median {np.median(took):.3f} s CPU, longest {max(took):.3f} s; {wrong} answered wrongly")
    print(f"{peak:.0f} MB at most; {platform.machine()}, Python {platform.python_version()}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
