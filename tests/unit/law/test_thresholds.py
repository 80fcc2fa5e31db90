"""Thresholds: at, just under and just over every number that the law names; and the rules that combine them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from zaoguang.errors import UserMistake
from zaoguang.law.arithmetic import finding_lines
from zaoguang.law.provisions import jurisdiction
from zaoguang.law.record import read_record
from zaoguang.law.tally import STOCKS, Counts, Tally, read_counts
from zaoguang.law.thresholds import Finding, Ground, Standing, thresholds
from zaoguang.words import LANGUAGES, speaking

# Written down from the interpretations' table, not from the data file: rule, measure, number, under-14, for profit.
ADULT = {"videos": 20, "audio": 100, "pictures": 200, "clicks": 10_000, "registered_members": 200, "gain_cny": 10_000}
UNDER_14 = {"videos": 10, "audio": 50, "pictures": 100, "clicks": 5_000, "registered_members": 100, "gain_cny": 5_000}
OTHERS = {
    "cn-t-364-group": {"one_group_members": 30},
    "cn-t-246-defamation": {"item_views": 5_000, "item_reposts": 500},
    "cn-t-246-defamation-added": {"views_added": 5_000, "reposts_added": 500},
    "cn-t-253-1": {
        "records_sensitive": 50,
        "records_important": 500,
        "records_other": 5_000,
        "records_gain_cny": 5_000,
    },
    "cn-t-253-1-on-duty": {
        "records_sensitive": 25,
        "records_important": 250,
        "records_other": 2_500,
        "records_gain_cny": 2_500,
    },
    "cn-t-253-1-tenfold": {
        "records_sensitive": 500,
        "records_important": 5_000,
        "records_other": 50_000,
        "records_gain_cny": 50_000,
    },
    "cn-t-253-1-death": {"deaths_or_injuries": 1},
    "cn-t-286-1": {
        "videos": 200,
        "other_items": 2_000,
        "accounts_reached": 2_000,
        "group_members": 3_000,
        "followers": 30_000,
        "clicks": 50_000,
    },
    "cn-t-287-1": {"sites": 3, "site_accounts": 2_000, "groups": 5, "group_members": 1_000, "gain_cny": 10_000},
    "cn-t-287-1-posting": {
        "posts": 100,
        "accounts_reached": 2_000,
        "group_members": 3_000,
        "followers": 30_000,
        "gain_cny": 10_000,
    },
    "cn-t-287-2": {"clients": 3, "payments_cny": 200_000, "advertising_cny": 50_000, "gain_cny": 10_000},
    "cn-t-225-deletion": {"deletion_turnover_cny": 50_000, "deletion_gain_cny": 20_000},
    "cn-t-225-deletion-fivefold": {"deletion_turnover_cny": 250_000, "deletion_gain_cny": 100_000},
    "cn-t-psapl-80": {"videos": 1, "audio": 1, "pictures": 1},
    "cn-t-psapl-56": {"records_sensitive": 1, "records_important": 1, "records_other": 1},
    "cn-t-csl-68": {"sites": 1, "groups": 1},
}
Row = tuple[str, str, int, bool, bool | None]


def rows() -> list[Row]:
    found: list[Row] = []
    for column, suffix, under in ((ADULT, "", False), (UNDER_14, "-under-14", True)):
        for measure, number in column.items():
            found += [
                (f"cn-t-363{suffix}", measure, number, under, True),
                (f"cn-t-363{suffix}-serious", measure, number * 5, under, True),
                (f"cn-t-363{suffix}-extreme", measure, number * 25, under, True),
            ]
            if measure != "gain_cny":
                found.append((f"cn-t-364{suffix}", measure, number * 2, under, False))
    for measure, number in UNDER_14.items():
        found.append(("cn-t-363-site-owner", measure, number * 5, False, True))
        found.append(("cn-t-363-site-owner-serious", measure, number * 25, False, True))
        found.append(("cn-t-363-site-owner-extreme", measure, number * 100, False, True))
        if measure != "gain_cny":
            found.append(("cn-t-364-site-owner", measure, number * 10, False, False))
    found += [(rule, name, number, False, None) for rule, bounds in OTHERS.items() for name, number in bounds.items()]
    return found


def counts(number: Mapping[str, int], *, under_14: bool = False, for_profit: bool | None = None) -> Counts:
    counted_as = {"views_added": "item_views", "reposts_added": "item_reposts"}
    number = {counted_as.get(name, name): each for name, each in number.items()}
    return Counts(for_profit=for_profit, tallies=(Tally(None, "", dict(number), dict(number) if under_14 else {}),))


def finding(rule: str, counted: Counts) -> Finding | None:
    return next((each for each in thresholds(counted) if each.rule.id == rule), None)


@pytest.mark.parametrize(("rule", "measure", "number", "under", "profit"), rows())
def test_at_just_under_and_just_over_each_number(
    rule: str, measure: str, number: int, *, under: bool, profit: bool | None
) -> None:
    for counted, met in ((number - 1, False), (number, True), (number + 1, True)):
        found = finding(rule, counts({measure: counted}, under_14=under, for_profit=profit))
        assert (found is not None and found.standing is Standing.MET) is met, counted
        if found is not None:
            (part,) = found.parts
            assert part.missing == max(0, number - counted)
    half = finding(rule, counts({measure: (number + 1) // 2}, under_14=under, for_profit=profit))
    assert number == 1 or (half is not None and half.standing is Standing.HALF)
    quarter = finding(rule, counts({measure: (number - 1) // 2}, under_14=under, for_profit=profit))
    assert quarter is None or quarter.standing is Standing.BELOW


def test_the_table_names_every_rule_and_measure_of_the_data() -> None:
    held = {(rule.id, name, number) for rule in jurisdiction("CN").thresholds for name, number in rule.bounds.items()}
    assert {(rule, measure, number) for rule, measure, number, _under, _profit in rows()} == held


@pytest.mark.parametrize(
    ("rule", "column", "times", "under"),
    [
        ("cn-t-363", ADULT, 1, False),
        ("cn-t-363-under-14", UNDER_14, 1, True),
        ("cn-t-363-under-14-serious", UNDER_14, 5, True),  # 2010, Art. 1(3): items 1 to 7, the half of two among them
        ("cn-t-363-under-14-extreme", UNDER_14, 25, True),
        ("cn-t-363-site-owner-serious", UNDER_14, 25, False),  # 2010, Art. 4(2): items 1 to 7 again
        ("cn-t-363-site-owner-extreme", UNDER_14, 100, False),
    ],
)
def test_half_of_two_measures_is_enough_for_363_and_one_less_is_not(
    rule: str, column: dict[str, int], times: int, *, under: bool
) -> None:
    column = {measure: number * times for measure, number in column.items()}
    for first in column:
        for second in column:
            if first >= second:
                continue
            half = {first: column[first] // 2, second: column[second] // 2}
            met = finding(rule, counts(half, under_14=under, for_profit=True))
            assert met is not None
            assert (met.standing, met.ground) == (Standing.MET, Ground.HALF_OF_TWO)
            less = finding(rule, counts({**half, second: half[second] - 1}, under_14=under, for_profit=True))
            assert less is not None
            assert less.standing is Standing.HALF


@pytest.mark.parametrize("under", [False, True])
def test_two_basic_measures_are_enough_for_364_and_halves_are_not(*, under: bool) -> None:
    rule, column = ("cn-t-364-under-14", UNDER_14) if under else ("cn-t-364", ADULT)
    basic = {"videos": column["videos"], "pictures": column["pictures"]}
    met = finding(rule, counts(basic, under_14=under, for_profit=False))
    assert met is not None
    assert (met.standing, met.ground) == (Standing.MET, Ground.TWO_LOWER)
    less = finding(rule, counts({**basic, "videos": basic["videos"] - 1}, under_14=under, for_profit=False))
    assert less is not None
    assert less.standing is Standing.HALF
    gain = finding(rule, counts({"gain_cny": 10**6, "videos": column["videos"]}, under_14=under, for_profit=False))
    assert gain is not None
    assert gain.standing is Standing.HALF, "gain is no measure of 364"


@pytest.mark.parametrize(
    ("rule", "times", "profit"), [("cn-t-363-site-owner", 2, True), ("cn-t-364-site-owner", 5, False)]
)
def test_a_site_owner_is_liable_from_two_lower_numbers(rule: str, times: int, *, profit: bool) -> None:
    lower = {"videos": UNDER_14["videos"] * times, "clicks": UNDER_14["clicks"] * times}
    met = finding(rule, counts(lower, for_profit=profit))
    assert met is not None
    assert (met.standing, met.ground) == (Standing.MET, Ground.TWO_LOWER)
    less = finding(rule, counts({**lower, "clicks": lower["clicks"] - 1}, for_profit=profit))
    assert less is not None
    assert less.standing is not Standing.MET


@pytest.mark.parametrize(
    ("rule", "whole", "less"),
    [
        ("cn-t-253-1", {"records_sensitive": 20, "records_important": 300}, {"records_important": 299}),
        (
            "cn-t-253-1",
            {"records_sensitive": 10, "records_important": 100, "records_other": 3_000},
            {"records_other": 2_999},
        ),
        ("cn-t-253-1-on-duty", {"records_sensitive": 10, "records_other": 1_500}, {"records_other": 1_499}),
        ("cn-t-253-1-tenfold", {"records_sensitive": 200, "records_important": 3_000}, {"records_important": 2_999}),
        ("cn-t-286-1", {"videos": 150, "other_items": 500}, {"other_items": 499}),
    ],
)
def test_parts_of_several_numbers_that_make_up_a_whole_are_enough(
    rule: str, whole: dict[str, int], less: dict[str, int]
) -> None:
    met = finding(rule, counts(whole))
    assert met is not None
    assert (met.standing, met.ground) == (Standing.MET, Ground.IN_PROPORTION)
    almost = finding(rule, counts({**whole, **less}))
    assert almost is not None
    assert almost.standing is Standing.HALF


def test_gain_is_no_part_of_a_proportion() -> None:
    found = finding("cn-t-253-1", counts({"records_sensitive": 26, "records_gain_cny": 4_999}))
    assert found is not None
    assert found.standing is Standing.HALF


def test_views_of_several_defamations_within_a_year_add_up_and_those_of_one_item_count_once() -> None:
    def on(*days: date, wheres: tuple[str, str]) -> tuple[Standing | None, ...]:
        tallies = tuple(Tally(day, where, {"item_views": 2_600}, {}) for day, where in zip(days, wheres, strict=True))
        found = [
            finding(rule, Counts(for_profit=None, tallies=tallies))
            for rule in ("cn-t-246-defamation", "cn-t-246-defamation-added")
        ]
        return tuple(None if each is None else each.standing for each in found)

    first, second, later = date(2026, 1, 5), date(2026, 6, 5), date(2027, 1, 5)
    assert on(first, second, wheres=("a", "b")) == (Standing.HALF, Standing.MET)
    assert on(first, second, wheres=("a", "a")) == (Standing.HALF, Standing.HALF)
    assert on(first, later, wheres=("a", "b")) == (Standing.HALF, Standing.HALF)


def test_information_for_crime_adds_up_within_two_years() -> None:
    def on(second: date) -> Standing | None:
        tallies = (Tally(date(2024, 3, 1), "a", {"posts": 60}, {}), Tally(second, "b", {"posts": 40}, {}))
        found = finding("cn-t-287-1-posting", Counts(for_profit=None, tallies=tallies))
        return None if found is None else found.standing

    assert on(date(2026, 2, 28)) is Standing.MET
    assert on(date(2026, 3, 1)) is Standing.HALF


def test_posting_into_a_group_of_others_is_not_setting_one_up() -> None:
    found = finding("cn-t-287-1-posting", counts({"group_members": 1_500}))
    assert found is not None
    assert found.standing is Standing.HALF


def test_neither_half_nor_two_lower_makes_anything_serious() -> None:
    almost = counts({"videos": 99, "pictures": 999}, for_profit=True)
    serious = finding("cn-t-363-serious", almost)
    assert serious is not None
    assert serious.standing is Standing.HALF


def test_acts_within_a_year_add_up_and_those_outside_do_not() -> None:
    def on(first: date, second: date) -> Finding | None:
        tallies = (Tally(first, "a", {"videos": 10}, {}), Tally(second, "b", {"videos": 10}, {}))
        return finding("cn-t-363", Counts(for_profit=True, tallies=tallies))

    inside, outside = on(date(2024, 2, 29), date(2025, 2, 27)), on(date(2024, 2, 29), date(2025, 2, 28))
    assert inside is not None
    assert inside.standing is Standing.MET
    assert outside is not None
    assert outside.standing is Standing.HALF


def test_the_best_year_is_taken_wherever_it_begins() -> None:
    days = [date(2023, 1, 1), date(2024, 6, 1), date(2025, 3, 1)]
    tallies = tuple(Tally(day, str(day), {"videos": number}, {}) for day, number in zip(days, (5, 12, 8), strict=True))
    found = finding("cn-t-363", Counts(for_profit=True, tallies=tallies))
    assert found is not None
    assert (found.standing, found.first) == (Standing.MET, date(2024, 6, 1))


@pytest.mark.parametrize("stock", STOCKS)
def test_one_counter_seen_twice_counts_once_and_two_addresses_add_up(stock: str) -> None:
    twice = Counts(for_profit=None, tallies=(Tally(None, "a", {stock: 7}, {}), Tally(None, "a", {stock: 9}, {})))
    one_group = {"one_group_members": 9} if stock == "group_members" else {}
    assert twice.window(twice.tallies, under_14=False) == {stock: 9, **one_group}
    apart = Counts(for_profit=None, tallies=(Tally(None, "a", {stock: 7}, {}), Tally(None, "b", {stock: 9}, {})))
    assert apart.window(apart.tallies, under_14=False) == {stock: 16, **one_group}


def test_members_counted_at_one_address_are_one_groups_unless_several_groups_are_told() -> None:
    def standing(**number: int) -> Standing | None:
        found = finding("cn-t-364-group", Counts(for_profit=None, tallies=(Tally(None, "a", number, {}),)))
        return None if found is None else found.standing

    assert standing(group_members=30) is Standing.MET
    assert standing(group_members=29) is Standing.HALF
    assert standing(group_members=60, groups=2) is None


def test_two_small_groups_are_not_one_group_of_thirty() -> None:
    tallies = (Tally(None, "a", {"one_group_members": 29}, {}), Tally(None, "b", {"one_group_members": 29}, {}))
    found = finding("cn-t-364-group", Counts(for_profit=None, tallies=tallies))
    assert found is not None
    assert found.standing is Standing.HALF


def test_whether_for_profit_decides_between_363_and_364_and_not_knowing_keeps_both() -> None:
    def ids(*, for_profit: bool | None) -> set[str]:
        return {each.rule.id for each in thresholds(counts({"videos": 500}, for_profit=for_profit))}

    assert "cn-t-364" not in ids(for_profit=True)
    assert "cn-t-363" not in ids(for_profit=False)
    assert ids(for_profit=None) == ids(for_profit=True) | ids(for_profit=False)
    unsure = finding("cn-t-363", counts({"videos": 500}))
    assert unsure is not None
    assert unsure.applies is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_arithmetic_is_said_in_words(language: str) -> None:
    with speaking(language):
        found = finding("cn-t-363-serious", counts({"videos": 60, "pictures": 30}, for_profit=True))
        assert found is not None
        said = "\n".join(finding_lines(found))
    assert "100 = 20 × 5" in said
    assert "40" in said
    assert "970" in said


def read(folder: Path, text: str) -> Counts:
    (folder / "counts.yaml").write_text(text, encoding="utf-8")
    return read_counts(read_record(folder / "counts.yaml"))


def test_a_counts_file_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path, "for_profit: true\nsightings:\n- {day: 2026-01-05, where: a, videos: 3, under_14: {videos: 1}}\n"
    )
    assert found == Counts(for_profit=True, tallies=(Tally(date(2026, 1, 5), "a", {"videos": 3}, {"videos": 1}),))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sightings: [{videos: -1}]", "videos"),
        ("sightings: [{videos: 1.5}]", "videos"),
        ("sightings: [{videos: true}]", "videos"),
        ("sightings: [{films: 3}]", "films"),
        ("sightings: [{videos: 3, under_14: {videos: 4}}]", "under_14"),
        ("sightings: [{videos: 1000000000001}]", "videos"),
        ("sightings: 3", "sightings"),
        ("sightings: []\nmore: 1", "more"),
    ],
)
def test_a_wrong_counts_file_is_refused_in_one_sentence(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UserMistake) as caught:
        read(tmp_path, text)
    assert named in str(caught.value)
    assert "counts.yaml" in str(caught.value)
