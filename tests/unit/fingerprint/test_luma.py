"""The kernel for films gives PDQ's bits from a plane of brightness, the same in C and in NumPy."""

import dataclasses
import struct

import numpy as np
import pytest

from tests.support.recorded_films import Made, film_of, pictures_of
from zaoguang.fingerprint import ORIENTATIONS, Film, Pdq, _luma, fingerprint_bytes
from zaoguang.fingerprint.kernel import Kernel, hashed
from zaoguang.fingerprint.luma import Plane, grid_of, hashes_of_grid
from zaoguang.sandbox import Sandbox

STILL = Made(shots=((0, 3),), moving=False)


@pytest.mark.parametrize("size", [(640, 360), (101, 333), (64, 64), (30, 20), (1501, 127)])
def test_both_twins_give_the_bits_of_the_exact_kernel(size: tuple[int, int]) -> None:
    width, height = size
    (picture,) = pictures_of(Made(shots=((3, 1),), size=size))
    grey = np.ascontiguousarray(picture[:, :, 1])
    plane = Plane(grey.tobytes(), width, height, width)
    grid = grid_of(plane, Kernel.C)
    assert np.array_equal(grid, grid_of(plane, Kernel.NUMPY))
    together, quality = hashes_of_grid(grid)
    exact = hashed(grey.tobytes(), width, height, channels=1)
    assert Pdq(together[:32]).distance(exact.variants[0]) <= 2
    assert abs(quality - exact.quality) <= 1


@pytest.mark.parametrize("bits", [0, 8, 10])
@pytest.mark.parametrize("wide", [False, True])
def test_every_instruction_set_and_the_twin_read_wide_samples_and_tables_alike(bits: int, *, wide: bool) -> None:
    """Rows with a gap between them; a table has fewer entries than wide samples have values."""
    random = np.random.default_rng(bits)
    width, height, stride = 333, 101, 700
    table = random.uniform(0, 255, 1 << bits).astype(np.float32).tobytes() if bits else b""
    plane = Plane(random.bytes(height * stride), width, height, stride, wide, table)
    twin = grid_of(plane, Kernel.NUMPY)
    for level in range(len(_luma.levels())):
        assert grid_of(plane, Kernel.C, level).tobytes() == twin.tobytes()
    for level in (-1, len(_luma.levels())):
        with pytest.raises(ValueError, match="no such level"):
            grid_of(plane, Kernel.C, level)


@pytest.mark.parametrize("kernel", list(Kernel))
def test_a_plane_that_is_too_short_is_refused(kernel: Kernel) -> None:
    with pytest.raises(ValueError, match="fill"):
        grid_of(Plane(bytes(99), 10, 10, 10), kernel)


@pytest.mark.parametrize(
    ("matrix", "name"),
    [((0, 1, -1, 0), "rotated_270"), ((0, -1, 1, 0), "rotated_90"), ((-1, 0, 0, 1), "mirrored")],
)
def test_a_turned_film_is_hashed_as_players_show_it(
    matrix: tuple[int, int, int, int], name: str, sandbox: Sandbox
) -> None:
    whole = bytearray(film_of(STILL))
    a, b, c, d = (part << 16 for part in matrix)
    place = whole.index(b"tkhd") + 4 + 40
    whole[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    found, upright = fingerprint_bytes(bytes(whole), sandbox), fingerprint_bytes(film_of(STILL), sandbox)
    assert isinstance(found, Film)
    assert isinstance(upright, Film)
    (picture, *_) = pictures_of(STILL)
    turned = hashed(picture.tobytes(), *STILL.size).variants[ORIENTATIONS.index(name)]
    assert found.frames[0].pdq.distance(turned) <= 16
    assert (found.width < found.height) is name.startswith("rotated")


def test_more_bits_and_full_range_are_seen_alike(sandbox: Sandbox) -> None:
    (drawn, *_) = pictures_of(STILL)
    exact = hashed(drawn.tobytes(), *STILL.size)
    for form, codec in (("yuv420p10le", "libx265"), ("yuvj420p", "mjpeg"), ("yuv422p10le", "prores_ks")):
        container = "mov" if codec == "prores_ks" else "matroska"
        made = dataclasses.replace(STILL, format=form, codec=codec, container=container, options=())
        found = fingerprint_bytes(film_of(made), sandbox)
        assert isinstance(found, Film), form
        assert found.frames[0].pdq.distance(exact.variants[0]) <= 12, form
        assert abs(found.frames[0].quality - exact.quality) <= 3, form
