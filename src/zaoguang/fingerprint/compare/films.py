"""Film against film: find every stretch in which they show the same, whatever was cut, turned or sped up."""

from typing import Final

from zaoguang.fingerprint.compare.line import Ballot
from zaoguang.fingerprint.compare.pairs import alike
from zaoguang.fingerprint.compare.span import FilmMatch, Span
from zaoguang.fingerprint.compare.timeline import Timeline
from zaoguang.fingerprint.compare.track import Tracks
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.pdq import MATCH_RADIUS, ORIENTATIONS

__all__ = ["compare_films"]

_ROUNDS_MOST: Final = 200  # lines looked at; bounds the work where little fits much
_VOTES_LEAST: Final = 0.75  # below this, no line has three seconds of evidence left
_STRUCK_NEAR: Final = 0.6  # seconds: pairs so near to a line that was looked at do not vote again


def compare_films(hers: Film, upload: Film, *, radius: int = MATCH_RADIUS) -> FilmMatch:
    """Give which stretches of the upload show the same as stretches of her film, and how much of either that is.

    Pairs of moments that look alike (quality ≥ 50, within the radius) vote for straight lines in time, in each of the
    eight orientations; the line with most votes is fitted, followed moment by moment, and what it explains is taken
    out, until no line is left with three seconds of evidence. docs/explain/film-against-film.md has the measured
    limits. Nothing is random, and the work is bounded: at most 8,192 moments a film and 200 lines.
    """
    if not hers.frames or not upload.frames:
        return FilmMatch(0.0, 0.0, ())
    left, right = Timeline.of(hers), Timeline.of(upload)
    tracks = Tracks(left, right, radius)
    ballots = [Ballot(alike(left, right, way, radius), way) for way in range(len(ORIENTATIONS))]
    found: list[Span] = []
    for _ in range(_ROUNDS_MOST):
        ballot = max(ballots, key=lambda each: each.most)  # the first of equals: the picture as it is before the turned
        if ballot.most < _VOTES_LEAST:
            break
        first = ballot.line
        line = first.fitted(ballot.pairs)
        spans = tracks.follow(line, ballot.pairs)
        found.extend(spans)
        ballot.strike((line.off(ballot.pairs) <= _STRUCK_NEAR) | (first.off(ballot.pairs) <= _STRUCK_NEAR))
        if spans:
            for each in ballots:
                each.strike(tracks.explained(each.pairs))
    ordered = sorted(found, key=lambda span: (span.upload_from, span.hers_from))
    return FilmMatch(*tracks.shares(), tuple(ordered))
