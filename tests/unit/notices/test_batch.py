"""Batches: every new address in exactly one notice, none beyond a limit, none that is asked for already."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.notices import Limit, plan_batches, same_address

DAY = date(2026, 2, 28)
limits = st.one_of(st.none(), st.integers(1, 7))
addresses = st.lists(st.integers(0, 40).map(lambda number: f"https://a.example/{number}"), max_size=60)


@given(addresses, addresses, limits, limits, st.integers(0, 9))
def test_each_new_address_goes_once_within_the_limits_and_no_pending_one_goes(
    asked: list[str], pending: list[str], size: int | None, daily: int | None, used: int
) -> None:
    plan = plan_batches(asked, Limit(size, daily), DAY, pending=pending, used=used)
    sent = [address for batch in plan.batches for address in batch.addresses]
    assert len(sent) == len(set(sent))
    assert set(sent) == set(asked) - set(pending)
    assert set(plan.pending) == set(asked) & set(pending)
    assert all(batch.addresses for batch in plan.batches)
    assert all(len(batch.addresses) <= (size or 1_000) for batch in plan.batches)
    days = Counter({DAY: used if daily else 0})
    for batch in plan.batches:
        days[batch.day] += len(batch.addresses)
    for day, count in days.items():
        assert daily is None or count <= max(daily, used if day == DAY else 0)
    assert [batch.day for batch in plan.batches] == sorted(batch.day for batch in plan.batches)
    if daily is None:
        assert all(batch.day == DAY for batch in plan.batches)


def test_fifty_a_day_over_days_and_a_leap_of_months() -> None:
    plan = plan_batches([f"https://a.example/{number}" for number in range(120)], Limit(per_day=50), DAY, used=10)
    assert [(batch.day - DAY, len(batch.addresses)) for batch in plan.batches] == [
        (timedelta(0), 40),
        (timedelta(days=1), 50),
        (timedelta(days=2), 30),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://A.example", "https://a.example/", True),
        ("HTTPS://a.example:443/x", "https://a.example/x", True),
        ("http://a.example:80/x", "http://a.example/x", True),
        ("http://a.example:443/x", "http://a.example/x", False),
        ("https://a.example/X", "https://a.example/x", False),
        ("https://a.example/x?p=1", "https://a.example/x?p=2", False),
        ("https://a.example/x#1", "https://a.example/x#2", False),
        ("https://[a.example/", "https://[a.example/", True),
        ("no address", " no address ", True),
    ],
)
def test_one_address_written_in_two_ways_is_one(one: str, other: str, same: bool) -> None:  # noqa: FBT001 -- a table
    assert (same_address(one) == same_address(other)) is same
    assert len(plan_batches([one, other], Limit(), DAY).batches[0].addresses) == (1 if same else 2)


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(UserMistake):
        plan_batches(["https://a.example/"], Limit(), DAY, used=-1)
