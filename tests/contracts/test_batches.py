"""What the page of new notices offers: as many copies a day as a channel takes, and no address that is asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.made_centre import ANSWERS, MadeCentre, client_of, make_centre, text_of
from tests.support.readers import MOMENT
from zaoguang import notices
from zaoguang.centre.clock import now
from zaoguang.centre.notices import drafting, groups
from zaoguang.centre.notices.models import Notice, Route
from zaoguang.notices import Limit

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(db: None) -> MadeCentre:
    del db
    made = make_centre()
    Notice.objects.update(state="withdrawn")
    return made


def offered(centre: MadeCentre, days: int = 0) -> tuple[int, int]:
    """Give how many copies the page offers on a day, and how many it holds back."""
    found = groups.open_groups(centre.case, MOMENT + timedelta(days=days))
    return sum(len(group.sightings) for group in found), sum(group.later for group in found)


def test_a_channel_is_offered_what_it_takes_in_a_day_and_the_rest_the_day_after(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(groups.unasked(centre.case))
    assert len(rows) > 1
    hosts = tuple({row.page().split("/")[2].partition(":")[0] for row in rows})
    slow = replace(notices.channel("telegram"), id="slow", hosts=hosts, limit=Limit(per_day=1))
    monkeypatch.setattr(groups, "known_channels", lambda: (slow,))
    assert offered(centre) == (1, len(rows) - 1)
    (group,) = groups.open_groups(centre.case, MOMENT)
    door = drafting.Door("us-take-it-down", "slow", Route.EMAIL, "abuse@slow.example", "en")
    drafting.draft(centre.case, centre.key, door, group.sightings, ANSWERS, centre.people["caseworker"], MOMENT)
    assert offered(centre)[0] == 0
    assert offered(centre, days=2)[0] == 1
    Notice.objects.filter(channel="slow").update(made_at=now())
    answer = client_of("caseworker").post(f"/cases/{centre.case.pk}/notices/new/", {"group": ["slow"]})
    assert answer.status_code == 422
    assert "take no more today" in text_of(answer)


def test_an_address_that_an_open_notice_names_is_not_offered_again(centre: MadeCentre) -> None:
    before = sum(offered(centre))
    first = groups.unasked(centre.case).order_by("seen_at", "id").first()
    assert first is not None
    door = drafting.Door("us-take-it-down", "", Route.EMAIL, "abuse@a.example", "en")
    made = drafting.draft(centre.case, centre.key, door, [first], ANSWERS, centre.people["caseworker"], MOMENT)
    named = {notices.same_address(each) for each in drafting.addresses_of(made)}
    for group in groups.open_groups(centre.case, MOMENT):
        for row in group.sightings:
            assert not {notices.same_address(each) for each in (row.page(), row.picture()) if each} <= named
    assert sum(offered(centre)) < before


def test_limits_count_the_addresses_that_notices_name_and_not_the_copies(
    centre: MadeCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(groups.unasked(centre.case))
    hosts = tuple({row.page().split("/")[2].partition(":")[0] for row in rows})
    narrow = replace(notices.channel("telegram"), id="narrow", hosts=hosts, limit=Limit(per_notice=2, per_day=2))
    monkeypatch.setattr(groups, "known_channels", lambda: (narrow,))
    (group,) = groups.open_groups(centre.case, MOMENT)
    named = {notices.same_address(each) for row in group.sightings for each in (row.page(), row.picture()) if each}
    assert 0 < len(named) <= 2
    door = drafting.Door("us-take-it-down", "narrow", Route.EMAIL, "abuse@narrow.example", "en")
    (batch,) = group.batches
    drafting.draft(centre.case, centre.key, door, batch, ANSWERS, centre.people["caseworker"], MOMENT)
    assert offered(centre) == (0, len(rows) - len(batch))
