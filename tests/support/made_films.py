"""Harmless films for tests, as fingerprints: walks of hashes, and shots over the bundled photographs."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zaoguang.fingerprint.borders import inner_box
from zaoguang.fingerprint.film import Film, Frame
from zaoguang.fingerprint.kernel import hashed
from zaoguang.fingerprint.pdq import Pdq

Bits = NDArray[np.bool_]  # (frames, 256)
FPS = 10
_SIDES = (320, 240)


def walk(random: np.random.Generator, seconds: float, changing: int = 4) -> Bits:
    """Give a made-up film of shots; from frame to frame so many bits are tossed anew."""
    frames = np.zeros((round(seconds * FPS), 256), dtype=np.bool_)
    now, cut = random.random(256) < 0.5, 0
    for number in range(len(frames)):
        if number >= cut:
            now, cut = random.random(256) < 0.5, number + int(random.integers(2 * FPS, 8 * FPS))
        now = now.copy()
        now[random.integers(0, 256, changing)] ^= True
        frames[number] = now
    return frames


def noisy(random: np.random.Generator, frames: Bits, bits: int) -> Bits:
    """Give the frames with so many bits of each wrong, as after saving them again."""
    wrong = np.argsort(random.random(frames.shape), axis=1)[:, :bits]
    changed = frames.copy()
    np.put_along_axis(changed, wrong, ~np.take_along_axis(frames, wrong, axis=1), axis=1)
    return changed


def faster(frames: Bits, speed: float) -> Bits:
    """Give the frames as they are shown when the film runs that many times faster."""
    shown: Bits = frames[(np.arange(int(len(frames) / speed)) * speed).astype(int)]
    return shown


def film_of(frames: Bits, quality: int = 80) -> Film:
    """Give the film of these hashes, ten a second."""
    hashes = [(Pdq(row.tobytes()), quality) for row in np.packbits(frames, axis=1)]
    return _film(hashes)


def shots(photographs: Sequence[int], seed: int, seconds: float = 4.0) -> list[Image.Image]:
    """Give the frames of a film that pans and zooms over these of the bundled photographs, one after the other."""
    folder = resources.files("zaoguang.rehearsal.photographs")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".jpg"))
    frames = []
    for photograph in photographs:
        with (folder / names[photograph]).open("rb") as file:
            picture = Image.open(file).convert("RGB")
        frames += _pan(picture, np.random.default_rng(seed + photograph), round(seconds * FPS))
    return frames


def _pan(picture: Image.Image, random: np.random.Generator, frames: int) -> list[Image.Image]:
    begin, end = random.uniform(0, 0.25, 2), random.uniform(0, 0.25, 2)
    zoom = random.uniform(0.62, 0.75, 2)
    made = []
    for part in np.linspace(0, 1, frames):
        (left, top), side = begin + (end - begin) * part, zoom[0] + (zoom[1] - zoom[0]) * part
        box = np.array([left, top, left + side, top + side]) * np.array([*picture.size, *picture.size])
        made.append(picture.resize(_SIDES, Image.Resampling.BILINEAR, box=tuple(box)))
    return made


def film_from(pictures: Sequence[Image.Image]) -> Film:
    """Hash the frames, ten a second."""
    known = [hashed(picture.tobytes(), *picture.size) for picture in pictures]
    film = _film([(each.variants[0], each.quality) for each in known])
    framed = zip(film.frames, pictures, strict=True)
    return replace(film, frames=tuple(replace(frame, inner=_inner(picture)) for frame, picture in framed))


def _inner(picture: Image.Image) -> Pdq | None:
    """Hash what is inside the borders."""
    box = inner_box(np.asarray(picture.convert("L")))
    if box is None:
        return None
    inside = picture.crop((box.left, box.top, box.right, box.bottom))
    return hashed(inside.tobytes(), *inside.size).variants[0]


def _film(hashes: Sequence[tuple[Pdq, int]]) -> Film:
    times = pairwise(number / FPS for number in range(len(hashes) + 1))
    frames = [
        Frame(number, seconds, until, pdq, quality)
        for number, ((pdq, quality), (seconds, until)) in enumerate(zip(hashes, times, strict=True))
    ]
    return Film("video", "0" * 64, *_SIDES, len(hashes) / FPS, tuple(frames))
