"""What a comparison gives: the spans in which two films show the same, and where a picture is seen in a film."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Evidence", "FilmMatch", "Span", "StillMatch"]


class Evidence(StrEnum):
    """How strong the evidence for a span is."""

    MOVING = "moving"  # at least three different pictures follow each other in the same way
    STILL = "still"  # one shot that hardly changes: as strong as one matching picture, and without a speed of its own


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of her film and the stretch of the upload that shows the same; times in seconds."""

    hers_from: float
    hers_until: float
    upload_from: float
    upload_until: float
    speed: float  # how many times faster the upload runs; 1.0 for a still shot
    orientation: str  # how her film was turned to give the upload: one of ORIENTATIONS
    evidence: Evidence
    distance: int  # median of the bits by which the frames differ


@dataclass(frozen=True, slots=True)
class FilmMatch:
    """How much of two films is the same; shares are of the time in which there is something to see, 0–1."""

    hers_share: float
    upload_share: float
    spans: tuple[Span, ...]  # in the order of the upload


@dataclass(frozen=True, slots=True)
class StillMatch:
    """When a film shows a picture; times in seconds."""

    seconds: float
    until: float
    distance: int  # bits, at the frame that is nearest
    orientation: str  # how the picture was turned to give that frame: one of ORIENTATIONS
