"""Asking the registers from a process that holds keys: in another one, in bounded time, and nothing taken on trust."""

import json
import sys
from dataclasses import asdict, replace
from functools import partial

import pytest

from tests.unit.watch.test_registers import asker
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.notices import Contact, DnsAnswers, HostFacts
from zaoguang.watch.asking import ask_registers
from zaoguang.watch.registers import host_facts
from zaoguang.watch.registers_child import answer

HOST = "img.forum.example"


def recorded(host: str = HOST) -> HostFacts:
    return host_facts(host, asker([]), lambda _host: DnsAnswers(("192.0.2.7",), ("edge.forum.example",)))


def says(word: str) -> list[str]:
    """Give a process that says that, whatever it is asked."""
    return [sys.executable, "-I", "-c", f"import sys; sys.stdin.read(); sys.stdout.write({word!r})"]


def test_what_the_registers_say_comes_back_whole() -> None:
    word = answer(HOST, asker([]), lambda _host: DnsAnswers(("192.0.2.7",), ("edge.forum.example",)))
    facts = ask_registers(HOST, child=says(word))
    assert facts == recorded()
    assert (facts.registrar.abuse, facts.networks[0].holder.abuse) == (
        "abuse@registrar.example",
        "abuse@hosting.example",
    )


@pytest.mark.slow
def test_the_process_that_asks_has_given_up_all_but_the_network() -> None:
    program = (
        "import zaoguang.watch.registers_child as child, os\n"
        "from zaoguang.notices import DnsAnswers\n"
        "def names(host):\n"
        "    try:\n"
        "        os.write(os.open('/tmp/kept', os.O_CREAT | os.O_WRONLY), b'kept')\n"
        "    except OSError as error:\n"
        "        return DnsAnswers(('198.51.100.9',), (type(error).__name__, str(len(os.environ))))\n"
        "child.ask_names, child.ask_rdap = names, lambda: lambda address: None\n"
        "child.main()\n"
    )
    facts = ask_registers(HOST, child=[sys.executable, "-I", "-B", "-c", program])
    assert facts.dns.addresses == ("198.51.100.9",)
    assert facts.dns.aliases[0] in {"OSError", "PermissionError"}
    assert int(facts.dns.aliases[1]) <= 1, "no environment but what Python sets itself"


@pytest.mark.parametrize(
    "word", ["", "{}", "[]", '{"facts": 7}', "[" * 100_000, "x" * 400_000, '{"facts": {"dns": {}}}']
)
def test_what_is_no_answer_is_one_sentence(word: str) -> None:
    program = f"import sys; sys.stdin.read(); sys.stdout.write({word[:1]!r} * {len(word)})"
    child = says(word) if len(word) < 1000 else [sys.executable, "-I", "-c", program]
    with pytest.raises(OutsideFailure, match="gave no answer in time"):
        ask_registers(HOST, child=child)


def test_who_does_not_answer_is_not_waited_for() -> None:
    with pytest.raises(OutsideFailure, match="gave no answer in time"):
        ask_registers(HOST, seconds=0.2, child=[sys.executable, "-I", "-c", "import time; time.sleep(600)"])


def test_a_process_that_was_taken_over_smuggles_nothing_in() -> None:
    false = replace(recorded(), registrar=Contact("Registrar", "not an address"), delivered_by="")
    assert ask_registers(HOST, child=says(json.dumps({"facts": asdict(false)}))).registrar.abuse == ""
    for name in ("bad\nname", "x" * 401, "\u202eevil"):
        hidden = json.dumps({"facts": asdict(replace(false, registrar=Contact(name, "")))})
        with pytest.raises(OutsideFailure):
            ask_registers(HOST, child=says(hidden))
    many = replace(false, dns=DnsAnswers(("192.0.2.7",) * 65))
    with pytest.raises(OutsideFailure):
        ask_registers(HOST, child=says(json.dumps({"facts": asdict(many)})))


def test_no_zone_and_no_name_in_a_register_can_keep_the_rest_from_being_told() -> None:
    zone = DnsAnswers(("192.0.2.7",) * 65, ("x" * 401, "edge.forum.example"), ("ns.forum.example",) * 65)
    facts = ask_registers(HOST, child=says(answer(HOST, asker([]), lambda _host: zone)))
    assert (facts.dns.aliases, facts.registrar.abuse) == (("edge.forum.example",), "abuse@registrar.example")
    for name, told in (("例\u3000会社", "例 会社"), ("A\xa0B", "A B"), ("\ue000", "")):
        word = answer("192.0.2.7", partial(_registers, name), lambda _host: zone)
        assert [each.name for each in ask_registers(HOST, child=says(word)).networks] == [told]


def _registers(name: str, address: str) -> object:
    row = [["192.0.2.0/24"], ["https://rdap.example/"]]
    return {"services": [row]} if "data.iana.org" in address else {"name": name}


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[::1]", "::1", "169.254.169.254", "localhost"])
def test_no_register_is_asked_about_this_machine_or_a_private_network(host: str) -> None:
    with pytest.raises(UserMistake, match="private network"):
        ask_registers(host, child=["/nowhere/this-would-fail-otherwise"])
