"""Files made to mislead: each ends in a fingerprint or a typed reason, never in “crashed”, and none is waited for."""

import os
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import Fingerprint, Reason, Unhashable, fingerprint_bytes, fingerprint_file
from zaoguang.sandbox import Sandbox

PICTURE = made_picture(7)
JPEG, PNG, GIF = (saved(PICTURE, kind) for kind in ("JPEG", "PNG", "GIF"))


def exif(kind: int, count: int, value: int, *, after: int = 0, entries: int = 1) -> bytes:
    """Give a JPEG whose EXIF block has one orientation entry of that type, count and value."""
    block = b"Exif\x00\x00II*\x00" + struct.pack("<IHHHIII", 8, entries, 0x0112, kind, count, value, after)
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + JPEG[2:]


def archive(name: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(name, b"x" * 1000)
    return file.getvalue()


def ring() -> bytes:
    tiff = bytearray(saved(made_picture(7, 64, 48), "TIFF"))
    (start,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, start)
    struct.pack_into("<I", tiff, start + 2 + 12 * count, start)
    return bytes(tiff)


FOUND = {
    **{f"orientation {value}": exif(3, 1, value) for value in (0, 9, 65535)},
    **{f"orientation of type {kind}": exif(kind, 1, 6) for kind in (0, 1, 2, 4, 5, 7, 12, 99)},
    "an orientation a thousand million times": exif(3, 2**30, 6),
    "more entries than bytes": exif(3, 1, 1, entries=65535),
    "directories in a ring": exif(3, 1, 1, after=8),
    "a TIFF whose pictures are a ring": ring(),
    "an archive behind a GIF": GIF + archive("Main.class"),
    "an archive behind a PNG": PNG + archive("page.html"),
    "a PDF behind a JPEG": JPEG + b"%PDF-1.7\n1 0 obj<</S/JavaScript>>endobj\n%%EOF",
    "a page in a PNG's end": PNG + b"<html><script>alert(1)</script>",
}
"""What a viewer shows a picture of, so we do too."""


@pytest.mark.parametrize("name", FOUND)
def test_a_file_that_is_also_something_else_has_the_pictures_fingerprint(name: str, sandbox: Sandbox) -> None:
    known = fingerprint_bytes(FOUND[name], sandbox)
    assert isinstance(known, Fingerprint), known


def test_a_page_before_the_picture_is_no_picture(sandbox: Sandbox) -> None:
    known = fingerprint_bytes(b"<html>" + PNG, sandbox)
    assert isinstance(known, Unhashable)
    assert known.reason is Reason.NOT_A_PICTURE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "AVIF"])
def test_every_beginning_of_a_file_has_a_fingerprint_or_a_reason(kind: str, sandbox: Sandbox) -> None:
    whole = saved(made_picture(3, 48, 32), kind)
    for end in range(1, len(whole), max(1, len(whole) // 60)):
        known = fingerprint_bytes(whole[:end], sandbox)
        assert not isinstance(known, Unhashable) or known.reason is not Reason.CRASHED, end


def test_what_never_ends_is_not_waited_for(tmp_path: Path, sandbox: Sandbox) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/urandom"), tmp_path):
        known = fingerprint_file(path, sandbox)
        assert isinstance(known, Unhashable)
        assert known.reason is Reason.UNREADABLE


def test_a_child_inherits_no_open_file_of_its_parent(tmp_path: Path) -> None:
    """A key that the parent holds open, even one that it marked as inheritable, is not open in a child."""
    (tmp_path / "key").write_text("secret")
    with open(tmp_path / "key") as held, Sandbox() as fresh:  # noqa: PTH123  # a descriptor is what this is about
        os.set_inheritable(held.fileno(), True)  # noqa: FBT003  # its only form
        fingerprint_bytes(PNG, fresh)
        (child,) = fresh._idle["picture"]
        command = Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
        assert {b"-I", b"zaoguang.sandbox.child"} <= set(command), "a fresh interpreter, not a copy of this one"
        try:
            targets = [str(each.readlink()) for each in Path(f"/proc/{child.pid}/fd").iterdir()]
        except PermissionError:
            pytest.skip("only root may look into a process that is not dumpable")
    assert all(target.startswith("pipe:") or target == "/dev/null" for target in targets), targets
