"""``zaoguang law deadline``: the day on which a period ends, and why."""

import json

import pytest
from click.testing import CliRunner

from zaoguang.cli.law_deadline import deadline
from zaoguang.errors import UserMistake


def said(*given: str) -> str:
    """Give what the command prints."""
    done = CliRunner().invoke(deadline, given, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2026-09-27 7 days CN", ["Last day: 2026-10-08.", "counted to 2026-10-04", "is not counted"]),
        ("2026-10-03 7 days CN", ["Last day: 2026-10-10."]),  # a Saturday worked
        ("2026-03-28T23:30 48 hours EU", ["2026-03-31 00:30 CEST"]),  # a night that lacks an hour
        ("2026-04-28 3 working_days JP", ["Last day: 2026-05-07.", "nobody works there: 6"]),
        ("2028-01-31 1 months TW", ["Last day: 2028-02-29."]),
        ("2099-03-01 10 working_days CN", ["not announced yet"]),
        ("1995-05-02 30 days CN", ["or too long ago"]),
    ],
)
def test_it_says_when_a_period_ends_and_why(given: str, told: list[str]) -> None:
    output = said(*given.split())
    assert [words for words in told if words not in output] == []
    assert ("moves to the next" in output) == ("counted to" in " ".join(told))


def test_the_same_as_json() -> None:
    found = json.loads(said("2026-09-27", "7", "days", "CN", "--json"))
    assert found == {
        "over": "2026-10-08T16:00:00+00:00",
        "last_day": "2026-10-08",
        "counted_to": "2026-10-04",
        "announced": True,
    }
    assert json.loads(said("2026-03-02T14:30", "2", "hours", "IN", "--json"))["over"] == "2026-03-02T11:00:00+00:00"


@pytest.mark.parametrize("given", ["9999-12-30 9 days US", "0001-01-01 2 hours CN", "2026-01-01 3000 years CN"])
def test_what_cannot_be_counted_is_one_sentence(given: str) -> None:
    with pytest.raises(UserMistake):
        CliRunner().invoke(deadline, given.split(), catch_exceptions=False)
