"""What a taken-over projector, or a hand that writes lines, can say of a film: it is refused, never an exception."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Film, Reason, Unhashable, film_from_json
from zaoguang.fingerprint.screening import FilmLimits, screened
from zaoguang.fingerprint.sights import Sight, sight_from
from zaoguang.sandbox import Json, Limits, Refusal, Sandbox

HUGE = 10**400  # a whole number in JSON that no float holds
HEXED = "0f" * 32
FRAME: list[Json] = [0, 0.0, HEXED, 100, 0]
BEGINS: dict[str, Json] = {"film": {"width": 8, "height": 8, "seconds": 1.0}}
FRAMES: dict[str, Json] = {"frames": [FRAME]}
ENDS: dict[str, Json] = {"ended": None, "seconds": 1.0}


class TakenOver(Sandbox):
    """Its child says what it was told to say, in each of its streams."""

    def __init__(self, *parts: Json, again_and_again: Json = None) -> None:
        super().__init__()
        self._parts, self._again = parts, again_and_again
        self.said = 0

    def stream(
        self, job: str, descriptor: int, limits: Limits, options: Mapping[str, Json] = MappingProxyType({})
    ) -> Iterator[Json | Refusal]:
        del job, descriptor, limits, options
        for part in self._parts:
            self.said += 1
            yield part
        while self._again is not None:
            self.said += 1
            assert self.said < 50_000, "the child is listened to for ever"
            yield self._again


def seen(sandbox: Sandbox, known: tuple[Sight, ...] = ()) -> Film | Unhashable:
    with open("pyproject.toml", "rb") as file, sandbox:  # noqa: PTH123  # its bytes are not looked at
        return screened(file.fileno(), sandbox, limits=FilmLimits(frames_most=10_000), known=known)


def test_what_is_said_as_agreed_is_believed() -> None:
    found = seen(TakenOver(BEGINS, FRAMES, ENDS))
    assert isinstance(found, Film)
    assert (found.cut_short, len(found.frames), found.seconds) == (None, 1, 1.0)


@pytest.mark.parametrize(
    "part",
    [
        {"frames": [[0, HUGE, HEXED, 100, 0]]},
        {"frames": [[HUGE, 0.0, HEXED, 100, 0]]},
        {"ended": [], "seconds": 1.0},
        {"ended": {}, "seconds": 1.0},
        {"ended": "", "seconds": 1.0},
        {"ended": "ugly", "seconds": 1.0},
        {"ended": None, "seconds": "1"},
        {"ended": None},
        {"seconds": 1.0},
        {"unhashable": []},
        {"film": {"width": HUGE, "height": 8, "seconds": 1.0}},
        {"film": {"width": 8, "height": 8, "seconds": [1.0]}},
        {"frames": [[0, float("inf"), HEXED, 100, 0]]},
        BEGINS,
        [],
        HUGE,
    ],
)
def test_what_is_not_as_agreed_ends_the_listening(part: Json) -> None:
    found = seen(TakenOver(BEGINS, FRAMES, part, FRAMES))
    if isinstance(found, Film):
        assert found.seconds <= 10_000_000.0
    else:
        assert found == Unhashable(Reason.CRASHED)


@pytest.mark.parametrize("seconds", [HUGE, -HUGE])
def test_a_time_that_no_float_holds_is_held_to_what_a_film_can_last(seconds: int) -> None:
    sight = sight_from([0, seconds, HEXED, 100, 0])
    assert sight is not None
    assert sight.seconds in {0.0, 10_000_000.0}
    found = seen(
        TakenOver({"film": {"width": 8, "height": 8, "seconds": seconds}}, FRAMES, ENDS | {"seconds": seconds})
    )
    assert isinstance(found, Film)
    assert found.seconds in {0.0, 10_000_000.0}


@pytest.mark.parametrize("seconds", [HUGE, -1, float("nan"), float("inf"), True, "1"])
def test_a_record_with_a_time_that_is_none_is_refused(seconds: Json) -> None:
    frame: Json = {"number": 0, "t": 0.0, "until": 1.0, "pdq": HEXED, "quality": 100}
    good: dict[str, Json] = {"kind": "video", "sha256": "0" * 64, "width": 8, "height": 8, "seconds": 1.0}
    assert film_from_json({**good, "frames": [frame]}).seconds == 1.0
    with pytest.raises(UserMistake):
        film_from_json({**good, "seconds": seconds, "frames": [frame]})


@pytest.mark.parametrize("last", [ENDS, {"unhashable": "too_small"}])
def test_after_the_last_part_nothing_is_listened_to(last: Json) -> None:
    sandbox = TakenOver(BEGINS, last, again_and_again=last)
    seen(sandbox)
    assert sandbox.said == 2


def test_frames_that_never_join_what_is_known_are_not_listened_to_for_ever() -> None:
    known = tuple(sight for each in range(20) if (sight := sight_from([each, each / 25, "f0" * 32, 100, 0])))
    sandbox = TakenOver(BEGINS, again_and_again={"frames": [FRAME] * 1000})
    found = seen(sandbox, known)
    assert isinstance(found, Film)
    assert found.cut_short is Reason.TOO_LARGE
    assert sandbox.said < 200
