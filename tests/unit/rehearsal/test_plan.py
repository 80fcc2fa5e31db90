"""The plan is whole: as many copies and decoys as asked for, every edit and every platform used, few enough pages."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.notices import regime
from zaoguang.rehearsal.cast import CASTS, CORE, WIDE, Cast, Character, SiteKind
from zaoguang.rehearsal.edits import EDITS
from zaoguang.rehearsal.plan import ITEMS, make_plan


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(16, 120), st.sampled_from(Cast))
def test_a_plan_holds_what_was_asked_for(seed: int, copies: int, cast: Cast) -> None:
    plan = make_plan(seed, copies, CASTS[cast])
    assert plan == make_plan(seed, copies, CASTS[cast])
    counted = Counter(placement.item is not None for placement in plan.placements)
    assert counted == {True: copies, False: 10 * copies}
    codes = [placement.code for placement in plan.placements]
    assert len(set(codes)) == len(codes)
    homes = {site.name for site in CASTS[cast] if not site.character.is_trap}
    assert {placement.site for placement in plan.placements} == homes
    assert {placement.site for placement in plan.placements if placement.item is not None} == homes
    assert all((placement.edit in EDITS) == (placement.item is not None) for placement in plan.placements)


def test_two_hundred_copies_use_everything_and_fit_one_pasting() -> None:
    plan = make_plan(1, 200)
    copies = [placement for placement in plan.placements if placement.item is not None]
    assert {placement.edit for placement in copies} == set(EDITS)
    assert {placement.item for placement in copies} == set(range(ITEMS))
    assert {placement.site for placement in copies} == {site.name for site in CORE}
    pages = Counter((placement.site, placement.page) for placement in plan.placements)
    assert len(pages) <= 500
    assert max(pages.values()) <= 12


def test_another_seed_is_another_world() -> None:
    assert make_plan(1, 30).placements != make_plan(2, 30).placements


def test_the_casts_have_every_kind_of_site_and_every_character_and_one_report_form() -> None:
    assert {site.kind for site in WIDE} == set(SiteKind)
    assert {site.character for site in WIDE} == set(Character)
    assert {site.kind for site in CORE} == set(SiteKind) - {SiteKind.SEARCH}
    assert {site.route for site in CORE} == {"email", "form"}
    assert len({site.mailbox for site in WIDE}) == len(WIDE)


def test_the_wide_cast_stands_under_many_laws_and_has_traps() -> None:
    platforms = [site for site in WIDE if not site.character.is_trap]
    assert len(platforms) >= 10
    assert len({site.regime for site in platforms}) == 10
    assert {regime(site.regime).languages[0] for site in platforms} == {"en", "zh-Hans", "zh-Hant", "ko", "ja"}
    assert len(WIDE) - len(platforms) == 2


@pytest.mark.parametrize("copies", [-1, 0, 6, 1501])
def test_an_impossible_number_of_copies_is_refused(copies: int) -> None:
    with pytest.raises(UserMistake):
        make_plan(1, copies)


def test_each_platform_of_a_wide_cast_has_a_copy_or_the_plan_is_refused() -> None:
    assert make_plan(1, 16, WIDE).copies == 16
    with pytest.raises(UserMistake, match="16"):
        make_plan(1, 15, WIDE)
