"""Who stands behind a host: read from recorded answers, asked only of the registers, and the ladder that follows."""

import json
from collections.abc import Callable

import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import OutsideFailure
from zaoguang.notices import DnsAnswers, Step, channel, ladder, read_host
from zaoguang.watch.registers import ask_names, ask_rdap, host_facts


def card(**properties: str) -> list[object]:
    """Give a vCard in JSON (RFC 7095)."""
    return ["vcard", [["version", {}, "text", "4.0"], *([name, {}, "text", text] for name, text in properties.items())]]


DOMAIN = {
    "objectClassName": "domain",
    "ldhName": "forum.example",
    "entities": [
        {"roles": ["registrant"], "vcardArray": card(fn="REDACTED FOR PRIVACY")},
        {
            "roles": ["registrar"],
            "vcardArray": card(fn="Example Registrar Ltd"),
            "entities": [{"roles": ["abuse"], "vcardArray": card(email="abuse@registrar.example")}],
        },
    ],
}
HOSTED = {
    "objectClassName": "ip network",
    "name": "EXAMPLE-HOSTING",
    "country": "NL",
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": card(fn="Example Hosting B.V.", email="info@hosting.example"),
            "entities": [{"roles": ["abuse"], "vcardArray": card(email="abuse@hosting.example")}],
        }
    ],
}
DELIVERED = {"name": "CLOUDFLARENET", "entities": [{"roles": ["abuse"], "vcardArray": card(email="abuse@cdn.example")}]}
ANSWERS: dict[str, object] = {
    "https://data.iana.org/rdap/dns.json": {"services": [[["example"], ["https://rdap.registry.example/v1/"]]]},
    "https://data.iana.org/rdap/ipv4.json": {
        "services": [
            [["192.0.0.0/8"], ["https://rdap.wide.example/"]],
            [["192.0.2.0/24"], ["http://rdap.open.example/", "https://rdap.network.example/"]],
            [["198.51.100.0/24"], ["https://rdap.network.example/"]],
        ]
    },
    "https://rdap.registry.example/v1/domain/forum.example": DOMAIN,
    "https://rdap.network.example/ip/192.0.2.7": HOSTED,
    "https://rdap.network.example/ip/198.51.100.9": DELIVERED,
}


def asker(asked: list[str]) -> Callable[[str], object]:
    """Give an asker that answers from the recording and keeps what it was asked."""

    def ask(address: str) -> object:
        asked.append(address)
        return json.loads(json.dumps(ANSWERS[address])) if address in ANSWERS else None

    return ask


def test_a_host_its_registrar_and_its_network_are_found_by_the_most_exact_register() -> None:
    asked: list[str] = []
    facts = host_facts("img.forum.example", asker(asked), lambda _host: DnsAnswers(("192.0.2.7",)))
    assert (facts.registrar.name, facts.registrar.abuse) == ("Example Registrar Ltd", "abuse@registrar.example")
    (network,) = facts.networks
    assert (network.name, network.country) == ("EXAMPLE-HOSTING", "NL")
    assert (network.holder.name, network.holder.abuse) == ("Example Hosting B.V.", "abuse@hosting.example")
    assert facts.delivered_by == ""
    assert all(address.startswith("https://") for address in asked)
    assert "https://rdap.registry.example/v1/domain/img.forum.example" in asked, "first the name, then the one above"
    assert "RDAP 192.0.2.7: EXAMPLE-HOSTING, Example Hosting B.V., NL" in facts.lines()


def test_behind_a_delivery_network_the_host_is_unknown_and_the_network_is_asked_for_it() -> None:
    facts = host_facts("forum.example", asker([]), lambda _host: DnsAnswers(("198.51.100.9",)))
    assert facts.delivered_by == "Cloudflare"
    rungs = {rung.step: rung for rung in ladder("forum.example", None, facts)}
    assert (rungs[Step.HOST].who, rungs[Step.HOST].address) == ("", "")
    assert (rungs[Step.CDN].who, rungs[Step.CDN].address) == ("Cloudflare", "abuse@cdn.example")


def test_a_numeric_address_asks_no_name() -> None:
    facts = host_facts("192.0.2.7", asker([]), lambda _host: pytest.fail("a number has no name to ask for"))
    assert facts.registrar.name == ""
    assert facts.networks[0].name == "EXAMPLE-HOSTING"


@pytest.mark.parametrize("place", ["", "TW", "kr", "CN", "AU", "FR"])
def test_the_ladder_has_every_rung_in_its_order_and_never_leaves_one_out(place: str) -> None:
    facts = host_facts("forum.example", asker([]), lambda _host: DnsAnswers(("192.0.2.7",)))
    for known in (None, channel("telegram")):
        for seen in (None, facts):
            steps = [rung.step for rung in ladder("forum.example", known, seen, place)]
            assert steps == [step for step in Step if step is not Step.CDN]
    rungs = {rung.step: rung for rung in ladder("t.me", channel("telegram"), facts, place)}
    assert rungs[Step.SITE].address == "abuse@telegram.org"
    assert rungs[Step.HOST].address == "abuse@hosting.example"
    assert rungs[Step.REGULATOR].regime == {
        "TW": "tw-sacpa-13", "KR": "kr-vpa-7-3", "CN": "cn-12377-report", "AU": "au-esafety",
    }.get(place.upper(), "")  # fmt: skip
    assert all(rung.wait_for for rung in rungs.values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["abuse", "registrar", "email"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["entities", "roles", "vcardArray", "name", "country"]), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(json_values, json_values)
def test_whatever_a_register_answers_gives_facts_and_no_error(domain: object, network: object) -> None:
    facts = read_host("forum.example", DnsAnswers(("192.0.2.7",)), domain, {"192.0.2.7": network})
    assert ladder("forum.example", None, facts)
    assert all(line.isprintable() for line in facts.lines())


def test_an_endlessly_nested_answer_and_a_deceiving_name_are_bounded() -> None:
    nested: dict[str, object] = {"roles": ["registrar"]}
    for _level in range(50):
        nested = {"roles": [], "entities": [nested] * 2}
    bad = {
        "name": "NET\u202eTEN",
        "country": "x" * 300,
        "entities": [{"roles": ["abuse"], "vcardArray": card(email="no")}],
    }
    facts = read_host("forum.example", DnsAnswers(), nested, {"192.0.2.7": bad})
    assert facts.registrar.name == ""
    assert (facts.networks[0].name, facts.networks[0].country, facts.networks[0].holder.abuse) == ("", "", "")


@pytest.mark.parametrize(
    "row", [[["example"], 7], [["example"], ["https://[x/", 7]], ["example", ["https://a.example/"]], 7]
)
def test_a_register_s_list_that_is_none_leads_nowhere(row: object) -> None:
    def ask(address: str) -> object:
        return {"services": [row]} if "data.iana.org" in address else pytest.fail(address)

    facts = host_facts("forum.example", ask, lambda _host: DnsAnswers(("192.0.2.7",)))
    assert (facts.registrar.name, facts.networks[0].name) == ("", "")


def test_a_machine_without_a_name_system_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none_here)
    with pytest.raises(OutsideFailure, match=r"forum\.example"):
        ask_names("forum.example")


@pytest.mark.parametrize(
    "address",
    ["http://data.iana.org/rdap/dns.json", "https://forum.example/", "https://data.iana.org.evil.example/rdap/dns.json",
     "https://127.0.0.1/rdap/dns.json", "https://data.iana.org/rdap/\x01", "https://data.iana.org@evil.example/", "file:///etc/passwd"],
)  # fmt: skip
def test_only_the_registers_are_ever_asked(address: str) -> None:
    with pytest.raises(OutsideFailure):
        ask_rdap()(address)
