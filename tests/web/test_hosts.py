"""Who answers for a host: the ladder at once and without the network, its names when somebody asks the registers."""

from typing import Never

import pytest
from django.urls import reverse

from tests.support.made_centre import MadeCentre, client_of, text_of
from tests.unit.watch.test_registers import asker
from zaoguang.centre.notices import hosts
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import OutsideFailure
from zaoguang.notices import DnsAnswers, HostFacts
from zaoguang.watch.registers import host_facts

pytestmark = pytest.mark.django_db
ASK = {"ask": "registers"}


def _recorded(host: str) -> HostFacts:
    number = "192.0.2.7" if host == "forum.example" else "198.51.100.9"
    return host_facts(host, asker([]), lambda _host: DnsAnswers((number,)))


def _nobody(host: str) -> Never:
    raise AssertionError(f"{host} was asked about")


def _page(centre: MadeCentre) -> str:
    copy = centre.case.sightings.order_by("pk").first()
    assert copy is not None
    write_b(copy, "page_address", "https://forum.example/t/8")
    write_b(copy, "picture_address", "https://img.host.example/8.jpg")
    Sighting.objects.filter(pk=copy.pk).update(page_address=copy.page_address, picture_address=copy.picture_address)
    return reverse("host", kwargs={"case_id": centre.case.pk, "sighting_id": copy.pk})


def test_the_ladder_is_there_at_once_and_nobody_is_asked(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "ask_registers", _nobody)
    page = _page(centre)
    said = text_of(client_of("caseworker").get(page))
    for each in ("Who hosts it", "Where its name is registered", "Search engines", "The police", "48 hours"):
        assert each in said
    assert "Ask the registers" in said
    assert "Not known yet" in said
    assert "forum.example" not in page, "no host stands in an address of the centre"
    assert "谁托管它" in text_of(client_of("caseworker", "zh-hans").get(page))


def test_whoever_asks_gets_the_abuse_desks_of_page_and_picture(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(host: str) -> HostFacts:
        asked.append(host)
        return _recorded(host)

    monkeypatch.setattr(hosts, "ask_registers", ask)
    client, page = client_of("caseworker"), _page(centre)
    said = text_of(client.post(page, ASK))
    assert "Example Hosting B.V." in said
    assert "abuse@hosting.example" in said
    assert "abuse@registrar.example" in said
    assert "?of=picture" in said
    said = text_of(client.post(page + "?of=picture", ASK))
    assert "Cloudflare" in said
    assert "abuse@cdn.example" in said
    client.post(page + "?of=https://evil.example/", {**ASK, "host": "evil.example"})
    assert asked == ["forum.example", "img.host.example", "forum.example"], "only what the case's own copies name"


def test_a_refusal_is_one_sentence_and_the_ladder_stays(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(host: str) -> Never:
        raise OutsideFailure(f"Nobody answered about {host}.")

    monkeypatch.setattr(hosts, "ask_registers", ask)
    client, page = client_of("caseworker"), _page(centre)
    answer = client.post(page, ASK)
    assert answer.status_code == 422
    assert "Nobody answered about forum.example." in text_of(answer)
    assert "Ask the registers" in text_of(answer)
    monkeypatch.setattr(hosts, "ask_registers", _nobody)
    assert client.post(page, {}).status_code == 422
    for _ in range(2):
        hosts._AT_ONCE.acquire()
    try:
        assert "try again in a moment" in text_of(client.post(page, ASK))
    finally:
        hosts._AT_ONCE.release(2)
    client_of("supervisor").post(reverse("close", kwargs={"case_id": centre.case.pk}))
    assert "closed" in text_of(client.post(page, ASK))


def test_a_picture_that_is_part_of_its_page_has_no_host(centre: MadeCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "ask_registers", _nobody)
    page = _page(centre)
    copy = centre.case.sightings.order_by("pk")[0]
    write_b(copy, "picture_address", "inline:sha256:00")
    Sighting.objects.filter(pk=copy.pk).update(picture_address=copy.picture_address)
    assert "no host of its own" in text_of(client_of("caseworker").post(page + "?of=picture", ASK))


def test_who_drafts_for_an_unknown_host_is_led_there(centre: MadeCentre) -> None:
    said = text_of(client_of("caseworker").get(reverse("new_notices", kwargs={"case_id": centre.case.pk})))
    assert "/host/" in said
