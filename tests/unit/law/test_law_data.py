"""The law's data: nothing dangles, memory never claims to be verified, and the figures are those of the texts."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.repository import ROOT
from zaoguang.cli import main
from zaoguang.law import Grade, jurisdiction, jurisdictions, provision
from zaoguang.law.checking import REVIEW_DAYS, check_law, facts_of
from zaoguang.law.harm import Harm
from zaoguang.law.model import Wording
from zaoguang.law.practice import practice
from zaoguang.law.provisions import DATA

AT = date(2026, 11, 22)
PLACES = {"AU", "CN", "EU", "HK", "IN", "JP", "KR", "TW", "UK", "US"}

# Figures written down from the texts, each to be found in what the data says of that provision.
FIGURES: dict[str, tuple[str, ...]] = {
    "cn-psapl-50-1-6": ("5 days", "1,000", "5 to 10 days"),
    "cn-psapl-2012-42-6": ("500 yuan", "2026-01-01"),
    "cn-psapl-70": ("1,000 to 3,000", "3,000 to 5,000", "5 to 10 days"),
    "cn-psapl-56": ("10 to 15 days", "5 days"),
    "cn-psapl-80": ("10 to 15 days", "5,000", "1,000 to 3,000"),
    "cn-psapl-52": ("5 to 10", "10 to 15", "under 14"),
    "cn-psapl-58": ("5 to 10", "2,000", "10 to 15"),
    "cn-psapl-73-2": ("1,000", "5 to 10"),
    "cn-psapl-25": ("6 months",),
    "cn-psapl-118": ("30 days",),
    "cn-arl-20": ("60 days",),
    "cn-csl-48-68": ("10,000 to 100,000", "5 to 15 days", "50,000 to 500,000"),
    "cn-csl-49-69": ("50,000 to 500,000", "500,000 to 2 million", "2 to 10 million"),
    "cn-video-8-24-27": ("5,000 to 10,000", "10,000 to 20,000", "2025-04-01"),
    "cn-cl-236": ("3 to 10 years", "15 years (20 for"),
    "cn-cl-237": ("Up to 5 years", "8(3)", "Art. 9"),
    "cn-cl-246": ("5,000 views", "500 reposts", "3 years"),
    "cn-cl-253-1": ("50 items", "500 of", "5,000 others", "5,000 yuan", "7 years"),
    "cn-cl-283": ("3 years", "3 to 7 years"),
    "cn-cl-284": ("2 years",),
    "cn-cl-284-practice": ("2024-12-11",),
    "cn-cl-286-1": ("200 unlawful films", "2,000 other", "2,000 accounts", "3,000 members", "30,000", "50,000"),
    "cn-cl-287-1": ("3 sites", "2,000 accounts", "5 groups", "1,000 members", "100 posts", "10,000"),
    "cn-cl-287-2": ("3 clients", "200,000", "50,000", "10,000"),
    "cn-cl-295": ("5 years", "10 years", "life"),
    "cn-cl-363": ("3 years", "3 to 10", "10 years to life"),
    "cn-cl-364-1": ("2 years", "30 or more"),
    "cn-cc-995": ("3 years", "20 years"),
    "cn-civpl-103-104": ("48 hours", "30 days"),
    "cn-spc-2020-torts": ("500,000",),
    "cn-paid-deletion": ("50,000", "20,000"),
    "cn-internet-courts-2025": ("2025-11-01",),
    "cn-pipl": ("50 million", "5 %"),
    "cn-advl": ("72 hours", "24", "6 months", "1,000", "15 days"),
    "cn-minor-77-127": ("10 times", "100,000 to 1 million"),
    "cn-women-28-29": ("2023-01-01",),
    "cn-netviolence-2024": ("2024-08-01",),
    "hk-159AAE": ("5 years", "2021-10-08", "altered"),
    "hk-disposal": ("100,000", "1 year"),
    "tw-319-3": ("6 months to 5 years", "1 to 7 years", "half"),
    "tw-319-4": ("5 years", "7 years"),
    "tw-sacpa-13": ("180 days", "60,000 to 600,000", "no hours"),
    "tw-csepa-8": ("24 hours", "180 days", "1 working day"),
    "tw-csepa-36-44": ("1 to 7 years", "3 years"),
    "kr-svpa-14-1": ("7 years", "50 million"),
    "kr-svpa-14-3": ("3 years or more",),
    "kr-svpa-14-4": ("3 years", "30 million"),
    "kr-icn-44-2": ("30 days",),
    "kr-icn-44-7": ("7 days",),
    "kr-icn-44-10": ("50 million",),
    "kr-icn-44-12": ("6 months",),
    "jp-sp-2": ("3 years", "3 million", "2023-07-13"),
    "jp-sp-3": ("5 years", "5 million"),
    "jp-rp": ("3 years", "500,000", "1 year", "300,000"),
    "us-tida-3-a-3": ("48 hours", "2026-05-19"),
    "us-tida-crime": ("18 months", "30 months"),
    "us-tida-ftc": ("53,088",),
    "uk-soa-66AB": ("6 months", "2 years", "2026-06-29", "2026-04-29"),
    "uk-osa-10-3A": ("48 hours", "10 %"),
    "au-osa-77": ("24 hours",),
    "in-rule-3-2-b": ("2 hours", "2026-02-20"),
    "in-orders-3h": ("3 hours",),
    "in-grievance-7d": ("7 days",),
}


def said(name: str) -> str:
    """Give all that the data says of one provision in English, with its dates."""
    law = provision(name)
    parts: list[object] = [law.text, law.penalty, law.threshold, law.conditions, law.in_force, law.until]
    parts += [each.what for each in law.deadlines]
    return " ".join(part.en if isinstance(part, Wording) else str(part) for part in parts)


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_are_those_of_the_texts(name: str) -> None:
    text = said(name)
    assert [figure for figure in FIGURES[name] if figure not in text] == []


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("cn-cl-236", 15),
        ("cn-cl-237", 10),
        ("cn-cl-245", 5),
        ("cn-cl-246", 5),
        ("cn-cl-253-1", 5),
        ("cn-cl-274", 5),
        ("cn-cl-283", 5),
        ("cn-cl-284", 5),
        ("cn-cl-285-2-3", 5),
        ("cn-cl-286-1", 5),
        ("cn-cl-287-1", 5),
        ("cn-cl-287-2", 5),
        ("cn-cl-295", 10),
        ("cn-cl-363", 5),
        ("cn-cl-364-1", 5),
    ],
)
def test_time_bars(name: str, years: int) -> None:
    assert [each.years for each in provision(name).deadlines] == [years]


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("us-tida-3-a-3", 48),
        ("uk-osa-10-3A", 48),
        ("au-osa-77", 24),
        ("tw-csepa-8", 24),
        ("tw-sacpa-13-practice", 72),
        ("in-rule-3-2-b", 2),
        ("in-orders-3h", 3),
        ("kr-icn-44-7", 168),
        ("jp-platform-7d", 168),
    ],
)
def test_clocks_at_one_glance(name: str, hours: int) -> None:
    clock = provision(name).clock
    assert clock is not None
    assert clock.hours == hours


def test_the_shipped_data_is_sound_and_every_place_is_there() -> None:
    report = check_law(DATA, AT)
    assert report.problems == ()
    assert {place.code for place in jurisdictions()} == PLACES
    assert report.due == ()


def test_what_is_from_memory_is_never_verified_and_both_languages_are_whole() -> None:
    for place in jurisdictions():
        assert place.routes
        assert place.guide
        for fact in facts_of(place):
            assert fact.verified is (fact.grade is Grade.PRIMARY), fact.id


def test_every_harm_opens_a_route_in_china() -> None:
    covered = {harm for law in jurisdiction("CN").provisions for harm in law.covers}
    assert covered == set(Harm)


def test_wrong_numbers_are_kept_with_what_is_right() -> None:
    errors = {error.id: error for error in jurisdiction("CN").known_errors}
    assert errors["cn-error-1083"].means == ("cn-cc-1182-1183",)
    assert "1183" in errors["cn-error-1083"].right.en
    assert errors["cn-error-42"].means == ("cn-psapl-50-1-6", "cn-psapl-70")
    assert errors["cn-error-280"].means == ()


def test_review_falls_due_sooner_the_less_sure_a_fact_is() -> None:
    assert REVIEW_DAYS[Grade.MEMORY] < REVIEW_DAYS[Grade.SECONDARY] < REVIEW_DAYS[Grade.PRIMARY]
    facts = [fact for place in jurisdictions() for fact in facts_of(place)]
    memory = {fact.id for fact in (*facts, *practice().bottlenecks) if fact.grade is Grade.MEMORY}
    assert {due.id for due in check_law(DATA, date(2027, 2, 21)).due} == set()
    assert {due.id for due in check_law(DATA, date(2027, 2, 22)).due} == memory
    everything = check_law(DATA, date(2028, 1, 1))
    assert len(everything.due) == everything.facts


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ("to: [cn-police]", "to: [cn-polizei]", "cn-polizei"),
        ("means: [cn-cc-1182-1183]", "means: [cn-cc-1083]", "cn-cc-1083"),
        ("rests_on: [cn-cc-1196]", "rests_on: [cn-cc-9]", "cn-cc-9"),
        ("provision: cn-cl-363\n", "provision: cn-cl-999\n", "cn-cl-999"),
        ("source: [S10]", "source: [S99]", "S99"),
        ("source: [S10]", "source: []", "source"),
        ("checked: 2026-11-22", "checked: 2026-11-23", "2026-11-23"),
        ("checked: 2026-11-22", "checked: 9999-12-31", "9999-12-31"),
        ("until: 2026-01-01\n    grade: M", "in_force: 2026-01-01\n    until: 2026-01-01\n    grade: M", "until"),
        ("    grade: M\n    verified: false", "    grade: M\n    verified: true", "verified"),
        ("id: cn-psapl-56\n", "id: cn-psapl-58\n", "twice"),
        ("id: cn-psapl-56\n", "id: xx-psapl-56\n", "xx-psapl-56"),
        ("months: 6\n        basis", "months: 6\n        days: 3\n        basis", "exactly one"),
        ("covers: [threat_sextortion]", "covers: [rudeness]", "covers"),
        ("when: {for_profit: true}", "when: {for_money: true}", "for_money"),
        ("when: {venue: [home]}", "when: {venue: [moon]}", "venue"),
        ("times: 5", "times: 7", "times"),
        ("bounds: {videos: 20,", "bounds: {films: 20,", "films"),
        ("roles: [survivor]", "roles: [neighbour]", "roles"),
    ],
)
def test_a_check_finds_what_is_wrong_and_names_it(tmp_path: Path, wrong: str, right: str, named: str) -> None:
    text = (DATA / "cn.yaml").read_text(encoding="utf-8")
    assert wrong in text
    (tmp_path / "cn.yaml").write_text(text.replace(wrong, right, 1), encoding="utf-8")
    problems = check_law(tmp_path, AT).problems
    assert any(named in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("file", "wrong", "right", "named"),
    [
        ("hk.yaml", "    grade: S\n    verified: false", "    grade: S\n    verified: true", "grade S"),
        ("hk.yaml", "rests_on: [hk-159AAB,", "rests_on: [cn-cl-246, hk-159AAB,", "cn-cl-246"),
        ("hk.yaml", "to: [hk-rainlily]\n    gives", "to: []\n    gives", "hk-ta-da names nobody"),
        ("cn.yaml", "id: decide-60", "id: decide-30", "two deadlines called decide-30"),
        ("cn.yaml", "two_of: {videos: 20, audio: 100", "two_of: {videos: 40, audio: 100", "lower number of videos"),
        (
            "cn.yaml",
            "in_proportion: [records_sensitive,",
            "in_proportion: [clicks, records_sensitive,",
            "in_proportion",
        ),
        ("guide/everywhere.yaml", "bodies: [us-take-it-down]", "bodies: [us-nobody]", "us-nobody"),
        ("guide/everywhere.yaml", "lines:", "sentences: []\nlines:", "sentences"),
        ("practice/everywhere.yaml", "figures: [kr-figure-regulator]", "figures: [kr-figure-9]", "kr-figure-9"),
        ("practice/everywhere.yaml", "checked: 2026-11-22", "checked: 2027-11-22", "2027-11-22"),
        (
            "practice/everywhere.yaml",
            "    grade: M\n    verified: false",
            "    grade: M\n    verified: true",
            "verified",
        ),
    ],
)
def test_a_check_of_all_places_finds_what_one_file_cannot_show(
    tmp_path: Path, file: str, wrong: str, right: str, named: str
) -> None:
    for name in {file, "hk.yaml", *(["cn.yaml"] if "cn-" in right else [])}:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = (DATA / name).read_text(encoding="utf-8")
        if name == file:
            assert wrong in text
            text = text.replace(wrong, right, 1)
        (tmp_path / name).write_text(text, encoding="utf-8")
    problems = check_law(tmp_path, AT).problems
    assert any(named in problem for problem in problems), problems


def test_every_bottleneck_names_a_page_of_the_handbook_and_what_was_said_is_listed() -> None:
    found = practice()
    assert len(found.bottlenecks) == 10
    assert [each.id for each in found.bottlenecks if not (ROOT / each.see).is_file()] == []
    said = CliRunner().invoke(main, ["law", "practice", "--lang", "zh-Hans"])
    assert said.exit_code == 0
    assert "人手太少" in said.output
    assert "94.1%" in said.output
    assert "No figure" in CliRunner().invoke(main, ["law", "practice", "cn", "--lang", "en"]).output


def test_one_check_finds_several_mistakes_at_once(tmp_path: Path) -> None:
    text = (DATA / "au.yaml").read_text(encoding="utf-8")
    broken = text.replace("to: [au-esafety]", "to: [nobody]").replace("id: au-osa-79", "id: au-osa-77")
    (tmp_path / "au.yaml").write_text(broken, encoding="utf-8")
    problems = check_law(tmp_path, AT).problems
    assert sum("nobody" in problem for problem in problems) > 2
    assert any("twice" in problem for problem in problems)


def test_the_command_says_one_for_a_problem_and_nought_for_none(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["law", "check", "--at", "2026-11-22"]).exit_code == 0
    (tmp_path / "xx.yaml").write_text("jurisdiction: XX\nsources: {}\ncolour: red\n", encoding="utf-8")
    found = CliRunner().invoke(main, ["law", "check", str(tmp_path)])
    assert found.exit_code == 1
    assert "colour" in found.output


def test_known_errors_are_listed_with_what_is_right() -> None:
    said = CliRunner().invoke(main, ["law", "errors", "cn", "--lang", "zh-Hans"])
    assert said.exit_code == 0
    assert "1083" in said.output
    assert "第1183条" in said.output
