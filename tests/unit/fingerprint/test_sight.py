"""A re-saved picture keeps its fingerprint: what a person would see is hashed, not how a file happens to store it."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

import zaoguang
from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import MATCH_RADIUS, ORIENTATIONS, Fingerprint, Reason, Unhashable, fingerprint_bytes
from zaoguang.sandbox import Sandbox

pytestmark = pytest.mark.slow  # seconds as a whole

PHOTOGRAPHS = sorted((Path(zaoguang.__file__).parent / "rehearsal" / "photographs").rglob("*.jpg"))[:6]
SOURCES: list[int | Path] = [1, 2, 3, *PHOTOGRAPHS]
Save = Callable[[Image.Image], bytes]


def grey16(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


def grey32(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.int32) * 70_000)


def grey_float(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.float32) / 255)


def without_adobe_mark(jpeg: bytes) -> bytes:
    """Cut out APP14, which tells how CMYK is stored: browsers take it for inverted all the same."""
    start = jpeg.index(b"\xff\xee")
    (size,) = struct.unpack_from(">H", jpeg, start + 2)
    return jpeg[:start] + jpeg[start + 2 + size :]


def as_ycck(jpeg: bytes) -> bytes:
    """Say in APP14 that the CMYK is stored as YCCK; the colours are then false, but the decoder takes that path."""
    place = jpeg.index(b"Adobe") + 11
    return jpeg[:place] + b"\x02" + jpeg[place + 1 :]


def with_orientation(picture: Image.Image, value: int, file_format: str = "JPEG") -> bytes:
    """Store the picture turned, with the EXIF orientation that undoes it."""
    turns = [None, 0, 3, 1, 5, 2, 6, 4]  # FLIP_LEFT_RIGHT, ROTATE_180, FLIP_TOP_BOTTOM, TRANSPOSE, ROTATE_90, ...
    turn = turns[value - 1]
    stored = picture if turn is None else picture.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = value
    return saved(stored, file_format, exif=exif, quality=85)


def transparent_edge(picture: Image.Image) -> Image.Image:
    layered = picture.convert("RGBA")
    layered.putalpha(Image.new("L", picture.size, 255))
    layered.paste((0, 0, 0, 0), (0, 0, 4, picture.height))
    return layered


RESAVES: dict[str, Save] = {
    "jpeg 60": lambda p: saved(p, "JPEG", quality=60),
    "jpeg progressive": lambda p: saved(p, "JPEG", progressive=True),
    "jpeg grey": lambda p: saved(p.convert("L"), "JPEG"),
    "jpeg cmyk": lambda p: saved(p.convert("CMYK"), "JPEG"),
    "jpeg cmyk unmarked": lambda p: without_adobe_mark(saved(p.convert("CMYK"), "JPEG")),
    "jpeg mpo": lambda p: saved(p, "MPO", save_all=True, append_images=[p.rotate(180)]),
    "jpeg cut": lambda p: saved(p, "JPEG")[:-2],
    "jpeg with broken exif": lambda p: saved(p, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"),
    "gif": lambda p: saved(p, "GIF"),
    "gif interlaced": lambda p: saved(p, "GIF", interlace=1),
    "gif animated": lambda p: saved(p, "GIF", save_all=True, append_images=[p.rotate(180)]),
    "png": lambda p: saved(p, "PNG"),
    "png palette": lambda p: saved(p.quantize(256), "PNG"),
    "png web colours": lambda p: saved(p.convert("P"), "PNG"),
    "png 1-bit": lambda p: saved(p.convert("1"), "PNG"),
    "png grey": lambda p: saved(p.convert("L"), "PNG"),
    "png grey 16": lambda p: saved(grey16(p), "PNG"),
    "png grey 16, low byte": lambda p: saved(Image.fromarray(np.asarray(p.convert("L")).astype(np.uint16)), "PNG"),
    "png grey alpha": lambda p: saved(p.convert("LA"), "PNG"),
    "png rgba": lambda p: saved(p.convert("RGBA"), "PNG"),
    "png rgba edge": lambda p: saved(transparent_edge(p), "PNG"),
    "png transparent grey": lambda p: saved(p.convert("L"), "PNG", transparency=0),
    "webp": lambda p: saved(p, "WEBP", quality=50),
    "webp lossless rgba": lambda p: saved(transparent_edge(p), "WEBP", lossless=True),
    "avif": lambda p: saved(p, "AVIF", max_threads=1),
    "tiff": lambda p: saved(p, "TIFF"),
    "tiff lzw": lambda p: saved(p, "TIFF", compression="tiff_lzw"),
    "tiff jpeg": lambda p: saved(p, "TIFF", compression="jpeg"),
    "tiff cmyk": lambda p: saved(p.convert("CMYK"), "TIFF"),
    "tiff ycbcr": lambda p: saved(p.convert("YCbCr"), "TIFF"),
    "tiff grey 16": lambda p: saved(grey16(p), "TIFF"),
    "tiff grey 32": lambda p: saved(grey32(p), "TIFF"),
    "tiff float": lambda p: saved(grey_float(p), "TIFF"),
    "tiff bilevel": lambda p: saved(p.convert("1"), "TIFF", compression="group4"),
    "bmp": lambda p: saved(p, "BMP"),
    "bmp palette": lambda p: saved(p.quantize(256), "BMP"),
    "ico": lambda p: saved(p, "ICO", sizes=[(256, 192)]),
    "smaller": lambda p: saved(p.resize((p.width // 2, p.height // 2)), "JPEG"),
    **{f"exif {value}": lambda p, value=value: with_orientation(p, value) for value in range(1, 9)},  # type: ignore[misc]  # mypy cannot infer a lambda's default
    "exif 6 webp": lambda p: with_orientation(p, 6, "WEBP"),
    "exif 6 png": lambda p: with_orientation(p, 6, "PNG"),
    "exif 8 tiff": lambda p: with_orientation(p, 8, "TIFF"),
}
if not features.check("avif"):
    del RESAVES["avif"]


def load(source: int | Path) -> Image.Image:
    if isinstance(source, int):
        return made_picture(source)
    with Image.open(source) as photograph:
        return photograph.convert("RGB")


def known(untrusted_bytes: bytes, sandbox: Sandbox) -> Fingerprint:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(found, Fingerprint), found
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem if isinstance(source, Path) else str(source))
@pytest.mark.parametrize("resave", RESAVES)
def test_a_resaved_picture_matches(resave: str, source: int | Path, sandbox: Sandbox) -> None:
    """Measured on the made pictures: 0–2 bits for most, 8–14 for few colours, ICO and bilevel."""
    picture = load(source)
    banked = known(saved(picture, "JPEG", quality=85), sandbox)
    found = known(RESAVES[resave](picture), sandbox)
    # A picture whose dark ground was made transparent shows its old self over black; matching asks for both.
    shown = [found.pdq] + ([found.on_black] if found.on_black is not None else [])
    assert min(each.distance(banked.pdq) for each in shown) <= MATCH_RADIUS


def test_size_is_what_a_person_sees(sandbox: Sandbox) -> None:
    found = known(with_orientation(made_picture(1), 6), sandbox)
    assert (found.width, found.height) == (480, 360)


@pytest.mark.parametrize("turn", Image.Transpose)
def test_a_turned_picture_is_found_by_its_variants(turn: Image.Transpose, sandbox: Sandbox) -> None:
    """Each orientation's name says what it does: the banked picture turned so looks like the copy."""
    names = {
        Image.Transpose.FLIP_LEFT_RIGHT: "mirrored",
        Image.Transpose.FLIP_TOP_BOTTOM: "flipped",
        Image.Transpose.ROTATE_90: "rotated_90",
        Image.Transpose.ROTATE_180: "rotated_180",
        Image.Transpose.ROTATE_270: "rotated_270",
        Image.Transpose.TRANSPOSE: "transposed",
        Image.Transpose.TRANSVERSE: "transversed",
    }
    picture = made_picture(1)
    banked, copy = (known(saved(each, "PNG"), sandbox) for each in (picture, picture.transpose(turn)))
    distances = {name: pdq.distance(copy.pdq) for name, pdq in zip(ORIENTATIONS, banked.variants, strict=True)}
    near = [name for name, distance in distances.items() if distance <= MATCH_RADIUS]
    assert near == [names[turn]]
    assert any(variant.distance(banked.pdq) <= MATCH_RADIUS for variant in copy.variants)


def test_a_jpeg_that_says_ycck_is_decoded_as_such(sandbox: Sandbox) -> None:
    assert isinstance(fingerprint_bytes(as_ycck(saved(made_picture(1).convert("CMYK"), "JPEG")), sandbox), Fingerprint)


def test_a_picture_that_shows_only_on_black_is_found(sandbox: Sandbox) -> None:
    """White with the picture as its transparency: blank on a white page, plain on a dark one."""
    picture = made_picture(1).convert("L")
    hidden = Image.merge("LA", (Image.new("L", picture.size, 255), picture))
    found = known(saved(hidden, "PNG"), sandbox)
    assert found.pdq.distance(known(saved(picture, "PNG"), sandbox).pdq) <= MATCH_RADIUS
    assert found.on_black is None


def test_a_picture_that_looks_different_on_black_has_both(sandbox: Sandbox) -> None:
    picture, other = made_picture(1), made_picture(2).convert("L").point(lambda value: 155 + value * 100 // 255)
    layered = picture.convert("RGBA")
    layered.putalpha(other)
    found = known(saved(layered, "PNG"), sandbox)
    white, black = (
        Image.alpha_composite(Image.new("RGBA", picture.size, each), layered) for each in ("white", "black")
    )
    assert found.pdq.distance(known(saved(white.convert("RGB"), "PNG"), sandbox).pdq) <= 2
    assert found.on_black is not None
    assert found.on_black.distance(known(saved(black.convert("RGB"), "PNG"), sandbox).pdq) <= 2


def test_sixteen_bits_are_scaled_not_clipped(sandbox: Sandbox) -> None:
    """A dark 16-bit picture must come out dark, not as the low byte or as white."""
    dark = Image.fromarray(np.asarray(made_picture(1).convert("L")).astype(np.uint16) * 171)
    light = known(saved(made_picture(1).convert("L"), "PNG"), sandbox)
    assert known(saved(dark, "PNG"), sandbox).pdq.distance(light.pdq) <= MATCH_RADIUS


@pytest.mark.parametrize(
    ("untrusted", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"not a picture at all", Reason.NOT_A_PICTURE),
        (saved(Image.new("RGB", (300, 200), "grey"), "JPEG"), Reason.BLANK),
        (saved(Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "PNG"), Reason.BLANK),
        (saved(made_picture(1, 64, 15), "PNG"), Reason.TOO_SMALL),
        (saved(made_picture(1, 1, 1), "PNG"), Reason.TOO_SMALL),
        (saved(Image.linear_gradient("L"), "PNG"), Reason.LOW_QUALITY),
        (saved(made_picture(1), "PPM"), Reason.NOT_A_PICTURE),
        (saved(made_picture(1), "PDF"), Reason.NOT_A_PICTURE),
        *((saved(made_picture(1), each)[:4000], Reason.TRUNCATED) for each in ("JPEG", "PNG", "GIF", "WEBP", "BMP")),
    ],
)
def test_what_has_no_fingerprint_says_why(untrusted: bytes, reason: Reason, sandbox: Sandbox) -> None:
    found = fingerprint_bytes(untrusted, sandbox)
    assert isinstance(found, Unhashable)
    assert found.reason is reason
    assert (found.pdq is not None) is (reason is Reason.LOW_QUALITY)


def test_a_very_large_picture_is_still_hashed(sandbox: Sandbox) -> None:
    picture = made_picture(1, 1600, 1200)
    large = picture.resize((6400, 4800))
    found = known(saved(large, "JPEG", quality=70), sandbox)
    assert found.pdq.distance(known(saved(picture, "PNG"), sandbox).pdq) <= 10
    assert (found.width, found.height) == (6400, 4800)


def test_files_are_never_decoded_in_this_process(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    untrusted = io.BytesIO(saved(made_picture(1), "PNG")).getvalue()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Image, "open", refuse)
    assert isinstance(fingerprint_bytes(untrusted, sandbox), Fingerprint)
