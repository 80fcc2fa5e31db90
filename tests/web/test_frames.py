"""An animation's frames count one by one: each is banked, and a page's animation matches by any of its own."""

import json
from dataclasses import replace

import pytest

from tests.support.made_centre import MadeCentre, made_fingerprint, make_centre
from tests.support.readers import MOMENT
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.sightings.matching import case_index
from zaoguang.fingerprint import Fingerprint, PictureFrame, to_json


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    return make_centre()


def moving(*seeds: int) -> Fingerprint:
    """Give the fingerprint of an animation that shows these pictures in turn."""
    shown = [made_fingerprint(seed) for seed in seeds]
    frames = (
        PictureFrame(number, each.pdq, each.quality, each.on_black, each.variants) for number, each in enumerate(shown)
    )
    return replace(shown[0], frames=tuple(frames))


def taken_in(centre: MadeCentre, known: Fingerprint) -> int:
    lines = read_lines(json.dumps(to_json(known)))
    return len(add_items(centre.case, centre.key, lines, centre.people["supervisor"], MOMENT))


def test_a_still_from_her_animation_is_found(centre: MadeCentre) -> None:
    assert taken_in(centre, moving(101, 102, 103)) == 1
    (match,) = case_index(centre.case).find(made_fingerprint(103))
    assert match.distance == 0


def test_her_picture_in_somebodys_animation_is_found(centre: MadeCentre) -> None:
    taken_in(centre, made_fingerprint(103))
    (match,) = case_index(centre.case).find(moving(104, 105, 103))
    assert match.pdq == made_fingerprint(103).pdq
    assert case_index(centre.case).find(moving(104, 105)) == ()


def test_an_animation_known_in_part_is_still_taken_in(centre: MadeCentre) -> None:
    assert taken_in(centre, made_fingerprint(101)) == 1
    assert taken_in(centre, moving(101, 102)) == 1
    assert taken_in(centre, moving(102, 101)) == 0
