"""A reader that was taken over can say anything: only reports are believed, and they come back unchanged."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.fingerprint import Fingerprint, Pdq, Reason, Unhashable
from zaoguang.watch import Fetched, PageReport, PictureSeen, Redirect, Signals, Unread
from zaoguang.watch.wire import BrokenWordError, line_of, report_from_line, report_to_json

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
SHA = "ab" * 32
PRINT = Fingerprint("image", Pdq(bytes(32)), 90, SHA, 640, 480, Pdq(b"\1" * 32), tuple([Pdq(bytes(32))] * 8))
FETCHED = Fetched(
    address="http://example.org/",
    final_address="https://example.org/a",
    redirects=(Redirect(301, "https://example.org/a"),),
    status=200,
    headers=(("server", "x"),),
    started_at=NOW,
    finished_at=NOW,
    ip="192.0.2.1",
    size=9,
    sha256=SHA,
)
REPORT = PageReport(
    link="7",
    address="",
    page=FETCHED,
    pictures=(
        PictureSeen("https://example.org/a.jpg", FETCHED, PRINT),
        PictureSeen("https://example.org/b.jpg", FETCHED, Unhashable(Reason.LOW_QUALITY, "", Pdq(bytes(32)), 20)),
        PictureSeen("https://example.org/c.jpg", FETCHED, Unhashable(Reason.NOT_A_PICTURE), on_page=False),
        PictureSeen("https://example.org/d.jpg", Unread.TIMED_OUT, None),
        PictureSeen("https://example.org/e.jpg", FETCHED, None),
    ),
    left_out=3,
    signals=Signals(login_form=True),
)


def test_a_report_comes_back_unchanged() -> None:
    assert report_from_line(line_of(report_to_json(REPORT))) == REPORT


def test_a_page_that_was_not_read_comes_back() -> None:
    unread = PageReport("1", "", Unread.TLS_FAILED)
    assert report_from_line(line_of(report_to_json(unread))) == unread


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["link"], 7),
        (["link"], "1" * 99),
        (["page"], "no_such_reason"),
        (["page"], None),
        (["page", "status"], 99),
        (["page", "status"], "200"),
        (["page", "status"], True),
        (["page", "size"], -1),
        (["page", "sha256"], "xy" * 32),
        (["page", "started_at"], "2026-03-01T00:00:00"),
        (["page", "started_at"], "yesterday"),
        (["page", "headers"], [["a"]]),
        (["page", "headers"], [["server", "x"]] * 1000),
        (["page", "headers"], [["server", "x" * 10_000]]),
        (["page", "headers"], [["server", "x\x1b[2J"]]),
        (["page", "redirects"], [[301, "x" * 5000]]),
        (["page", "final_address"], ["list"]),
        (["page", "final_address"], "http://a/\u202e"),
        (["page", "ip"], "1" * 100),
        (["pictures"], {}),
        (["pictures"], [None]),
        (["pictures", 0, "result"], "a fingerprint"),
        (["pictures", 0, "result", "pdq"], "short"),
        (["pictures", 0, "result", "quality"], 1000),
        (["pictures", 0, "result", "sha256"], "cd" * 32),
        (["pictures", 0, "fetched"], "timed_out"),
        (["pictures", 0, "address"], "x" * 5000),
        (["pictures", 2, "result", "unhashable"], "no_such_reason"),
        (["left_out"], -1),
        (["left_out"], 1.5),
        (["signals"], []),
    ],
)
def test_anything_else_is_not_believed(path: list[str | int], value: Any) -> None:  # noqa: ANN401 - any JSON
    said: Any = json.loads(line_of(report_to_json(REPORT)))
    part = said
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(BrokenWordError):
        report_from_line(line_of(said))


@given(st.one_of(st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)))
def test_noise_is_not_a_report(noise: bytes) -> None:
    with pytest.raises(BrokenWordError):
        report_from_line(noise)


def test_nesting_without_end_is_not_a_report() -> None:
    with pytest.raises(BrokenWordError):
        report_from_line(b"[" * 1_000_000)
