"""Measure which changed copies of a picture are still found: by our fingerprints, and by PDQ as others run it.

Each of the bundled photographs is changed in each way, saved, and hashed from its file; it is found when that hash lies
within 31 bits of what is kept of the original: one hash for the others, for us the hashes of all eight orientations.
The others: python-threatexchange where it is installed, else its steps, which are pdqhash on Pillow's raw pixels.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module, resources
from typing import Final, NamedTuple

import numpy as np
import pdqhash
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from zaoguang.fingerprint import MATCH_RADIUS, Fingerprint, Pdq, Unhashable, from_json, picture

Change = Callable[[Image.Image], bytes]
_Turn = Image.Transpose
_WORDS: Final = "SHARED WITHOUT HER CONSENT "


class Edit(NamedTuple):
    """One way to change a picture, at three strengths, each with its name."""

    name: str
    strengths: dict[str, Change]


def _file(picture_now: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    held = io.BytesIO()
    picture_now.save(held, form, **({"quality": 85} if form == "JPEG" else {}) | options)
    return held.getvalue()


def _saved(form: str, changed: Callable[[Image.Image], Image.Image] = lambda same: same, **options: object) -> Change:
    return lambda given: _file(changed(given), form, **options)


def _shown(changed: Callable[[Image.Image], Image.Image]) -> Change:
    return lambda given: _file(changed(given).convert("RGB"))


def _parts(given: Image.Image, part: float) -> tuple[int, int]:
    return max(round(given.width * part), 1), max(round(given.height * part), 1)


def _deep(given: Image.Image, form: str, least: int = 0, most: int = 65535) -> bytes:
    grey = np.asarray(given.convert("L")).astype(np.float64) / 255
    return _file(Image.fromarray((least + grey * (most - least)).astype(np.uint16)), form)


def _tagged(given: Image.Image, orientation: int, stored: Image.Transpose) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _file(given.transpose(stored), exif=exif)


def _see_through(given: Image.Image, part: float) -> bytes:
    """Make the edges transparent, and black below, as programs leave them."""
    across, down = _parts(given, part)
    mask = Image.new("L", given.size, 0)
    mask.paste(255, (across, down, given.width - across, given.height - down))
    layered = Image.composite(given, Image.new("RGB", given.size), mask).convert("RGBA")
    layered.putalpha(mask)
    return _file(layered, "PNG")


def _noisy(given: Image.Image, deviation: float) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, deviation, (given.height, given.width, 3))
    return Image.fromarray(np.clip(np.asarray(given) + noise, 0, 255).astype(np.uint8))


def _tilted(given: Image.Image, degrees: float) -> Image.Image:
    return given.rotate(degrees, Image.Resampling.BICUBIC)


def _cropped(given: Image.Image, part: float) -> Image.Image:
    across, down = _parts(given, part)
    return given.crop((across, down, given.width - across, given.height - down))


def _side_cut(given: Image.Image, part: float) -> Image.Image:
    return given.crop((_parts(given, part)[0], 0, given.width, given.height))


def _framed(given: Image.Image, across: float, down: float, colour: str) -> Image.Image:
    return ImageOps.expand(
        given, (_parts(given, across)[0] * (across > 0), _parts(given, down)[1] * (down > 0)), colour
    )


def _lettered(given: Image.Image, lines: int) -> Image.Image:
    seen, high = given.copy(), given.height // 12
    font = ImageFont.load_default(high)
    for line in range(lines):
        top = given.height - (line + 1) * high * 2 if lines > 1 else given.height - high * 1.5
        ImageDraw.Draw(seen).text((0, top), _WORDS * 3, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return seen


def _stuck(given: Image.Image, share: float) -> Image.Image:
    """Put a round sticker that covers this share, right of the middle."""
    seen, radius = given.copy(), (share * given.width * given.height / 3.14) ** 0.5
    middle = (given.width * 0.6, given.height * 0.45)
    ImageDraw.Draw(seen).ellipse([*(side - radius for side in middle), *(side + radius for side in middle)], "yellow")
    return seen


def _marked(given: Image.Image, strength: float) -> Image.Image:
    over = Image.new("L", given.size, 0)
    font = ImageFont.load_default(given.height // 14)
    for top in range(0, given.height, given.height // 7):
        ImageDraw.Draw(over).text((-top % 90 - 90, top), _WORDS * 4, fill=round(255 * strength), font=font)
    return Image.composite(Image.new("RGB", given.size, "white"), given, over)


def _collage(given: Image.Image, side: int, rows: int) -> Image.Image:
    """Put it first among plain neighbours with a little picture in them."""
    whole = Image.new("RGB", (given.width * side, given.height * rows), "grey")
    for number in range(side * rows):
        neighbour = given if number == 0 else ImageOps.solarize(given.rotate(37 * number), 90)
        whole.paste(neighbour, (number % side * given.width, number // side * given.height))
    return whole


def _screenshot(given: Image.Image, share: float) -> Image.Image:
    """Show it as wide as that share of a phone's screen, with bars and lines of text."""
    screen = Image.new("RGB", (720, 1280), "white")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 720, 90), "navy")
    for top in range(980, 1240, 40):
        draw.rectangle((30, top, 400 + top % 170, top + 18), "grey")
    wide = round(720 * share)
    screen.paste(given.resize((wide, round(wide * given.height / given.width))), ((720 - wide) // 2, 120))
    return screen


def _seen_askew(given: Image.Image, part: float) -> Image.Image:
    across, down = part * given.width, part * given.height
    corners = (across, down, 0, given.height, given.width, given.height - down, given.width - across, 0)
    return given.transform(given.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def _mosaic(given: Image.Image, share: float) -> Image.Image:
    """Pixelate a square in the middle, as over a face."""
    wide, high = _parts(given, share**0.5)
    corner = ((given.width - wide) // 2, (given.height - high) // 3)
    part = given.crop((*corner, corner[0] + wide, corner[1] + high))
    seen = given.copy()
    seen.paste(part.resize((6, 6), Image.Resampling.BOX).resize(part.size, Image.Resampling.NEAREST), corner)
    return seen


def _gamma(given: Image.Image, power: float) -> Image.Image:
    return given.point([round(255 * (value / 255) ** power) for value in range(256)] * 3)


def _drawn(draw: Callable[..., Image.Image], *strengths: float, percent: bool = False) -> dict[str, Change]:
    """Give one change for each strength; ``percent``: strengths are named in percent."""
    names = [f"{strength * 100:g}%" if percent else f"{strength:g}" for strength in strengths]
    changes = [_shown(partial(_with, draw, strength)) for strength in strengths]
    return dict(zip(names, changes, strict=True))


def _with(draw: Callable[..., Image.Image], strength: float, given: Image.Image) -> Image.Image:
    return draw(given, strength)


def _palette(given: Image.Image, colours: float) -> Image.Image:
    return given.quantize(int(colours))


EDITS: Final = (
    Edit("saved as GIF, colours", {str(n): _saved("GIF", partial(_with, _palette, n)) for n in (256, 64, 16)}),
    Edit("saved as PNG8, colours", {str(n): _saved("PNG", partial(_with, _palette, n)) for n in (256, 64, 16)}),
    Edit(
        "saved as CMYK JPEG, quality",
        {str(q): _saved("JPEG", lambda given: given.convert("CMYK"), quality=q) for q in (90, 60, 30)},
    ),
    Edit(
        "saved with 16 bits, grey",
        {
            "PNG": lambda given: _deep(given, "PNG"),
            "TIFF": lambda given: _deep(given, "TIFF"),
            "1/2 range": lambda given: _deep(given, "PNG", 9000, 42000),
        },
    ),
    Edit(
        "saved with 1 bit",
        {
            "dithered": _saved("PNG", lambda given: given.convert("1")),
            "at 1/2 size": _saved("PNG", lambda given: given.resize(_parts(given, 0.5)).convert("1")),
            "threshold": _saved("PNG", lambda given: given.convert("1", dither=Image.Dither.NONE)),
        },
    ),
    Edit(
        "stored turned, with EXIF",
        {
            "6": lambda given: _tagged(given, 6, _Turn.ROTATE_90),
            "3": lambda given: _tagged(given, 3, _Turn.ROTATE_180),
            "5": lambda given: _tagged(given, 5, _Turn.TRANSPOSE),
        },
    ),
    Edit(
        "edges transparent, each side",
        {
            "1%": lambda given: _see_through(given, 0.01),
            "3%": lambda given: _see_through(given, 0.03),
            "8%": lambda given: _see_through(given, 0.08),
        },
    ),
    Edit("JPEG, quality", {str(q): _saved("JPEG", quality=q) for q in (50, 20, 5)}),
    Edit("WebP, quality", {str(q): _saved("WEBP", quality=q) for q in (50, 20, 5)}),
    Edit("AVIF, quality", {str(q): _saved("AVIF", quality=q, speed=9) for q in (50, 25, 10)}),
    Edit("smaller", _drawn(lambda given, part: given.resize(_parts(given, part)), 0.5, 0.25, 0.125)),
    Edit(
        "squeezed across",
        _drawn(lambda given, part: given.resize((_parts(given, part)[0], given.height)), 0.8, 0.6, 0.4),
    ),
    Edit("blurred, pixels", _drawn(lambda given, radius: given.filter(ImageFilter.GaussianBlur(radius)), 1, 3, 6)),
    Edit("sharpened", _drawn(lambda given, by: ImageEnhance.Sharpness(given).enhance(by), 2, 5, 10)),
    Edit("noise, of 255", _drawn(_noisy, 10, 25, 50)),
    Edit("brightness", _drawn(lambda given, by: ImageEnhance.Brightness(given).enhance(by), 1.3, 1.6, 0.4)),
    Edit("contrast", _drawn(lambda given, by: ImageEnhance.Contrast(given).enhance(by), 1.5, 0.5, 0.25)),
    Edit("saturation (0 is grey)", _drawn(lambda given, by: ImageEnhance.Color(given).enhance(by), 2, 0.5, 0)),
    Edit("gamma", _drawn(_gamma, 0.6, 1.8, 2.8)),
    Edit("posterised, bits", _drawn(lambda given, bits: ImageOps.posterize(given, int(bits)), 4, 3, 2)),
    Edit(
        "mirrored",
        {
            "left-right": _shown(ImageOps.mirror),
            "top-bottom": _shown(ImageOps.flip),
            "diagonal": _shown(lambda given: given.transpose(_Turn.TRANSPOSE)),
        },
    ),
    Edit(
        "turned",
        {
            "90°": _shown(lambda given: given.transpose(_Turn.ROTATE_90)),
            "180°": _shown(lambda given: given.transpose(_Turn.ROTATE_180)),
            "270°": _shown(lambda given: given.transpose(_Turn.ROTATE_270)),
        },
    ),
    Edit("tilted, degrees", _drawn(_tilted, 1, 3, 10)),
    Edit("cropped, each side", _drawn(_cropped, 0.02, 0.05, 0.15, percent=True)),
    Edit("one side cut off", _drawn(_side_cut, 0.05, 0.15, 0.3, percent=True)),
    Edit(
        "white frame", _drawn(lambda given, part: _framed(given, part, part, "white"), 0.02, 0.05, 0.15, percent=True)
    ),
    Edit("black bars", _drawn(lambda given, part: _framed(given, 0, part, "black"), 0.05, 0.15, 0.3, percent=True)),
    Edit("lines of text over it", _drawn(lambda given, lines: _lettered(given, int(lines)), 1, 3, 6)),
    Edit("sticker, share covered", _drawn(_stuck, 0.05, 0.1, 0.2, percent=True)),
    Edit("watermark, strength", _drawn(_marked, 0.2, 0.4, 0.7, percent=True)),
    Edit("pixelated, share", _drawn(_mosaic, 0.05, 0.15, 0.3, percent=True)),
    Edit("seen askew", _drawn(_seen_askew, 0.02, 0.05, 0.1, percent=True)),
    Edit(
        "one of a collage",
        {
            "2": _shown(lambda given: _collage(given, 2, 1)),
            "4": _shown(lambda given: _collage(given, 2, 2)),
            "9": _shown(lambda given: _collage(given, 3, 3)),
        },
    ),
    Edit("screenshot, share of width", _drawn(_screenshot, 1.0, 0.8, 0.5, percent=True)),
)


def main() -> int:
    """Print the table and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=36, help="how many photographs (36)")
    given = parser.parse_args()
    picture.prepare()
    began = time.process_time()
    name, theirs = _others()
    originals = list(_originals(given.pictures, theirs))
    print(f"Found within {MATCH_RADIUS} bits, of {len(originals)} photographs: ours / {name}\n")
    print(f"| {'change':<28} | {'weak':<22} | {'middle':<22} | {'strong':<22} |")
    print(f"|{'-' * 30}|{'-' * 24}|{'-' * 24}|{'-' * 24}|")
    sums = [0, 0]
    for edit in EDITS:
        cells = []
        for strength, change in edit.strengths.items():
            found = _found(originals, change, theirs)
            sums = [total + more for total, more in zip(sums, found, strict=True)]
            cells.append(f"{strength}: {found[0]} / {found[1]}")
        print(f"| {edit.name:<28} | " + " | ".join(f"{cell:<22}" for cell in cells) + " |", flush=True)
    copies = len(originals) * sum(len(edit.strengths) for edit in EDITS)
    print(f"\nIn all, of {copies:,}: {sums[0]:,} / {sums[1]:,} ({time.process_time() - began:.0f} s CPU)")
    return 0


class _Original(NamedTuple):
    """A photograph, and what each keeps of its file."""

    picture: Image.Image
    ours: Fingerprint | Unhashable
    theirs: Pdq | None


def _originals(pictures: int, theirs: Callable[[bytes], Pdq | None]) -> Iterator[_Original]:
    folder = resources.files("zaoguang.rehearsal.photographs")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".jpg"))
    for name in names[:pictures]:
        content = (folder / name).read_bytes()
        yield _Original(Image.open(io.BytesIO(content)).convert("RGB"), _ours(content), theirs(content))


def _found(originals: list[_Original], change: Change, theirs: Callable[[bytes], Pdq | None]) -> tuple[int, int]:
    ours_found = theirs_found = 0
    for original in originals:
        copy = change(original.picture)
        ours_found += _we_find(original.ours, _ours(copy))
        theirs_found += _they_find(original.theirs, theirs(copy))
    return ours_found, theirs_found


def _we_find(kept: Fingerprint | Unhashable, copy: Fingerprint | Unhashable) -> bool:
    if isinstance(kept, Unhashable) or isinstance(copy, Unhashable):
        return False
    looked_for = [copy.pdq, *([copy.on_black] if copy.on_black is not None else [])]
    return any(hers.distance(pdq) <= MATCH_RADIUS for hers in kept.variants for pdq in looked_for)


def _they_find(kept: Pdq | None, copy: Pdq | None) -> bool:
    return kept is not None and copy is not None and kept.distance(copy) <= MATCH_RADIUS


def _ours(content: bytes) -> Fingerprint | Unhashable:
    answer = picture.job(content, {})
    if isinstance(answer, dict) and answer.get("kind") == "image":
        return from_json({**answer, "sha256": "0" * 64})
    return from_json(answer)


def _others() -> tuple[str, Callable[[bytes], Pdq | None]]:
    """Give python-threatexchange's own way where that is installed, else its steps."""
    try:
        signal = import_module("threatexchange.signal_type.pdq.signal").PdqSignal
    except ImportError:
        return "pdqhash as python-threatexchange calls it", _their_steps

    def from_bytes(content: bytes) -> Pdq | None:
        digits = signal.hash_from_bytes(content)
        return Pdq.from_hex(digits) if digits else None

    return "python-threatexchange", from_bytes


def _their_steps(content: bytes) -> Pdq | None:
    """Hash Pillow's raw pixels as threatexchange.signal_type.pdq.pdq_hasher does; none below quality 50."""
    opened = Image.open(io.BytesIO(content))
    if opened.mode in {"LA", "I;16"}:
        opened = opened.convert("RGB")
    pixels = np.asarray(opened)
    bits, quality = pdqhash.compute(pixels if pixels.shape[2:] else np.stack([pixels] * 3, axis=2))
    return Pdq(np.packbits(bits).tobytes()) if quality >= 50 else None  # noqa: PLR2004  # the peer's own threshold


if __name__ == "__main__":
    sys.exit(main())
