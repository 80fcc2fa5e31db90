"""P11: hostile media cannot crash, exhaust or escape; the caller gets a typed reason, and the batch goes on.

Each case names an attack, shows that the attack is in the bytes, and then asserts the reason.
"""

import io
import json
import os
import secrets
import signal
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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

pytestmark = pytest.mark.slow  # seconds as a whole

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


def see_through(side: int, frames: int) -> bytes:
    """Give a GIF of equal frames with a hole, each drawn anew and hashed on two grounds (GIF89a §23)."""
    whole = saved(made_picture(7, 60, 60).resize((side, side)).quantize(4), "GIF")
    place = whole.index(b"\x2c", 13)
    control = b"\x21\xf9\x04" + bytes([2 << 2 | 1, 1, 0, 1]) + b"\x00"
    return whole[:place] + (control + whole[place:-1]) * frames + b"\x3b"


def test_attack_frames_that_take_all_the_time_there_is() -> None:
    """The first frame is known long before, and is never lost to what comes after it."""
    untrusted, first = see_through(1_500, 80), see_through(1_500, 1)
    with Sandbox(limits=Limits(cpu_seconds=1)) as brief:
        found, alone = fingerprint_bytes(untrusted, brief), fingerprint_bytes(first, brief)
    assert isinstance(found, Fingerprint)
    assert isinstance(alone, Fingerprint)
    assert found.partial
    assert (found.pdq, found.on_black) == (alone.pdq, alone.on_black)


def lzw(codes: Sequence[int]) -> bytes:
    """Give codes of nine bits as a GIF's pieces of data (GIF89a §22, appendix F)."""
    bits = sum(code << 9 * place for place, code in enumerate(codes))
    body = bits.to_bytes((9 * len(codes) + 7) // 8, "little")
    pieces = [body[at : at + 255] for at in range(0, len(body), 255)]
    return b"\x08" + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"


@pytest.mark.parametrize(
    "codes",
    [
        [256, 0, *range(258, 511)],  # each code stands for one pixel more than the one before
        [256] * 60_000,  # nothing but beginning again
        [256, 0, 511],  # a code that was never given
        [256, 0, *[257, 0] * 2_000],  # goes on after its end
    ],
    ids=["swelling", "clearing", "unknown", "beyond the end"],
)
def test_attack_codes_of_a_gif(codes: list[int], sandbox: Sandbox) -> None:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 8_000, 7_900, 0) + lzw(codes)
    untrusted = b"GIF89a" + struct.pack("<HHBBB", 8_000, 7_900, 0xF7, 0, 0) + bytes(range(256)) * 3 + frame + b"\x3b"
    assert 300 * len(untrusted) < 8_000 * 7_900
    assert reason(untrusted, sandbox) in {Reason.TRUNCATED, Reason.NOT_A_PICTURE, Reason.BLANK}


def test_attack_a_webp_that_swells(sandbox: Sandbox) -> None:
    """One colour costs a few bytes, whatever the sides; a canvas may claim 2^24 of them (RFC 9649 §2.7)."""
    plain = saved(Image.new("RGB", (8_000, 7_900)), "WEBP", lossless=True, method=0)
    assert 1_000 * len(plain) < 8_000 * 7_900
    assert reason(plain, sandbox) == Reason.BLANK
    moving = bytearray(saved(made_picture(7, 64, 64), "WEBP", save_all=True, append_images=[made_picture(8, 64, 64)]))
    canvas = moving.index(b"VP8X") + 12
    moving[canvas : canvas + 6] = (65_535).to_bytes(3, "little") * 2
    assert reason(bytes(moving), sandbox) in {Reason.TOO_MANY_PIXELS, Reason.NOT_A_PICTURE}


def tiff(entries: Mapping[int, int], body: bytes = b"") -> bytes:
    """Give a TIFF file of one directory, whose values are all whole numbers of four bytes, and a body after it."""
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({256: 60_000, 257: 60_000, 278: 60_000}, Reason.TOO_MANY_PIXELS),
        ({256: 8_000, 257: 7_900, 278: 7_900}, Reason.BLANK),
        ({256: 8_000, 257: 7_900, 278: 2**32 - 1}, Reason.BLANK),
        ({256: 8_000, 257: 7_900, 278: 7_900, 279: 2**32 - 1}, Reason.BLANK),
        ({256: 8_000, 257: 7_900, 278: 7_900, 277: 65_535}, Reason.NOT_A_PICTURE),
        ({256: 8_000, 257: 7_900, 278: 7_900, 258: 65_535}, Reason.NOT_A_PICTURE),
    ],
    ids=["sides", "zeros", "endless strip", "endless bytes", "samples", "bits"],
)
def test_attack_a_tiff_that_swells(changes: dict[int, int], expected: Reason, sandbox: Sandbox) -> None:
    body = zeros(64 << 20)
    entries = {258: 8, 259: 8, 262: 1, 273: 0, 277: 1, 279: len(body)} | changes
    entries[273] = len(tiff(entries))
    untrusted = tiff(entries, body)
    assert 300 * len(untrusted) < 64 << 20
    assert reason(untrusted, sandbox) in {expected, Reason.NOT_A_PICTURE, Reason.TRUNCATED}


def test_attack_pictures_in_a_jpeg_that_are_a_ring(sandbox: Sandbox) -> None:
    """The list of a JPEG's pictures says where each lies: here all are the first one (CIPA DC-007 §5.2.3)."""
    whole = saved(made_picture(7, 64, 64), "MPO", save_all=True, append_images=[made_picture(8, 64, 64)] * 3)
    untrusted = bytearray(whole)
    table = whole.index(b"MPF\x00") + 4
    order = "<" if whole[table : table + 2] == b"II" else ">"
    (count,) = struct.unpack_from(order + "H", whole, table + 8)
    entries = [struct.unpack_from(order + "HHII", whole, table + 10 + 12 * k) for k in range(count)]
    place = next(table + value for tag, _, _, value in entries if tag == 0xB002)
    for picture in range(1, 4):
        assert struct.unpack_from(order + "I", whole, place + 16 * picture + 8)[0] > 0
        struct.pack_into(order + "I", untrusted, place + 16 * picture + 8, 0)
    assert reason(bytes(untrusted), sandbox) == "fingerprint"
    struct.pack_into(order + "I", untrusted, table + 10 + 12 * count, 8)  # the next directory is this one
    assert reason(bytes(untrusted), sandbox) == "fingerprint"


def icon(inner: bytes, times: int = 1) -> bytes:
    """Give an icon whose entries all are that file."""
    start = 6 + 16 * times
    return (
        struct.pack("<HHH", 0, 1, times)
        + struct.pack("<BBBBHHII", 64, 64, 0, 0, 1, 32, len(inner), start) * times
        + inner
    )


def test_attack_icons_within_icons(sandbox: Sandbox) -> None:
    """An icon holds a PNG or a bitmap; one that holds an icon, and so on, is not followed down."""
    plain = saved(made_picture(7, 64, 64), "PNG")
    assert reason(icon(plain), sandbox) == "fingerprint"
    assert reason(icon(plain, 65_535), sandbox) in {"fingerprint", Reason.NOT_A_PICTURE}
    untrusted = plain
    for _ in range(1_000):
        untrusted = icon(untrusted)
    assert untrusted.count(b"\x00\x00\x01\x00\x01\x00") >= 1_000
    assert reason(untrusted, sandbox) in {Reason.NOT_A_PICTURE, Reason.TRUNCATED}


def memory_of(pid: int) -> Iterator[bytes]:
    """Give all that a process has in memory, piece by piece; needs root, for a child lets nobody else look."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123  # not files on a disk
        for line in maps:
            where, rights, *_ = line.split()
            first, last = (int(end, 16) for end in where.split("-"))
            if not rights.startswith("r") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            with suppress(OSError, ValueError):
                memory.seek(first)
                yield memory.read(last - first)


def test_a_decoder_taken_over_finds_no_secret_of_its_parent() -> None:
    """What the parent holds in memory is nowhere in a child: not copied, not inherited, not among its words."""
    secret = secrets.token_bytes(32)
    held = [secret[:16] + secret[16:]] * 3  # the parent's own copies
    with Sandbox() as fresh:
        assert isinstance(fingerprint_bytes(GOOD, fresh), Fingerprint)
        (one,) = fresh._idle["picture"]
        seen = Path(f"/proc/{one.pid}/cmdline").read_bytes()
        try:
            seen += Path(f"/proc/{one.pid}/environ").read_bytes()
            pieces = list(memory_of(one.pid))
        except PermissionError:
            pytest.skip("only root may look into a process that is not dumpable")
    assert sum(map(len, pieces)) > 10 << 20
    assert any(b"zaoguang.sandbox.child" in piece for piece in pieces), "the memory was read"
    assert held[0] not in seen
    assert not any(held[0] in piece for piece in pieces)


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
