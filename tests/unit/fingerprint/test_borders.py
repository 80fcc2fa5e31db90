"""Borders are found to the pixel, and a picture without any keeps all of itself."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.support.made_films import film_from, shots
from tests.support.made_pictures import made_picture
from zaoguang.fingerprint.borders import Box, inner_box
from zaoguang.fingerprint.compare import compare_films

sides = st.integers(0, 60)


def _luma(picture: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(picture.convert("L"))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 5), sides, sides, sides, sides)
def test_borders_of_any_width_are_found(seed: int, left: int, top: int, right: int, bottom: int) -> None:
    """On each side alone or all round, when at least a hundredth of the picture is border."""
    drawn = made_picture(seed, 160, 120)
    framed = ImageOps.expand(drawn, (left, top, right, bottom), "black")
    found = inner_box(_luma(framed))
    if max((top + bottom) / framed.height, (left + right) / framed.width) < 0.01:
        assert found is None
    else:
        assert found is not None
        assert np.abs(np.array(found) - np.array(Box(top, left, top + 120, left + 160))).max() <= 3


def test_a_border_survives_poor_saving() -> None:
    """White, scaled and saved at JPEG quality 40: within three pixels."""
    framed = ImageOps.expand(made_picture(1, 300, 200), (40, 30), "white").resize((190, 130))
    file = io.BytesIO()
    framed.save(file, "JPEG", quality=40)
    found = inner_box(_luma(Image.open(file)))
    assert found is not None
    assert np.abs(np.array(found) - np.array(Box(15, 20, 115, 170))).max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15), (200, 200)])
def test_an_even_or_tiny_picture_has_no_inside(size: tuple[int, int]) -> None:
    """There is nothing to keep."""
    assert inner_box(_luma(Image.new("RGB", size, "navy"))) is None


def test_a_small_picture_on_a_large_ground_is_not_cut_out() -> None:
    """Less than a third of a side: such a picture is not what the whole shows."""
    whole = Image.new("L", (600, 600))
    whole.paste(made_picture(2, 150, 150).convert("L"), (200, 200))
    assert inner_box(_luma(whole)) is None


def test_a_film_with_bars_is_found() -> None:
    """Wide bars above and below, then left and right; the other film has none."""
    frames = shots((5, 13, 20), seed=1)
    hers = film_from(frames)
    for bars in ((0, 60), (80, 0)):
        (span,) = compare_films(hers, film_from([ImageOps.expand(frame, bars) for frame in frames])).spans
        assert span.upload_until - span.upload_from > 11
