"""What is known of one film: the fingerprints of its frames, each with the time for which it is on the screen."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zaoguang.fingerprint.pdq import Pdq
from zaoguang.fingerprint.record import Reason

__all__ = ["Film", "Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, or a run of near-identical consecutive ones that the first stands for."""

    number: int  # of the first frame of the run, counted from 0 in the order shown
    seconds: float  # when it comes on, from the beginning of the film
    until: float  # when the run ends, in seconds; never before `seconds`
    pdq: Pdq
    quality: int  # 0–100
    inner: Pdq | None = None  # of the frame without its even borders, where it has any


@dataclass(frozen=True, slots=True)
class Film:
    """What a film is known by; it is a secret, like the film itself."""

    kind: Literal["video"]
    sha256: str  # hex, of the file's bytes
    width: int  # pixels, as a person sees it: turned, with square pixels
    height: int
    seconds: float  # how long it runs
    frames: tuple[Frame, ...]  # in the order of time
    first_look: bool = False  # keyframes only: what lies between them was not looked at
    cut_short: Reason | None = None  # why nothing is known of what comes after the last frame
    flaws: int = 0  # damaged pieces that were passed over

    def hashes(self) -> NDArray[np.uint8]:
        """Give the frames' hashes as an array of shape (frames, 32)."""
        joined = b"".join(frame.pdq.bits for frame in self.frames)
        return np.frombuffer(joined, dtype=np.uint8).reshape(len(self.frames), 32)
