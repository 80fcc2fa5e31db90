"""The world as a process: pages whose pictures are all there, platforms that answer notices, the same after a kill."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.unit.rehearsal.processes import kill_nine, running, waited
from zaoguang.notices import Text, channel_for, channels, compose
from zaoguang.rehearsal.cast import WIDE, Character
from zaoguang.rehearsal.journal import Journal
from zaoguang.rehearsal.mailbox import JOURNAL
from zaoguang.watch.page import job

pytestmark = pytest.mark.slow  # seconds as a whole

WORLD = "zaoguang.rehearsal.world"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUNK = "/asset/"


class Visit:
    """A running world, looked at over HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = httpx.Client(trust_env=False, timeout=20)
        self.told: dict[str, Any] = json.loads((folder / "world.json").read_text())

    def control(self, hours: float | None = None, token: str = "") -> httpx.Response:
        headers = {"X-World-Token": token or self.told["token"]}
        if hours is None:
            return self.client.get(self.told["control"], headers=headers)
        now = (START + timedelta(hours=hours)).isoformat()
        return self.client.post(self.told["control"], json={"now": now}, headers=headers)

    def copies_of(self, character: Character, route: str = "email") -> list[dict[str, Any]]:
        sites = {site.name for site in WIDE if site.character is character and site.route == route}
        return [copy for copy in self.told["copies"] if copy["site"] in sites]

    def status(self, address: str) -> int:
        return self.client.get(address).status_code

    def pictures_on(self, page: str) -> list[str]:
        answer = self.client.get(page)
        assert answer.status_code == 200
        found = job(answer.content, {"address": page, "charset": "", "pictures": 400})["pictures"]
        return [str(each) for each in found if JUNK not in str(each)]

    def write(self, site: str, addresses: list[str], number: int, hours: float) -> None:
        """Put a notice into the mailbox's journal, as the mailbox does."""
        recipient = f"abuse@{site}.example"
        body = Text("Notice", "Please remove:\n\n" + "\n".join(addresses) + "\n")
        at = START + timedelta(hours=hours)
        message = compose(body, "notices@support.example", recipient, f"<n{number}@support.example>", at)
        mailbox = self.folder / "mailbox"
        mailbox.mkdir(exist_ok=True)
        journal = Journal(mailbox / JOURNAL)
        journal.append(
            {"at": "", "sender": "notices@support.example", "to": [recipient], "message": b64encode(message).decode()}
        )
        journal.close()


@contextmanager
def visiting(folder: Path) -> Iterator[Visit]:
    """Wait until the world of that folder is up, and look at it."""
    waited((folder / "world.json").exists)
    visit = Visit(folder)
    with visit.client:
        yield visit


def words(folder: Path) -> list[str]:
    return ["--seed", "1", "--copies", "18", "--cast", "wide", "--folder", str(folder), "--now", START.isoformat()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Visit]:
    with running(WORLD, *words(tmp_path)), visiting(tmp_path) as visit:
        yield visit


def test_every_copy_is_on_its_page_and_can_be_had(world: Visit) -> None:
    assert len(world.told["copies"]) == 18
    shown = {page: world.pictures_on(page) for page in world.told["pages"]}
    kept = [pictures for page, pictures in shown.items() if page not in world.told["traps"]]
    assert sum(len(pictures) for pictures in kept) == 18 + world.told["decoys"]
    for copy in world.told["copies"]:
        assert copy["picture"] in shown[copy["page"]]
        answer = world.client.get(copy["picture"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")


def test_nothing_refers_outside(world: Visit) -> None:
    ports = set(world.told["ports"])
    for page in world.told["pages"]:
        for picture in world.pictures_on(page):
            assert urlsplit(picture).hostname == "127.0.0.1"
            assert urlsplit(picture).port in ports
    assert b"://" not in b"".join(world.client.get(page).content for page in world.told["pages"])


def test_its_platforms_are_channels_as_the_notices_room_reads_them(world: Visit) -> None:
    known = channels(world.folder / "channels.yaml")
    for copy in world.told["copies"]:
        found = channel_for(copy["page"], known)
        assert found is not None
        assert found.id == copy["site"]


def test_platforms_answer_by_their_characters(world: Visit) -> None:
    for number, character in enumerate(Character):
        for copy in world.copies_of(character):
            world.write(copy["site"], [copy["picture"]], number, 0)
    world.control(9)
    seen = {
        character: {world.status(copy["picture"]) for copy in world.copies_of(character)}
        for character in Character
        if character is not Character.DIES
    }
    assert seen[Character.HOURS] <= {404, 410}
    assert seen[Character.RETURNS] <= {404, 410}
    assert seen[Character.GEOBLOCKS] == {451}
    assert seen[Character.ESCALATION] == seen[Character.REFUSES] == seen[Character.SILENT] == {200}
    replies = {reply["site"]: reply["says"] for reply in world.control().json()["replies"]}
    says = {site.character: replies.get(site.name, "") for site in WIDE if site.route == "email"}
    assert says[Character.REFUSES] == "refused"
    assert says[Character.SILENT] == ""
    assert says[Character.HOURS] == "receipt"
    assert says[Character.ASKS] == "asks"


def test_what_hides_does_not_answer_as_what_is_gone_does(world: Visit) -> None:
    hiding = (Character.WALLS, Character.GATES, Character.SAYS_GONE, Character.CLOSES, Character.REPLACES)
    copies = {character: world.copies_of(character)[0] for character in hiding}
    before = world.client.get(copies[Character.REPLACES]["picture"]).content
    dying = world.copies_of(Character.DIES)[0]
    assert world.status(dying["picture"]) == 200
    world.write(dying["site"], [dying["picture"]], len(hiding), 0)
    for number, copy in enumerate(copies.values()):
        world.write(copy["site"], [copy["picture"]], number, 0)
    world.control(6)
    statuses = {
        character: (world.status(copy["page"]), world.status(copy["picture"])) for character, copy in copies.items()
    }
    assert statuses == {
        Character.WALLS: (200, 403),
        Character.GATES: (200, 200),
        Character.SAYS_GONE: (200, 200),
        Character.CLOSES: (200, 404),
        Character.REPLACES: (200, 200),
    }
    instead = world.client.get(copies[Character.REPLACES]["picture"])
    assert instead.headers["content-type"] == "image/jpeg"
    assert instead.content != before
    for address in (dying["page"], dying["picture"]):
        with pytest.raises((httpx.ConnectError, httpx.RemoteProtocolError)):
            world.status(address)
    with pytest.raises(httpx.ConnectError):
        httpx.get(dying["page"], trust_env=False)
    assert 'type="password"' in world.client.get(copies[Character.WALLS]["page"]).text
    assert "text/html" in world.client.get(copies[Character.SAYS_GONE]["picture"]).headers["content-type"]


def test_a_trap_shows_what_it_is_asked_for_and_keeps_nothing(world: Visit) -> None:
    pages = world.told["traps"]
    assert len(pages) == 4
    assert set(pages) < set(world.told["pages"])
    shown = [picture for page in pages for picture in world.pictures_on(page)]
    assert {world.status(picture) for picture in shown} == {200}
    assert world.client.get(shown[0]).content == world.client.get(world.told["copies"][0]["picture"]).content
    echo, mirror = pages[0].partition("?")[0], pages[-1].rpartition("/")[0]
    assert world.status(world.pictures_on(f"{echo}?picture=nothing")[0]) == 404
    assert world.status(world.pictures_on(f"{mirror}/never-seen")[0]) == 200
    assert not {copy["page"] for copy in world.told["copies"]} & set(pages)


def test_what_is_gone_from_a_page_comes_back_on_it_at_another_address(world: Visit) -> None:
    copy = world.copies_of(Character.RETURNS)[0]
    world.write(copy["site"], [copy["picture"]], 1, 0)
    world.control(6)
    assert not {copy["picture"], copy["again"]} & set(world.pictures_on(copy["page"]))
    world.control(world.told["return_after_hours"])
    assert copy["again"] in world.pictures_on(copy["page"])
    assert world.status(copy["again"]) == 200
    assert world.status(copy["picture"]) in {404, 410}


def test_a_report_form_takes_addresses_and_gives_a_receipt(world: Visit) -> None:
    copy = world.copies_of(Character.HOURS, "form")[0]
    form = next(each.address for each in channels(world.folder / "channels.yaml") if each.id == copy["site"])
    given = {
        "addresses": copy["picture"],
        "statement": "no consent",
        "name": "A",
        "email": "a@b.example",
        "signature": "A",
    }
    assert world.client.get(form).status_code == 200
    assert world.client.post(form, data={**given, "addresses": "the one with the boat"}).status_code == 422
    assert world.client.post(form, data={**given, "signature": ""}).status_code == 422
    answer = world.client.post(form, data=given)
    assert answer.status_code == 200
    assert f"{copy['site']}-0001" in answer.text
    assert world.status(copy["picture"]) == 200
    world.control(6)
    assert world.status(copy["picture"]) in {404, 410}


def test_the_control_asks_for_its_token_and_time_never_goes_back(world: Visit) -> None:
    assert world.control(token="wrong").status_code == 403
    assert world.control(100, token="wrong").status_code == 403
    world.control(5)
    assert datetime.fromisoformat(world.control(2).json()["now"]) == START + timedelta(hours=5)


def test_it_is_the_same_world_after_kill_nine(tmp_path: Path) -> None:
    with running(WORLD, *words(tmp_path)) as child, visiting(tmp_path) as before:
        copy = before.copies_of(Character.HOURS)[0]
        before.write(copy["site"], [copy["picture"]], 1, 0)
        before.control(6)
        bytes_before = [before.client.get(each["picture"]).content for each in before.told["copies"]]
        kill_nine(child)
    (tmp_path / "world.json").unlink()
    with running(WORLD, *words(tmp_path)), visiting(tmp_path) as after:
        assert {**after.told, "token": ""} == {**before.told, "token": ""}
        assert after.status(copy["picture"]) in {404, 410}
        assert [after.client.get(each["picture"]).content for each in after.told["copies"]] == bytes_before
