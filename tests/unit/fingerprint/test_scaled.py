"""The quick way gives nearly always the same bits as the exact one; and where it would not, the exact way is taken."""

import io
from collections.abc import Iterator
from importlib import resources
from itertools import product
from typing import Final

import numpy as np
import pdqhash
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw, ImageFont

from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import Fingerprint, _pdq, fingerprint_bytes, kernel_scaled
from zaoguang.fingerprint.kernel import Hashed, Kernel, hashed
from zaoguang.fingerprint.pdq import Pdq
from zaoguang.fingerprint.scaled import Exactly, Scaled, scaled_hash
from zaoguang.fingerprint.scaled_weights import ONE, SCALES, scaled_weights
from zaoguang.sandbox import Sandbox

lengths = st.integers(128, 3000)
scales = st.sampled_from(SCALES)


def _full(length: int, scale: int, *, backwards: bool = False) -> NDArray[np.float64]:
    """Give the weights as 64 x samples, each row adding up to 1."""
    band = scaled_weights(length, scale, backwards=backwards)
    full = np.zeros((64, -(-length // scale)))
    np.put_along_axis(full, band.starts[:, None] + np.arange(band.weights.shape[1]), band.weights / ONE, axis=1)
    return full


@given(length=lengths, scale=scales, backwards=st.booleans())
@settings(deadline=None)
@example(length=128, scale=8, backwards=True)
@example(length=4097, scale=4, backwards=True)
def test_a_cell_weighs_one(length: int, scale: int, *, backwards: bool) -> None:
    np.testing.assert_allclose(_full(length, scale, backwards=backwards).sum(axis=1), 1, atol=1e-3)


def _boxed_twice(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """PDQ's filter along one axis in the plainest words, from the published description: box, box, every 64th."""
    window = -(-len(row) // 128)
    reach = (window + 2) // 2 - 1
    for _ in range(2):
        row = np.array([row[max(i + reach - window + 1, 0) : i + reach + 1].mean() for i in range(len(row))])
    kept: NDArray[np.float64] = row[((np.arange(64) + 0.5) * len(row) / 64).astype(int)]
    return kept


@given(samples=st.integers(256, 500), short=st.integers(0, 7), scale=scales, backwards=st.booleans())
@settings(deadline=None, max_examples=30)
@example(samples=257, short=1, scale=2, backwards=True)
@example(samples=256, short=7, scale=8, backwards=True)
def test_a_bow_weighs_as_in_full_size(*, samples: int, short: int, scale: int, backwards: bool) -> None:
    """Of a parabola the means of a few pixels tell all; but for the ends, past which nothing is known."""
    length = samples * scale - min(short, scale - 1)
    pixels = np.arange(samples * scale)
    bow = 255 * np.square(pixels / length - 0.3)
    full = bow[:length]
    found = _full(length, scale, backwards=backwards) @ bow.reshape(-1, scale).mean(axis=1)
    expected = _boxed_twice(full[::-1] if backwards else full)
    np.testing.assert_allclose(found[2:-2], expected[2:-2], atol=0.05)
    np.testing.assert_allclose(found, expected, atol=1)


def _photographs() -> Iterator[Image.Image]:
    folder = resources.files("zaoguang.rehearsal.photographs")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".jpg"):
            yield Image.open(io.BytesIO(file.read_bytes())).convert("RGB")


_SIZES: Final = (512, 720, 1080)
_SAVED: Final = tuple(
    {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    for quality, subsampling, progressive in (
        (85, 2, False),
        (10, 0, True),
        (98, 1, False),
        (30, 2, True),
        (60, 0, False),
    )
)


def _exactly(content: bytes) -> Hashed:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return hashed(picture.tobytes(), *picture.size)


@pytest.mark.slow
def test_photographs_keep_their_bits() -> None:
    moved, left = [], 0
    for number, photograph in enumerate(_photographs()):
        for side in _SIZES:
            ratio = side / min(photograph.size)
            large = photograph.resize((round(photograph.width * ratio), round(photograph.height * ratio)))
            content = saved(large, "JPEG", **_SAVED[(number + side) % len(_SAVED)])
            found = scaled_hash(content, None)
            if isinstance(found, Exactly):
                left += 1
                continue
            exact = _exactly(content)
            assert found.size == large.size
            assert abs(found.hashed.quality - exact.quality) <= 2
            moved.append(found.hashed.variants[0].distance(exact.variants[0]))
    assert np.median(moved) == 0
    assert np.percentile(moved, 95) <= 2
    assert max(moved) <= 8
    assert left <= len(moved) / 10


def _photograph(side: int = 1100, **options: object) -> bytes:
    return saved(next(_photographs()).resize((side * 4 // 3 + 5, side)), "JPEG", **options)


def _posterish(seed: int) -> Image.Image:
    """Flat shapes and thin stripes in the strongest colours: what a decoder must cut off most."""
    random = np.random.default_rng(seed)
    colours = [tuple(255 * part for part in parts) for parts in product((0, 1), repeat=3)]
    rows, columns = np.mgrid[:720, :960]
    stripes = ((rows * random.uniform() + columns) // random.integers(1, 6)).astype(int) % 2
    picture = Image.fromarray(np.array(colours, dtype=np.uint8)[random.permutation(8)[stripes]])
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        left, top, side = (int(random.integers(0, 700)) for _ in range(3))
        draw.ellipse((left, top, left + side, top + side // 2), fill=colours[random.integers(8)])
    for top in range(0, 720, 60):
        draw.text((int(random.integers(600)), top), "OPEN 24 HOURS", colours[random.integers(8)], _FONT)
    return picture


_FONT: Final = ImageFont.load_default(28)


@pytest.mark.parametrize("quality", [10, 60, 95])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("seed", range(3))
def test_cut_off_colours_are_left_to_the_exact_way(seed: int, subsampling: int, quality: int) -> None:
    content = saved(_posterish(seed), "JPEG", quality=quality, subsampling=subsampling)
    assert scaled_hash(content, None) is Exactly.CLIPPED


def test_noise_is_left_to_the_exact_way() -> None:
    grey = np.random.default_rng(1).integers(40, 215, (700, 900), dtype=np.uint8)
    assert scaled_hash(saved(Image.fromarray(grey), "JPEG", quality=95), None) is Exactly.DOUBTFUL


def _linear_light() -> bytes:
    """A profile with sRGB's colours in which brightness goes by 1.0 instead of 2.4 (ICC.1:2022 §10.18)."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace((0x26666).to_bytes(4), (0x10000).to_bytes(4))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (saved(made_picture(1, 1400, 1100), "PNG"), Exactly.NOT_A_JPEG),
        (saved(made_picture(1, 700, 500), "JPEG"), Exactly.SIZE),
        (saved(made_picture(1, 30000, 520), "JPEG"), Exactly.SIZE),
        (saved(made_picture(1, 700, 600).convert("CMYK"), "JPEG"), Exactly.COLOURS),
        (saved(Image.new("RGB", (700, 600), "gray"), "JPEG"), Exactly.LOW_QUALITY),
        (
            saved(
                made_picture(1, 700, 600),
                "JPEG",
                icc_profile=_linear_light(),
            ),
            Exactly.PROFILE,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Exactly) else "",
)
def test_what_it_cannot_do_well_it_leaves(content: bytes, why: Exactly) -> None:
    assert scaled_hash(content, None) is why


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_turned_picture_hashes_as_it_is_seen(sandbox: Sandbox, mode: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.open(io.BytesIO(_photograph())).convert(mode), "JPEG", exif=exif)
    quick, exact = (fingerprint_bytes(content, sandbox, exact=exact) for exact in (False, True))
    assert isinstance(quick, Fingerprint)
    assert isinstance(exact, Fingerprint)
    assert (quick.exact, exact.exact) == (False, True)
    assert (quick.width, quick.height) == (exact.width, exact.height)
    assert [one.distance(other) <= 4 for one, other in zip(quick.variants, exact.variants, strict=True)] == [True] * 8


def test_exact_is_the_standard(sandbox: Sandbox) -> None:
    content = _photograph()
    known = fingerprint_bytes(content, sandbox)
    bits, _ = pdqhash.compute(np.asarray(Image.open(io.BytesIO(content))))
    assert isinstance(known, Fingerprint)
    assert known.pdq == Pdq(np.packbits(bits).tobytes())


def test_a_broken_jpeg_has_the_reason_that_the_exact_way_gives(sandbox: Sandbox) -> None:
    for content in (_photograph()[:20_000], _photograph()[:200], b"\xff\xd8\xff"):
        assert fingerprint_bytes(content, sandbox, exact=False) == fingerprint_bytes(content, sandbox)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_both_kernels_say_the_same(mode: str) -> None:
    content = saved(Image.open(io.BytesIO(_photograph())).convert(mode), "JPEG")
    in_c, in_numpy = (scaled_hash(content, kernel) for kernel in Kernel)
    assert isinstance(in_c, Scaled)
    assert in_c == in_numpy


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    channels=st.sampled_from([1, 4]),
    extreme=st.booleans(),
    swapped=st.booleans(),
    seed=st.integers(0, 1 << 30),
)
@settings(deadline=None, max_examples=60)
def test_every_kernel_gives_every_number_alike(
    *, height: int, width: int, channels: int, extreme: bool, swapped: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    pixels = (
        random.choice([0, 2, 3, 252, 253, 255], (height, width, channels))
        if extreme
        else random.integers(0, 256, (height, width, channels))
    )
    down, across = (_any_band(random, side) for side in (height, width))
    given_samples = (pixels.astype(np.uint8).tobytes(), height, width, channels, down, across, swapped)
    expected = kernel_scaled.scaled_hashes(*given_samples)
    for level in range(len(_pdq.levels())):
        assert _pdq.scaled_hashes(*given_samples, level) == expected


def _any_band(random: np.random.Generator, side: int) -> bytes:
    length = int(random.integers(1, min(side, 9) + 1))
    starts = random.integers(0, side - length + 1, 64, dtype=np.int32)
    return starts.tobytes() + random.integers(-ONE // 5, ONE // 5, (64, length), dtype=np.int32).tobytes()


def _band(start: int, length: int) -> bytes:
    return np.full(64, start, np.int32).tobytes() + np.full(64 * length, ONE // length, np.int32).tobytes()


@pytest.mark.parametrize(
    ("pixels", "channels", "down", "across"),
    [
        (bytes(4 * 63), 4, _band(0, 2), _band(0, 2)),
        (bytes(4 * 64), 3, _band(0, 2), _band(0, 2)),
        (bytes(4 * 64), 4, _band(-1, 2), _band(0, 2)),
        (bytes(4 * 64), 4, _band(7, 2), _band(0, 2)),
        (bytes(4 * 64), 4, _band(0, 2), _band(7, 2)),
        (bytes(4 * 64), 4, _band(0, 2), _band(0, 9)),
        (bytes(4 * 64), 4, _band(0, 2)[:-1], _band(0, 2)),
        (bytes(4 * 64), 4, _band(0, 2)[:256], _band(0, 2)),
        (bytes(4 * 64), 4, b"", _band(0, 2)),
    ],
)
def test_samples_and_weights_that_do_not_fit_are_refused(
    pixels: bytes, channels: int, down: bytes, across: bytes
) -> None:
    with pytest.raises(ValueError, match="the samples do not fill"):
        _pdq.scaled_hashes(pixels, 8, 8, channels, down, across, False, 0)  # noqa: FBT003  # C takes it by place


@pytest.mark.parametrize("level", [-1, 9])
def test_instructions_that_this_processor_lacks_are_refused(level: int) -> None:
    with pytest.raises(ValueError, match="no such level"):
        _pdq.scaled_hashes(bytes(4 * 64), 8, 8, 4, _band(0, 2), _band(0, 2), False, level)  # noqa: FBT003  # C takes it by place
