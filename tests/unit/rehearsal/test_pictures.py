"""Copies are copies and decoys are none, by measurement; and the same seed gives the same bytes."""

import io
from functools import lru_cache
from random import Random

import pytest
from PIL import Image

from tests.unit.rehearsal.test_photographs import hashed
from zaoguang.fingerprint import MATCH_RADIUS
from zaoguang.rehearsal.decoys import FARTHEST_ALIKE, NEAREST
from zaoguang.rehearsal.edits import EDITS
from zaoguang.rehearsal.photographs import photographs
from zaoguang.rehearsal.pictures import Pictures, survivors_items
from zaoguang.rehearsal.plan import make_plan

WITH_MARGIN = MATCH_RADIUS - 7
FORMAT = {".jpg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "WEBP", ".avif": "AVIF"}


hashed_once = lru_cache(hashed)


def distance(content: bytes, item: bytes) -> int:
    found = hashed(content)[0][0]
    return min(found.distance(each) for each in hashed_once(item)[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_an_edited_photograph_still_matches(name: str) -> None:
    for photograph in photographs():
        for chance in range(2):
            edited = EDITS[name].make(photograph.content, Random(f"{name} {chance}"))
            assert distance(edited, photograph.content) <= WITH_MARGIN, photograph.name


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_deterministic_and_of_the_kind_it_says(name: str) -> None:
    edit, content = EDITS[name], photographs()[0].content
    made = edit.make(content, Random(7))
    assert made == edit.make(content, Random(7))
    assert Image.open(io.BytesIO(made)).format == FORMAT[edit.suffix]
    assert (made == content) == (name == "same_bytes")


@pytest.mark.parametrize("name", sorted(set(EDITS) - {"same_bytes", "png", "palette_png"}))
def test_two_copies_made_the_same_way_differ_in_their_bytes(name: str) -> None:
    content = photographs()[0].content
    assert len({EDITS[name].make(content, Random(chance)) for chance in range(6)}) > 1


def test_the_hard_edits_are_what_they_claim_to_be() -> None:
    content = photographs()[0].content
    cmyk = Image.open(io.BytesIO(EDITS["cmyk_jpeg"].make(content, Random(1))))
    assert cmyk.mode == "CMYK"
    assert "adobe" in cmyk.info
    assert Image.open(io.BytesIO(EDITS["palette_png"].make(content, Random(1)))).mode == "P"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_truth_of_a_small_world_holds_by_measurement(seed: int) -> None:
    plan, items = make_plan(seed, 7), [each.content for each in survivors_items(seed)]
    pictures = Pictures(plan)
    for placement in plan.placements:
        nearest = min((distance(pictures.of(placement).content, item), index) for index, item in enumerate(items))
        if placement.item is None:
            assert nearest[0] >= NEAREST
        else:
            assert nearest[0] <= MATCH_RADIUS
            assert nearest[1] == placement.item


def test_some_decoys_are_nearly_alike() -> None:
    plan, items = make_plan(3, 7), [each.content for each in survivors_items(3)]
    pictures = Pictures(plan)
    decoys = [each for each in plan.placements if each.item is None]
    near = [min(distance(pictures.of(each).content, item) for item in items) <= FARTHEST_ALIKE for each in decoys]
    assert sum(near) >= len(decoys) // 10


def test_the_same_seed_gives_the_same_bytes_and_no_two_decoys_are_the_same() -> None:
    plan = make_plan(5, 7)
    once, again = Pictures(plan), Pictures(plan)
    decoys = [once.of(each).content for each in plan.placements if each.item is None]
    assert [once.of(each) for each in plan.placements] == [again.of(each) for each in reversed(plan.placements)][::-1]
    assert len(set(decoys)) == len(decoys)
    assert survivors_items(5) == survivors_items(5)
    assert survivors_items(5) != survivors_items(6)


def test_a_turned_picture_with_its_tag_looks_as_it_did() -> None:
    content = photographs()[0].content
    made = [EDITS["exif_turned"].make(content, Random(chance)) for chance in range(40)]
    assert {Image.open(io.BytesIO(each)).getexif()[0x0112] for each in made} == set(range(2, 9))
    upright = hashed_once(content)[0][0]
    assert max(hashed(each)[0][0].distance(upright) for each in made) <= 8
