"""Measure which changed copies of a film are still found in a longer one, and by how much their seconds are off.

Her film and others are drawn from the bundled photographs: shots of four seconds that pan and zoom, ten frames a
second. A part of hers is changed, put between parts of another film, and looked for: what is found of it, what is
found beside it (which should be nothing), and by how many seconds the edges of what was found are off at most.
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from zaoguang.fingerprint.borders import Box, shared_box, uneven_part
from zaoguang.fingerprint.compare import FilmMatch, compare_films
from zaoguang.fingerprint.film import Film, Frame
from zaoguang.fingerprint.kernel import hashed

FPS: Final = 10
SIDES: Final = (320, 240)
Pictures = Sequence[Image.Image]
_LEADER: Final = 6.0  # seconds of another film before the part that is hers, and after it
_HERS: Final = range(8)
_OTHERS: Final = range(8, 36)


class Edit(NamedTuple):
    """What is done to which seconds of her film."""

    name: str
    change: Callable[[Image.Image], Image.Image]
    begins: float = 0.0
    lasts: float = 32.0
    speed: float = 1.0
    whole: bool = False  # done to all of the upload, not to her part alone


def _saved(given: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    given.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB")


def _framed(given: Image.Image, across: float, down: float) -> Image.Image:
    return _saved(ImageOps.expand(given, (round(across * given.width), round(down * given.height)), "black"), 50)


def _barred(name: str, across: float, down: float) -> Edit:
    return Edit(name, partial(_framed, across=across, down=down), whole=True)


def _screened(given: Image.Image, down: float) -> Image.Image:
    """Give it between bars, in a film of its own sides: pressed flat, if seen on the screen."""
    return _framed(given, 0.0, down).resize(SIDES)


def _cropped(given: Image.Image, part: float) -> Image.Image:
    return ImageOps.crop(given, round(part * given.width))


def _captioned(given: Image.Image, part: float) -> Image.Image:
    seen = given.copy()
    ImageDraw.Draw(seen).rectangle((20, given.height * (0.95 - part), given.width - 20, given.height * 0.95), "white")
    return seen


EDITS: Final = (
    Edit("as it is", lambda given: given),
    *(Edit(f"JPEG quality {quality}", partial(_saved, quality=quality)) for quality in (50, 30, 10)),
    *(Edit(f"a side of {side} pixels", lambda given, side=side: given.resize((side, side))) for side in (160, 80)),
    *(Edit(f"{speed:g} times as fast", partial(_saved, quality=50), speed=speed) for speed in (0.75, 0.9, 1.1, 1.25)),
    *(Edit(f"{lasts:g} s of it", partial(_saved, quality=50), 9.0, lasts) for lasts in (10.0, 5.0, 3.0, 2.0)),
    Edit("3 s of it, 1.25 times as fast", partial(_saved, quality=50), 9.0, 3.0, 1.25),
    Edit("mirrored", lambda given: _saved(ImageOps.mirror(given), 50)),
    Edit("turned by 90°", lambda given: _saved(given.transpose(Image.Transpose.ROTATE_90), 50)),
    *(_barred(f"bars above and below, {part:.0%}", across=0.0, down=part) for part in (0.05, 0.15, 0.3)),
    *(_barred(f"bars left and right, {part:.0%}", across=part, down=0.0) for part in (0.05, 0.15, 0.3)),
    Edit("mirrored, with bars", lambda given: _framed(ImageOps.mirror(given), 0.0, 0.15), whole=True),
    Edit("bars round her part alone, 15%", partial(_screened, down=0.15)),
    *(Edit(f"brightness {by:g}", lambda given, by=by: ImageEnhance.Brightness(given).enhance(by)) for by in (0.5, 1.5)),
    *(Edit(f"blurred, {by} pixels", lambda given, by=by: given.filter(ImageFilter.GaussianBlur(by))) for by in (2, 5)),
    *(Edit(f"cropped {part:.0%} each side", partial(_cropped, part=part)) for part in (0.02, 0.05, 0.1)),
    *(Edit(f"a plain caption, {part:.0%} high", partial(_captioned, part=part)) for part in (0.05, 0.1, 0.2)),
)


def main() -> int:
    """Print the table and return 0; 1 when anything is found in a film of other things."""
    began = time.process_time()
    hers, others = _shots(_HERS, 1), _shots(_OTHERS, 2)
    film = _film(hers)
    print(f"| {'change':<30} | {'found':>6} | {'beside it':>9} | {'off by':>7} |")
    print(f"|{'-' * 32}|-------:|----------:|--------:|")
    for edit in EDITS:
        print(_row(edit, film, hers, others), flush=True)
    false = compare_films(film, _film(others))
    seconds = len(others) / FPS
    print(f"\nOf {seconds:g} s of other things, {false.upload_share * seconds:g} s are taken for hers.")
    print(f"({time.process_time() - began:.0f} s CPU)")
    return 1 if false.spans else 0


def _row(edit: Edit, film: Film, hers: Pictures, others: Pictures) -> str:
    shown = range(int(edit.lasts * FPS / edit.speed))
    part = [edit.change(hers[int(edit.begins * FPS + number * edit.speed)]) for number in shown]
    leader = round(_LEADER * FPS)
    begins, ends = _LEADER, _LEADER + len(part) / FPS
    beside_it = [edit.change(each) if edit.whole else each for each in others[: 2 * leader]]
    match = compare_films(film, _film([*beside_it[:leader], *part, *beside_it[leader:]]))
    found = sum(max(min(span.upload_until, ends) - max(span.upload_from, begins), 0.0) for span in match.spans)
    all_found = sum(span.upload_until - span.upload_from for span in match.spans)
    beside = max(all_found - found, 0.0)
    off = f"{_off(match, edit):.2f} s" if match.spans else ""
    return f"| {edit.name:<30} | {found / (ends - begins):>6.0%} | {beside:>7.2f} s | {off:>7} |"


def _off(match: FilmMatch, edit: Edit) -> float:
    """Give by how many seconds the upload's time that is given to an edge of hers is off, at worst."""
    edges = [(span.hers_from, span.upload_from) for span in match.spans]
    edges += [(span.hers_until, span.upload_until) for span in match.spans]
    return max(abs(_LEADER + (ours - edit.begins) / edit.speed - theirs) for ours, theirs in edges)


def _shots(photographs: range, seed: int) -> list[Image.Image]:
    folder = resources.files("zaoguang.rehearsal.photographs")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".jpg"))
    frames = []
    for number in photographs:
        with (folder / names[number]).open("rb") as file:
            picture = Image.open(file).convert("RGB")
        frames += _pan(picture, np.random.default_rng(seed + number))
    return frames


def _pan(picture: Image.Image, random: np.random.Generator) -> list[Image.Image]:
    begin, end = random.uniform(0, 0.25, 2), random.uniform(0, 0.25, 2)
    near, far = random.uniform(0.62, 0.75, 2)
    made = []
    for part in np.linspace(0, 1, 4 * FPS):
        (left, top), side = begin + (end - begin) * part, near + (far - near) * part
        box = np.array([left, top, left + side, top + side]) * np.array([*picture.size, *picture.size])
        made.append(picture.resize(SIDES, Image.Resampling.BILINEAR, box=tuple(box)))
    return made


def _film(pictures: Pictures) -> Film:
    """Hash the frames; borders are looked for as in a real film: in up to 24 places, for all frames of that size."""
    size = pictures[0].size
    looked_at = [each for each in pictures[:: -(-len(pictures) // 24)] if each.size == size]
    parts = [uneven_part(np.asarray(picture.convert("L"))) for picture in looked_at]
    box = shared_box([part for part in parts if part is not None], size[1], size[0])
    frames = (_frame(number, picture, box) for number, picture in enumerate(pictures))
    return Film("video", "0" * 64, *SIDES, len(pictures) / FPS, tuple(frames))


def _frame(number: int, picture: Image.Image, box: Box | None) -> Frame:
    known = hashed(picture.tobytes(), *picture.size)
    inside = picture if box is None else picture.crop((box.left, box.top, box.right, box.bottom))
    inner = None if box is None else hashed(inside.tobytes(), *inside.size).variants[0]
    return Frame(number, number / FPS, (number + 1) / FPS, known.variants[0], known.quality, inner)


if __name__ == "__main__":
    sys.exit(main())
