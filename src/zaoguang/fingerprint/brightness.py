"""One decoded frame → the brightness that PDQ is made of, as a person would see it. Child side only.

Nearly every film carries brightness as a plane of its own, which is hashed as it lies; swscale is asked only for the
others. Sources: ITU-R BT.601 and BT.709 (ranges), SMPTE ST 2084 (PQ), ITU-R BT.2408 (203 cd/m² is a white page).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData
from numpy.typing import NDArray

from zaoguang.fingerprint.borders import Box
from zaoguang.fingerprint.kernel import Kernel, hashed
from zaoguang.fingerprint.luma import Plane, grid_of, hashes_of_grid
from zaoguang.fingerprint.pdq import ORIENTATIONS

__all__ = ["frame_hash", "turn_of"]

_HASH_BYTES: Final = 32
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_PQ: Final = 16  # AVCOL_TRC_SMPTE2084
_PAGE_WHITE: Final = 203.0  # cd/m²
_PEAK: Final = 1000.0  # cd/m²: what such films are mostly mastered for
_KNEE: Final = 0.7
_FIELDS: Final = 2
_FIELD_ROWS_LEAST: Final = 128  # half of them still fill the 64 rows of the grid


@dataclass(frozen=True, slots=True)
class _Samples:
    """How a format writes brightness."""

    bits: int = 8
    shift: int = 0  # unused low bits
    full: bool = False  # always full range


def _formats() -> dict[str, _Samples]:
    known = {name: _Samples() for name in ("yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p")}
    known |= {name: _Samples() for name in ("nv12", "nv21", "nv16", "nv24")}
    known |= {f"yuvj{name}p": _Samples(full=True) for name in ("411", "420", "422", "440", "444")}
    known["gray"] = _Samples(full=True)
    for bits in (9, 10, 12, 14, 16):
        known |= {f"yuv{name}p{bits}le": _Samples(bits) for name in ("420", "422", "444")}
        known[f"gray{bits}le"] = _Samples(bits, full=True)
    return known | {"p010le": _Samples(10, 6), "p012le": _Samples(12, 4), "p016le": _Samples(16)}


_FORMATS: Final = _formats()


def frame_hash(frame: VideoFrame, turn: int, kernel: Kernel | None, box: Box | None = None) -> tuple[bytes, int]:
    """Give the 32 bytes of the frame's PDQ, turned as ``ORIENTATIONS[turn]``, and its quality (0-100).

    ``box``: the part of the frame, as it lies in the file, that is hashed; without it, all of it.
    """
    part = box or Box(0, 0, frame.height, frame.width)
    samples = _FORMATS.get(frame.format.name)
    if samples is None or frame.planes[0].line_size < 0:
        together, quality = _through_colours(frame, kernel, part)
    else:
        together, quality = hashes_of_grid(_seen(frame, samples, kernel, part), kernel)
    return together[turn * _HASH_BYTES : (turn + 1) * _HASH_BYTES], quality


def _seen(frame: VideoFrame, samples: _Samples, kernel: Kernel | None, part: Box) -> NDArray[np.float32]:
    """Give the 64 x 64 cells, 0-255, from the plane of brightness as it lies.

    Of an interlaced frame every other line: the rest is another moment, and what moves would be torn.
    """
    plane = frame.planes[0]
    full = samples.full or frame.color_range == _FULL_RANGE
    table = _pq_table(samples.bits, samples.shift, full) if frame.color_trc == _PQ else b""
    wide = samples.bits > 8  # noqa: PLR2004  # a byte
    step = _FIELDS if frame.interlaced_frame and part.bottom - part.top >= _FIELD_ROWS_LEAST else 1
    first = part.top * plane.line_size + part.left * (2 if wide else 1)
    width, height = part.right - part.left, -(-(part.bottom - part.top) // step)
    lying = Plane(memoryview(plane)[first:], width, height, plane.line_size * step, wide, table)
    grid = grid_of(lying, kernel)
    if table:
        return grid
    scale, black = _levels(samples, full=full)
    spread: NDArray[np.float32] = (grid - np.float32(black)) * np.float32(scale)
    return spread.clip(0, 255)


def _levels(samples: _Samples, *, full: bool) -> tuple[float, float]:
    """Give what to multiply with, after taking away black, to come to 0-255."""
    step = 1 << (samples.bits - 8 + samples.shift)
    if full:
        return 255 / (((1 << samples.bits) - 1) << samples.shift), 0
    return 255 / (219 * step), 16 * step


@lru_cache(maxsize=8)
def _pq_table(bits: int, shift: int, full: bool) -> bytes:  # noqa: FBT001  # lru_cache wants it plain
    """Give for each sample what an ordinary screen shows: PQ to light, highlights eased in, gamma 2.2.

    As it is below 0.7 of a page's white; from there a curve with the same slope that reaches 1 at 1000 cd/m².
    """
    scale, black = _levels(_Samples(bits, shift), full=full)
    signal = np.clip((np.arange(1 << (bits + shift)) - black) * scale / 255, 0, 1)
    power = signal ** (1 / 78.84375)
    light = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    page = light / _PAGE_WHITE
    most = _PEAK / _PAGE_WHITE - _KNEE
    above = np.clip(page - _KNEE, 0, most)
    room = 1 - _KNEE
    bend = (most - room) / (most * room)
    eased = np.where(page > _KNEE, _KNEE + above / (1 + bend * above), page)
    table: NDArray[np.float32] = (255 * np.clip(eased, 0, 1) ** (1 / 2.2)).astype(np.float32)
    return table.tobytes()


def _through_colours(frame: VideoFrame, kernel: Kernel | None, part: Box) -> tuple[bytes, int]:
    """Hash a frame that has no plane of brightness: palettes, red-green-blue; what is see-through, over black."""
    seen = any(part.is_alpha for part in frame.format.components) or frame.format.name == "pal8"
    shown = frame.reformat(format="rgba" if seen else "rgb24", threads=1)  # the child can start no thread
    channels = 4 if seen else 3
    plane = shown.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[
        : frame.height, : frame.width * channels
    ]
    pixels = rows.reshape(frame.height, frame.width, channels)[part.top : part.bottom, part.left : part.right]
    if seen:
        pixels = (pixels[:, :, :3] * (pixels[:, :, 3:].astype(np.uint16)) // 255).astype(np.uint8)
    found = hashed(pixels.tobytes(), part.right - part.left, part.bottom - part.top, kernel=kernel)
    return b"".join(pdq.bits for pdq in found.variants), found.quality


_TURNS: Final = {
    (1, 0, 0, 1): "original",
    (0, -1, 1, 0): "rotated_90",
    (-1, 0, 0, -1): "rotated_180",
    (0, 1, -1, 0): "rotated_270",
    (1, 0, 0, -1): "flipped",
    (-1, 0, 0, 1): "mirrored",
    (0, 1, 1, 0): "transposed",
    (0, -1, -1, 0): "transversed",
}


def turn_of(frame: VideoFrame) -> int:
    """Give how players turn the film, as a place in ``ORIENTATIONS``: from its display matrix, to the nearest quarter.

    The matrix (ISO/IEC 14496-12, 8.4.2.3.2): x' = a x + c y, y' = b x + d y, with y growing downwards.
    """
    held = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(held, SideData):
        return 0
    matrix = np.frombuffer(memoryview(held), dtype=np.int32)
    if matrix.size < 9:  # noqa: PLR2004  # three rows of three
        return 0
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    across = abs(b) + abs(c) > abs(a) + abs(d)
    signs = (0, _sign(b), _sign(c), 0) if across else (_sign(a), 0, 0, _sign(d))
    return ORIENTATIONS.index(_TURNS.get(signs, "original"))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
