"""The hashes of a picture turned each way, from the plain hash alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["turned"]

_WAVES: Final = 16


def _signs() -> tuple[tuple[NDArray[np.bool_], bool], ...]:
    """Give for each of ORIENTATIONS which waves change their sign, and whether the waves are transposed then."""
    odd = np.arange(_WAVES) % 2 == 0  # waves are counted from 1; an odd one is mirrored into its negative
    none = np.zeros((_WAVES, _WAVES), dtype=np.bool_)
    columns, rows = none ^ odd, none ^ odd[:, None]
    both = rows ^ columns
    return (
        (none, False),
        (columns, True),
        (both, False),
        (rows, True),
        (rows, False),
        (columns, False),
        (none, True),
        (both, True),
    )


_SIGNS: Final = _signs()


def turned(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give hashes (n, 32) turned in each of ORIENTATIONS: (8, n, 32).

    A turned picture has the same waves, some negated, some transposed. A bit says whether its wave lies above the
    median; that is near nought, so the bit of a negated wave is the other bit: true but for waves near nought (over the
    bundled photographs 4 to 6 bits are wrong in the median, 14 at most; in films drawn from them, 22). A transposition
    alone is exact.
    """
    waves = np.unpackbits(hashes, axis=1)[:, ::-1].reshape(-1, _WAVES, _WAVES).astype(np.bool_)
    ways = [_packed((waves ^ signs).transpose(0, 2, 1) if across else waves ^ signs) for signs, across in _SIGNS]
    return np.stack(ways)


def _packed(waves: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(waves.reshape(len(waves), _WAVES * _WAVES)[:, ::-1], axis=1)
