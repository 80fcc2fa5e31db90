"""Films that are no ordinary file, too long, or only words; and the twin kernel through a whole film."""

import os
import struct
from pathlib import Path

import pytest

from tests.support.recorded_films import Made, film_of
from zaoguang.cli import compare_films
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import (
    Film,
    Reason,
    Unhashable,
    film_from_json,
    film_record,
    fingerprint_bytes,
    fingerprint_file,
)
from zaoguang.fingerprint.film_record import film_to_json
from zaoguang.fingerprint.kernel import Kernel
from zaoguang.sandbox import Sandbox

SMALL = Made(shots=((0, 20), (3, 20)), size=(96, 64))


def test_what_is_no_ordinary_file_is_not_read(sandbox: Sandbox, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path, tmp_path / "pipe", tmp_path / "absent"):
        assert fingerprint_file(path, sandbox) == Unhashable(Reason.UNREADABLE)


def test_a_film_larger_than_any_is_refused_unread(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    path.write_bytes(film_of(SMALL))
    os.truncate(path, (64 << 30) + 1)
    assert fingerprint_file(path, sandbox) == Unhashable(Reason.TOO_LARGE)


def test_the_keyframes_alone_can_be_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(film_of(SMALL))
    found = fingerprint_file(path, sandbox, first_look=True)
    assert isinstance(found, Film)
    assert found.first_look
    assert len(found.frames) <= 5


@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le"])
def test_both_kernels_see_a_whole_film_alike(form: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = film_of(Made(SMALL.shots, SMALL.size, container="matroska", codec="ffv1", format=form, options=()))
    in_c = fingerprint_bytes(whole, sandbox)
    monkeypatch.setenv("ZAOGUANG_KERNEL", Kernel.NUMPY)
    assert isinstance(in_c, Film)
    assert fingerprint_bytes(whole, sandbox) == in_c


def _element(mark: str, body: bytes) -> bytes:
    """Give an element of a Matroska file (RFC 8794), its size in eight bytes."""
    return bytes.fromhex(mark) + struct.pack(">Q", 1 << 56 | len(body)) + body


def test_a_file_with_subtitles_only_is_no_film(sandbox: Sandbox) -> None:
    head = _element("1a45dfa3", _element("4282", b"matroska"))
    track = b"".join(
        (
            _element("d7", b"\1"),
            _element("73c5", b"\1"),
            _element("83", b"\x11"),
            _element("86", b"S_TEXT/UTF8"),
        )
    )
    block = _element("a3", b"\x81\0\0\x80words")
    body = _element("1654ae6b", _element("ae", track)) + _element("1f43b675", _element("e7", b"\0") + block)
    found = fingerprint_bytes(head + _element("18538067", body), sandbox)
    assert found == Unhashable(Reason.NO_MOVING_PICTURE)


def test_a_film_of_too_many_frames_is_refused_in_a_sentence(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fingerprint_bytes(film_of(SMALL), sandbox)
    assert isinstance(found, Film)
    monkeypatch.setattr(film_record, "_FRAMES_MOST", len(found.frames) - 1)
    with pytest.raises(UserMistake, match=f"has {len(found.frames)} frames"):
        film_from_json(film_to_json(found))


def test_a_line_longer_than_any_film_is_refused_in_a_sentence(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_films, "_LINE_MOST", 1 << 20)
    path = tmp_path / "long.json"
    path.write_text('{"' + "x" * (1 << 20))
    with pytest.raises(UserMistake, match="larger"):
        compare_films._film(path, sandbox)  # the command reads it so, after a first film
