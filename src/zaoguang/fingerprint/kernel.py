"""PDQ of decoded pixels: in C where that was built, else by its NumPy twin, which gives the same bits more slowly."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zaoguang.fingerprint import kernel_numpy
from zaoguang.fingerprint.pdq import Pdq

__all__ = ["Hashed", "Kernel", "hashed", "hashed_cells", "instructions", "kernel_here"]

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


def _in_numpy(pixels: bytes | Iterator[bytes], height: int, width: int, channels: int) -> tuple[bytes, int]:
    together = b"".join(pixels) if isinstance(pixels, Iterator) else pixels
    return kernel_numpy.hashes(together, height, width, channels)


_KERNELS: Final[dict[Kernel, Callable[[bytes | Iterator[bytes], int, int, int], tuple[bytes, int]]]] = {
    Kernel.NUMPY: _in_numpy
}
_LEVELS: Final[list[str]] = []

_FROM_CELLS: Final[dict[Kernel, Callable[[bytes], tuple[bytes, int]]]] = {Kernel.NUMPY: kernel_numpy.grid_hashes}

with suppress(ImportError):  # it was installed on a machine without a C compiler
    from zaoguang.fingerprint import _pdq

    _LEVELS.extend(_pdq.levels())
    _FROM_CELLS[Kernel.C] = _pdq.grid_hashes
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


def hashed_cells(cells: bytes, *, kernel: Kernel | None = None) -> Hashed:
    """Hash 64 x 64 float32 brightnesses that are filtered and decimated already; ``ValueError`` if they are not."""
    return _apart(*_FROM_CELLS[kernel or kernel_here()](cells))


def _apart(together: bytes, quality: int) -> Hashed:
    starts = range(0, len(together), _HASH_BYTES)
    return Hashed(tuple(Pdq(together[start : start + _HASH_BYTES]) for start in starts), quality)
