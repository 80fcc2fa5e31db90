"""Film against film from end to end: films that were really encoded, changed and encoded again, read in the sandbox."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tests.support.made_films import shots
from tests.support.recorded_films import Made, written
from zaoguang.fingerprint import Film, Fingerprint, fingerprint_bytes, fingerprint_file
from zaoguang.fingerprint.compare import Evidence, FilmMatch, Span, compare_films, still_in_film
from zaoguang.sandbox import Sandbox

pytestmark = pytest.mark.slow

RATE = 15  # frames a second
SHOT = 3  # seconds; there are four of them
EDGE = 0.5  # seconds by which an edge may be off
HERS = shots((0, 5, 7, 13), seed=1, seconds=SHOT * RATE / 10)
WHOLE = (0.0, 12.0)
POORLY = (("preset", "veryfast"), ("crf", "34"))

Edges = tuple[float, float]
Upload = Callable[..., Film]


def encoded(pictures: Sequence[Image.Image], path: Path, rate: int = RATE) -> Path:
    """Save the pictures as a film, poorly."""
    made = Made(size=pictures[0].size, rate=rate, options=POORLY)
    frames: list[NDArray[np.uint8]] = [np.asarray(picture) for picture in pictures]
    path.write_bytes(written(made, frames))
    return path


def known(path: Path, sandbox: Sandbox, *, first_look: bool = False) -> Film:
    """Give the film's fingerprint; it has one."""
    film = fingerprint_file(path, sandbox, first_look=first_look)
    assert isinstance(film, Film)
    assert (film.first_look, film.cut_short, film.flaws) == (first_look, None, 0)
    return film


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give her film: twelve seconds, four shots that pan and zoom."""
    return encoded(HERS, tmp_path_factory.mktemp("hers") / "hers.mp4")


@pytest.fixture(scope="session")
def hers(file: Path, sandbox: Sandbox) -> Film:
    """Give what her film is known by."""
    return known(file, sandbox)


@pytest.fixture(scope="session")
def shown(file: Path) -> list[Image.Image]:
    """Give the frames of her film as they come out of the file: what anyone who uploads it has."""
    with av.open(str(file)) as container:
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.fixture(scope="session")
def other() -> list[Image.Image]:
    """Give nine seconds of other things."""
    return shots((18, 25, 30), seed=4, seconds=SHOT * RATE / 10)


@pytest.fixture
def upload_of(sandbox: Sandbox, tmp_path: Path) -> Upload:
    """Give a way from pictures, and a rate, to what the film of them is known by."""
    return lambda pictures, rate=RATE: known(encoded(pictures, tmp_path / "upload.mp4", rate), sandbox)


def is_at(span: Span, hers: Edges, upload: Edges) -> bool:
    """Say whether all four edges are where they should be."""
    got = np.array([span.hers_from, span.hers_until, span.upload_from, span.upload_until])
    return bool(np.all(np.abs(got - np.array([*hers, *upload])) <= EDGE))


def is_whole(match: FilmMatch, orientation: str = "original", speed: float = 1.0) -> bool:
    """Say whether all of the upload is found to be all of hers."""
    (span,) = match.spans
    lasts = WHOLE[1] / speed
    right = (span.orientation, span.evidence) == (orientation, Evidence.MOVING)
    return right and is_at(span, WHOLE, (0.0, lasts)) and span.speed == pytest.approx(speed, abs=0.03)


def share_is(share: float, right: float) -> bool:
    """Say whether a share is right, to half a second at either end of twelve."""
    return abs(share - right) <= 2 * EDGE / WHOLE[1]


def halved(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2))


def letterboxed(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, (0, 36), "black")


def pillarboxed(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, (48, 0), "black")


@pytest.mark.parametrize(
    ("change", "orientation"),
    [(halved, "original"), (ImageOps.mirror, "mirrored"), (letterboxed, "original"), (pillarboxed, "original")],
    ids=["half the size", "mirrored", "bars above and below", "bars left and right"],
)
def test_her_film_is_found_changed_and_encoded_again(
    change: Callable[[Image.Image], Image.Image],
    orientation: str,
    hers: Film,
    shown: list[Image.Image],
    upload_of: Upload,
) -> None:
    """From the first second to the last."""
    upload = upload_of([change(picture) for picture in shown])
    match = compare_films(hers, upload)
    assert is_whole(match, orientation)
    assert share_is(match.hers_share, 1.0)
    assert share_is(match.upload_share, 1.0)


@pytest.mark.parametrize("speed", [0.8, 1.2])
def test_her_film_is_found_at_another_speed(
    speed: float, hers: Film, shown: list[Image.Image], upload_of: Upload
) -> None:
    """The same frames, each shown for less or more time."""
    upload = upload_of(shown, round(RATE * speed))
    assert upload.seconds == pytest.approx(12 / speed, abs=0.1)
    match = compare_films(hers, upload)
    assert is_whole(match, speed=speed)
    assert share_is(match.hers_share, 1.0)
    assert share_is(match.upload_share, 1.0)


def test_three_seconds_of_hers_are_found_inside_another_film(
    hers: Film, shown: list[Image.Image], other: list[Image.Image], upload_of: Upload
) -> None:
    """Across one of her cuts, in the middle of nine seconds."""
    pictures = [*other[: 3 * RATE], *shown[4 * RATE : 7 * RATE], *other[-3 * RATE :]]
    match = compare_films(hers, upload_of(pictures))
    (span,) = match.spans
    assert is_at(span, (4.0, 7.0), (3.0, 6.0))
    assert share_is(match.hers_share, 3 / 12)
    assert share_is(match.upload_share, 3 / 9)


def test_parts_of_hers_in_another_order_are_each_found(hers: Film, shown: list[Image.Image], upload_of: Upload) -> None:
    """Cut at seven seconds, what came after it shown first."""
    upload = upload_of([*shown[7 * RATE :], *shown[: 7 * RATE]])
    match = compare_films(hers, upload)
    late, early = match.spans
    assert is_at(late, (7.0, 12.0), (0.0, 5.0))
    assert is_at(early, (0.0, 7.0), (5.0, 12.0))
    assert share_is(match.hers_share, 1.0)
    assert share_is(match.upload_share, 1.0)


def test_a_film_of_other_things_is_not_hers(hers: Film, other: list[Image.Image], upload_of: Upload) -> None:
    """Not for one second, and no still of hers is in it."""
    upload = upload_of(other)
    assert compare_films(hers, upload) == FilmMatch(0.0, 0.0, ())
    assert not any(still_in_film(frame.pdq, upload) for frame in hers.frames)


@pytest.mark.parametrize("second", [1.0, 5.0, 11.0])
def test_a_still_is_found_at_its_second(second: float, hers: Film, shown: list[Image.Image], sandbox: Sandbox) -> None:
    """Saved as a JPEG, by its fingerprint and by its bare hash; not outside its shot."""
    saved = io.BytesIO()
    shown[round(second * RATE)].save(saved, "JPEG", quality=80)
    picture = fingerprint_bytes(saved.getvalue(), sandbox)
    assert isinstance(picture, Fingerprint)
    shot = (second // SHOT * SHOT, second // SHOT * SHOT + SHOT)
    for given in (picture, picture.pdq):
        (match,) = still_in_film(given, hers)
        assert match.orientation == "original"
        assert match.seconds <= second < match.until
        assert shot[0] - EDGE <= match.seconds < match.until <= shot[1] + EDGE


def test_a_first_look_is_compared_for_what_it_is(file: Path, hers: Film, sandbox: Sandbox) -> None:
    """It says that it is one, and how long the film runs; its keyframes are hers, and no comparison with it fails."""
    looked = known(file, sandbox, first_look=True)
    assert looked.seconds == pytest.approx(hers.seconds, abs=0.1)
    assert 0 < len(looked.frames) < len(hers.frames) / 5
    for frame in looked.frames:
        (match,) = still_in_film(frame.pdq, hers)
        assert match.seconds <= frame.seconds < match.until
    for one, two in ((hers, looked), (looked, hers)):
        for span in compare_films(one, two).spans:
            assert is_at(span, (span.upload_from, span.upload_until), (span.hers_from, span.hers_until))
    assert compare_films(looked, looked).hers_share == 1.0
