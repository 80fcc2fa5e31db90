"""Routes: knowing more never adds one, the order is the same every time, dates are right, minors come first."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.law.answer import answer_lines, answer_record
from zaoguang.law.condition import Answer
from zaoguang.law.dates import State, months_after
from zaoguang.law.facts import (
    FLAGS,
    PLACES,
    RELATIONS,
    ROLES,
    VENUES,
    Done,
    Facts,
    PlatformAnswer,
    PoliceAnswer,
    contradictions,
    read_facts,
)
from zaoguang.law.harm import Door, Harm
from zaoguang.law.model import ClockBasis
from zaoguang.law.provisions import jurisdictions
from zaoguang.law.question import best_question
from zaoguang.law.routes import Route, Routes, find_routes, open_ids
from zaoguang.words import LANGUAGES, speaking

AT = date(2026, 11, 22)
DAYS = st.dates(date(2024, 6, 1), AT)
KNOWN: dict[str, st.SearchStrategy[object]] = {
    "harms": st.frozensets(st.sampled_from(list(Harm)), min_size=1, max_size=3),
    "act": DAYS,
    "last_act": DAYS,
    "learned": DAYS,
    "places": st.tuples(*(st.sampled_from(PLACES) for _role in ROLES)).map(
        lambda codes: tuple(zip(ROLES, codes, strict=True))
    ),
    "relation": st.sampled_from(RELATIONS),
    "venue": st.sampled_from(VENUES),
    "age_then": st.integers(0, 60),
    "age_now": st.integers(0, 60),
    "looks_under_18": st.booleans(),
    **{flag: st.booleans() for flag in FLAGS if flag not in {"minor", "under_14", "under_16", "spread"}},
    "seen": st.booleans(),
    "platform": st.sampled_from(list(PlatformAnswer)).map(lambda answer: Done(answer, None, None)),
    "police": st.sampled_from(list(PoliceAnswer)).map(lambda answer: Done(answer, None, None)),
}


@st.composite
def more_and_fewer(draw: st.DrawFn) -> tuple[Facts, Facts]:
    """Draw facts, and the same facts with some of them not known (or fewer places)."""
    values = {name: draw(strategy) for name, strategy in KNOWN.items() if draw(st.booleans())}
    more = Facts(**values)  # type: ignore[arg-type]  # each strategy gives its field's type
    forgotten = [name for name in values if draw(st.booleans())]
    fewer = {name: value for name, value in values.items() if name not in forgotten}
    less = Facts(**fewer)  # type: ignore[arg-type]  # as above
    if less.places:
        less = replace(less, places=tuple(each for each in less.places if draw(st.booleans())))
    return more, less


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(more_and_fewer())
def test_knowing_more_never_adds_a_route_or_a_reason(pair: tuple[Facts, Facts]) -> None:
    more, fewer = pair
    if contradictions(more, AT):
        return
    known, unknown = find_routes(more, at=AT), find_routes(fewer, at=AT)
    assert {route.rule.id for route in known.routes} <= {route.rule.id for route in unknown.routes}
    wide = {(route.rule.id, reason.provision.id) for route in unknown.routes for reason in route.why}
    assert {(route.rule.id, reason.provision.id) for route in known.routes for reason in route.why} <= wide
    sure = {route.rule.id for route in unknown.routes if route.answer is Answer.YES}
    assert sure <= {route.rule.id for route in known.routes}, "what was certain stays open"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(more_and_fewer())
def test_the_order_is_the_same_every_time_and_each_unsure_route_says_what_it_hangs_on(
    pair: tuple[Facts, Facts],
) -> None:
    facts, _fewer = pair
    first, again = find_routes(facts, at=AT), find_routes(facts, at=AT)
    assert [route.rule.id for route in first.routes] == [route.rule.id for route in again.routes]
    assert {route.rule.id for route in first.routes} == open_ids(facts, at=AT)
    for route in first.routes:
        assert bool(route.depends) is (route.answer is Answer.UNKNOWN)


def test_with_nothing_known_every_route_of_every_place_is_open() -> None:
    told = {rule.id for place in jurisdictions() for rule in place.routes if rule.when.flags.get("died")}
    everything = {rule.id for place in jurisdictions() for rule in place.routes} - told
    assert open_ids(Facts(), at=AT) == everything


def found(facts: Facts) -> Routes:
    return find_routes(facts, at=AT)


def the(routes: Routes, name: str) -> Route:
    return next(route for route in routes.routes if route.rule.id == name)


def all_in(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((role, code) for role in ROLES)


CHINA = Facts(harms=frozenset({Harm.COVERT_PREMISES}), places=all_in("CN"), age_then=25, ongoing=False)


def test_an_act_of_2025_is_under_the_old_law_and_one_of_2026_under_the_new() -> None:
    def reasons(**known: date) -> dict[str, Answer]:
        route = the(found(replace(CHINA, **known)), "cn-police-administrative")  # type: ignore[arg-type]  # dates only
        return {reason.provision.id: reason.answer for reason in route.why}

    old = reasons(act=date(2025, 12, 31), last_act=date(2025, 12, 31))
    assert "cn-psapl-2012-42-6" in old
    assert not {"cn-psapl-50-1-6", "cn-psapl-70"} & set(old)
    new = reasons(act=date(2026, 1, 1))
    assert {"cn-psapl-50-1-6", "cn-psapl-70", "cn-video-8-24-27"} <= set(new)
    assert "cn-psapl-2012-42-6" not in new
    across = reasons(act=date(2025, 12, 31), last_act=date(2026, 1, 1))
    assert {"cn-psapl-2012-42-6", "cn-psapl-70"} <= set(across)
    unknown = reasons()
    assert unknown["cn-psapl-2012-42-6"] is Answer.UNKNOWN
    assert unknown["cn-psapl-70"] is Answer.UNKNOWN


def test_a_law_that_was_not_yet_made_does_not_punish() -> None:
    early = Facts(
        harms=frozenset({Harm.COVERT_PUBLIC}), places=all_in("HK"), act=date(2021, 10, 7), last_act=date(2021, 10, 7)
    )
    assert "hk-police-crime" not in open_ids(early, at=AT)
    assert "hk-police-crime" in open_ids(replace(early, act=date(2021, 10, 8), last_act=None), at=AT)


def test_dates_of_a_police_report() -> None:
    facts = replace(CHINA, act=date(2026, 8, 31), police=Done(PoliceAnswer.FILED, date(2026, 9, 1), None))
    clocks = {each.rule.id: each for each in the(found(facts), "cn-police-administrative").deadlines}
    assert clocks["report"].due == date(2027, 2, 28)
    assert clocks["report"].state is State.MET
    assert clocks["decide-30"].due == date(2026, 10, 1)
    assert clocks["decide-60"].due == date(2026, 10, 31)
    assert clocks["decide-90"].due == date(2026, 11, 30)
    assert clocks["decide-90"].state is State.RUNNING


def test_a_question_on_the_last_day_there_is_has_an_answer() -> None:
    deadlines = [each for route in find_routes(Facts(), at=date.max).routes for each in route.deadlines]
    assert any(each.start == date.max for each in deadlines)
    assert all(each.due for each in deadlines if each.start)


def test_six_months_pass_and_the_route_says_what_is_left() -> None:
    late = the(found(replace(CHINA, act=date(2026, 5, 21))), "cn-police-administrative")
    assert late.passed
    assert late.deadlines[0].state is State.PASSED
    last_day = the(found(replace(CHINA, act=date(2026, 5, 22))), "cn-police-administrative")
    assert not last_day.passed
    assert last_day.deadlines[0].due == AT
    going_on = the(found(replace(CHINA, act=date(2026, 1, 2), ongoing=True)), "cn-police-administrative")
    assert (going_on.deadlines[0].state, going_on.deadlines[0].due) == (State.GOES_ON_LATE, date(2026, 7, 2))
    assert not going_on.passed


def test_a_step_taken_on_an_unknown_day_does_not_run_from_today() -> None:
    facts = replace(CHINA, act=date(2026, 8, 1), police=Done(PoliceAnswer.FILED, None, None))
    clocks = {each.rule.id: each for each in the(found(facts), "cn-police-administrative").deadlines}
    assert (clocks["decide-30"].due, clocks["decide-30"].state) == (None, State.NOT_STARTED)
    told = the(found(replace(facts, police=Done(PoliceAnswer.NOT_REPORTED, None, None))), "cn-police-administrative")
    assert {each.state for each in told.deadlines[1:]} == {State.IF_TODAY}


def test_damages_lapse_and_the_suit_stays_worth_it() -> None:
    suit = the(
        found(replace(CHINA, act=date(2022, 1, 1), last_act=date(2022, 1, 1), learned=date(2022, 1, 2))),
        "cn-civil-suit",
    )
    assert suit.deadlines[0].due == date(2025, 1, 2)
    assert suit.deadlines[0].state is State.PASSED
    assert not suit.passed


def test_counted_sightings_in_the_facts_are_set_against_the_thresholds(tmp_path: Path) -> None:
    facts = read(tmp_path, "for_profit: true\ncounts: {sightings: [{videos: 20}]}\nharms: [trade]\nplaces: {act: CN}")
    reached = answer_record(facts, at=AT)["thresholds"]
    assert isinstance(reached, list)
    assert "cn-t-363" in {each["threshold"] for each in reached if each["standing"] == "met"}
    assert "cn-t-364" not in {each["threshold"] for each in reached}


def test_a_refusal_opens_its_remedy_first_with_sixty_days() -> None:
    refused = Done(PoliceAnswer.REFUSED_ADMINISTRATIVE, date(2026, 9, 1), date(2026, 11, 1))
    routes = found(replace(CHINA, act=date(2026, 8, 1), police=refused)).routes
    assert routes[0].rule.id == "cn-appeal-administrative"
    assert routes[0].deadlines[0].due == date(2026, 12, 31)
    crime = Done(PoliceAnswer.REFUSED_CRIME, None, None)
    assert found(replace(CHINA, act=date(2026, 8, 1), police=crime)).routes[0].rule.id == "cn-appeal-crime"


def test_an_appeal_against_a_platform_runs_from_its_decision_and_not_from_the_notice() -> None:
    refused = Done(PlatformAnswer.REFUSED, date(2026, 11, 1), date(2026, 11, 5))
    facts = Facts(harms=frozenset({Harm.DEEPFAKE}), places=(("host", "EU"),), platform=refused)
    for known, due in ((refused, date(2027, 5, 5)), (replace(refused, answered=None), None)):
        (appeal,) = [each for each in found(replace(facts, platform=known)).routes if "eu-appeal" in each.rule.id]
        assert [each.due for each in appeal.deadlines] == [due]


def test_a_time_that_a_provision_names_is_never_told_as_mere_practice() -> None:
    named = {"kr-platform-request": 30, "jp-platform-request": 7}
    rules = {rule.id: rule for place in jurisdictions() for rule in place.routes}
    for name, days in named.items():
        assert [(each.days, each.basis) for each in rules[name].deadlines] == [(days, ClockBasis.LAW)]
    for name in ("eu-appeal-platform", "tw-police-crime"):
        assert [(each.months, each.basis) for each in rules[name].deadlines] == [(6, ClockBasis.LAW)]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 5, 31), 1, date(2026, 6, 30)),
        (date(9990, 1, 1), 240, date(9999, 1, 1)),
    ],
)
def test_months_end_on_the_day_of_the_same_number(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


@pytest.mark.parametrize("code", [code for code in PLACES if code != "elsewhere"])
@pytest.mark.parametrize("harm", [Harm.PARTNER_LEAK, Harm.DEEPFAKE, Harm.TRADE])
def test_with_a_sign_of_a_minor_the_referral_is_first_and_nothing_touches_pictures(code: str, harm: Harm) -> None:
    for sign in (
        Facts(age_then=15),
        Facts(age_now=12),
        Facts(looks_under_18=True),
        Facts(harms=frozenset({Harm.MINOR_ANY})),
    ):
        harms = frozenset({harm}) | (sign.harms or frozenset())
        routes = found(replace(sign, harms=harms, places=all_in(code))).routes
        assert routes[0].rule.door is Door.MINORS
        assert routes[0].rule.jurisdiction == code
        assert routes[0].answer is Answer.YES
        assert "uk-stopncii-hash" not in {route.rule.id for route in routes}


def test_grown_up_for_certain_there_is_no_referral() -> None:
    ids = {route.rule.id for route in found(CHINA).routes}
    assert not {name for name in ids if "minor" in name}
    assert "us-take-it-down-hash" not in ids


def test_the_question_is_the_one_that_takes_most_away() -> None:
    question = best_question(Facts(harms=frozenset({Harm.DEEPFAKE}), age_then=30, seen=True), at=AT)
    assert question is not None
    assert question.fact.startswith("places.")
    everything = Facts(
        harms=frozenset({Harm.DEEPFAKE}),
        places=all_in("KR"),
        age_then=30,
        seen=True,
        relation="stranger",
        venue="home",
        ongoing=True,
        for_profit=False,
        device_found=False,
        drugged=False,
        holds_file=True,
        platform=Done(PlatformAnswer.NOT_SENT, None, None),
        police=Done(PoliceAnswer.NOT_REPORTED, None, None),
    )
    assert best_question(everything, at=AT) is None
    asked = best_question(replace(everything, holds_file=None), at=AT)
    assert asked is not None
    assert (asked.fact, asked.taken_away) == ("holds_file", 0.5)


def test_where_nothing_was_spread_no_platform_is_written_to_and_none_is_asked_about() -> None:
    nothing = replace(CHINA, act=date(2026, 11, 21), seen=False)
    doors = {route.rule.door for route in found(nothing).routes}
    assert not {Door.PLATFORM, Door.APPEAL} & {
        route.rule.door for route in found(nothing).routes if "done.platform" in route.depends
    }
    assert Door.PLATFORM not in doors
    assert Door.VENUE in doors
    unknown = the(found(replace(nothing, seen=None)), "cn-platform-notice")
    assert (unknown.answer, unknown.depends) == (Answer.UNKNOWN, ("spread",))
    asked = best_question(nothing, at=AT)
    assert asked is None or asked.fact not in {"spread", "done.platform"}


def test_womens_law_is_no_reason_for_a_man_and_a_protection_order_none_for_the_dead() -> None:
    leak = replace(CHINA, harms=frozenset({Harm.PARTNER_LEAK}), relation="ex_partner", act=date(2026, 10, 1))
    reasons = {
        woman: {
            law.provision.id: law.answer for law in the(found(replace(leak, woman=woman)), "cn-protection-order").why
        }
        for woman in (True, None, False)
    }
    assert reasons[True]["cn-women-28-29"] is Answer.YES
    assert reasons[None]["cn-women-28-29"] is Answer.UNKNOWN
    assert "cn-women-28-29" not in reasons[False]
    of_the_dead = open_ids(replace(leak, died=True), at=AT)
    assert "cn-protection-order" not in of_the_dead
    assert "cn-family-claim" in of_the_dead
    assert "cn-family-claim" not in open_ids(leak, at=AT)


def test_law_that_nobody_verified_is_told_as_such_with_its_condition() -> None:
    old = replace(CHINA, act=date(2025, 11, 1), last_act=date(2025, 11, 1))
    with speaking("en"):
        said = list(answer_lines(old, at=AT))
    (why,) = [number for number, line in enumerate(said) if "(2012), Art. 42(6)" in line]
    assert "Art. 42(6), not verified" in said[why]
    assert "is from memory" in said[why + 1]
    assert not any("Civil Code, Art. 1198, not verified" in line for line in said)
    (crime,) = [number for number, line in enumerate(said) if "Art. 284, because" in line]
    assert said[crime + 1].strip() == "Asked for: Serious consequences."


def test_what_goes_on_has_no_last_day_and_the_strictest_count_is_told() -> None:
    going = replace(CHINA, harms=frozenset({Harm.PARTNER_LEAK}), relation="ex_partner", ongoing=True)
    with speaking("en"):
        early = "\n".join(answer_lines(replace(going, act=date(2026, 10, 1)), at=AT))
        late = "\n".join(answer_lines(replace(going, act=date(2020, 10, 1)), at=AT))
    assert "to be safe, do it before 2027-04-01" in early
    assert "counted from its first day it passed on 2021-04-01" in late


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_says_that_it_is_no_advice_and_who_helps_for_free(language: str) -> None:
    with speaking(language):
        for facts in (Facts(), CHINA, replace(CHINA, act=date(2026, 1, 2), age_then=15)):
            lines = list(answer_lines(facts, at=AT))
            record = answer_record(facts, at=AT)
            assert lines[0] == record["not_legal_advice"]
            assert "12338" in "\n".join(lines)
            assert record["free_help"]
            assert ("法律意见" in lines[0]) is (language == "zh-Hans")


def read(folder: Path, text: str) -> Facts:
    (folder / "facts.yaml").write_text(text, encoding="utf-8")
    return read_facts(folder / "facts.yaml", AT)


def test_an_empty_mapping_is_facts_of_which_nothing_is_known(tmp_path: Path) -> None:
    assert read(tmp_path, "{}") == Facts()


def test_member_states_count_as_the_union_and_gb_as_the_uk(tmp_path: Path) -> None:
    assert read(tmp_path, "places: {survivor: DE, host: GB}").places == (("survivor", "EU"), ("host", "UK"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("act: 2026-05-02\npublished: 2026-05-01", "published"),
        ("act: 2026-05-02\nlearned: 2026-05-01", "learned"),
        ("act: 2026-05-02\nlast_act: 2026-05-01", "last_act"),
        ("act: 2026-11-23", "2026-11-23"),
        ("act: 2026-05-02\nsurvivor: {born: 2026-05-03}", "born"),
        ("survivor: {age_then: -1}", "age_then"),
        ("survivor: {age_then: 121}", "age_then"),
        ("survivor: {age_then: 30, age_now: 20}", "age_then"),
        ("act: 2026-05-02\nsurvivor: {born: 2000-01-01, age_then: 20}", "age_then"),
        ("survivor: {age_then: 30}\nlooks_under_18: true", "looks_under_18"),
        ("survivor: {age_then: 30}\nharms: [minor_any]", "minor_any"),
        ("relation: [stranger, ex_partner]", "stranger"),
        ("relation: [partner, ex_partner]", "ex_partner"),
        ("relation: stranger\nharms: [partner_leak]", "partner_leak"),
        ("relation: neighbour", "relation"),
        ("harms: []", "harms"),
        ("harms: [rude]", "harms"),
        ("places: {act: XX}", "act"),
        ("places: {moon: CN}", "moon"),
        ("venue: moon", "venue"),
        ("ongoing: maybe", "ongoing"),
        ("done: {police: {answer: not_reported, day: 2026-05-01}}", "police"),
        ("act: 2026-05-02\ndone: {police: {answer: filed, day: 2026-05-01}}", "done.police.day"),
        ("done: {platform: {answer: refused, day: 2026-05-02, answered: 2026-05-01}}", "answered"),
        ("done: {platform: {day: 2026-05-02}}", "answer"),
        ("for_profit: true\ncounts: {for_profit: false, sightings: []}", "for_profit"),
        ("colour: red", "colour"),
        ("", "whole file"),
    ],
)
def test_what_cannot_be_is_one_sentence_that_names_it(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UserMistake) as caught:
        read(tmp_path, text)
    sentence = str(caught.value)
    assert sentence.startswith("facts.yaml")
    assert named in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")
