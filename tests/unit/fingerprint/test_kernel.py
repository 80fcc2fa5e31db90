"""PDQ of our own: every bit and the quality as pdqhash gives them, by every kernel, whatever the picture's shape."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from tests.support.ground import MISSING
from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import Fingerprint, Pdq, fingerprint_bytes, kernel_numpy
from zaoguang.fingerprint.kernel import Kernel, hashed, instructions, kernel_here
from zaoguang.sandbox import Sandbox

_pdq = pytest.importorskip("zaoguang.fingerprint._pdq", reason=f"{MISSING}the C kernel, for want of a C compiler")

Pixels = NDArray[np.uint8]
Kernels = dict[str, Callable[[bytes, int, int, int], tuple[bytes, int]]]


def in_c(level: int) -> Callable[[bytes, int, int, int], tuple[bytes, int]]:
    return lambda pixels, height, width, channels: _pdq.hashes(pixels, height, width, channels, level)


KERNELS: Kernels = {"numpy": kernel_numpy.hashes} | {name: in_c(level) for level, name in enumerate(_pdq.levels())}
PHOTOGRAPHS = sorted(
    Path(str(file)) for file in resources.files("zaoguang.rehearsal.photographs").iterdir() if file.name[-4:] == ".jpg"
)

# What people and platforms do to a picture; sides change too, so that the boxes of the filter have many sizes.
EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda p: p,
    "saved badly": lambda p: Image.open(io.BytesIO(saved(p, "JPEG", quality=12))),
    "smaller": lambda p: p.resize((p.width * 2 // 3, p.height * 2 // 3)),
    "thumbnail": lambda p: p.resize((129, 97)),
    "larger": lambda p: p.resize((p.width * 7 // 5, p.height * 7 // 5)),
    "squeezed": lambda p: p.resize((p.width, max(p.height // 3, 5))),
    "cropped": lambda p: p.crop((p.width // 9, p.height // 7, p.width * 8 // 9, p.height)),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda p: p.transpose(Image.Transpose.ROTATE_90),
    "grey": lambda p: p.convert("L"),
    "two tones": lambda p: p.convert("1"),
    "few colours": lambda p: p.quantize(8),
    "blurred": lambda p: p.filter(ImageFilter.GaussianBlur(6)),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.8),
    "bordered": lambda p: ImageOps.expand(p, 37, "white"),
    "inverted": lambda p: p.point(lambda value: 255 - value),
}


def pixels_of(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("RGB"))


def theirs(pixels: Pixels) -> tuple[list[bytes], int]:
    vectors, quality = pdqhash.compute_dihedral(pixels)
    return [np.packbits(vector).tobytes() for vector in vectors], int(quality)


def ours(name: str, pixels: Pixels) -> tuple[list[bytes], int]:
    together, quality = KERNELS[name](pixels.tobytes(), pixels.shape[0], pixels.shape[1], 3)
    return [together[start : start + 32] for start in range(0, 256, 32)], quality


def agrees(pixels: Pixels, *names: str) -> bool:
    """Whether the kernels named, or all, give pdqhash's eight hashes and quality, and its one hash and quality."""
    expected = theirs(pixels)
    vector, quality = pdqhash.compute(pixels)
    assert ([np.packbits(vector).tobytes()], quality) == (expected[0][:1], expected[1])
    return all(ours(name, pixels) == expected for name in names or KERNELS)


def noise(seed: int, height: int, width: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def gradients() -> Iterator[Pixels]:
    for height, width in [(100, 100), (256, 640), (333, 500), (720, 130), (65, 1000)]:
        down, across = np.mgrid[:height, :width]
        for field in (across / width, down / height, (across + down) / (height + width), np.hypot(down, across) % 256):
            ramp = (field * 255 if field.max() <= 1 else field).astype(np.uint8)
            yield np.stack([ramp, ramp, ramp], axis=2)
            yield np.stack([ramp, 255 - ramp, ramp // 2], axis=2)


def drawings() -> Iterator[Pixels]:
    for seed in range(40):
        random = np.random.default_rng(seed)
        size = (int(random.integers(20, 700)), int(random.integers(20, 700)))
        picture = Image.new("RGB", size, tuple(random.integers(0, 256, 3).tolist()))
        pen = ImageDraw.Draw(picture)
        for _ in range(int(random.integers(1, 25))):
            left, top = (int(random.integers(0, side)) for side in size)
            box = (left, top, left + int(random.integers(1, 300)), top + int(random.integers(1, 300)))
            (pen.ellipse if random.random() < 0.5 else pen.rectangle)(box, tuple(random.integers(0, 256, 3).tolist()))
        yield pixels_of(picture)


def few_then_slow(items: list[Path]) -> list[Any]:
    return [
        pytest.param(item, id=item.stem, marks=[] if number % 9 == 0 else pytest.mark.slow)
        for number, item in enumerate(items)
    ]


@pytest.mark.parametrize("path", few_then_slow(PHOTOGRAPHS))
def test_every_edit_of_a_photograph_hashes_as_the_standard_does(path: Path) -> None:
    picture = Image.open(path).convert("RGB")
    wrong = [name for name, edit in EDITS.items() if not agrees(pixels_of(edit(picture)))]
    assert wrong == []


def test_gradients_and_drawings_hash_as_the_standard_does() -> None:
    """Their gradients lie on the edges between whole percentages, where a sum in another order changes the quality."""
    assert [n for n, pixels in enumerate([*gradients(), *drawings()]) if not agrees(pixels)] == []


@pytest.mark.parametrize(
    ("height", "width"),
    [
        (1, 1),
        (4, 900),
        (900, 4),
        (5, 5),
        (5, 20000),
        (20000, 5),
        (7, 3001),
        (16, 16),
        (63, 65),
        (65, 63),
        (64, 65),
        (127, 128),
        (128, 129),
        (129, 127),
        (255, 257),
        (97, 1601),
        (640, 640),
        (1280, 33),
        (211, 6143),
        (20000, 17),
    ],
)
def test_any_shape_hashes_as_the_standard_does(height: int, width: int) -> None:
    assert agrees(noise(height, height, width))


@pytest.mark.parametrize("window", [1, 2, 3, 6, 7, 11, 24, 31, 32, 33, 48, 63, 100, 127, 156, 157])
def test_any_box_hashes_as_the_standard_does(window: int) -> None:
    """The mean of a box is a product and a correction where the processor can: it must round as a division does."""
    assert agrees(noise(window, window * 128 - 1, 9))
    assert agrees(noise(window, 9, window * 128 - 127))


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width"), [(3_024, 4_032), (4_032, 3_024), (1_000, 20_000), (20_000, 1_000)])
def test_large_pictures_hash_as_the_standard_does(height: int, width: int) -> None:
    assert agrees(pixels_of(made_picture(7, width, height)))


def test_a_picture_of_the_grids_own_size_hashes_as_the_standard_does_for_one_hash() -> None:
    """There pdqhash.compute takes the pixels as they are and compute_dihedral filters them: a rounding apart."""
    for seed in range(20):
        pixels = pixels_of(made_picture(seed, 64, 64))
        vector, quality = pdqhash.compute(pixels)
        turned, _ = theirs(pixels)
        for name in KERNELS:
            found = ours(name, pixels)
            assert (found[0][0], found[1]) == (np.packbits(vector).tobytes(), quality)
            assert all(Pdq(a).distance(Pdq(b)) <= 2 for a, b in zip(found[0], turned, strict=True))


shapes = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(shapes, st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 17, 256]), st.sampled_from([1, 3]))
@example((64, 64), 0, 256, 1)
@example((5, 129), 0, 256, 3)
@settings(max_examples=60, deadline=None)
def test_all_kernels_agree(shape: tuple[int, int], seed: int, tones: int, channels: int) -> None:
    """Down to few tones and flat pictures, where waves tie at the median."""
    steps = np.random.default_rng(seed).integers(0, tones, (*shape, channels))
    pixels = (steps * 255 // max(tones - 1, 1)).astype(np.uint8).tobytes()
    answers = {name: kernel(pixels, *shape, channels) for name, kernel in KERNELS.items()}
    assert len(set(answers.values())) == 1


@given(shapes, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_grey_pixels_hash_as_their_three_equal_channels(shape: tuple[int, int], seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    for kernel in KERNELS.values():
        assert kernel(grey.tobytes(), *shape, 1) == kernel(np.dstack([grey] * 3).tobytes(), *shape, 3)


def test_the_luma_of_every_colour_is_the_standards() -> None:
    """The standard rounds a float64 sum; ours divides a whole number. All 16,777,216 colours."""
    green, blue = (plane.astype(np.uint8) for plane in np.mgrid[:256, :256])
    for red in range(256):
        colours = np.dstack([np.full_like(green, red), green, blue])
        standard = colours[:, :, 0] * 0.299 + colours[:, :, 1] * 0.587 + colours[:, :, 2] * 0.114
        assert np.array_equal(kernel_numpy._luma(colours), standard.astype(np.float32))


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(
    ("size", "height", "width", "channels"),
    [
        (299, 10, 10, 3),
        (301, 10, 10, 3),
        (0, 0, 10, 3),
        (200, 10, 10, 2),
        (300, -10, -10, 3),
        (1 << 20, 1, 1 << 20, 3),
        (3, (1 << 20) + 1, 1, 3),
        (0, 1 << 16, 1 << 16, 1),
    ],
)
def test_pixels_that_do_not_fill_the_sides_are_refused(
    name: str, size: int, height: int, width: int, channels: int
) -> None:
    with pytest.raises(ValueError, match="fill"):
        KERNELS[name](bytes(size), height, width, channels)


def test_an_instruction_set_that_is_not_there_is_refused() -> None:
    for level in (-1, len(_pdq.levels())):
        with pytest.raises(ValueError, match="level"):
            _pdq.hashes(bytes(300), 10, 10, 3, level)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_grid_hashes_the_same_in_both(seed: int) -> None:
    grid = np.random.default_rng(seed).uniform(0, 255, (64, 64)).astype(np.float32).tobytes()
    assert _pdq.grid_hashes(grid) == kernel_numpy.grid_hashes(grid)


@given(columns=st.integers(1, 200), steps=st.integers(0, 60), window=st.integers(1, 9), seed=st.integers(0, 1 << 30))
@settings(deadline=None)
@example(columns=127, steps=60, window=1, seed=1)
def test_few_columns_slide_as_many_do(columns: int, steps: int, window: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    items = (random.random((window + steps, columns)) * 255).astype(np.float32)
    sums = (random.random(columns) * 255).astype(np.float32)
    found = kernel_numpy._slid_narrow(items, window, sums)
    expected = np.empty((steps, columns), dtype=np.float32)
    for step in range(steps):
        sums = (sums + items[window + step]) - items[step]
        expected[step] = sums
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("grid_hashes", [_pdq.grid_hashes, kernel_numpy.grid_hashes])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30])
def test_a_grid_that_is_no_brightness_is_refused(grid_hashes: Callable[[bytes], object], wrong: float) -> None:
    grid = np.zeros((64, 64), dtype=np.float32)
    grid[63, 63] = wrong
    with pytest.raises(ValueError, match="brightness"):
        grid_hashes(grid.tobytes())
    with pytest.raises(ValueError, match="64 x 64"):
        grid_hashes(grid.tobytes()[:-4])


def test_the_c_kernel_is_used_unless_the_twin_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZAOGUANG_KERNEL", raising=False)
    assert (kernel_here(), instructions()) == (Kernel.C, _pdq.levels()[-1])
    monkeypatch.setenv("ZAOGUANG_KERNEL", "numpy")
    assert kernel_here() is Kernel.NUMPY


@pytest.mark.parametrize("kernel", Kernel)
def test_a_locked_child_hashes_with_either(kernel: Kernel, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setenv("ZAOGUANG_KERNEL", kernel.value)
    picture = made_picture(3, 1_000, 700)
    found = fingerprint_bytes(saved(picture, "PNG"), sandbox)
    assert isinstance(found, Fingerprint)
    expected = hashed(picture.tobytes(), *picture.size, kernel=Kernel.C)
    assert (found.variants, found.quality) == (expected.variants, expected.quality)


@pytest.mark.slow
def test_a_picture_larger_than_phones_take_is_hashed_exactly(sandbox: Sandbox) -> None:
    picture = made_picture(5, 5_600, 4_100)
    found = fingerprint_bytes(saved(picture, "PNG", compress_level=1), sandbox)
    assert isinstance(found, Fingerprint)
    vector, quality = pdqhash.compute(pixels_of(picture))
    assert (found.pdq.bits, found.quality) == (np.packbits(vector).tobytes(), quality)


@given(st.integers(5, 200), st.integers(5, 90), st.lists(st.integers(1, 3), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
@example(64, 64, [1])
def test_pixels_may_come_in_pieces(height: int, width: int, strips: list[int]) -> None:
    pixels = noise(1, height, width)
    edges = [0, *(16 * int(edge) for edge in np.cumsum(strips) if 16 * int(edge) < height), height]
    for level in range(len(_pdq.levels())):
        pieces = (pixels[top:end].tobytes() for top, end in pairwise(edges))
        assert _pdq.hashes(pieces, height, width, 3, level) == kernel_numpy.hashes(pixels.tobytes(), height, width, 3)
    for kernel in Kernel:
        pieces = (pixels[top:end].tobytes() for top, end in pairwise(edges))
        assert hashed(pieces, width, height, kernel=kernel) == hashed(pixels.tobytes(), width, height)


@pytest.mark.parametrize("rows", [[], [15, 49], [16], [32, 33], [16, 0, 48], [16, 16, 16, 17]])
@pytest.mark.parametrize("width", [20, 64])
def test_pieces_that_are_no_strips_or_do_not_fill_the_picture_are_refused(rows: list[int], width: int) -> None:
    with pytest.raises(ValueError, match="fill"):
        _pdq.hashes(iter([bytes(many * width * 3) for many in rows]), 64, width, 3, 0)


def test_what_goes_wrong_while_pieces_are_made_is_told() -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(16 * 20 * 3)
        raise MemoryError

    with pytest.raises(MemoryError):
        _pdq.hashes(broken(), 64, 20, 3, 0)
    with pytest.raises(TypeError):
        _pdq.hashes(iter(["no bytes"]), 64, 20, 3, 0)


def test_other_threads_run_while_it_hashes() -> None:
    """The pieces come from a generator: for each, the kernel takes the interpreter's lock back."""
    pixels = noise(2, 480, 640)
    expected = kernel_numpy.hashes(pixels.tobytes(), 480, 640, 3)

    def in_pieces(_: int) -> tuple[bytes, int]:
        pieces = (pixels[top : top + 16].tobytes() for top in range(0, 480, 16))
        return _pdq.hashes(pieces, 480, 640, 3, len(_pdq.levels()) - 1)  # type: ignore[no-any-return]  # a module that may be absent is Any

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(in_pieces, range(64))) == {expected}
