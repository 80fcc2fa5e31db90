"""Outcomes: a block is not a removal, nothing is removed on a guess, and nothing comes back in silence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.casework import Outcome, outcome_from, reappeared, settle
from zaoguang.errors import UserMistake

DUE = datetime(2026, 6, 3, 12, tzinfo=UTC)
EARLY, LATE = DUE - timedelta(seconds=1), DUE
FINDINGS = ["still_there", "removed", "geoblocked", "dead", "account_closed", "login_wall", "unclear", "moved"]
findings = st.sampled_from(FINDINGS)
moments = st.sampled_from([EARLY, LATE])
GONE = [Outcome.REMOVED, Outcome.ACCOUNT_CLOSED, Outcome.DEAD, Outcome.DEINDEXED, Outcome.GEOBLOCKED]


@pytest.mark.parametrize(
    ("finding", "early", "late"),
    [
        ("removed", Outcome.REMOVED, Outcome.REMOVED),
        ("geoblocked", Outcome.GEOBLOCKED, Outcome.GEOBLOCKED),
        ("dead", Outcome.DEAD, Outcome.DEAD),
        ("account_closed", Outcome.ACCOUNT_CLOSED, Outcome.ACCOUNT_CLOSED),
        ("still_there", None, Outcome.NO_ANSWER),
        ("moved", None, Outcome.NO_ANSWER),
        ("login_wall", None, Outcome.NO_ANSWER),
        ("unclear", None, Outcome.NO_ANSWER),
    ],
)
def test_each_finding_before_and_at_the_deadline(finding: str, early: Outcome | None, late: Outcome) -> None:
    assert outcome_from(finding, DUE, EARLY) is early
    assert outcome_from(finding, DUE, LATE) is late


@given(findings, moments, st.booleans())
def test_only_what_was_seen_to_be_removed_is_removed(finding: str, now: datetime, refused: bool) -> None:  # noqa: FBT001 -- Hypothesis passes it
    seen = outcome_from(finding, DUE, now, refused=refused)
    assert (seen is Outcome.REMOVED) == (finding == "removed")
    assert settle(None, finding, DUE, now, refused=refused).outcome is seen


@pytest.mark.parametrize("finding", ["still_there", "moved", "login_wall", "unclear"])
def test_a_recorded_refusal_counts_while_it_is_not_certainly_gone(finding: str) -> None:
    assert outcome_from(finding, DUE, EARLY, refused=True) is Outcome.REFUSED


def test_a_removal_after_a_refusal_is_a_removal() -> None:
    assert outcome_from("removed", DUE, LATE, refused=True) is Outcome.REMOVED


@pytest.mark.parametrize("finding", ["", "gone", "REMOVED", "up"])
def test_a_word_that_is_no_finding_is_refused(finding: str) -> None:
    with pytest.raises(UserMistake):
        outcome_from(finding, DUE, LATE)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UserMistake):
        outcome_from("still_there", DUE, datetime(2026, 6, 3))  # noqa: DTZ001 -- what is refused here


@given(st.sampled_from([None, *Outcome]), findings, moments, st.booleans())
def test_an_outcome_never_gets_worse_except_by_a_reappearance(
    previous: Outcome | None,
    finding: str,
    now: datetime,
    refused: bool,  # noqa: FBT001 -- Hypothesis passes it
) -> None:
    after = settle(previous, finding, DUE, now, refused=refused)
    assert after.reappeared == reappeared(previous, finding)
    if after.reappeared:
        assert after.outcome is None
        assert finding in {"still_there", "moved"}
    else:
        assert previous is None or after.outcome is not None
        assert previous not in GONE or after.outcome in GONE
        assert previous is not Outcome.REMOVED or after.outcome is Outcome.REMOVED


@pytest.mark.parametrize("previous", GONE)
def test_a_copy_that_was_out_of_sight_and_is_seen_again_is_a_reappearance(previous: Outcome) -> None:
    assert reappeared(previous, "still_there")
    assert reappeared(previous, "moved")
    assert not reappeared(previous, "unclear")


@pytest.mark.parametrize("previous", [None, Outcome.NO_ANSWER, Outcome.REFUSED])
def test_a_copy_that_never_went_does_not_reappear(previous: Outcome | None) -> None:
    assert not any(reappeared(previous, finding) for finding in FINDINGS)


def test_a_block_after_a_removal_takes_nothing_back_and_a_removal_after_a_block_counts() -> None:
    assert settle(Outcome.REMOVED, "geoblocked", DUE, LATE).outcome is Outcome.REMOVED
    assert settle(Outcome.GEOBLOCKED, "removed", DUE, LATE).outcome is Outcome.REMOVED
    assert settle(Outcome.GEOBLOCKED, "unclear", DUE, LATE).outcome is Outcome.GEOBLOCKED
