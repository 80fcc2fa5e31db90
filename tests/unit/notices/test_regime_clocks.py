"""Each law's time for a notice: when it is over, on an ordinary day and on the days that are not."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.notices.make import FULL, complete
from zaoguang import notices
from zaoguang.casework.deadlines import Clock, CountsFrom, Due, NotStarted, Pause, Place, Unit, is_working_day, standing
from zaoguang.notices import Deadline, Regime, load_regimes, regime, regimes, render

HOURS = {
    "us-take-it-down": 48, "in-rule-3-2-b": 2, "tw-csepa-8": 24, "eu-dsa-16": 48, "eu-dsa-9": 48, "uk-osa-48h": 48,
    "cn-cc-1195": 48, "cn-cc-1196-answer": 48, "tw-sacpa-13": 72, "kr-icn-44-2": 48, "kr-vpa-7-3": 72,
    "hk-platform": 48, "au-esafety": 72, "hosting-abuse": 72, "counsel-letter": 72, "preserve-logs": 72,
}  # fmt: skip
DAYS = {
    "cn-pipl-47": Place.CN, "cn-12377-report": Place.CN, "jp-platform": Place.JP, "google-ncii": Place.ANY,
    "appeal-refusal": Place.ANY,
}  # fmt: skip
FROM_RECEIPT = {
    "us-take-it-down", "in-rule-3-2-b", "tw-csepa-8", "uk-osa-48h", "cn-cc-1195", "eu-dsa-16", "jp-platform",
    "counsel-letter",
}  # fmt: skip
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- zoned here


def clock(rule: Deadline, begun: datetime, *pauses: Pause) -> Due:
    found = standing(Clock(rule.place, rule.period, rule.counts_from, sent_at=begun, received_at=begun, pauses=pauses))
    assert isinstance(found, Due)
    return found


def test_every_regime_is_in_the_table() -> None:
    assert {each.id for each in regimes()} == {*HOURS, *DAYS}
    assert {each.id for each in regimes() if each.deadline.counts_from is CountsFrom.RECEIPT} == FROM_RECEIPT
    assert {each.id for each in regimes() if each.deadline.stands_by} == {"cn-cc-1195"}
    assert not [each.id for each in regimes() if each.deadline.extension]  # the facts name none


@pytest.mark.parametrize(("name", "hours"), HOURS.items())
@pytest.mark.parametrize(
    "begun",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/Brussels")),  # the night that lacks an hour
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/London")),  # the hour that comes twice
        datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York")),
        datetime(2028, 2, 28, 23, 0, tzinfo=ZoneInfo("Asia/Shanghai")),  # before a leap day
        datetime(2026, 10, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai")),  # a holiday: hours do not care
    ],
)
def test_hours_are_hours(name: str, hours: int, begun: datetime) -> None:
    due = clock(regime(name).deadline, begun)
    assert due.at - begun.astimezone(UTC) == timedelta(hours=hours)
    assert due.announced


@pytest.mark.parametrize(
    ("place", "begun", "last"),
    [
        (Place.CN, datetime(2026, 5, 11, 2, tzinfo=UTC), date(2026, 5, 18)),
        (Place.CN, datetime(2026, 10, 3, 2, tzinfo=UTC), date(2026, 10, 10)),  # the Saturday worked after Golden Week
        (Place.CN, datetime(2026, 9, 27, 2, tzinfo=UTC), date(2026, 10, 8)),  # the 4th is a holiday: after the week
        (Place.CN, datetime(2028, 2, 22, 2, tzinfo=UTC), date(2028, 2, 29)),  # the leap day
        (Place.CN, datetime(2026, 5, 10, 17, tzinfo=UTC), date(2026, 5, 18)),  # the 11th already, in Shanghai
        (Place.JP, datetime(2026, 4, 27, 3, tzinfo=UTC), date(2026, 5, 7)),  # the 4th, in Japan's Golden Week
        (Place.JP, datetime(2026, 6, 1, 14, 59, tzinfo=UTC), date(2026, 6, 8)),
        (Place.JP, datetime(2026, 6, 1, 15, 0, tzinfo=UTC), date(2026, 6, 9)),  # the 2nd, in Tokyo
        (Place.ANY, datetime(2026, 3, 23, 12, tzinfo=UTC), date(2026, 3, 30)),
        (Place.ANY, datetime(2026, 9, 24, 12, tzinfo=UTC), date(2026, 10, 1)),  # a holiday of one place only
        (Place.ANY, datetime(2026, 5, 9, 12, tzinfo=UTC), date(2026, 5, 18)),  # a Saturday moves everywhere
    ],
)
def test_seven_days_end_with_the_seventh_day_there(place: Place, begun: datetime, last: date) -> None:
    for name in (name for name, where in DAYS.items() if where is place):
        rule = regime(name).deadline
        assert (rule.period.amount, rule.period.unit, rule.place) == (7, Unit.DAYS, place)
        due = clock(rule, begun)
        assert due.last == last
        assert due.at == datetime(last.year, last.month, last.day, tzinfo=place.zone).astimezone(UTC) + timedelta(
            days=1
        )


@settings(max_examples=50)
@given(st.sampled_from(regimes()), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_what_was_promised_is_never_cut_short_and_a_later_receipt_never_brings_it_forward(
    each: Regime, sent: datetime, later: timedelta
) -> None:
    rule = each.deadline
    due = clock(rule, sent)
    whole = (
        timedelta(hours=rule.period.amount) if rule.period.unit is Unit.HOURS else timedelta(days=rule.period.amount)
    )
    assert due.at - sent >= whole
    assert clock(rule, sent + later).at >= due.at
    if rule.period.unit is not Unit.HOURS:
        assert is_working_day(due.last, rule.place)


@settings(max_examples=50)
@given(st.sampled_from(regimes()), MOMENTS, st.floats(0, 0.99), st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
def test_a_clock_that_stood_still_is_due_after_it_goes_on(
    each: Regime, sent: datetime, share: float, stood: timedelta
) -> None:
    due = clock(each.deadline, sent)
    stopped = sent + (due.at - sent) * share
    assert clock(each.deadline, sent, Pause(stopped, stopped + stood)).at > stopped + stood


def test_a_last_day_does_not_move_onto_a_day_on_which_the_clock_stood() -> None:
    rule = regime("appeal-refusal").deadline
    sent = datetime(2020, 9, 12, 12, tzinfo=UTC)
    assert clock(rule, sent).last == date(2020, 9, 21)  # the seventh day is a Saturday: the Monday
    stood = Pause(datetime(2020, 9, 20, 18, tzinfo=UTC), datetime(2020, 9, 22, 18, tzinfo=UTC))
    assert clock(rule, sent, stood).last == date(2020, 9, 23)


def test_a_clock_from_receipt_has_not_begun_by_the_rule_alone() -> None:
    rule = regime("us-take-it-down").deadline
    assert standing(Clock(rule.place, rule.period, rule.counts_from, sent_at=datetime(2026, 6, 1, tzinfo=UTC))) == (
        NotStarted()
    )


TIMES = {
    "hours: 1": ("within 1 hour;", "在1小时内"),
    "hours: 96": ("within 96 hours;", "在96小时内"),
    "days: 1\n  place: EU": ("within 1 day;", "在1天内"),
    "days: 10\n  place: EU": ("within 10 days;", "在10天内"),
    "working_days: 3\n  place: EU": ("within 3 working days;", "在3个工作日内"),
    "months: 2\n  place: EU": ("within 2 months;", "在2个月内"),
}


@pytest.mark.parametrize("said", TIMES)
def test_a_letter_says_its_time_in_the_unit_it_is_counted_in(tmp_path: Path, said: str) -> None:
    folder = copytree(Path(notices.__file__).parent / "regimes" / "eu_dsa_16", tmp_path / "copy")
    file = Path(folder) / "regime.yaml"
    text = file.read_text("utf-8")
    assert "hours: 48" in text
    file.write_text(text.replace("hours: 48", said), "utf-8")
    (made,) = load_regimes(tmp_path)
    for language, words in zip(("en", "zh-Hans"), TIMES[said], strict=True):
        assert words in render(made, language, complete(made, FULL)).body


@pytest.mark.parametrize(
    "each",
    [each for each in regimes() if each.id != "cn-12377-report"],  # which asks for no time
    ids=lambda each: each.id,
)
def test_no_letter_says_hours_where_days_are_counted(each: Regime) -> None:
    period = each.deadline.period
    words = {"en": ("hours", "days"), "zh-Hans": ("小时", "天"), "zh-Hant": ("小時", "日"), "ko": ("시간", "일"),
             "ja": ("時間", "日")}  # fmt: skip
    for language in each.languages:
        body = render(each, language, complete(each, FULL)).body
        word = words[language][period.unit is Unit.DAYS]
        assert f"{period.amount} {word}" in body or f"{period.amount}{word}" in body, language


@pytest.mark.parametrize("name", sorted(FROM_RECEIPT - {"cn-cc-1195", "eu-dsa-16"}))
def test_a_time_that_the_letter_counts_from_receipt_is_counted_so(name: str) -> None:
    made = regime(name)
    body = render(made, "en", complete(made, FULL)).body
    assert any(words in body for words in ("of receiving", "after receiving", "of receipt"))
