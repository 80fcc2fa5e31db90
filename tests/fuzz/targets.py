"""What is fuzzed in Python: each target takes any bytes and fails only by an exception that nobody was promised."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

import numpy as np
import pdqhash

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Fingerprint, from_json, kernel_numpy, picture, read_line, to_json
from zaoguang.fingerprint.kernel import Kernel, hashed, instructions
from zaoguang.sandbox.frames import BrokenAnswerError, answer_from_bytes, json_bytes
from zaoguang.watch.wire import BrokenWordError, report_from_line, report_to_json

__all__ = ["TARGETS"]

_PIXELS_MOST = 1 << 14


class BrokenPromiseError(AssertionError):
    """What a target found."""


def picture_file(untrusted_bytes: bytes) -> None:
    """The sandbox's own job, on a file: an answer of the agreed form, and the same by both kernels."""
    answer = picture.job(untrusted_bytes, {"kernel": Kernel.C.value})
    json_bytes(answer)
    if not isinstance(answer, dict):
        raise BrokenPromiseError(answer)
    known = from_json(answer if "unhashable" in answer else answer | {"sha256": "0" * 64})
    if isinstance(known, Fingerprint) and picture.job(untrusted_bytes, {"kernel": Kernel.NUMPY.value}) != answer:
        raise BrokenPromiseError("the kernels differ")


def pixels(untrusted_bytes: bytes) -> None:
    """Pixels of any shape: C, its NumPy twin and the standard's own library give the same bits and quality."""
    if len(untrusted_bytes) < 6:  # two sides and one more byte
        return
    height, width = (1 + int.from_bytes(untrusted_bytes[at : at + 2]) % most for at, most in ((0, 600), (2, 600)))
    width = min(width, max(1, _PIXELS_MOST // height))
    shown = np.resize(np.frombuffer(untrusted_bytes[4:], np.uint8), (height, width, 3))
    flat = shown.tobytes()
    ours = hashed(flat, width, height, kernel=Kernel.C if instructions() else Kernel.NUMPY)
    together, quality = kernel_numpy.hashes(flat, height, width, 3)
    if (b"".join(one.bits for one in ours.variants), ours.quality) != (together, quality):
        raise BrokenPromiseError(f"C and NumPy differ at {height} x {width}")
    vector, theirs = pdqhash.compute(shown)
    if (np.packbits(vector).tobytes(), int(theirs)) != (ours.variants[0].bits, ours.quality):
        raise BrokenPromiseError(f"not as the standard at {height} x {width}")


def words(untrusted_bytes: bytes) -> None:
    """All that is read as JSON from a child, the reader process or a survivor's hand: a value, or its one refusal."""
    try:
        answer = answer_from_bytes(untrusted_bytes)
    except BrokenAnswerError:
        answer = {}
    for untrusted in (answer, answer.get("answer")):
        _read_or_refused(untrusted)
    with suppress(BrokenWordError):
        report_to_json(report_from_line(untrusted_bytes))
    with suppress(UserMistake):
        read_line(untrusted_bytes.decode("utf-8", "surrogateescape"))


def _read_or_refused(untrusted: object) -> None:
    try:
        known = from_json(untrusted)
    except UserMistake:
        return
    if from_json(json.loads(json.dumps(to_json(known)))) != known:
        raise BrokenPromiseError("another one is read than was written")


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {"picture": picture_file, "pixels": pixels, "words": words}
)
"""By name."""
