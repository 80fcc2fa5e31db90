"""The rules of an outcome on whole pages, taken apart as the reader does: what each kind of page leads to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.watch.test_outcome import PICTURE, fetched, seen
from zaoguang.casework import Outcome, dead_for_good, outcome_from
from zaoguang.watch import Finding, PageReport, Signals, judge
from zaoguang.watch.page import job

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
GONE_PICTURE = {"gone-410", "gone-404", "living-without-it"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [
    ("gone-410", 410, "removed"),
    ("gone-404", 404, "removed"),
    ("living-without-it", 200, "removed"),
    ("login-wall", 200, "login_wall"),
    ("forbidden", 403, "login_wall"),
    ("geo-451", 451, "geoblocked"),
    ("geo-words-en", 200, "geoblocked"),
    ("geo-words-zh", 200, "geoblocked"),
    ("soft-404-en", 200, "unclear"),
    ("soft-404-zh", 200, "unclear"),
    ("soft-404-zh-hant", 200, "unclear"),
    ("soft-404-ko", 200, "unclear"),
    ("soft-404-ja", 200, "unclear"),
    ("soft-404-de", 200, "unclear"),
    ("soft-404-fr", 200, "unclear"),
    ("soft-404-es", 200, "unclear"),
    ("soft-404-ru", 200, "unclear"),
    ("account-closed", 200, "account_closed"),
    ("age-gate-en", 200, "interstitial"),
    ("age-gate-zh", 200, "interstitial"),
    ("age-gate-ja", 200, "interstitial"),
    ("age-gate-ko", 200, "interstitial"),
    ("cookie-wall", 200, "interstitial"),
    ("server-error", 503, "unclear"),
]


@pytest.mark.parametrize(("name", "status", "finding"), ROWS, ids=[row[0] for row in ROWS])
def test_a_page_leads_to_its_finding_and_only_certainty_to_an_outcome(name: str, status: int, finding: str) -> None:
    parts = job((PAGES / f"{name}.html").read_bytes(), {"address": "https://example.org/p", "charset": ""})
    # A wall, a gate or an outage lets nobody at the picture either.
    picture = seen(404 if name in GONE_PICTURE else 403, on_page=False)
    report = PageReport("1", "https://example.org/p", fetched(status), (picture,), 0, Signals(**parts["signals"]))
    assert judge(PICTURE, report, ()) is Finding(finding)
    outcome = outcome_from(finding, NOW, NOW)
    assert (outcome is Outcome.REMOVED) == (name in GONE_PICTURE)
    if finding in {"unclear", "interstitial", "login_wall"}:
        assert outcome is Outcome.NO_ANSWER
        assert outcome_from(finding, NOW + timedelta(1), NOW) is None


def test_every_page_kept_is_tried() -> None:
    assert {path.stem for path in PAGES.glob("*.html")} == {row[0] for row in ROWS}


@pytest.mark.parametrize("name", [row[0] for row in ROWS if row[0].startswith("soft-404")])
def test_a_soft_404_is_known_by_its_words_in_many_languages(name: str) -> None:
    parts = job((PAGES / f"{name}.html").read_bytes(), {"address": "https://example.org/p", "charset": ""})
    assert parts["signals"]["not_found_words"]


@pytest.mark.parametrize(
    ("earlier", "dead"),
    [
        ([], False),
        ([(1, "dead"), (2, "dead")], False),  # three looks, over two hours
        ([(72, "dead")], False),  # three days, two looks
        ([(72, "dead"), (24, "dead")], True),
        ([(72, "dead"), (24, "still_there")], False),
        ([(100, "dead"), (72, "unclear"), (24, "dead"), (1, "dead")], False),
        ([(200, "still_there"), (73, "dead"), (24, "dead")], True),
    ],
)
def test_a_host_is_dead_only_after_three_looks_over_three_days(earlier: list[tuple[int, str]], dead: bool) -> None:  # noqa: FBT001 -- a column of the table
    looks = [(NOW - timedelta(hours=hours), finding) for hours, finding in earlier]
    assert dead_for_good(looks, NOW) is dead
