"""Clocks: somebody looks again, ever more seldom, and nobody is escalated by a machine."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.casework import Outcome, escalation_due, outcome_from, recheck_times
from zaoguang.errors import UserMistake

ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 2),  # noqa: DTZ001 -- Hypothesis adds the zone
    max_value=datetime(2090, 1, 2),  # noqa: DTZ001 -- the same
    timezones=ZONES.map(ZoneInfo),
)
SENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
DUE = SENT + timedelta(hours=48)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 6, 1, 12)  # noqa: DTZ001 -- what is refused here
    for call in (
        lambda: recheck_times(naive, DUE),
        lambda: recheck_times(SENT, naive),
        lambda: escalation_due(naive, None, SENT, escalated=False),
    ):
        with pytest.raises(UserMistake, match="time zone"):
            call()


@given(MOMENTS, st.integers(1, 24 * 500))
def test_rechecks_include_the_deadline_come_in_order_and_thin_out(sent_at: datetime, hours: int) -> None:
    due = sent_at.astimezone(UTC) + timedelta(hours=hours)
    times = recheck_times(sent_at, due)
    assert due in times
    assert list(times) == sorted(set(times))
    assert all(time > sent_at for time in times)
    gaps = [later - sooner for sooner, later in pairwise(times) if sooner > due]
    assert gaps == sorted(gaps)


def test_the_first_day_is_dense_and_a_year_later_somebody_still_looks() -> None:
    times = recheck_times(SENT, DUE)
    assert [(time - SENT) / timedelta(hours=1) for time in times[:4]] == [1, 6, 24, 48]
    assert times[-1] - SENT == timedelta(days=365)


def test_a_deadline_before_the_sending_is_refused() -> None:
    with pytest.raises(UserMistake):
        recheck_times(SENT, SENT)


@pytest.mark.parametrize("outcome", [None, Outcome.NO_ANSWER, Outcome.GEOBLOCKED])
def test_what_still_stands_is_proposed_at_the_deadline_and_not_before(outcome: Outcome | None) -> None:
    assert not escalation_due(DUE, outcome, DUE - timedelta(microseconds=1), escalated=False)
    assert escalation_due(DUE, outcome, DUE, escalated=False)
    assert not escalation_due(DUE, outcome, DUE, escalated=True)


def test_a_refusal_needs_no_waiting() -> None:
    assert escalation_due(DUE, Outcome.REFUSED, SENT, escalated=False)


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_nothing_is_proposed_and_nothing_unanswered_while_a_clock_stands_still(outcome: Outcome | None) -> None:
    assert not escalation_due(None, outcome, DUE + timedelta(days=900), escalated=False)
    assert outcome_from("still_there", None, DUE + timedelta(days=900)) is None


@pytest.mark.parametrize("outcome", [Outcome.REMOVED, Outcome.ACCOUNT_CLOSED, Outcome.DEAD, Outcome.DEINDEXED])
def test_what_is_gone_is_not_escalated(outcome: Outcome) -> None:
    assert not escalation_due(DUE, outcome, DUE + timedelta(days=9), escalated=False)
