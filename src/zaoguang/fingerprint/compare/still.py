"""A picture against a film: when, if ever, the film shows it."""

import numpy as np

from zaoguang.fingerprint.compare.span import StillMatch
from zaoguang.fingerprint.compare.timeline import Timeline, distances
from zaoguang.fingerprint.compare.turning import turned
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.pdq import MATCH_RADIUS, ORIENTATIONS, Pdq
from zaoguang.fingerprint.record import Fingerprint

__all__ = ["still_in_film"]


def still_in_film(picture: Fingerprint | Pdq, film: Film, radius: int = MATCH_RADIUS) -> tuple[StillMatch, ...]:
    """Give the stretches in which the film shows the picture, turned or not, in the order of time.

    Frames with too little to see (quality < 50) show nothing. Of a ``Fingerprint`` its own turned hashes are taken and
    the one over black; of a bare hash those that follow from it, which are off by 4 to 6 bits, rarely up to 22.
    """
    if not film.frames:
        return ()
    timeline = Timeline.of(film)
    hashes, names = _hashes(picture)
    words = np.frombuffer(hashes, dtype=np.uint64).reshape(1, -1, 1, 4)
    bits = distances(words, timeline.words[:, None])
    nearest, least = bits.argmin(axis=0), bits.min(axis=0)
    shown = np.flatnonzero((least <= radius) & timeline.good)
    runs = np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1) if len(shown) else []
    matches = []
    for run in runs:
        best = int(run[np.argmin(least[run])])
        from_, until = film.frames[int(run[0])].seconds, film.frames[int(run[-1])].until
        matches.append(StillMatch(from_, until, int(least[best]), names[int(nearest[best])]))
    return tuple(matches)


def _hashes(picture: Fingerprint | Pdq) -> tuple[bytes, tuple[str, ...]]:
    """Give the hashes to look for, one after the other, and how each is turned."""
    if isinstance(picture, Pdq):
        return turned(np.frombuffer(picture.bits, dtype=np.uint8).reshape(1, -1)).tobytes(), ORIENTATIONS
    known = [*picture.variants, *([picture.on_black] if picture.on_black is not None else [])]
    return b"".join(pdq.bits for pdq in known), (*ORIENTATIONS, ORIENTATIONS[0])
