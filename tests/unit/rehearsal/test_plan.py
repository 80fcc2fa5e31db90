"""The plan is whole: as many copies and decoys as asked for, every edit and every platform used, few enough pages."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.rehearsal.edits import EDITS
from zaoguang.rehearsal.plan import CAST, ITEMS, Character, SiteKind, make_plan


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(7, 120))
def test_a_plan_holds_what_was_asked_for(seed: int, copies: int) -> None:
    plan = make_plan(seed, copies)
    assert plan == make_plan(seed, copies)
    counted = Counter(placement.item is not None for placement in plan.placements)
    assert counted == {True: copies, False: 10 * copies}
    codes = [placement.code for placement in plan.placements]
    assert len(set(codes)) == len(codes)
    assert {placement.site for placement in plan.placements if placement.item is not None} == {
        site.name for site in CAST
    }
    assert all((placement.edit in EDITS) == (placement.item is not None) for placement in plan.placements)


def test_two_hundred_copies_use_everything_and_fit_one_pasting() -> None:
    plan = make_plan(1, 200)
    copies = [placement for placement in plan.placements if placement.item is not None]
    assert {placement.edit for placement in copies} == set(EDITS)
    assert {placement.item for placement in copies} == set(range(ITEMS))
    assert {placement.site for placement in copies} == {site.name for site in CAST}
    pages = Counter((placement.site, placement.page) for placement in plan.placements)
    assert len(pages) <= 500
    assert max(pages.values()) <= 12


def test_another_seed_is_another_world() -> None:
    assert make_plan(1, 30).placements != make_plan(2, 30).placements


def test_the_cast_has_every_kind_of_site_and_every_character_and_one_report_form() -> None:
    assert {site.kind for site in CAST} == set(SiteKind)
    assert {site.character for site in CAST} == set(Character)
    assert {site.route for site in CAST} == {"email", "form"}
    assert len({site.mailbox for site in CAST}) == len(CAST)


@pytest.mark.parametrize("copies", [-1, 0, 1501])
def test_an_impossible_number_of_copies_is_refused(copies: int) -> None:
    with pytest.raises(UserMistake):
        make_plan(1, copies)
