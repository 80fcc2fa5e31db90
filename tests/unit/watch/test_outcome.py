"""The rules of a recheck, one row each; whatever no rule decides is unclear."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.fingerprint import Fingerprint, Pdq, Reason, Unhashable
from zaoguang.watch import Fetched, Finding, PageReport, PictureSeen, Signals, Unread, judge

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGE, PICTURE, OTHER = "https://example.org/p", "https://example.org/a.jpg", "https://example.org/b.jpg"
PRINT = Fingerprint("image", Pdq(bytes(32)), 90, "0" * 64, 640, 480, None, (Pdq(bytes(32)),) * 8)


def fetched(status: int = 200, *headers: tuple[str, str]) -> Fetched:
    return Fetched(PAGE, PAGE, (), status, headers, NOW, NOW, "192.0.2.1", 9, "0" * 64)


def seen(
    answer: int | Unread = 200,
    result: Fingerprint | Unhashable | None = None,
    address: str = PICTURE,
    *,
    on_page: bool = True,
) -> PictureSeen:
    if isinstance(answer, Unread):
        return PictureSeen(address, answer, None, on_page)
    return PictureSeen(address, fetched(answer), result or (PRINT if answer == 200 else None), on_page)


def report(page: int | Unread | Fetched, *pictures: PictureSeen, left_out: int = 0, **signals: bool) -> PageReport:
    answer = fetched(page) if isinstance(page, int) else page
    return PageReport("1", PAGE, answer, pictures, left_out, Signals(**signals))


UNSEEN = seen(Unread.TIMED_OUT, address=OTHER)
ROWS: list[tuple[str, PageReport, set[str], Finding]] = [
    ("it matches", report(200, seen()), {PICTURE}, Finding.STILL_THERE),
    ("it matches on a page that says 404", report(404, seen()), {PICTURE}, Finding.STILL_THERE),
    ("it matches though the page is gone", report(Unread.UNKNOWN_HOST, seen(on_page=False)), {PICTURE},
     Finding.STILL_THERE),
    ("it matches beside the page that shows it no longer", report(200, seen(on_page=False)), {PICTURE},
     Finding.STILL_THERE),
    ("it matches elsewhere on the page", report(200, seen(404), seen(address=OTHER)), {OTHER}, Finding.MOVED),
    ("it matches elsewhere only", report(200, seen(address=OTHER)), {OTHER}, Finding.MOVED),
    ("a match that is not in the report", report(200, seen(404)), {"https://x.example/"}, Finding.REMOVED),
    ("no such name", report(Unread.UNKNOWN_HOST), set(), Finding.DEAD),
    ("connection refused", report(Unread.REFUSED_CONNECTION), set(), Finding.DEAD),
    ("no such name, picture neither", report(Unread.UNKNOWN_HOST, seen(Unread.UNKNOWN_HOST)), set(), Finding.DEAD),
    ("no such name, picture timed out", report(Unread.UNKNOWN_HOST, seen(Unread.TIMED_OUT)), set(), Finding.UNCLEAR),
    ("no such name, picture is another", report(Unread.UNKNOWN_HOST, seen()), set(), Finding.UNCLEAR),
    ("451 on the page", report(451), set(), Finding.GEOBLOCKED),
    ("451 on the picture", report(200, seen(451)), set(), Finding.GEOBLOCKED),
    ("region words", report(200, region_words=True), set(), Finding.GEOBLOCKED),
    ("region words on 403", report(403, region_words=True), set(), Finding.GEOBLOCKED),
    ("region words on 404", report(404, region_words=True), set(), Finding.GEOBLOCKED),
    ("region words beside another picture", report(200, seen(), region_words=True), set(), Finding.REMOVED),
    ("account words", report(200, account_words=True), set(), Finding.ACCOUNT_CLOSED),
    ("account words on 404", report(404, seen(404), account_words=True), set(), Finding.ACCOUNT_CLOSED),
    ("page 404", report(404), set(), Finding.REMOVED),
    ("page 410, picture 404", report(410, seen(404, on_page=False)), set(), Finding.REMOVED),
    ("page 404, picture another", report(404, seen()), set(), Finding.REMOVED),
    ("page 404, picture not read", report(404, seen(Unread.TIMED_OUT, on_page=False)), set(), Finding.UNCLEAR),
    ("page 404, picture forbidden", report(404, seen(403, on_page=False)), set(), Finding.UNCLEAR),
    ("page 404 with unseen pictures", report(404, UNSEEN), set(), Finding.UNCLEAR),
    ("page 404 with left-out pictures", report(404, left_out=1), set(), Finding.UNCLEAR),
    ("page 401", report(401), set(), Finding.LOGIN_WALL),
    ("page 403", report(403), set(), Finding.LOGIN_WALL),
    ("a bot check", report(fetched(403, ("cf-mitigated", "challenge"))), set(), Finding.UNCLEAR),
    ("picture 404", report(200, seen(404)), set(), Finding.REMOVED),
    ("picture 410, shown no longer", report(200, seen(410, on_page=False)), set(), Finding.REMOVED),
    ("picture replaced", report(200, seen()), set(), Finding.REMOVED),
    ("picture replaced, login form on the page", report(200, seen(), login_form=True), set(), Finding.REMOVED),
    ("picture replaced, others unseen", report(200, seen(), UNSEEN), set(), Finding.UNCLEAR),
    ("picture 404, others left out", report(200, seen(404), left_out=3), set(), Finding.UNCLEAR),
    ("picture 404, another crashed", report(200, seen(404), seen(200, Unhashable(Reason.CRASHED), OTHER)), set(),
     Finding.UNCLEAR),
    ("picture 404, another is forbidden", report(200, seen(404), seen(403, address=OTHER)), set(), Finding.UNCLEAR),
    ("picture 404, an icon is blank", report(200, seen(404), seen(200, Unhashable(Reason.BLANK), OTHER)), set(),
     Finding.REMOVED),
    ("picture 404, another is 404", report(200, seen(404), seen(404, address=OTHER)), set(), Finding.REMOVED),
    ("picture's host gone", report(200, seen(Unread.UNKNOWN_HOST)), set(), Finding.DEAD),
    ("picture unreadable now", report(200, seen(200, Unhashable(Reason.NOT_A_PICTURE))), set(), Finding.UNCLEAR),
    ("picture of low quality now", report(200, seen(200, Unhashable(Reason.LOW_QUALITY))), set(), Finding.UNCLEAR),
    ("picture timed out", report(200, seen(Unread.TIMED_OUT)), set(), Finding.UNCLEAR),
    ("picture 403", report(200, seen(403)), set(), Finding.UNCLEAR),
    ("picture not shown, not looked at", report(200), set(), Finding.UNCLEAR),
    ("login form in its place", report(200, login_form=True), set(), Finding.LOGIN_WALL),
    ("login form, picture not to be had", report(200, seen(403, on_page=False), login_form=True), set(),
     Finding.LOGIN_WALL),
    ("an age gate in its place", report(200, gate_words=True), set(), Finding.INTERSTITIAL),
    ("an age gate, picture 404", report(200, seen(404, on_page=False), gate_words=True), set(), Finding.INTERSTITIAL),
    ("an age gate on a page that shows another in its place", report(200, seen(), gate_words=True), set(),
     Finding.REMOVED),
    ("soft 404", report(200, not_found_words=True), set(), Finding.UNCLEAR),
    ("page 500", report(500), set(), Finding.UNCLEAR),
    ("page 503, picture 404", report(503, seen(404)), set(), Finding.UNCLEAR),
    ("page 429", report(429), set(), Finding.UNCLEAR),
]  # fmt: skip
UNCERTAIN = set(Unread) - {Unread.UNKNOWN_HOST, Unread.REFUSED_CONNECTION}
ROWS += [(f"page {why.value}", report(why), set(), Finding.UNCLEAR) for why in sorted(UNCERTAIN)]


@pytest.mark.parametrize(("what", "report", "matched", "finding"), ROWS, ids=[row[0] for row in ROWS])
def test_each_rule(what: str, report: PageReport, matched: set[str], finding: Finding) -> None:
    assert judge(PICTURE, report, matched) is finding, what


def test_every_finding_is_reached() -> None:
    assert {row[3] for row in ROWS} == set(Finding)


answers = st.one_of(st.sampled_from(sorted(Unread)), st.sampled_from([200, 204, 401, 403, 404, 410, 429, 451, 500]))
results = st.sampled_from([PRINT, *(Unhashable(reason) for reason in Reason)])
pictures = st.builds(seen, answers, results, st.sampled_from([PICTURE, OTHER, PAGE]), on_page=st.booleans())
reports = st.builds(
    lambda page, shown, left_out, flags: replace(report(page, *shown, left_out=left_out), signals=Signals(*flags)),
    answers,
    st.lists(pictures, max_size=3, unique_by=lambda picture: picture.address),
    st.integers(0, 1),
    st.tuples(*[st.booleans()] * 4),
)


@given(reports)
def test_removed_is_never_a_guess(seen_now: PageReport) -> None:
    if judge(PICTURE, seen_now, ()) is not Finding.REMOVED:
        return
    page = seen_now.page
    assert isinstance(page, Fetched), "a page that was not read proves nothing"
    assert seen_now.left_out == 0
    picture = next((each for each in seen_now.pictures if each.address == PICTURE), None)
    if picture is None:
        assert page.status in {404, 410}
    else:
        assert isinstance(picture.fetched, Fetched)
        assert picture.fetched.status in {404, 410} or isinstance(picture.result, Fingerprint)


@given(reports, st.sampled_from([PICTURE, OTHER]))
def test_a_match_is_never_overlooked(seen_now: PageReport, match: str) -> None:
    there = any(each.address == match for each in seen_now.pictures)
    if there:
        expected = Finding.STILL_THERE if match == PICTURE else Finding.MOVED
        assert judge(PICTURE, seen_now, [match]) is expected
