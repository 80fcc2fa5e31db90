"""The search-by-image trap on a real site: what it shows for anything it is asked gets no notice; a copy does."""

import json
from collections.abc import Iterator

import pytest

from tests.support.made_centre import MadeCentre, make_centre
from tests.support.made_pictures import made_picture, saved
from tests.support.readers import MOMENT
from tests.support.site import Handler, Site, serving
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.notices.groups import unasked
from zaoguang.centre.sightings import reading
from zaoguang.centre.sightings.links import start_check
from zaoguang.centre.sightings.reading import read_check
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes, to_json
from zaoguang.sandbox import Sandbox
from zaoguang.watch import FetchLimits, Reader

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class PowerCut(BaseException):
    """The process ends here; nothing catches it."""


PICTURE = saved(made_picture(21), "JPEG", quality=85)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def found(db: None, site: Site) -> Iterator["Finder"]:
    del db
    centre = make_centre()
    with Sandbox() as sandbox:
        seen = fingerprint_bytes(PICTURE, sandbox)
    assert isinstance(seen, Fingerprint)
    add_items(centre.case, centre.key, read_lines(json.dumps(to_json(seen))), centre.people["supervisor"], MOMENT)
    limits = FetchLimits(wall_seconds=3, silence_seconds=2, link_seconds=20)
    with Reader(site.policy, limits, connections=4, decoders=1) as reader:
        yield Finder(centre, site, reader)


class Finder:
    """Looks at pages of the site and tells which copies a notice may name."""

    def __init__(self, centre: MadeCentre, site: Site, reader: Reader) -> None:
        """Take a centre with her picture, a site, and a reader."""
        self.centre, self.site, self.reader = centre, site, reader

    def look(self, *paths: str) -> dict[str, bool]:
        """Give, for the page of each copy found, whether a notice may name it."""
        pages = tuple(self.site.url(path) for path in paths)
        check = start_check(self.centre.case, pages, self.centre.people["supervisor"], MOMENT)
        read_check(check, self.reader, lambda: MOMENT)
        may = set(unasked(self.centre.case).values_list("pk", flat=True))
        rows = self.centre.case.sightings.all()
        return {paths[pages.index(page)]: row.pk in may for row in rows if (page := row.page()) in pages}


def test_a_real_copy_may_be_named_even_where_a_missing_page_shows_the_newest(found: Finder, site: Site) -> None:
    site.gives("/a.jpg", PICTURE, "image/jpeg")
    site.gives("/thread/1", b"<img src=/a.jpg>")
    site.otherwise = lambda handler: handler.say(404, b"<p>not found; newest:</p><img src=/a.jpg>", "text/html")
    assert found.look("/thread/1") == {"/thread/1": True}


def test_a_page_that_shows_the_picture_its_address_names_may_not(found: Finder, site: Site) -> None:
    site.gives("/a.jpg", PICTURE, "image/jpeg")
    asked = "/byimage?url=https%3A%2F%2Fforum.example%2Fa.jpg"
    site.gives("/byimage", b"<img src=/a.jpg>")
    assert found.look(asked) == {asked: False}


def test_a_site_that_answers_anything_with_her_picture_may_not(found: Finder, site: Site) -> None:
    site.gives("/similar/her", b"<img src=/thumb/her.jpg>")

    site.otherwise = _anything
    assert found.look("/similar/her") == {"/similar/her": False}


def _anything(handler: Handler) -> None:
    if handler.path.endswith(".jpg"):
        handler.say(200, PICTURE, "image/jpeg")
    else:
        handler.say(200, f"<img src=/thumb/{handler.path.rpartition('/')[2]}.jpg>".encode(), "text/html")


def test_a_reader_that_dies_between_finding_and_probing_leaves_nothing_that_a_notice_may_name(
    found: Finder, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search page is on record by then, and looks like a copy; whoever reads next must probe it first."""
    site.gives("/similar/her", b"<img src=/thumb/her.jpg>")
    site.otherwise = _anything
    with monkeypatch.context() as dying:
        dying.setattr(reading, "probe", _dies)
        with pytest.raises(PowerCut):
            found.look("/similar/her")
    (row,) = found.centre.case.sightings.filter(judged_at=None)
    assert row not in unasked(found.centre.case), "nobody knows yet what it is"
    check = found.centre.case.checks.get(state="running")
    read_check(check, found.reader, lambda: MOMENT)  # as the next reader does
    row.refresh_from_db()
    assert (row.on_request, row.judged_at, row.judged_by) == (True, MOMENT, None)
    assert row not in unasked(found.centre.case)


def _dies(*_: object) -> None:
    raise PowerCut
