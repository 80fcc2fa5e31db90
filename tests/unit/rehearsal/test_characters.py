"""How each platform answers, as a table over time."""

from datetime import UTC, datetime, timedelta

import pytest

from zaoguang.rehearsal.cast import Character
from zaoguang.rehearsal.characters import RETURN_AFTER, Look, Told, again, look_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND = "http://127.0.0.1:45001/p/1.jpg", "http://127.0.0.1:45001/r/1.jpg"
UP, GONE, GEO = Look.UP, Look.GONE, Look.GEOBLOCKED
RETURN_HOURS = int(RETURN_AFTER.total_seconds() // 3600)


def told(*hours: int, address: str = FIRST) -> list[Told]:
    return [Told(START + timedelta(hours=each), frozenset({address})) for each in hours]


@pytest.mark.parametrize(
    ("character", "notices", "looks"),
    [
        (Character.HOURS, (), {0: UP, 1000: UP}),
        (Character.HOURS, (0,), {0: UP, 4: UP, 5: GONE, 1000: GONE}),
        (Character.ESCALATION, (0,), {0: UP, 48: UP, 1000: UP}),
        (Character.ESCALATION, (0, 50), {49: UP, 52: UP, 53: GONE, 1000: GONE}),
        (Character.REFUSES, (0, 50), {0: UP, 1000: UP}),
        (Character.SILENT, (0, 50), {0: UP, 1000: UP}),
        (Character.GEOBLOCKS, (0,), {7: UP, 8: GEO, 1000: GEO}),
        (Character.AT_ONCE, (0,), {0: UP, 1: GONE, 1000: GONE}),
        (Character.ASKS, (0,), {48: UP, 1000: UP}),
        (Character.ASKS, (0, 50), {52: UP, 53: GONE}),
        (Character.BOUNCES, (0, 50), {1000: UP}),
        (Character.WALLS, (0,), {3: UP, 4: Look.WALLED, 1000: Look.WALLED}),
        (Character.GATES, (0,), {3: UP, 4: Look.GATED}),
        (Character.SAYS_GONE, (0,), {3: UP, 4: Look.SAID_GONE}),
        (Character.REPLACES, (0,), {3: UP, 4: Look.REPLACED}),
        (Character.CLOSES, (0,), {3: UP, 4: Look.CLOSED}),
        (Character.DIES, (0,), {3: UP, 4: Look.DARK}),
        (Character.RETURNS, (0,), {3: UP, 4: GONE, RETURN_HOURS: GONE}),
    ],
)
def test_a_picture_is_seen_as_its_platform_is(
    character: Character, notices: tuple[int, ...], looks: dict[int, Look]
) -> None:
    seen = {hours: look_of(character, told(*notices), FIRST, START + timedelta(hours=hours)) for hours in looks}
    assert seen == looks


@pytest.mark.parametrize("character", Character)
def test_a_notice_that_names_another_address_does_nothing(character: Character) -> None:
    others = told(0, 1, 2, address=SECOND)
    assert look_of(character, others, FIRST, START + timedelta(days=400)) is UP


def test_a_picture_comes_back_once_and_goes_when_that_is_told_too() -> None:
    def seen(notices: list[Told], hours: int) -> Look:
        return again(Character.RETURNS, notices, FIRST, SECOND, START + timedelta(hours=hours))

    first = told(0)
    assert seen([], RETURN_HOURS + 1) is GONE
    assert seen(first, RETURN_HOURS - 1) is GONE
    assert seen(first, RETURN_HOURS) is UP
    both = [*first, *told(RETURN_HOURS + 10, address=SECOND)]
    assert seen(both, RETURN_HOURS + 13) is UP
    assert seen(both, RETURN_HOURS + 14) is GONE


@pytest.mark.parametrize("character", [each for each in Character if each is not Character.RETURNS])
def test_nothing_comes_back_elsewhere(character: Character) -> None:
    assert again(character, told(0, 1), FIRST, SECOND, START + timedelta(days=400)) is GONE
