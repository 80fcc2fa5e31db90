"""Film against film, and picture against film: which seconds of an upload are hers, from fingerprints alone."""

from zaoguang.fingerprint.compare.films import compare_films
from zaoguang.fingerprint.compare.span import Evidence, FilmMatch, Span, StillMatch
from zaoguang.fingerprint.compare.still import still_in_film

__all__ = ["Evidence", "FilmMatch", "Span", "StillMatch", "compare_films", "still_in_film"]
