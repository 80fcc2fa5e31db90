"""P07: a sealed package verifies offline with stock tools; any changed, missing, added or reordered part fails."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.make_fixtures import good_files, signed_again, signer, tampered
from tests.support import ground
from zaoguang.evidence import Check, archive, source, verify_package
from zaoguang.evidence.archive import pack, unpack
from zaoguang.evidence.layout import size_limit
from zaoguang.evidence.verify import verify_files

FIXTURES = Path(__file__).parent.parent / "fixtures"
VALID = FIXTURES / "valid" / "package.zip"
KEY_ID = signer().key_id

FILES = good_files()
ZIP = pack(FILES)

EXHIBIT = re.compile(r"exhibits/.*\.json")

Change = Callable[[bytes], bytes]


@st.composite
def one_byte_changes(draw: st.DrawFn, size: int) -> Change:
    """Draw a change of one byte, flipped, put in or taken out, at any place of something of that size."""
    kind = draw(st.sampled_from(["flip", "insert", "delete"]))
    at = draw(st.integers(0, size if kind == "insert" else size - 1))
    byte = draw(st.integers(1, 255))

    def change(content: bytes) -> bytes:
        if kind == "flip":
            return content[:at] + bytes([content[at] ^ byte]) + content[at + 1 :]
        if kind == "insert":
            return content[:at] + bytes([byte]) + content[at:]
        return content[:at] + content[at + 1 :]

    return change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the good package as a folder."""
    target = tmp_path / "package"
    with zipfile.ZipFile(VALID) as archive:  # a stock reader takes our zip
        archive.extractall(target)
    return target


def first_failure(source: Path, key: str | None = KEY_ID) -> Check:
    verification = verify_package(source, key)
    assert not verification.holds
    failed = next(step for step in verification.steps if not step.holds)
    assert failed.detail
    return failed.check


class TestAWholePackage:
    def test_holds_as_a_zip_and_as_a_folder(self, folder: Path) -> None:
        for package in (VALID, folder):
            verification = verify_package(package, KEY_ID)
            assert [step.detail for step in verification.steps if not step.holds] == []
            assert [step.number for step in verification.steps] == list(range(1, 10))
            assert [step.check for step in verification.steps] == list(Check)
            assert verification.holds
            assert verification.signer_compared
            assert verification.key_id == KEY_ID

    def test_without_a_named_signer_says_that_nothing_was_compared(self) -> None:
        verification = verify_package(VALID)
        assert verification.holds
        assert not verification.signer_compared
        assert "not compared" in verification.steps[-1].detail
        assert KEY_ID in verification.steps[-1].detail

    def test_does_not_hold_for_another_signer(self) -> None:
        assert first_failure(VALID, signer(2).key_id) is Check.IDENTITY

    def test_signed_anew_by_another_key_is_caught_by_the_named_signer(self, tmp_path: Path) -> None:
        forged = tmp_path / "forged.zip"
        forged.write_bytes(pack(good_files(key_number=2)))
        assert verify_package(forged).holds  # the attack is a perfect package: only the key tells
        assert first_failure(forged) is Check.IDENTITY


class TestAnyChangedByte:
    @settings(max_examples=400, deadline=None)
    @given(change=one_byte_changes(len(ZIP)))
    def test_of_a_zip_is_caught(self, change: Change) -> None:
        changed = change(ZIP)
        assert changed != ZIP
        path = ground.TEMP / "changed.zip"
        path.write_bytes(changed)
        assert not verify_package(path).holds

    @pytest.mark.slow
    def test_of_a_zip_is_caught_at_every_offset(self) -> None:
        whole = pack(good_files(1))
        path = ground.TEMP / "flipped.zip"
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
            assert not verify_package(path).holds, at

    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_of_any_file_in_a_folder_is_caught(self, folder: Path, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(FILES)))
        change = data.draw(one_byte_changes(len(FILES[name])))
        (folder / name).write_bytes(change(FILES[name]))
        try:
            assert not verify_package(folder).holds
        finally:
            (folder / name).write_bytes(FILES[name])

    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def test_signed_again_with_the_same_key_is_caught_in_exhibits_and_log(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([n for n in sorted(FILES) if n.endswith(".jsonl") or EXHIBIT.fullmatch(n)]))
        change = data.draw(one_byte_changes(len(FILES[name])))
        forged = signed_again(FILES | {name: change(FILES[name])}, signer())
        assert not verify_files(forged, KEY_ID).holds


class TestAttacks:
    EXPECTED = {  # noqa: RUF012 (a table)
        "appended-byte": Check.CONTAINER,
        "changed-exhibit": Check.FILES,
        "cut-zip": Check.CONTAINER,
        "empty-signature": Check.MANIFEST,
        "extra-exhibit": Check.FILES,
        "extra-file": Check.CONTAINER,
        "foreign-log-head": Check.FILES,
        "missing-exhibit": Check.FILES,
        "missing-signature": Check.CONTAINER,
        "path-out-of-package": Check.CONTAINER,
        "prefixed-byte": Check.CONTAINER,
        "signed-cut-log": Check.HEAD,
        "signed-doubled-log-line": Check.CUSTODY,
        "signed-headless-log": Check.CUSTODY,
        "signed-missing-exhibit": Check.AGREEMENT,
        "signed-missing-log-line": Check.CUSTODY,
        "signed-reordered-log": Check.CUSTODY,
        "signed-swapped-exhibits": Check.EXHIBITS,
        "swapped-signatures": Check.FILES,
        "zip-comment": Check.CONTAINER,
    }

    def test_every_tampered_fixture_is_expected_here(self) -> None:
        assert {path.stem for path in (FIXTURES / "tampered").glob("*.zip")} == self.EXPECTED.keys()
        assert tampered().keys() == self.EXPECTED.keys()

    @pytest.mark.parametrize("name", EXPECTED)
    def test_is_present_and_rejected_at_its_step(self, name: str) -> None:
        attack = FIXTURES / "tampered" / f"{name}.zip"
        assert attack.read_bytes() != VALID.read_bytes()
        assert first_failure(attack) is self.EXPECTED[name]

    @pytest.mark.parametrize("name", [name for name, check in EXPECTED.items() if check is not Check.CONTAINER])
    def test_is_rejected_as_a_folder_too(self, name: str, tmp_path: Path) -> None:
        for path, content in unpack((FIXTURES / "tampered" / f"{name}.zip").read_bytes()).items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content)
        assert first_failure(tmp_path) is self.EXPECTED[name]

    @pytest.mark.parametrize("name", sorted(FILES))
    def test_any_missing_file_is_caught(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        assert first_failure(folder) in {Check.CONTAINER, Check.FILES}

    @pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".sig")))
    def test_any_empty_signature_is_caught(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes(b"")
        assert first_failure(folder) is (Check.MANIFEST if name == "manifest.json.sig" else Check.FILES)

    @pytest.mark.parametrize("name", [".DS_Store", "exhibits/.hidden", "exhibits/new.json", "deep/file", "README.TXT"])
    def test_any_added_file_is_caught(self, folder: Path, name: str) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"{}")
        assert first_failure(folder) is Check.CONTAINER

    @pytest.mark.parametrize(
        "name", ["README.txt", "signer.pem", "custody.jsonl.sig", "custody.jsonl", "manifest.json"]
    )
    def test_a_file_beyond_its_limit_is_not_read(self, folder: Path, name: str) -> None:
        with (folder / name).open("r+b") as file:
            file.truncate(size_limit(name) + 1)
        assert f"{name} is larger" in verify_package(folder).steps[0].detail

    def test_a_folder_beyond_the_limit_is_not_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = sum(map(len, FILES.values()))
        monkeypatch.setattr(source, "MAX_PACKAGE_BYTES", whole)
        assert verify_package(folder).holds
        monkeypatch.setattr(source, "MAX_PACKAGE_BYTES", whole - 1)
        assert "larger" in verify_package(folder).steps[0].detail

    def test_a_folder_of_too_many_files_is_not_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "MAX_FILES", len(FILES) - 1)
        assert "more files" in verify_package(folder).steps[0].detail

    def test_an_added_empty_folder_is_caught(self, folder: Path) -> None:
        (folder / "exhibits" / "more").mkdir()
        assert first_failure(folder) is Check.CONTAINER

    @pytest.mark.parametrize("name", ["README.txt", "custody.jsonl"])
    def test_a_link_is_caught_even_to_the_right_content(self, folder: Path, tmp_path: Path, name: str) -> None:
        elsewhere = tmp_path / "elsewhere"
        shutil.move(folder / name, elsewhere)
        (folder / name).symlink_to(elsewhere)
        assert (folder / name).read_bytes() == FILES[name]
        assert "is a link" in verify_package(folder).steps[0].detail

    def test_a_linked_folder_of_exhibits_is_caught(self, folder: Path, tmp_path: Path) -> None:
        shutil.move(folder / "exhibits", tmp_path / "elsewhere")
        (folder / "exhibits").symlink_to(tmp_path / "elsewhere")
        assert first_failure(folder) is Check.CONTAINER


class TestForeignZips:
    """What stock zip writers can do to the same files."""

    def write(self, path: Path, names: list[str], method: int = zipfile.ZIP_STORED) -> Path:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name in names:
                archive.writestr(name, FILES.get(name, b"hello"))
        return path

    def test_a_compressed_zip_is_not_expanded(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "deflated.zip", sorted(FILES), zipfile.ZIP_DEFLATED)
        assert "Another program" in verify_package(path).steps[0].detail
        assert first_failure(path) is Check.CONTAINER

    def test_a_bomb_is_refused_unexpanded(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("custody.jsonl", bytes(64 << 20))
        assert path.stat().st_size < 1 << 20
        assert first_failure(path) is Check.CONTAINER

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_doubled_member_is_caught(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "doubled.zip", [*sorted(FILES), "README.txt"])
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist().count("README.txt") == 2
        verification = verify_package(path)
        assert "twice" in verification.steps[0].detail

    def test_a_symlink_member_is_caught(self, tmp_path: Path) -> None:
        changed = bytearray(ZIP)
        at = ZIP.index(b"PK\x01\x02") + 38  # external attributes of the first central header
        changed[at : at + 4] = (0o120777 << 16).to_bytes(4, "little")
        path = tmp_path / "link.zip"
        path.write_bytes(changed)
        with zipfile.ZipFile(path) as archive:
            assert archive.infolist()[0].external_attr >> 16 == 0o120777
        assert first_failure(path) is Check.CONTAINER

    def test_a_file_that_only_the_directory_hides_is_caught(self, tmp_path: Path) -> None:
        """Two readers of one zip: the walk sees a file that the central directory does not list."""
        with_more = pack(FILES | {"exhibits/00000000-hidden.json": b"{}"})
        directory = ZIP[ZIP.index(b"PK\x01\x02") :]
        path = tmp_path / "two-readers.zip"
        path.write_bytes(with_more[: with_more.index(b"PK\x01\x02")] + directory)
        assert first_failure(path) is Check.CONTAINER

    @pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "exhibits\\x.json", "exhibits/../README.txt", ""])
    def test_a_name_outside_the_package_is_caught(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / "names.zip"
        path.write_bytes(pack(FILES | {name: b"hello"}))
        verification = verify_package(path)
        assert "does not belong" in verification.steps[0].detail
        assert not verification.holds

    def test_a_name_that_is_not_ascii_is_caught(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "names.zip", ["exhibits/é.json"])
        assert first_failure(path) is Check.CONTAINER

    def test_more_files_than_a_package_has_are_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "MAX_FILES", len(FILES) - 1)
        path = tmp_path / "many.zip"
        path.write_bytes(ZIP)
        assert "more files" in verify_package(path).steps[0].detail

    def test_a_larger_file_than_a_package_is_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "MAX_PACKAGE_BYTES", len(ZIP) - 1)
        path = tmp_path / "large.zip"
        path.write_bytes(ZIP)
        assert "larger" in verify_package(path).steps[0].detail

    @settings(max_examples=200, deadline=None)
    @given(content=st.binary(max_size=200) | st.binary(max_size=200).map(b"PK\x03\x04".__add__))
    def test_any_bytes_give_a_reason_and_no_crash(self, content: bytes) -> None:
        path = ground.TEMP / "any.zip"
        path.write_bytes(content)
        assert first_failure(path) is Check.CONTAINER


def readme_commands() -> list[str]:
    """Give the commands that the package's own README tells a stranger to run, in order."""
    starts = ("openssl", "for f", "grep", "{ grep", "p=$(")
    return [line for line in FILES["README.txt"].decode().splitlines() if line.startswith(starts)]


@pytest.fixture
def stock(folder: Path) -> Callable[[int], str]:
    """Give what runs the README's command of that number in the folder, with stock tools alone."""
    shell, openssl = shutil.which("sh"), shutil.which("openssl")
    if shell is None or openssl is None:
        ground.missing("openssl")
        raise AssertionError  # not reached: the line above leaves the test out

    def run(number: int) -> str:
        command = readme_commands()[number - 1]
        done = subprocess.run(
            [shell, "-c", command], cwd=folder, capture_output=True, check=False, timeout=60, text=True
        )
        return done.stdout + done.stderr

    return run


class TestStockTools:
    def test_the_readme_has_its_five_steps(self) -> None:
        assert len(readme_commands()) == 5

    def test_the_readme_commands_accept_a_whole_package(self, stock: Callable[[int], str]) -> None:
        assert stock(1).startswith(KEY_ID)
        signatures = stock(2)
        assert signatures.count("Signature Verified Successfully") == 5
        assert "FAILS" not in signatures
        listed = json.loads(FILES["manifest.json"])["files"]
        assert [line.endswith(": OK") for line in stock(3).splitlines()] == [True] * len(listed)
        assert stock(4) == ""
        assert stock(5) == ""

    def test_the_readme_commands_catch_a_changed_exhibit(self, folder: Path, stock: Callable[[int], str]) -> None:
        name = next(name for name in sorted(FILES) if EXHIBIT.fullmatch(name))
        (folder / name).write_bytes(FILES[name].replace(b'"distance":1', b'"distance":0'))
        assert f"FAILS: {name}" in stock(2)
        assert f"{name}: FAILED" in stock(3)

    def test_the_readme_commands_catch_missing_and_added_files(self, folder: Path, stock: Callable[[int], str]) -> None:
        (folder / "README.txt").rename(folder / "NOTES.txt")
        assert stock(4).split() == ["NOTES.txt", "README.txt"]

    def test_the_readme_commands_catch_a_broken_log(self, folder: Path, stock: Callable[[int], str]) -> None:
        lines = FILES["custody.jsonl"].splitlines(keepends=True)
        (folder / "custody.jsonl").write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
        assert "BROKEN" in stock(5)
        (folder / "custody.jsonl").write_bytes(b"".join(lines[:-1]))
        assert "CUT" in stock(5)

    def test_stock_unzip_reads_the_zip(self) -> None:
        with zipfile.ZipFile(VALID) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_the_fixtures_are_what_the_script_makes() -> None:
    made = {f"tampered/{name}.zip": content for name, content in tampered().items()}
    made |= {
        "valid/package.zip": ZIP,
        "valid/one-exhibit.zip": pack(good_files(1)),
        "valid/signer.pem": signer().public_pem,
    }
    kept = {
        str(path.relative_to(FIXTURES)): path.read_bytes()
        for kind in ("valid", "tampered")
        for path in (FIXTURES / kind).glob("*")
    }
    assert kept.keys() == made.keys()
    assert [name for name in made if made[name] != kept[name]] == []
