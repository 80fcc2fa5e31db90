"""Even borders round a picture, as letterboxing, pillarboxing and screenshots add them: found on the brightness."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "inner_box", "shared_box", "uneven_part"]

_NEAR: Final = 10  # of 255: what a poor JPEG or film makes of one even colour
_ODD_PARTS: Final = 50  # one pixel in so many of a row may be another: specks, a rounded corner
_KEPT_LEAST: Final = 3  # a third of each side must stay, else the picture itself is even
_PIXELS_LEAST: Final = 16
_ASIDE_PARTS: Final = 10
_ROWS: Final = 32  # looked at in one step: most pictures have no border, and need only the first
_BORDER_PARTS: Final = 100  # a border thinner than one part in so many of a side moves few bits and is left


class Box(NamedTuple):
    """A part of a picture in pixels: rows ``top`` to ``bottom`` and columns ``left`` to ``right``, ends not in it."""

    top: int
    left: int
    bottom: int
    right: int


def inner_box(luma: NDArray[np.uint8]) -> Box | None:
    """Give the part of a picture (height, width; 8-bit brightness) inside its even borders; ``None`` without any.

    Each side has an even colour of its own. A border of blurred picture, as some players fill it, is not even and not
    found.
    """
    box = uneven_part(luma)
    return None if box is None else _worth_it(box, *luma.shape)


def uneven_part(luma: NDArray[np.uint8]) -> Box | None:
    """Give what is left without even rows and columns at the sides, however little; ``None`` when nothing is.

    Top and bottom are found first, then left and right between them, then the first pair again between those: a picture
    with an even frame all round needs all three.
    """
    height, width = luma.shape
    if min(height, width) < _PIXELS_LEAST or _border(luma) == height:
        return None
    top, bottom = _ends(luma)
    left, right = _ends(luma[top:bottom].T)
    if (top, bottom) == (0, height) and (left, right) != (0, width):
        top, bottom = _ends(luma[:, left:right])
    return Box(top, left, bottom, right)


def shared_box(boxes: Sequence[Box], height: int, width: int) -> Box | None:
    """Give the part inside the borders that the frames of a film share, of their uneven parts; ``None`` without any.

    A dark scene looks as if it had wider borders, a title over the whole screen as if it had none. So the narrowest
    count, but for one frame in ten.
    """
    if not boxes:
        return None
    widths = np.sort([(box.top, box.left, height - box.bottom, width - box.right) for box in boxes], axis=0)
    top, left, below, beside = (int(each) for each in widths[len(boxes) // _ASIDE_PARTS])
    return _worth_it(Box(top, left, height - below, width - beside), height, width)


def _worth_it(box: Box, height: int, width: int) -> Box | None:
    """Give the box if its borders are thick enough to matter and leave enough."""
    top, left, bottom, right = box
    trimmed = max((top + height - bottom) / height, (left + width - right) / width)
    too_little = min((bottom - top) * _KEPT_LEAST / height, (right - left) * _KEPT_LEAST / width) < 1
    small = min(bottom - top, right - left) < _PIXELS_LEAST
    return None if too_little or small or trimmed * _BORDER_PARTS < 1 else box


def _ends(luma: NDArray[np.uint8]) -> tuple[int, int]:
    """Give the first row that is no border, and the one after the last such row; all rows when all are even."""
    first = _border(luma)
    return (0, len(luma)) if first == len(luma) else (first, len(luma) - _border(luma[::-1]))


def _border(luma: NDArray[np.uint8]) -> int:
    """Count the rows at the top that have the colour of the outermost, but for a few pixels."""
    colour = int(np.median(luma[0]))
    rows = 0
    while rows < len(luma):
        part = luma[rows : rows + _ROWS].astype(np.int16)
        odd = (np.abs(part - colour) > _NEAR).sum(axis=1) * _ODD_PARTS > part.shape[1]
        if odd.any():
            rows += int(np.argmax(odd))
            break
        rows += len(part)
    return rows
