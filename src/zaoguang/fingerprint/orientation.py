"""Which way up a decoded picture goes: what its container says, undone once and never twice. Child side only.

Who has turned the pixels already differs: the HEIC decoder (by ``irot`` and ``imir``) and Pillow's for TIFF have; for
JPEG, PNG and WebP the EXIF block says how to, and for AVIF Pillow puts what ``irot`` and ``imir`` say into that block.
XMP may name an orientation too; browsers ignore it, and so do we.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from PIL import Image

__all__ = ["turn_of", "upright"]

_Turn = Image.Transpose
_UPRIGHT: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {  # EXIF 2.32 §4.6.4 A: what undoes each value
        2: _Turn.FLIP_LEFT_RIGHT,
        3: _Turn.ROTATE_180,
        4: _Turn.FLIP_TOP_BOTTOM,
        5: _Turn.TRANSPOSE,
        6: _Turn.ROTATE_270,
        7: _Turn.TRANSVERSE,
        8: _Turn.ROTATE_90,
    }
)
_SAID_IN_EXIF: Final = frozenset({"JPEG", "MPO", "PNG", "WEBP", "AVIF"})
_HEAD: Final = b"Exif\x00\x00"
_ORDERS: Final[Mapping[bytes, str]] = MappingProxyType({b"II*\x00": "<", b"MM\x00*": ">"})
_TAG, _SHORT, _ENTRY_BYTES = 0x0112, 3, 12


def upright(picture: Image.Image, file_format: str | None) -> Image.Image:
    """Give the picture the right way up."""
    turn = turn_of(picture, file_format)
    return picture if turn is None else picture.transpose(turn)


def turn_of(picture: Image.Image, file_format: str | None) -> Image.Transpose | None:
    """Give what sets the picture upright, if anything must; a broken EXIF block asks for nothing."""
    untrusted_exif = picture.info.get("exif") if file_format in _SAID_IN_EXIF else None
    return _UPRIGHT.get(_orientation(untrusted_exif)) if isinstance(untrusted_exif, bytes) else None


def _orientation(untrusted_exif: bytes) -> int:
    """Read the orientation from the first directory of an EXIF block (TIFF 6.0 §2), 1 where it is not well said."""
    tiff = untrusted_exif.removeprefix(_HEAD)
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for place in range(start + 2, start + 2 + entries * _ENTRY_BYTES, _ENTRY_BYTES):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, place)
            if tag == _TAG:
                return int(value) if (kind, count) == (_SHORT, 1) else 1
    except struct.error:
        pass  # the directory leads out of the block
    return 1
