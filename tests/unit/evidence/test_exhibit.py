"""Exhibits: what they hold, what they never hold, what they refuse."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from scripts.make_fixtures import fetched, sealed_exhibit, signer
from zaoguang.errors import UserMistake
from zaoguang.evidence import exhibit, fingerprint_commitment, seal
from zaoguang.evidence.shape import moment

PDQ = "f8f0" * 16
NONCE = bytes(range(32))


def made(**changed: object) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "exhibit_id": "8a6d7c1e-0000-4000-8000-000000000001",
        "case_number": "ZG-2026-0001",
        "item_label": "item-1",
        "page": fetched("http://forum.example/1", 10),
        "picture": fetched("http://cdn.example/1.jpg", 20),
        "match": {"pdq": PDQ, "distance": 5, "orientation": "rotated_90"},
        "tool_version": "0.1.0",
        "sealed_at": datetime(2026, 1, 31, 8, tzinfo=UTC),
        "nonce": NONCE,
    }
    return dict(exhibit(**(parts | changed)))


def test_an_exhibit_says_what_was_seen() -> None:
    record = made()
    assert record["schema"] == "zaoguang-exhibit/1"
    assert record["page"]["asked"] == "http://forum.example/1"
    assert record["page"]["answered"] == "https://forum.example/1"
    assert record["page"]["redirects"] == [{"status": 301, "location": "https://forum.example/1"}]
    assert record["page"]["began"] == "2026-01-31T08:00:00.000000Z"
    assert record["page"]["finished"] == "2026-01-31T08:00:00.250000Z"
    assert record["picture"]["ip"] == "192.0.2.7"
    assert record["match"]["distance"] == 5
    assert "no copy" in record["statement"]["en"]
    assert "未保留" in record["statement"]["zh-Hans"]


def test_the_fingerprint_is_bound_and_not_told() -> None:
    record = made()
    assert PDQ not in json.dumps(record)
    commitment = hashlib.sha256((NONCE.hex() + PDQ).encode()).hexdigest()
    assert record["match"]["fingerprint_commitment"] == commitment == fingerprint_commitment(NONCE, PDQ)
    assert made(nonce=bytes(32))["match"]["fingerprint_commitment"] != commitment


def test_the_nonce_keeps_two_like_exhibits_apart() -> None:
    hashes = {seal(made(nonce=bytes([number]) * 32), signer()).sha256 for number in range(3)}
    assert len(hashes) == 3


def test_a_moment_in_any_zone_is_written_in_utc() -> None:
    beijing = datetime(2026, 1, 31, 16, tzinfo=timezone(timedelta(hours=8)))
    assert made(sealed_at=beijing)["sealed_at"] == "2026-01-31T08:00:00.000000Z"
    assert moment("2026-01-31T16:00:00+08:00") == "2026-01-31T08:00:00.000000Z"


@pytest.mark.parametrize("value", [datetime(2026, 1, 31), "2026-01-31", "yesterday", None, 5])  # noqa: DTZ001 (the mistake under test)
def test_a_moment_without_zone_is_refused(value: object) -> None:
    with pytest.raises(UserMistake):
        moment(value)


def test_hostile_words_of_a_server_are_kept_visible() -> None:
    page = fetched("http://forum.example/1", 10) | {
        "headers": [("server", "caf\udce9\x00\x1b[2J"), ("x-empty", "")],
        "redirects": [{"status": 302, "location": "http://forum.example/\r\nx"}],
    }
    record = made(page=page)
    assert record["page"]["headers"] == [["server", "caf\\udce9\\x00\\x1b[2J"], ["x-empty", ""]]
    assert record["page"]["redirects"][0]["location"] == "http://forum.example/\\x0d\\x0ax"
    seal(record, signer())


@pytest.mark.parametrize("name", ["address", "redirects", "headers", "ip", "size", "sha256", "started_at"])
def test_a_missing_part_is_named(name: str) -> None:
    page = fetched("http://forum.example/1", 10)
    del page[name]
    with pytest.raises(UserMistake, match=name):
        made(page=page)


@pytest.mark.parametrize(
    "changed",
    [
        {"exhibit_id": "../../x"},
        {"exhibit_id": ""},
        {"exhibit_id": "A" * 36},
        {"case_number": "Ms Example of Somewhere"},
        {"item_label": "a picture of me"},
        {"tool_version": ""},
        {"nonce": b"short"},
        {"match": {"pdq": PDQ, "distance": 32, "orientation": "original"}},
        {"match": {"pdq": PDQ, "distance": True, "orientation": "original"}},
        {"match": {"pdq": "xyz", "distance": 3, "orientation": "original"}},
        {"page": fetched("http://forum.example/1", 10) | {"size": -1}},
        {"page": fetched("http://forum.example/1", 10) | {"status": 20}},
        {"page": fetched("http://forum.example/1", 10) | {"sha256": "00"}},
        {"page": fetched("http://forum.example/1", 10) | {"headers": [("one",)]}},
        {"page": fetched("http://forum.example/1", 10) | {"redirects": [3]}},
        {"page": fetched("http://forum.example/1", 10) | {"redirects": [{"status": 301, "location": "x"}] * 65}},
        {"page": fetched("http://forum.example/" + "x" * (1 << 17), 10)},
    ],
)
def test_what_does_not_fit_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UserMistake):
        made(**changed)


def test_a_record_with_one_field_more_is_not_sealed() -> None:
    with pytest.raises(UserMistake):
        seal(made() | {"survivor": "x"}, signer())


def test_an_exhibit_beyond_the_limit_is_not_sealed() -> None:
    long = fetched("http://forum.example/" + "x" * 100_000, 10)
    long["redirects"] = [{"status": 301, "location": "http://forum.example/" + "x" * 100_000}] * 40
    with pytest.raises(UserMistake):
        seal(made(page=long), signer())


def test_a_seal_is_over_the_exact_bytes() -> None:
    _, sealed = sealed_exhibit(1, signer())
    assert sealed.sha256 == hashlib.sha256(sealed.body).hexdigest()
    assert sealed.key_id == signer().key_id
    assert signer().public.signed(sealed.body, sealed.signature)
    assert not signer(2).public.signed(sealed.body, sealed.signature)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sealed.body = b""  # type: ignore[misc]  # that is the point
