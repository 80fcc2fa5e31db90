"""Writing packages: whole or not at all, the same bytes for the same content, nothing that would not verify."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.make_fixtures import NOW, good_files, sealed_exhibit, signed_again, signer, story
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.evidence import (
    Check,
    CustodyEvent,
    SealedExhibit,
    append,
    canonical,
    package_bytes,
    verify_package,
    write_package,
)
from zaoguang.evidence.verify import verify_files

KEY = signer()
EXHIBITS = dict(sealed_exhibit(number, KEY) for number in (1, 2))
SEALED = (CustodyEvent.SEALED,)
LOG = story(EXHIBITS, KEY, SEALED)


def test_a_zip_and_a_folder_hold_the_same(tmp_path: Path) -> None:
    write_package(tmp_path / "a.zip", [*EXHIBITS.values()], LOG, KEY, NOW)
    write_package(tmp_path / "b", [*EXHIBITS.values()], LOG, KEY, NOW)
    assert verify_package(tmp_path / "a.zip", KEY.public_pem).holds
    assert verify_package(tmp_path / "b", KEY.public_pem).holds


def test_the_same_content_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    write_package(tmp_path / "a.zip", [*EXHIBITS.values()], LOG, KEY, NOW)
    write_package(tmp_path / "b.zip", [*reversed(EXHIBITS.values())], LOG, KEY, NOW)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    for name in ("a.zip", "folder"):
        target = tmp_path / name
        write_package(target, [*EXHIBITS.values()], LOG, KEY, NOW)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(UserMistake):
            write_package(target, [*EXHIBITS.values()], LOG, KEY, NOW + timedelta(days=1))
        assert sorted(tmp_path.rglob("*")) == before


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for name in ("a.zip", "folder"):
        with pytest.raises(OutsideFailure, match="No space left"):
            write_package(tmp_path / name, [*EXHIBITS.values()], LOG, KEY, NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_place_is_an_outside_failure(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure):
        write_package(tmp_path / "no" / "a.zip", [*EXHIBITS.values()], LOG, KEY, NOW)


def listed_again(files: dict[str, bytes]) -> dict[str, bytes]:
    """Give the files with a fresh signed manifest over them as they are."""
    manifest = signed_again(files, KEY)["manifest.json"]
    record = json.loads(manifest)
    record["files"] = [
        {"path": name, "size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
        if not name.startswith("manifest.json")
    ]
    body = canonical(record)
    return files | {"manifest.json": body, "manifest.json.sig": KEY.sign(body)}


def test_a_package_as_bytes_is_the_zip_that_would_be_written(tmp_path: Path) -> None:
    write_package(tmp_path / "a.zip", [*EXHIBITS.values()], LOG, KEY, NOW)
    assert package_bytes([*EXHIBITS.values()], LOG, KEY, NOW) == (tmp_path / "a.zip").read_bytes()
    with pytest.raises(UserMistake):
        package_bytes([*EXHIBITS.values()], LOG[:1], KEY, NOW)


def refused(tmp_path: Path, exhibits: list[SealedExhibit], log: tuple[object, ...] = LOG) -> str:
    with pytest.raises(UserMistake) as error:
        write_package(tmp_path / "a.zip", exhibits, log, KEY, NOW)  # type: ignore[arg-type]  # cut logs are tuples too
    assert list(tmp_path.iterdir()) == []
    return str(error.value)


def test_what_would_not_verify_is_not_written(tmp_path: Path) -> None:
    one, two = EXHIBITS.values()
    refused(tmp_path, [])
    refused(tmp_path, [one, two], ())
    assert "twice" in refused(tmp_path, [one, one])
    assert "not here" in refused(tmp_path, [one])
    assert "never sealed" in refused(tmp_path, [one, two], LOG[:1])
    assert "Line 1" in refused(tmp_path, [one, two], LOG[1:])
    assert "signature" in refused(tmp_path, [one, replace(two, signature=bytes(64))])
    refused(tmp_path, [one, replace(two, body=two.body + b" ")])
    refused(tmp_path, [one, replace(two, body=two.body.replace(b'"status":200', b'"status":404'))])
    refused(tmp_path, [one, sealed_exhibit(2, signer(2))[1]])


def test_a_withdrawn_exhibit_stays_out_and_its_seal_stays_in(tmp_path: Path) -> None:
    (first, one), (second, two) = EXHIBITS.items()
    withdrawn = append(
        LOG[-1],
        log_id=LOG[-1].log_id,
        at=NOW,
        event=CustodyEvent.WITHDRAWN,
        exhibit_id=second,
        exhibit_sha256=two.sha256,
        signer=KEY,
    )
    assert "withdrawn" in refused(tmp_path, [one, two], (*LOG, withdrawn))
    write_package(tmp_path / "a.zip", [one], (*LOG, withdrawn), KEY, NOW)
    assert verify_package(tmp_path / "a.zip", KEY.key_id).holds
    assert first != second
    again = append(
        withdrawn,
        log_id=LOG[-1].log_id,
        at=NOW,
        event=CustodyEvent.EXPORTED,
        exhibit_id=second,
        exhibit_sha256=two.sha256,
        signer=KEY,
    )
    (tmp_path / "a.zip").unlink()
    assert "after it was withdrawn" in refused(tmp_path, [one], (*LOG, withdrawn, again))


@pytest.mark.parametrize("event", [CustodyEvent.EXPORTED, CustodyEvent.WITHDRAWN])
def test_a_log_that_tells_of_what_was_never_sealed_is_refused(tmp_path: Path, event: CustodyEvent) -> None:
    refused(tmp_path, [*EXHIBITS.values()], story(EXHIBITS, KEY, (event, CustodyEvent.SEALED)))


def test_sealing_twice_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, [*EXHIBITS.values()], story(EXHIBITS, KEY, (*SEALED, *SEALED)))


def test_an_exhibit_of_another_case_is_caught_even_when_signed() -> None:
    files = good_files()
    manifest = json.loads(files["manifest.json"])
    manifest["case_number"] = "ZG-2026-0002"
    forged = signed_again(files | {"manifest.json": json.dumps(manifest).encode()}, KEY)
    verification = verify_files(forged, KEY.key_id)
    assert "another case" in next(step.detail for step in verification.steps if not step.holds)


@pytest.mark.parametrize("name", ["custody.jsonl.sig", "exhibits/00000000-0000-0000-0000-0000000000e1.json.sig"])
def test_each_signature_is_checked_by_itself_though_the_manifest_lists_it(name: str) -> None:
    files = good_files()
    forged = listed_again(files | {name: bytes(64)})
    failed = next(step for step in verify_files(forged, KEY.key_id).steps if not step.holds)
    assert failed.detail == f"The signature of {name.removesuffix('.sig')} is missing or wrong."


@pytest.mark.parametrize("more", [b"# a note\n", signer(2).public_pem, b"\n"])
def test_a_key_file_with_more_than_the_key_is_caught_even_when_listed(more: bytes) -> None:
    files = good_files()
    for pem in (more + files["signer.pem"], files["signer.pem"] + more):
        forged = listed_again(files | {"signer.pem": pem})
        failed = next(step for step in verify_files(forged).steps if not step.holds)
        assert failed.check is Check.SIGNER


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "zaoguang-package/2"},
        {"signer_key_id": "0" * 64},
        {"more": 1},
        {"made_at": "2026-02-30T08:00:00.000000Z"},
        {"files": []},
        {"custody": {}},
    ],
    ids=str,
)
def test_a_manifest_of_another_shape_is_caught_even_when_signed(change: dict[str, object]) -> None:
    files = good_files()
    body = json.dumps(json.loads(files["manifest.json"]) | change, separators=(",", ":"), sort_keys=True).encode()
    forged = files | {"manifest.json": body, "manifest.json.sig": KEY.sign(body)}
    assert body != files["manifest.json"]
    assert not verify_files(forged, KEY.key_id).holds


def test_a_manifest_that_lists_a_file_twice_is_caught_even_when_signed() -> None:
    files = good_files()
    manifest = json.loads(files["manifest.json"])
    for rows in (manifest["files"][:1] + manifest["files"], manifest["files"][::-1]):
        body = json.dumps(manifest | {"files": rows}, separators=(",", ":"), sort_keys=True).encode()
        verification = verify_files(files | {"manifest.json": body, "manifest.json.sig": KEY.sign(body)}, KEY.key_id)
        assert "twice or out of order" in next(step.detail for step in verification.steps if not step.holds)
