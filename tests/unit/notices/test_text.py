"""The text of a notice: word for word as reviewed, nothing missing, nothing hidden."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.notices import make
from tests.fixtures.notices.make import FULL, PLAIN, complete
from zaoguang.errors import UserMistake
from zaoguang.law import ClockBasis
from zaoguang.notices import FieldKind, Regime, missing, prior_report, regime, regimes, render
from zaoguang.notices.values import Value, is_mail_address

TIDA, DSA = regime("us-take-it-down"), regime("eu-dsa-16")
GOLDEN = dict(make.golden())
regime_list = st.sampled_from(regimes())
CLAUSES = {
    "us-take-it-down": [
        (f"section 3{clause}", f"第3条{clause}")
        for clause in (
            "(a)(1)(A)",
            "(a)(1)(B)(i)",
            "(a)(1)(B)(ii)",
            "(a)(1)(B)(iii)",
            "(a)(3)(A)",
            "(a)(3)(B)",
            "(a)(4)",
        )
    ],
    "eu-dsa-16": [
        *((f"Article 16(2)({letter})", f"第16条第2款({letter})项") for letter in "abcd"),
        *((f"Article 16({number})", f"第16条第{number}款") for number in "3456"),
        ("Article 17(3)(b)", "第17条第3款(b)项"),
    ],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_each_notice_is_word_for_word_the_reviewed_one(name: str) -> None:
    assert GOLDEN[name] == (make.HERE / name).read_bytes()


def test_no_golden_file_is_left_over() -> None:
    kept = {path.name for path in Path(make.HERE).iterdir() if path.suffix in {".txt", ".eml"}}
    assert kept == set(GOLDEN)


@pytest.mark.parametrize("values", [PLAIN, FULL])
@pytest.mark.parametrize("each", regimes(), ids=lambda each: each.id)
def test_every_language_says_the_same_things_in_the_same_order(each: Regime, values: dict[str, Value]) -> None:
    first, *others = (render(each, name, complete(each, values)).body.split("\n") for name in each.languages)
    for other in others:
        assert [not line for line in first] == [not line for line in other]


@pytest.mark.parametrize("each", [TIDA, DSA], ids=lambda each: each.id)
def test_the_clauses_that_count_are_named(each: Regime) -> None:
    english, chinese = (render(each, language, FULL).body for language in ("en", "zh-Hans"))
    for said, said_in_chinese in CLAUSES[each.id]:
        assert said.lower() in english.lower()
        assert said_in_chinese in chinese


@pytest.mark.parametrize("each", regimes(), ids=lambda each: each.id)
def test_each_address_is_numbered_on_its_own_line(each: Regime) -> None:
    for language in each.languages:
        lines = render(each, language, complete(each, FULL)).body.split("\n")
        addresses = FULL["addresses"]
        assert isinstance(addresses, list)
        for number, address in enumerate(addresses, 1):
            assert f"{number}. {address}" in lines


def test_an_agents_request_does_not_name_the_survivor() -> None:
    for each in regimes():
        for language in each.languages:
            if not each.identity.agent_allowed:
                assert "legal_name" in {gap.field for gap in missing(each, FULL)}
                continue
            assert "Lin Example" not in render(each, language, {**FULL, "legal_name": ""}).body
            named = "legal_name" in {field.name for field in each.fields}
            assert named == ("Lin Example" in render(each, language, {**FULL, "legal_name": "Lin Example"}).body)


def test_no_text_promises_what_only_practice_says() -> None:
    """Where the law names no hours, each text says that the time is ours."""
    ours = {"en": ("our request", "ask"), "zh-Hans": ("请求", "再次询问"), "zh-Hant": ("要求", "再行查詢"),
            "ko": ("희망하는", "다시 문의"), "ja": ("当方の希望",)}  # fmt: skip
    for each in regimes():
        if each.deadline.basis is ClockBasis.PRACTICE:
            for language in each.languages:
                body = render(each, language, complete(each, FULL)).body
                assert any(words in body for words in ours[language]), (each.id, language)


def test_each_notice_is_written_for_its_addressee() -> None:
    wanted = {"cn": "zh-Hans", "tw": "zh-Hant", "hk": "zh-Hant", "kr": "ko", "jp": "ja"}
    for each in regimes():
        assert each.languages[0] == wanted.get(each.id.split("-")[0], "en"), each.id
        assert {"en", "zh-Hans"} & set(each.languages), each.id  # what a caseworker reads


@given(st.data(), regime_list, st.sampled_from([PLAIN, FULL]))
def test_the_same_input_gives_the_same_bytes(data: st.DataObject, each: Regime, values: dict[str, Value]) -> None:
    language = data.draw(st.sampled_from(each.languages))
    values = complete(each, values)
    first = render(each, language, values)
    assert first == render(each, language, dict(reversed(list(values.items()))))
    assert first.body.endswith("\n")
    assert not first.body.endswith("\n\n")
    assert "\n\n\n" not in first.body
    assert not {"{{", "}}", "{%", "None", "Undefined"} & {*first.body.split(), *first.subject.split()}


@given(st.data())
def test_dropping_any_required_field_is_named_with_its_clause(data: st.DataObject) -> None:
    each = data.draw(regime_list)
    values = complete(each, data.draw(st.sampled_from([PLAIN, FULL])))
    field = data.draw(st.sampled_from([field for field in each.fields if field.is_required(values)]))
    empty: Value = data.draw(st.sampled_from([" ", "\u200d", ""] if field.kind is not FieldKind.LIST else [[], [" "]]))
    if field.kind is FieldKind.BOOL:
        empty = False
    emptied = (
        {**values, field.name: empty}
        if data.draw(st.booleans())
        else {k: v for k, v in values.items() if k != field.name}
    )
    gaps = missing(each, emptied)
    assert field.name in [gap.field for gap in gaps]
    for gap in gaps:
        assert gap.clause == each.field(gap.field).clause
        assert gap.clause in gap.sentence
        assert each.field(gap.field).label("en") in gap.sentence
        assert each.refusal("en") in gap.sentence
    with pytest.raises(UserMistake, match=field.name):
        render(each, each.languages[0], emptied)


@given(st.data())
def test_filling_in_what_is_missing_always_gives_a_text(data: st.DataObject) -> None:
    each = data.draw(regime_list)
    values: dict[str, Value] = dict(
        data.draw(
            st.dictionaries(st.sampled_from(sorted(FULL)), st.none(), max_size=len(FULL)).map(
                lambda kept: {name: FULL[name] for name in kept}
            )
        )
    )
    for _round in range(2):  # naming the capacity can make further fields needed
        for gap in missing(each, values):
            values[gap.field] = FULL[gap.field] if gap.field in FULL else PLAIN[gap.field]
    assert missing(each, values) == ()
    for language in each.languages:
        assert render(each, language, values).body


def test_nothing_at_all_names_every_element_of_each_law() -> None:
    assert [(gap.field, gap.clause) for gap in missing(TIDA, {})] == [
        ("capacity", "sec. 3(a)(1)(A)"),
        ("addresses", "sec. 3(a)(1)(B)(ii)"),
        ("consent_statement", "sec. 3(a)(1)(B)(iii)"),
        ("good_faith_statement", "sec. 3(a)(1)(B)(iii)"),
        ("contact_email", "sec. 3(a)(1)(B)(iv)"),
        ("signature", "sec. 3(a)(1)(B)(i)"),
    ]
    assert [(gap.field, gap.clause) for gap in missing(DSA, {"capacity": "self"})] == [
        ("legal_name", "Art. 16(2)(c)"),
        ("contact_email", "Art. 16(2)(c)"),
        ("addresses", "Art. 16(2)(b)"),
        ("consent_statement", "Art. 16(2)(a)"),
        ("why_illegal", "Art. 16(2)(a)"),
        ("good_faith_statement", "Art. 16(2)(d)"),
        ("accuracy_statement", "Art. 16(2)(d)"),
    ]


def test_an_agent_must_give_a_name_and_an_authority() -> None:
    assert {gap.field for gap in missing(TIDA, {**PLAIN, "capacity": " agent "})} == {"agent_name", "authority_doc"}


def test_name_and_mail_are_waived_where_a_child_is_abused() -> None:
    values = {**PLAIN, "legal_name": "", "contact_email": "", "child_abuse": True}
    assert missing(DSA, values) == ()
    assert "2011/93/EU" in render(DSA, "en", values).body
    assert {gap.field for gap in missing(DSA, {**values, "child_abuse": False})} == {"legal_name", "contact_email"}


def test_what_is_missing_is_said_in_the_asked_language() -> None:
    sentence = missing(TIDA, {}, "zh-Hans")[1].sentence
    assert "影像所在的网址" in sentence
    assert "48小时期限即不开始计算" in sentence


def test_only_an_escalation_speaks_of_earlier_notices() -> None:
    assert "Earlier notice" not in render(TIDA, "en", {**FULL, "prior_reports": []}).body
    body = render(TIDA, "en", FULL).body
    assert "2026-06-01 09:30 UTC, Message-ID <zg-1@centre.example>" in body
    assert "The time for removal has passed" in body


def test_an_earlier_notice_needs_a_time_zone() -> None:
    with pytest.raises(UserMistake):
        prior_report(datetime(2026, 6, 1), "<a@b>")  # noqa: DTZ001 -- what is refused here


HIDDEN = [
    "\n", "\r", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200f",
    "\ufeff", "\u00ad", "\ud800", "\U000e0041", "\u3164", "\u2800",
]  # fmt: skip
ONE_LINERS = ["agent_name", "authority_doc", "signature", "addressee", "case_id", "contact_email", "date", "capacity"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda text: text.encode("unicode_escape").decode())
@pytest.mark.parametrize("name", ONE_LINERS)
def test_a_line_with_a_hidden_character_inside_is_refused_by_field(name: str, hidden: str) -> None:
    value = str(FULL[name])
    with pytest.raises(UserMistake, match=name) as caught:
        render(TIDA, "en", {**FULL, name: f"{value[:2]}{hidden}{value[2:]}"})
    assert value not in str(caught.value)


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda text: text.encode("unicode_escape").decode())
@pytest.mark.parametrize("name", ["addresses", "prior_reports"])
def test_a_list_entry_with_a_hidden_character_inside_is_refused(name: str, hidden: str) -> None:
    with pytest.raises(UserMistake, match=name):
        render(TIDA, "en", {**FULL, name: [f"https://a.example/{hidden}b"]})


@pytest.mark.parametrize("hidden", [text for text in HIDDEN if text not in {"\n", "\r\n"}], ids=ascii)
def test_a_long_text_has_lines_and_nothing_hidden(hidden: str) -> None:
    with pytest.raises(UserMistake, match="consent_statement"):
        render(TIDA, "en", {**FULL, "consent_statement": f"a{hidden}b"})


def test_a_forms_line_ends_become_plain_ones() -> None:
    body = render(TIDA, "en", {**FULL, "consent_statement": "One.\r\nTwo."}).body
    assert "One.\nTwo." in body


@pytest.mark.parametrize("text", ["{{ 7 * 6 }}", "{% raw %}", "{# no #}", "<b>&amp;</b>", "%(x)s {0}"])
def test_a_value_is_written_as_it_stands(text: str) -> None:
    for language in ("en", "zh-Hans"):
        assert text in render(TIDA, language, {**FULL, "consent_statement": text}).body


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contact_email", "no address"),
        ("contact_email", "a@b.example, c@d.example"),
        ("contact_email", "Name <a@b.example>"),
        ("date", "2026-02-30"),
        ("date", "20260601"),
        ("capacity", "aunt"),
        ("nature", "green"),
        ("requested_action", ["revenge"]),
        ("addresses", "https://a.example/"),
        ("addresses", ["https://a.example/"] * 1001),
        ("addresses", ["https://a.example/" + "a" * 2048]),
        ("addresses", True),
        ("signature", ["a"]),
        ("signature", True),
        ("signature", "a" * 2049),
        ("consent_statement", "a" * 20_001),
        ("good_faith_statement", "yes"),
    ],
)
def test_a_value_of_the_wrong_kind_or_size_is_refused_by_field(name: str, value: Value) -> None:
    with pytest.raises(UserMistake, match=name):
        render(TIDA, "en", {**FULL, name: value})


@pytest.mark.parametrize("address", ["a@b", "a.b+c@mail.example", "x@127.example"])
def test_plain_mail_addresses_are_taken(address: str) -> None:
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a@-b", "a@b-.c", "a..b@c", ".a@b", "ä@b", "a@ä"),
        *('"a"@b', "a@b,c", "a" * 65 + "@b", "a@" + "b" * 260),
    ],
)
def test_what_is_no_plain_mail_address_is_not_taken(address: str) -> None:
    assert not is_mail_address(address)
