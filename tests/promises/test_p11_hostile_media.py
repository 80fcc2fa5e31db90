"""P11: hostile media cannot crash, exhaust or escape; the caller gets a typed reason, and the batch goes on.

Each case names an attack, shows that the attack is in the bytes, and then asserts the reason.
"""

import io
import json
import os
import signal
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pillow_heif
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.made_heic import tiled_heic
from tests.support.made_pictures import made_picture, saved
from tests.support.made_profile import gamma_profile, ink_profile
from zaoguang.cli.fingerprint import fingerprint
from zaoguang.fingerprint import Film, Fingerprint, Reason, Unhashable, fingerprint_bytes
from zaoguang.fingerprint.frames import FRAME_PIXELS_MOST
from zaoguang.fingerprint.picture import PIXELS_MOST
from zaoguang.sandbox import Limits, Protection, Sandbox

pillow_heif.register_heif_opener()
GOOD = saved(made_picture(7), "JPEG", quality=85)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(children=2) as opened:
        yield opened


def reason(untrusted_bytes: bytes, sandbox: Sandbox) -> Reason | str:
    """Give the reason; and show that the very next picture is read as if nothing had happened."""
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(fingerprint_bytes(GOOD, sandbox), Fingerprint)
    return found.reason if isinstance(found, Unhashable) else "fingerprint"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *, colour: int = 0, more: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Give that many zero bytes, compressed, without holding them all."""
    squeeze = zlib.compressobj(9)
    return b"".join([*(squeeze.compress(bytes(1 << 20)) for _ in range(count >> 20)), squeeze.flush()])


def test_attack_dimensions_that_no_memory_holds(sandbox: Sandbox) -> None:
    jpeg = bytearray(GOOD)
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    gif = bytearray(saved(made_picture(1), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    for untrusted in (png(60_000, 60_000, zeros(1 << 20)), bytes(jpeg), bytes(gif)):
        with pytest.raises(Image.DecompressionBombError):
            Image.open(io.BytesIO(untrusted))
        assert reason(untrusted, sandbox) == Reason.TOO_MANY_PIXELS


def test_attack_an_icon_that_holds_another_size_than_it_says(sandbox: Sandbox) -> None:
    inner = png(60_000, 60_000, zeros(1 << 20))
    icon = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 32, 32, 0, 0, 1, 32, len(inner), 22) + inner
    assert icon[6:8] == bytes([32, 32])
    assert reason(icon, sandbox) in {Reason.TOO_MANY_PIXELS, Reason.NOT_A_PICTURE}


def test_attack_a_small_file_that_swells_in_memory() -> None:
    width, height = 8_000, 7_900
    untrusted = png(width, height, zeros(height * (1 + 4 * width)), colour=6)
    assert width * height < PIXELS_MOST
    assert 4 * width * height > 200 * len(untrusted)
    with Sandbox(limits=Limits(memory_bytes=128 << 20)) as small:
        assert reason(untrusted, small) == Reason.OUT_OF_MEMORY


def test_attack_a_picture_drawn_in_thousands_of_passes() -> None:
    """A progressive JPEG may repeat its scans without end; each is a pass over the whole picture."""
    jpeg = saved(made_picture(7).resize((3000, 3000)), "JPEG", progressive=True, quality=10)
    first, second = (place for place in (jpeg.index(b"\xff\xda"), jpeg.index(b"\xff\xda", jpeg.index(b"\xff\xda") + 2)))
    scan = jpeg[first : jpeg.index(b"\xff\xc4", first) if b"\xff\xc4" in jpeg[first:second] else second]
    untrusted = jpeg[:first] + scan * 1_200 + jpeg[first:]
    assert untrusted.count(b"\xff\xda") > 1_200
    with Sandbox(limits=Limits(cpu_seconds=1)) as brief:
        assert reason(untrusted, brief) == Reason.TIMED_OUT


def test_attack_a_text_that_swells(sandbox: Sandbox) -> None:
    """It only hides the picture from us, for browsers skip texts: so we skip them too."""
    text = chunk(b"zTXt", b"Comment\x00\x00" + zeros(100 << 20))
    whole = saved(made_picture(7), "PNG")
    untrusted = whole[:33] + text + whole[33:]
    assert b"zTXt" in untrusted
    with pytest.raises((ValueError, OSError)):
        Image.open(io.BytesIO(untrusted)).load()
    assert reason(untrusted, sandbox) == "fingerprint"


def test_attack_an_animation_without_end(sandbox: Sandbox) -> None:
    frames = [Image.new("L", (64, 64), 255 * (i % 2)) for i in range(2_000)]
    untrusted = saved(made_picture(7, 64, 64).quantize(64), "GIF", save_all=True, append_images=frames)
    with Image.open(io.BytesIO(untrusted)) as animation:
        assert getattr(animation, "n_frames", 1) > 1_000
    assert reason(untrusted, sandbox) == "fingerprint"


def test_attack_65535_frames(sandbox: Sandbox) -> None:
    """The first frame and whatever differs early is known; the rest is said not to have been looked at."""
    whole = saved(made_picture(7, 64, 64).quantize(64), "GIF")
    tiny = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    untrusted = whole[:-1] + tiny * 65_534 + b"\x3b"
    with Image.open(io.BytesIO(untrusted)) as animation:
        animation.seek(3)
    found = fingerprint_bytes(untrusted, sandbox)
    assert isinstance(found, Fingerprint)
    assert found.partial
    assert found.frames == ()


@pytest.mark.slow
def test_attack_frames_that_are_large_together(sandbox: Sandbox) -> None:
    side = 4_000
    whole = saved(made_picture(7).resize((side, side)).quantize(8), "GIF")
    tiny = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    untrusted = whole[:-1] + tiny * 300 + b"\x3b"
    assert side * side < PIXELS_MOST < FRAME_PIXELS_MOST < 300 * side * side
    found = fingerprint_bytes(untrusted, sandbox)
    assert isinstance(found, Fingerprint)
    assert found.partial


def test_attack_an_animated_png_that_lies_about_its_frames(sandbox: Sandbox) -> None:
    whole = saved(made_picture(7), "PNG", save_all=True, append_images=[made_picture(8)])
    place = whole.index(b"acTL") + 4
    body = struct.pack(">II", 0x7FFFFFFF, 0)
    untrusted = whole[:place] + body + struct.pack(">I", zlib.crc32(b"acTL" + body)) + whole[place + 12 :]
    with Image.open(io.BytesIO(untrusted)) as animation:
        assert getattr(animation, "n_frames", 1) == 0x7FFFFFFF
    found = fingerprint_bytes(untrusted, sandbox)
    assert isinstance(found, Fingerprint)
    assert len(found.frames) == 2


@pytest.mark.parametrize("claimed", [(60, 60), (250, 250), (255, 255)])
def test_attack_a_heic_of_more_tiles_than_it_holds(claimed: tuple[int, int], sandbox: Sandbox) -> None:
    untrusted = tiled_heic(made_picture(7, 256, 256), 128, claimed=claimed)
    assert claimed[0] * 128 * claimed[1] * 128 > PIXELS_MOST - 6_000_000
    assert reason(untrusted, sandbox) in {Reason.TOO_MANY_PIXELS, Reason.NOT_A_PICTURE}


@pytest.mark.parametrize(
    "profile",
    [
        gamma_profile(1.0)[:150],
        gamma_profile(1.0).replace(b"curv", b"para"),
        gamma_profile(1.0)[:128] + struct.pack(">I", 0xFFFFFFFF) + gamma_profile(1.0)[132:],
        gamma_profile(1.0)[:136] + struct.pack(">II", 128, 0xFFFFFFF0) * 20 + gamma_profile(1.0)[296:],
        ink_profile(),
        ink_profile().replace(b"mft2" + bytes(4) + bytes([4, 3, 5]), b"mft2" + bytes(4) + bytes([4, 3, 255])),
        gamma_profile(1.0) + bytes(20 << 20),
    ],
    ids=["cut", "curve", "count", "offsets", "inks", "grid", "20 MB"],
)
def test_attack_a_colour_profile_that_is_none(profile: bytes, sandbox: Sandbox) -> None:
    """It changes nothing, and the picture behind it is still found."""
    picture = made_picture(7)
    plain = fingerprint_bytes(saved(picture, "PNG"), sandbox)
    for file_format, mark in (("PNG", b"iCCP"), ("WEBP", b"ICCP")):
        untrusted = saved(picture, file_format, icc_profile=profile, lossless=True)
        assert mark in untrusted
        found = fingerprint_bytes(untrusted, sandbox)
        assert isinstance(found, Fingerprint)
        assert isinstance(plain, Fingerprint)
        assert found.pdq.distance(plain.pdq) <= 4


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("0.bin", bytes(10 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("untrusted", "mark"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(%pipe%id) (w) file\n", b"%!PS"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', b"<svg"),
        (b"%PDF-1.7\n1 0 obj<</S/Launch>>endobj\n%%EOF", b"%PDF"),
        (b"\xd7\xcd\xc6\x9a" + bytes(200), b"\xd7\xcd\xc6\x9a"),
        (b"push graphic-context\nimage over 0,0 0,0 'ephemeral:/tmp/x'\n", b"ephemeral"),
        (b"\x7fELF" + bytes(400), b"\x7fELF"),
        (archive(), b"PK\x03\x04"),
        (saved(made_picture(1), "PPM"), b"P6"),
        (saved(made_picture(1), "JPEG2000"), b"jP"),
    ],
    ids=["postscript", "svg", "pdf", "wmf", "mvg", "program", "zip", "ppm", "jpeg2000"],
)
def test_attack_a_format_with_a_wider_door(untrusted: bytes, mark: bytes, sandbox: Sandbox) -> None:
    """Formats that run programs, read other files, or whose decoders nobody needs here are not even tried."""
    assert mark in untrusted[:64]
    assert reason(untrusted, sandbox) == Reason.NOT_A_PICTURE


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF", "HEIF"])
def test_attack_a_file_cut_anywhere(file_format: str, sandbox: Sandbox) -> None:
    whole = saved(made_picture(7), file_format)
    for place in (1, 2, 7, 13, 40, 200, len(whole) // 3, len(whole) // 2):
        assert reason(whole[:place], sandbox) in {Reason.TRUNCATED, Reason.NOT_A_PICTURE}, place


def test_attack_nothing_at_all_and_far_too_much(sandbox: Sandbox) -> None:
    assert reason(b"", sandbox) == Reason.EMPTY
    assert reason(GOOD + bytes(64 << 20), sandbox) == Reason.TOO_LARGE


@given(noise=st.binary(min_size=1, max_size=300), head=st.sampled_from(["", "JPEG", "PNG", "GIF", "WEBP", "TIFF"]))
@settings(max_examples=60, deadline=None)
def test_attack_noise_behind_a_true_beginning(noise: bytes, head: str) -> None:
    beginning = saved(made_picture(7, 64, 48), head)[:60] if head else b""
    assert isinstance(fingerprint_bytes(beginning + noise, _shared()), Fingerprint | Film | Unhashable)


@given(
    file_format=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF", "HEIF"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_attack_a_picture_with_changed_bytes(file_format: str, changes: list[tuple[float, int]]) -> None:
    untrusted = bytearray(saved(made_picture(7, 64, 48), file_format))
    for place, value in changes:
        untrusted[int(place**3 * len(untrusted))] = value  # mostly near the beginning, where the headers are
    found = fingerprint_bytes(bytes(untrusted), _shared())
    assert isinstance(found, Fingerprint | Film | Unhashable)


_opened: list[Sandbox] = []


def _shared() -> Sandbox:
    return _opened[0]


@pytest.fixture(autouse=True, scope="module")
def _share(sandbox: Sandbox) -> Iterator[None]:
    """Hypothesis wants no fixture inside an example: the module's sandbox is handed over here."""
    _opened.append(sandbox)
    yield
    _opened.clear()


def test_a_decoder_taken_over_can_do_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """What shell code would try, tried inside a child: the network, files, programs, processes."""
    assert sandbox.protections()[Protection.SYSCALL_FILTER], "this kernel lets no filter be installed"
    wanted = tmp_path / "left-behind"
    for name in ("socket", "read_file", "write_file", "program", "fork", "executable_memory", "trace"):
        assert sandbox.run("probe", os.fsencode(wanted), {"attempt": name}) == {"ended": "PermissionError"}, name
    assert not wanted.exists()


def test_a_killed_decoder_costs_one_picture() -> None:
    pictures = [saved(made_picture(seed), "PNG") for seed in range(12)]
    with Sandbox(children=2) as two, ThreadPoolExecutor(4) as threads:
        results = [threads.submit(fingerprint_bytes, picture, two) for picture in pictures]
        deadline = time.monotonic() + 30
        while not (victims := [child for child in list(two._asked) if child.protections]):
            assert time.monotonic() < deadline
        os.kill(victims[0].pid, signal.SIGKILL)
        found = [result.result() for result in results]
    assert sum(isinstance(each, Fingerprint) for each in found) >= len(pictures) - 1
    assert {each.reason for each in found if isinstance(each, Unhashable)} <= {Reason.CRASHED}


def test_a_batch_goes_on_after_every_attack(tmp_path: Path) -> None:
    attacks = {"bomb": png(60_000, 60_000, zeros(1 << 20)), "cut": GOOD[:3000], "zip": archive(), "empty": b""}
    for number, (name, untrusted) in enumerate(attacks.items()):
        (tmp_path / f"{number}-{name}").write_bytes(untrusted)
        (tmp_path / f"{number}-{name}-then-good").write_bytes(GOOD)
    done = CliRunner().invoke(fingerprint, [str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("unhashable") for line in lines] == [
        *("too_many_pixels", None, "truncated", None, "not_a_picture", None, "empty", None)
    ]
    assert len({line["pdq"] for line in lines if "pdq" in line}) == 1
