"""Batches: every copy in exactly one notice, no address beyond a limit, none that is asked for already."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.notices import Limit, not_pending, plan_batches, same_address

DAY = date(2026, 2, 28)
limits = st.one_of(st.none(), st.integers(1, 7))
addresses = st.lists(st.integers(0, 40).map(lambda number: f"https://a.example/{number}"), max_size=60)
Copy = tuple[str, ...]
copies: st.SearchStrategy[list[Copy]] = st.lists(
    st.tuples(
        st.integers(0, 9).map(lambda number: f"https://a.example/{number}"),
        st.integers(0, 30).map(lambda number: f"https://img.a.example/{number}"),
    ),
    max_size=40,
)


def alone(address: str) -> tuple[str]:
    return (address,)


def itself(copy: Copy) -> Copy:
    return copy


@given(addresses, limits, limits, st.integers(0, 9))
def test_each_address_goes_once_within_the_limits(
    asked: list[str], size: int | None, daily: int | None, used: int
) -> None:
    plan = plan_batches(asked, alone, Limit(size, daily), DAY, used=used)
    named = [set(batch.copies) for batch in plan]
    assert sorted(address for batch in plan for address in batch.copies) == sorted(asked)
    assert sum(len(each) for each in named) == len(set(asked))
    assert all(0 < len(each) <= (size or 1_000) for each in named)
    days = Counter({DAY: used if daily else 0})
    for batch, each in zip(plan, named, strict=True):
        days[batch.day] += len(each)
    for day, count in days.items():
        assert daily is None or count <= max(daily, used if day == DAY else 0)
    assert [batch.day for batch in plan] == sorted(batch.day for batch in plan)
    if daily is None:
        assert all(batch.day == DAY for batch in plan)


@given(copies, limits, limits, st.integers(0, 9))
def test_copies_that_name_a_page_and_a_picture_keep_to_the_limits_of_addresses(
    asked: list[Copy], size: int | None, daily: int | None, used: int
) -> None:
    plan = plan_batches(asked, itself, Limit(size, daily), DAY, used=used)
    assert sorted(copy for batch in plan for copy in batch.copies) == sorted(asked)
    days: Counter[date] = Counter()
    for batch in plan:
        named = {address for copy in batch.copies for address in copy}
        days[batch.day] += len(named)
        assert len(named) <= max(size or 1_000, 2), "one copy names two addresses whatever the limit"
    for day, count in days.items():
        assert daily is None or count <= max(daily - (used if day == DAY else 0), 2 if day != DAY or not used else 0)


@given(copies, addresses)
def test_what_is_asked_for_already_is_left_out_and_a_copy_with_a_new_address_is_not(
    asked: list[Copy], pending: list[str]
) -> None:
    fresh = list(not_pending(asked, itself, pending))
    assert fresh == [copy for copy in asked if not set(copy) <= set(pending)]
    assert list(not_pending([(each,) for each in pending], itself, pending)) == []


def test_fifty_a_day_over_days_and_a_leap_of_months() -> None:
    plan = plan_batches(
        [f"https://a.example/{number}" for number in range(120)], alone, Limit(per_day=50), DAY, used=10
    )
    assert [(batch.day - DAY, len(batch.copies)) for batch in plan] == [
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
    assert len(plan_batches([one, other], alone, Limit(per_notice=1), DAY)) == (1 if same else 2)
    assert list(not_pending([other], alone, [one])) == ([] if same else [other])


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(UserMistake):
        plan_batches(["https://a.example/"], alone, Limit(), DAY, used=-1)
