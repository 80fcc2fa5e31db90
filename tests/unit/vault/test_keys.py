"""Keys: their files are private and whole or refused, their text form is silent, their purposes stay apart."""

import base64
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.vault import SecretKey, load_key, write_new_key


def test_a_new_key_file_is_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "worker.key"
    key = write_new_key(path)
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_an_existing_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "worker.key"
    write_new_key(path)
    before = path.read_bytes()
    with pytest.raises(OutsideFailure):
        write_new_key(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "worker.key"
    write_new_key(path)
    path.chmod(mode)
    with pytest.raises(UserMistake, match="chmod 600"):
        load_key(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not base64!", base64.b64encode(bytes(31)), base64.b64encode(bytes(33)), b"\xff" * 44, bytes(1000)],
    ids=["empty", "words", "short", "long", "not ascii", "huge"],
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "worker.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserMistake):
        load_key(path)


@pytest.mark.parametrize("name", ["absent", "folder"])
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutsideFailure, match=name):
        load_key(tmp_path / name)


def test_neither_a_key_nor_an_error_shows_its_bytes(tmp_path: Path) -> None:
    key = SecretKey(b"K" * 32)
    assert "KKK" not in repr(key)
    path = tmp_path / "worker.key"
    path.write_bytes(base64.b64encode(b"K" * 31))
    path.chmod(0o600)
    with pytest.raises(UserMistake) as caught:
        load_key(path)
    assert "S0tL" not in str(caught.value)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=16), st.text(max_size=16))
def test_keys_of_two_purposes_have_nothing_in_common(raw: bytes, one: str, other: str) -> None:
    assume(one != other)
    key = SecretKey(raw)
    try:
        first, second = key.derive(one), key.derive(other)
    except UserMistake:
        return
    assert first != second
    assert key.raw not in {first.raw, second.raw}
    assert key.derive(one) == first


@pytest.mark.parametrize("purpose", ["a purpose that is longer than sixteen bytes", "column\0", "解封解封解封"])
def test_a_purpose_that_would_be_cut_or_mistaken_for_another_is_refused(purpose: str) -> None:
    with pytest.raises(UserMistake):
        SecretKey(bytes(32)).derive(purpose)


@given(st.text(max_size=300), st.text(max_size=300))
def test_equal_texts_and_only_they_get_equal_tags(one: str, other: str) -> None:
    key = SecretKey(bytes(32))
    assert (key.tag(one) == key.tag(other)) is (one == other)
    assert key.tag(one) != SecretKey(b"\1" * 32).tag(one)
    assert len(key.tag(one)) == 32
