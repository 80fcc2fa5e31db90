"""Regimes: each is complete in each language, says what it gives away, and is made by adding a folder."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.fixtures.notices.make import FULL, complete
from zaoguang import notices
from zaoguang.casework.deadlines import Unit
from zaoguang.errors import UserMistake
from zaoguang.law import ClockBasis, provision
from zaoguang.notices import FieldKind, Regime, Sender, load_regimes, regime, regimes, render

SLICES = Path(notices.__file__).parent / "regimes"


def copied(folder: Path) -> Path:
    """Copy one slice, as a contributor would."""
    return Path(shutil.copytree(SLICES / "us_take_it_down", folder / "xx_copy"))


def refusal(folder: Path) -> str:
    """Load a folder of slices and give the error's sentence."""
    with pytest.raises(UserMistake) as caught:
        load_regimes(folder)
    return str(caught.value)


EVERY_KIND = {
    "us-take-it-down", "eu-dsa-16", "eu-dsa-9", "uk-osa-48h", "au-esafety", "cn-cc-1195", "cn-12377-report",
    "cn-pipl-47", "tw-csepa-8", "tw-sacpa-13", "kr-icn-44-2", "kr-vpa-7-3", "jp-platform", "hk-platform",
    "in-rule-3-2-b", "google-ncii", "hosting-abuse", "counsel-letter", "preserve-logs", "cn-cc-1196-answer",
    "appeal-refusal",
}  # fmt: skip


def test_every_kind_of_notice_is_there() -> None:
    assert {each.id for each in regimes()} == EVERY_KIND


def test_a_time_is_the_laws_only_where_the_law_names_it() -> None:
    named = {each.id: each.deadline.period.amount for each in regimes() if each.deadline.basis is ClockBasis.LAW}
    assert named == {"us-take-it-down": 48, "in-rule-3-2-b": 2, "tw-csepa-8": 24}
    for each in regimes():
        if each.deadline.basis is ClockBasis.LAW:
            clock = provision(each.deadline.provision).clock
            assert clock is not None
            assert (clock.hours, clock.basis) == (each.deadline.period.amount, ClockBasis.LAW)
            assert each.deadline.period.unit is Unit.HOURS


def test_only_an_authority_may_order_and_only_counsel_writes_as_counsel() -> None:
    assert {each.id for each in regimes() if each.sender is Sender.AUTHORITY} == {"eu-dsa-9", "tw-csepa-8"}
    assert {each.id for each in regimes() if each.sender is Sender.COUNSEL} == {"counsel-letter"}


@pytest.mark.parametrize("each", regimes(), ids=lambda each: each.id)
def test_a_regime_says_in_both_languages_what_it_is_and_what_it_gives_away(each: Regime) -> None:
    for language in ("en", "zh-Hans"):
        assert each.title(language)
        assert each.identity.sentence(language)
        for field in each.fields:
            assert field.label(language)
            assert field.why(language)
    assert each.identity.reveals_to_platform


@pytest.mark.parametrize("each", regimes(), ids=lambda each: each.id)
def test_each_field_matters_to_the_text_in_each_language(each: Regime) -> None:
    """A field that changes nothing would be collected for nothing."""
    others = {
        FieldKind.TEXT: "Zz Example",
        FieldKind.LONG_TEXT: "Zz other.",
        FieldKind.EMAIL: "zz@centre.example",
        FieldKind.DATE: date(2027, 1, 1).isoformat(),
    }
    said = {"good_faith_statement", "accuracy_statement", "not_paid"}  # required: without them there is no text at all
    base = {**complete(each, FULL), "legal_name": "Lin Example"}
    for language in each.languages:
        whole = render(each, language, base)
        for field in each.fields:
            always_asked = each.id == "us-take-it-down" and field.name == "requested_action"
            if always_asked or (field.name in said and field.required):
                continue
            if field.kind is FieldKind.BOOL:
                changed = render(each, language, {**base, field.name: not FULL.get(field.name)})
            elif field.kind is FieldKind.CHOICE:
                other = next(option.value for option in field.options if option.value != FULL[field.name])
                changed = render(each, language, {**base, field.name: other})
            elif field.kind is FieldKind.LIST:
                other_list = [field.options[0].value] if field.options else ["https://other.example/"]
                changed = render(each, language, {**base, field.name: other_list})
            else:
                changed = render(each, language, {**base, field.name: others[field.kind]})
            assert changed != whole, (language, field.name)


def test_a_copied_slice_with_a_new_id_is_a_new_regime(tmp_path: Path) -> None:
    file = copied(tmp_path) / "regime.yaml"
    file.write_text(file.read_text("utf-8").replace("id: us-take-it-down", "id: xx-new"), "utf-8")
    (new,) = load_regimes(tmp_path)
    assert new.id == "xx-new"
    assert render(new, "zh-Hans", FULL).body == render(regime("us-take-it-down"), "zh-Hans", FULL).body


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    copied(tmp_path)
    shutil.copytree(SLICES / "us_take_it_down", tmp_path / "another")
    assert "us-take-it-down" in refusal(tmp_path)


def test_a_missing_text_is_refused_by_name(tmp_path: Path) -> None:
    (copied(tmp_path) / "zh-Hans.txt").unlink()
    assert "zh-Hans.txt" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ("provision: us-tida-3-a-1-B", "provision: us-nothing", "us-nothing"),
        ("languages: [en, zh-Hans]", "languages: [en, tlh]", "languages"),
        ("languages: [en, zh-Hans]", "languages: []", "languages"),
        ("kind: email", "kind: colour", "kind"),
        ("may_reach_uploader: true", "may_reach_uploader: perhaps", "identity.may_reach_uploader"),
        (
            "required_when: {field: capacity, value: agent}",
            "required_when: {field: capacity, value: aunt}",
            "required_when",
        ),
        ("required_when: {field: capacity, value: agent}", "required_when: {field: nobody, value: x}", "required_when"),
        ("default: [unknown]", "default: [green]", "default"),
        ("kind: choice\n    required: true", "kind: choice\n    default: [self]\n    required: true", "default"),
        ("- name: legal_name", "- name: agent_name", "agent_name"),
        ("- name: legal_name", "- name: legal name", "name"),
        ("- name: legal_name", "- name: hours", "name"),
        ("clause: sec. 3(a)(1)(B)(iv)", "", "clause"),
        ("- name: legal_name", "- name: unit", "name"),
        ("hours: 48", "hours: 48\n  minutes: 1", "deadline.minutes"),
        ("hours: 48", "minutes: 48", "hours, days, working_days, months"),
        ("hours: 48", "hours: 48\n  days: 2", "hours, days, working_days, months"),
        ("hours: 48", "hours: 48\n  place: US", "deadline.place"),
        ("hours: 48", "days: 2", "deadline.place"),
        ("hours: 48", "days: 2\n  place: XX", "deadline.place"),
        ("hours: 48", "days: 0\n  place: US", "deadline.days"),
        ("hours: 48", "working_days: 1001\n  place: US", "deadline.working_days"),
        ("hours: 48", "months: two\n  place: US", "deadline.months"),
        ("counts_from: receipt", "counts_from: reading", "deadline.counts_from"),
        ("provision: us-tida-3-a-3", "provision: us-tida-3-a-3\n  stands_by: us-nothing", "us-nothing"),
        ("hours: 48", "hours: 48\n  extension: {days: 2, times: 1}", "deadline.extension.hours"),
        ("hours: 48", "hours: 48\n  extension: {hours: 2, times: 0}", "deadline.extension.times"),
        (
            "hours: 48\n  counts_from: receipt\n  basis: law",
            "hours: 48\n  extension: {hours: 2, times: 1}\n  basis: practice",
            "deadline.extension",
        ),
    ],
)
def test_a_badly_written_slice_is_refused_by_file_and_key(tmp_path: Path, wrong: str, right: str, named: str) -> None:
    file = copied(tmp_path) / "regime.yaml"
    text = file.read_text("utf-8")
    assert wrong in text
    file.write_text(text.replace(wrong, right, 1), "utf-8")
    sentence = refusal(tmp_path)
    assert "xx_copy/regime.yaml" in sentence
    assert named in sentence


@pytest.mark.parametrize(
    "text",
    [
        "Subject: x\n{{ no_such_field }}\n",
        "Subject: x\n{% if %}\n",
        "No subject\nbody\n",
        "Subject: x\n",
        "Subject: {{ consent_statement }}\nbody\n",
        "Subject: x\n{{ signature.__class__.__mro__ }}\n",
    ],
)
def test_a_broken_text_is_one_sentence(tmp_path: Path, text: str) -> None:
    (copied(tmp_path) / "en.txt").write_text(text, "utf-8")
    (broken,) = load_regimes(tmp_path)
    with pytest.raises(UserMistake):
        render(broken, "en", FULL)


def test_an_unknown_regime_field_or_language_is_one_sentence() -> None:
    with pytest.raises(UserMistake, match="xx-none"):
        regime("xx-none")
    with pytest.raises(UserMistake, match="colour"):
        regime("eu-dsa-16").field("colour")
    with pytest.raises(UserMistake, match="tlh"):
        render(regime("eu-dsa-16"), "tlh", FULL)
