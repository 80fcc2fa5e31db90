"""Untrusted bytes → a fingerprint of what a person would see, or a typed reason why there is none."""

from zaoguang.fingerprint.compare import Evidence, FilmMatch, Span, StillMatch, compare_films, still_in_film
from zaoguang.fingerprint.film import Film, Frame
from zaoguang.fingerprint.film_record import film_from_json, film_to_json
from zaoguang.fingerprint.line import Given, read_line
from zaoguang.fingerprint.pdq import MATCH_RADIUS, ORIENTATIONS, Pdq
from zaoguang.fingerprint.reading import fingerprint_bytes, fingerprint_file, fingerprint_picture
from zaoguang.fingerprint.record import (
    LOW_QUALITY_BELOW,
    Fingerprint,
    PictureFrame,
    Reason,
    Unhashable,
    from_json,
    to_json,
)
from zaoguang.fingerprint.screening import FilmLimits, Watcher

__all__ = [
    "LOW_QUALITY_BELOW",
    "MATCH_RADIUS",
    "ORIENTATIONS",
    "Evidence",
    "Film",
    "FilmLimits",
    "FilmMatch",
    "Fingerprint",
    "Frame",
    "Given",
    "Pdq",
    "PictureFrame",
    "Reason",
    "Span",
    "StillMatch",
    "Unhashable",
    "Watcher",
    "compare_films",
    "film_from_json",
    "film_to_json",
    "fingerprint_bytes",
    "fingerprint_file",
    "fingerprint_picture",
    "from_json",
    "read_line",
    "still_in_film",
    "to_json",
]
