"""Deadlines: real hours, real days, the offices' own calendar, and nothing that a pause or an extension shortens."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from zaoguang.casework.deadlines import (
    KINDS,
    Clock,
    ClockKind,
    CountsFrom,
    Due,
    NotStarted,
    Pause,
    Period,
    Place,
    Stands,
    Unit,
    is_working_day,
    last_day,
    standing,
)
from zaoguang.casework.deadlines.calendar_file import Entry, calendar_file
from zaoguang.casework.deadlines.place import day_begins, is_announced
from zaoguang.errors import UserMistake

PLACES = st.sampled_from(list(Place))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- zoned here
DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
STEPS = st.timedeltas(timedelta(0), timedelta(days=40))
UNITS = st.sampled_from(list(Unit))


def period(unit: Unit, amount: int) -> Period:
    return Period(min(amount, 5) if unit is Unit.YEARS else amount, unit)


PERIODS = st.builds(period, UNITS, st.integers(1, 60))


def due(clock: Clock) -> Due:
    found = standing(clock)
    assert isinstance(found, Due)
    return found


@given(PLACES, PERIODS, MOMENTS, STEPS)
def test_who_begins_later_is_never_due_sooner(place: Place, period: Period, sent: datetime, step: timedelta) -> None:
    assert due(Clock(place, period, sent_at=sent)).at <= due(Clock(place, period, sent_at=sent + step)).at


@given(PLACES, UNITS, st.integers(1, 40), st.integers(0, 20), MOMENTS)
def test_a_longer_period_is_never_due_sooner(place: Place, unit: Unit, amount: int, more: int, sent: datetime) -> None:
    short, long = period(unit, amount), period(unit, amount + more)
    assert sent < due(Clock(place, short, sent_at=sent)).at <= due(Clock(place, long, sent_at=sent)).at


@given(PLACES, PERIODS, MOMENTS, st.lists(st.tuples(STEPS, STEPS), max_size=4))
def test_pauses_only_ever_lengthen_and_their_order_says_nothing(
    place: Place, period: Period, sent: datetime, spans: list[tuple[timedelta, timedelta]]
) -> None:
    pauses = tuple(Pause(sent + begins, sent + begins + lasts) for begins, lasts in spans)
    with_pauses = due(Clock(place, period, sent_at=sent, pauses=pauses))
    assert with_pauses.at >= due(Clock(place, period, sent_at=sent)).at
    assert with_pauses == due(Clock(place, period, sent_at=sent, pauses=pauses[::-1]))


@given(PLACES, DAYS, st.integers(1, 30), st.integers(1, 30), st.sampled_from([Unit.DAYS, Unit.WORKING_DAYS]))
def test_days_after_days_are_their_sum(place: Place, day: date, first: int, second: int, unit: Unit) -> None:
    in_two = last_day(last_day(day, Period(first, unit), place), Period(second, unit), place)
    assert in_two == last_day(day, Period(first + second, unit), place)


@given(PLACES, DAYS, st.integers(1, 40))
def test_a_last_working_day_is_one_and_exactly_so_many_lie_before_it(place: Place, day: date, amount: int) -> None:
    last = last_day(day, Period(amount, Unit.WORKING_DAYS), place)
    assert is_working_day(last, place)
    between = [day + timedelta(days=each) for each in range(1, (last - day).days + 1)]
    assert sum(is_working_day(each, place) for each in between) == amount


@given(PLACES, PERIODS, MOMENTS)
def test_what_is_not_in_hours_ends_on_a_working_day_with_its_last_moment(
    place: Place, period: Period, sent: datetime
) -> None:
    found = due(Clock(place, period, sent_at=sent))
    assert found.at.tzinfo is UTC
    if period.unit is Unit.HOURS:
        assert found.at - sent == timedelta(hours=period.amount)
        return
    assert is_working_day(found.last, place)
    assert found.at == day_begins(found.last + timedelta(days=1), place)
    assert (found.at - timedelta(seconds=1)).astimezone(place.zone).date() == found.last


@pytest.mark.parametrize(
    ("begun", "amount", "unit", "last"),
    [
        (date(2026, 1, 31), 1, Unit.MONTHS, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, Unit.MONTHS, date(2028, 2, 29)),
        (date(2026, 1, 31), 2, Unit.MONTHS, date(2026, 3, 31)),  # not the 28th: months are added once
        (date(2028, 2, 29), 1, Unit.YEARS, date(2029, 2, 28)),
        (date(2028, 2, 29), 4, Unit.YEARS, date(2032, 2, 29)),
        (date(2027, 12, 31), 60, Unit.DAYS, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, Unit.MONTHS, date(2027, 2, 28)),
    ],
)
def test_months_and_leap_days(begun: date, amount: int, unit: Unit, last: date) -> None:
    assert last_day(begun, Period(amount, unit), Place.CN) == last


@pytest.mark.parametrize(
    ("place", "begun", "last"),
    [
        (Place.CN, date(2026, 2, 13), date(2026, 2, 14)),  # a Saturday worked (调休) before the Spring Festival
        (Place.CN, date(2026, 2, 14), date(2026, 2, 24)),  # and then nine days on which nobody works
        (Place.TW, date(2026, 2, 13), date(2026, 2, 23)),
        (Place.US, date(2026, 7, 1), date(2026, 7, 2)),
        (Place.US, date(2026, 7, 2), date(2026, 7, 6)),  # Independence Day falls on a Saturday: Friday is off
        (Place.UK, date(2026, 12, 24), date(2026, 12, 29)),  # Boxing Day on a Saturday moves to the Monday
        (Place.JP, date(2026, 5, 1), date(2026, 5, 7)),
        (Place.KR, date(2026, 9, 23), date(2026, 9, 28)),  # Chuseok
        (Place.EU, date(2026, 4, 3), date(2026, 4, 7)),  # Easter Monday
    ],
)
def test_one_working_day_goes_by_that_place_s_calendar(place: Place, begun: date, last: date) -> None:
    assert last_day(begun, Period(1, Unit.WORKING_DAYS), place) == last


def test_a_last_day_on_a_holiday_moves_unless_it_is_said_that_it_does_not() -> None:
    sent = datetime(2026, 9, 21, 4, tzinfo=UTC)  # ten days later it is 1 October
    clock = Clock(Place.CN, Period(10, Unit.DAYS), sent_at=sent)
    assert due(clock).last == date(2026, 10, 8)
    stays = Clock(Place.CN, Period(10, Unit.DAYS), sent_at=sent, moves_off_holidays=False)
    assert due(stays).last == date(2026, 10, 1)


def test_china_s_days_of_a_year_that_was_not_announced_are_told_as_open() -> None:
    assert is_announced(2026, Place.CN)
    assert not is_announced(2099, Place.CN)
    assert is_announced(2099, Place.JP)
    far = due(Clock(Place.CN, Period(10, Unit.WORKING_DAYS), sent_at=datetime(2099, 3, 1, tzinfo=UTC)))
    assert not far.announced


def test_days_are_those_of_the_place_and_not_of_the_reader() -> None:
    late = datetime(2026, 6, 1, 17, tzinfo=UTC)  # it is already the 2nd in Shanghai, still the 1st in New York
    day = Period(1, Unit.DAYS)
    assert due(Clock(Place.CN, day, sent_at=late)).at == datetime(2026, 6, 3, 16, tzinfo=UTC)
    assert due(Clock(Place.US, day, sent_at=late)).at == datetime(2026, 6, 3, 4, tzinfo=UTC)


def test_days_over_a_night_that_lacks_or_repeats_an_hour_are_days() -> None:
    for sent, hours in ((datetime(2026, 3, 28, 12, tzinfo=UTC), 23), (datetime(2026, 10, 24, 12, tzinfo=UTC), 25)):
        begun = sent.astimezone(ZoneInfo("Europe/Brussels")).date()
        stays = Clock(Place.EU, Period(1, Unit.DAYS), sent_at=sent, moves_off_holidays=False)
        assert due(stays).at - day_begins(begun + timedelta(days=1), Place.EU) == timedelta(hours=hours)


def test_receipt_starts_a_clock_that_counts_from_it_and_sending_does_not() -> None:
    sent, received = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)
    clock = Clock(Place.CN, Period(48, Unit.HOURS), CountsFrom.RECEIPT, sent_at=sent)
    assert standing(clock) == NotStarted()
    told = Clock(Place.CN, Period(48, Unit.HOURS), CountsFrom.RECEIPT, sent_at=sent, received_at=received)
    assert due(told).at == received + timedelta(hours=48)


def test_thirty_and_thirty_and_thirty_days_are_ninety_from_the_beginning() -> None:
    rule, received = KINDS[ClockKind.POLICE_DECISION], datetime(2026, 3, 2, 3, tzinfo=UTC)
    lasts = [
        due(Clock(rule.place, rule.period, rule.counts_from, None, received, rule.extension, times)).last
        for times in range(rule.most_extended + 1)
    ]
    assert lasts == [date(2026, 4, 1), date(2026, 5, 6), date(2026, 6, 1)]  # 1 to 5 May, and a Sunday, are off


def test_a_clock_stands_still_while_a_counter_statement_runs_and_goes_on_after() -> None:
    sent = datetime(2026, 6, 1, tzinfo=UTC)
    begun, ended = sent + timedelta(hours=10), sent + timedelta(hours=34)
    clock = Clock(Place.CN, Period(48, Unit.HOURS), sent_at=sent, pauses=(Pause(begun),))
    assert standing(clock) == Stands(begun)
    went_on = Clock(Place.CN, Period(48, Unit.HOURS), sent_at=sent, pauses=(Pause(begun, ended),))
    assert due(went_on).at == sent + timedelta(hours=72)
    too_late = Clock(Place.CN, Period(48, Unit.HOURS), sent_at=sent, pauses=(Pause(sent + timedelta(hours=48)),))
    assert due(too_late).at == sent + timedelta(hours=48), "what is over cannot stand still"


def test_what_makes_no_period_is_refused() -> None:
    for amount, unit in ((0, Unit.DAYS), (-1, Unit.HOURS), (10**9, Unit.WORKING_DAYS)):
        with pytest.raises(UserMistake, match="makes no sense"):
            Period(amount, unit)
    with pytest.raises(UserMistake, match="same unit"):
        Period(30, Unit.DAYS).longer(Period(1, Unit.MONTHS), 1)
    with pytest.raises(UserMistake, match="Hours end"):
        last_day(date(2026, 1, 1), Period(1, Unit.HOURS), Place.CN)
    sent = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(UserMistake, match="pause"):
        standing(Clock(Place.CN, Period(1, Unit.DAYS), sent_at=sent, pauses=(Pause(sent, sent - timedelta(1)),)))
    with pytest.raises(UserMistake, match="time zone"):
        standing(Clock(Place.CN, Period(1, Unit.DAYS), sent_at=datetime(2026, 6, 1)))  # noqa: DTZ001 -- refused here


def test_the_calendar_file_is_the_same_bytes_in_any_order_with_ids_that_stay() -> None:
    moment = datetime(2026, 6, 1, 12, 30, 0, 999, tzinfo=UTC)
    entries = [
        Entry(UUID(int=number), moment + timedelta(days=number), moment, f"2026-000{number}: 公安机关的决定, €;,\n")
        for number in (1, 2)
    ]
    file = calendar_file(entries)
    assert file == calendar_file(entries[::-1])
    events = list(Calendar.from_ical(file).walk("VEVENT"))
    assert [str(event["uid"]) for event in events] == [f"{entry.id}@zaoguang.invalid" for entry in entries]
    assert events[0].decoded("dtend") == datetime(2026, 6, 2, 12, 30, tzinfo=UTC)
    assert str(events[0]["summary"]) == "2026-0001: 公安机关的决定, €;,\n"
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
