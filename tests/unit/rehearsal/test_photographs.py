"""The photographs are free, listed, unchanged, and plainly different from each other."""

import hashlib
from itertools import combinations
from pathlib import Path

import yaml

from zaoguang.fingerprint import ORIENTATIONS, Pdq
from zaoguang.fingerprint.picture import job
from zaoguang.rehearsal.photographs import photographs

FREE = {"public-domain", "CC0-1.0"}
TOLD = {"file", "original", "package", "author", "licence", "licence_source", "changed", "sha256"}


def listed() -> list[dict[str, str]]:
    folder = photographs()[0].path.parent
    records: list[dict[str, str]] = yaml.safe_load((folder / "PROVENANCE.yaml").read_text())["photographs"]
    return records


def hashed(content: bytes) -> tuple[list[Pdq], int]:
    answer = job(content, {})
    assert isinstance(answer, dict)
    variants, quality = answer["variants"], answer["quality"]
    assert isinstance(variants, dict)
    assert isinstance(quality, int)
    return [Pdq.from_hex(str(variants[name])) for name in ORIENTATIONS], quality


def test_there_are_enough_and_they_are_small() -> None:
    sizes = [len(each.content) for each in photographs()]
    assert len(sizes) >= 30
    assert sum(sizes) < 1_300_000


def test_every_file_is_listed_and_every_listed_file_is_there() -> None:
    folder = photographs()[0].path.parent
    records = listed()
    assert sorted(record["file"] for record in records) == sorted(path.name for path in folder.glob("*.jpg"))


def test_every_file_is_free_and_as_listed() -> None:
    folder = photographs()[0].path.parent
    for record in listed():
        assert set(record) == TOLD
        assert all(record.values())
        assert record["licence"] in FREE
        assert "/README; https://" in record["licence_source"]  # the statement beside the picture, and its first home
        assert hashlib.sha256(Path(folder / record["file"]).read_bytes()).hexdigest() == record["sha256"]


def test_no_two_are_alike_in_any_orientation() -> None:
    known = {each.name: hashed(each.content) for each in photographs()}
    assert min(quality for _variants, quality in known.values()) >= 70
    for (one, (variants, _)), (other, (turned, _)) in combinations(known.items(), 2):
        assert min(variants[0].distance(each) for each in turned) > 64, (one, other)
