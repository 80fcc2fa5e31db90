"""PDQ of decoded pixels: in C where that was built, else by its NumPy twin, which gives the same bits more slowly."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from zaoguang.fingerprint import kernel_numpy, kernel_scaled
from zaoguang.fingerprint.pdq import Pdq

__all__ = ["Hashed", "Kernel", "Samples", "Seen", "hashed", "hashed_samples", "instructions", "kernel_here"]

_HASH_BYTES: Final = 32
_RGB: Final = 3


class Kernel(StrEnum):
    """Which of the two does the work."""

    C = "c"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class Hashed:
    """What pixels hash to."""

    variants: tuple[Pdq, ...]  # turned in each of ORIENTATIONS; the first is the picture as it is
    quality: int  # 0-100


class Samples(NamedTuple):
    """A picture decoded at a smaller scale, and what each sample weighs in a cell."""

    pixels: bytes  # rows from the top
    height: int
    width: int
    channels: int  # 4: red, green, blue, and one that means nothing; 1: grey
    down: bytes  # packed_weights
    across: bytes
    swapped: bool  # rows become columns, once filtered


class Seen(NamedTuple):
    """What samples hash to, and how sure that is."""

    hashed: Hashed
    waves: bytes  # 16 x 16 float32, of which the bits say which lie above the median
    clipped_steps: int  # squares of steps in brightness along a row, in 256/1000 of 1: beside cut-off colours
    all_steps: int  # and everywhere; both in each of the rows looked at


def _in_numpy(pixels: bytes | Iterator[bytes], height: int, width: int, channels: int) -> tuple[bytes, int]:
    together = b"".join(pixels) if isinstance(pixels, Iterator) else pixels
    return kernel_numpy.hashes(together, height, width, channels)


_KERNELS: Final[dict[Kernel, Callable[[bytes | Iterator[bytes], int, int, int], tuple[bytes, int]]]] = {
    Kernel.NUMPY: _in_numpy
}
_LEVELS: Final[list[str]] = []

_FROM_SAMPLES: Final[dict[Kernel, Callable[["Samples"], tuple[bytes, int, bytes, int, int]]]] = {
    Kernel.NUMPY: lambda given: kernel_scaled.scaled_hashes(*given)
}

with suppress(ImportError):  # it was installed on a machine without a C compiler
    from zaoguang.fingerprint import _pdq

    _LEVELS.extend(_pdq.levels())
    _FROM_SAMPLES[Kernel.C] = lambda given: _pdq.scaled_hashes(*given, len(_LEVELS) - 1)
    _KERNELS[Kernel.C] = lambda pixels, height, width, channels: _pdq.hashes(
        pixels, height, width, channels, len(_LEVELS) - 1
    )


def kernel_here() -> Kernel:
    """Give the faster kernel there is; ``ZAOGUANG_KERNEL=numpy`` in the environment forces the twin, for tests."""
    forced = os.environ.get("ZAOGUANG_KERNEL") == Kernel.NUMPY
    return Kernel.C if Kernel.C in _KERNELS and not forced else Kernel.NUMPY


def instructions() -> str:
    """Name the instruction set that the C kernel uses on this processor; empty where there is no C kernel."""
    return _LEVELS[-1] if _LEVELS else ""


def hashed(
    pixels: bytes | Iterator[bytes], width: int, height: int, *, channels: int = _RGB, kernel: Kernel | None = None
) -> Hashed:
    """Hash 8-bit pixels, rows from the top without gaps; ``channels``: 3 for red, green, blue, or 1 for grey.

    They may come in pieces of whole rows, a multiple of 16 of them but in the last piece: then the C kernel, which lets
    other threads run, never holds more than one piece.

    The bits and the quality are those of pdqhash 0.2.8 on x86-64 (docs/decisions/0006-own-pdq.md). ``ValueError`` when
    the pixels do not fill the sides or a side is above 2²⁰; ``MemoryError``.
    """
    return _apart(*_KERNELS[kernel or kernel_here()](pixels, height, width, channels))


def hashed_samples(given: Samples, *, kernel: Kernel | None = None) -> Seen:
    """Hash a picture decoded at a smaller scale; ``ValueError`` if the samples do not fill the sides."""
    together, quality, waves, clipped, every = _FROM_SAMPLES[kernel or kernel_here()](given)
    return Seen(_apart(together, quality), waves, clipped, every)


def _apart(together: bytes, quality: int) -> Hashed:
    starts = range(0, len(together), _HASH_BYTES)
    return Hashed(tuple(Pdq(together[start : start + _HASH_BYTES]) for start in starts), quality)
