"""Whether a file's own structure says that it should go on: for formats whose decoders only say “wrong”. Child side."""

import struct
from typing import Final

__all__ = ["says_it_goes_on"]

_BOXES_MOST: Final = 64
_BOX_HEAD: Final = 8
_LARGE_BOX_HEAD: Final = 16


def says_it_goes_on(untrusted_bytes: bytes) -> bool:
    """Say whether a WebP (RIFF) or AVIF (ISO/IEC 14496-12 boxes) file ends before the size that it states."""
    if untrusted_bytes[:4] == b"RIFF" and untrusted_bytes[8:12] == b"WEBP":
        (size,) = struct.unpack_from("<I", untrusted_bytes, 4)
        return bool(_BOX_HEAD + size > len(untrusted_bytes))
    return untrusted_bytes[4:8] == b"ftyp" and _boxes_end(untrusted_bytes) > len(untrusted_bytes)


def _boxes_end(untrusted_bytes: bytes) -> int:
    """Give where the last of the top-level boxes says it ends."""
    place = 0
    for _ in range(_BOXES_MOST):
        size = _box_size(untrusted_bytes, place)
        if size == 0:  # the box goes on to the end of the file, or there is none
            return place
        place += size
    return place


def _box_size(untrusted_bytes: bytes, place: int) -> int:
    if place + _BOX_HEAD > len(untrusted_bytes):
        return 0
    (size,) = struct.unpack_from(">I", untrusted_bytes, place)
    if size != 1:
        return int(size) if size >= _BOX_HEAD else 0
    if place + _LARGE_BOX_HEAD > len(untrusted_bytes):
        return 0
    (large,) = struct.unpack_from(">Q", untrusted_bytes, place + _BOX_HEAD)
    return int(large)
