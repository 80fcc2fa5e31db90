"""A batch of 50 addresses over 10 platforms: from match to notice ready with one yes, through the real pages."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django.fixtures import Settings

from tests.support.batch import ADDRESSES, PLATFORMS, plant, platforms
from tests.support.made_centre import fingerprint_line
from zaoguang.casework import NoticeState, Role
from zaoguang.centre.accounts.joining import join
from zaoguang.centre.cases.models import Case
from zaoguang.centre.clock import now
from zaoguang.centre.keyring import make_keys
from zaoguang.centre.notices.groups import known_channels
from zaoguang.centre.places import places
from zaoguang.rehearsal.cast import WIDE, Cast
from zaoguang.rehearsal.play import Play
from zaoguang.rehearsal.stage import PASSPHRASE, Stage, StageSettings
from zaoguang.rehearsal.visitor import Visitor
from zaoguang.rehearsal.world import channels_of

PORTS = {site.name: 40_000 + number for number, site in enumerate(WIDE)}


@pytest.fixture
def scene(db: None, settings: Settings, tmp_path: Path) -> Iterator[Play]:
    """Give a person at the pages of a centre that knows the rehearsal's platforms; no other process runs."""
    del db
    channels = tmp_path / "channels.yaml"
    channels.write_text(channels_of(WIDE, PORTS))
    settings.CHANNELS_FILE = str(channels)
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    known_channels.cache_clear()
    make_keys(places())
    join("lin", PASSPHRASE, Role.SUPERVISOR)
    stage = Stage(StageSettings(tmp_path, cast=Cast.WIDE))
    stage.world = {"copies": [], "traps": []}
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's own test client: the test's transaction goes on
    with Visitor("http://127.0.0.1", httpx.WSGITransport(app=WSGIHandler())) as visitor:
        visitor.log_in("lin", PASSPHRASE)
        yield Play(stage, visitor, lambda _step: None)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    known_channels.cache_clear()


def test_fifty_addresses_over_ten_platforms_take_one_yes(scene: Play) -> None:
    scene.open_case("Lotus")
    scene.add_items(fingerprint_line(1))
    case = Case.objects.get(pk=UUID(scene.case.strip("/").rpartition("/")[2]))
    plant(case, platforms(), PORTS, now())
    assert scene.make_ready()
    ready = scene.ready[0]
    assert (ready.addresses, ready.platforms, ready.notices) == (ADDRESSES, PLATFORMS, PLATFORMS) == (50, 10, 10)
    assert (ready.confirmations, ready.clicks) == (1, 3)
    assert scene.fields_missing == 0
    assert len(set(case.notices.values_list("regime", flat=True))) == 10
    assert set(case.notices.values_list("state", flat=True)) == {NoticeState.CONFIRMED, NoticeState.SENDING}
    assert not scene.make_ready(), "nobody is left to be asked"
