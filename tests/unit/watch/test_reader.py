"""The reader as callers use it: every link exactly once, whatever the sites, or the reader itself, do."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.made_pictures import made_picture, saved
from tests.unit.watch.loopback import Handler, Site
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Fingerprint, Reason, Unhashable, fingerprint_picture
from zaoguang.sandbox import Sandbox
from zaoguang.watch import AddressPolicy, Fetched, FetchLimits, PageReport, PictureSeen, Reader, Unread

pytestmark = pytest.mark.slow  # seconds as a whole

JPEG = saved(made_picture(1), "JPEG", quality=80)
PNG = saved(made_picture(2, 200, 150), "PNG")
Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def reader(site: Site) -> Iterator[Reader]:
    with Reader(site.policy, FetchLimits(wall_seconds=5), connections=4, decoders=1) as reader:
        yield reader


def one(reader: Reader, address: str, *also: str) -> PageReport:
    (report,) = reader.read([("only", address)], also={"only": also})
    assert (report.link, report.address) == ("only", address)
    return report


def fingerprint_of(content: bytes) -> Fingerprint | Unhashable:
    with Sandbox() as sandbox:
        return fingerprint_picture(content, sandbox)


def test_a_page_and_its_pictures(site: Site, reader: Reader) -> None:
    first, second = site.gives("/a.jpg", JPEG, "image/jpeg"), site.gives("/b.png", PNG, "image/png")
    site.gives("/words.jpg", b"<p>no picture", "image/jpeg")
    page = site.gives("/p", b"<img src=a.jpg><img src=/b.png><img src=words.jpg><img src=gone.jpg>")
    report = one(reader, page)
    assert isinstance(report.page, Fetched)
    assert [picture.address for picture in report.pictures] == [
        first,
        second,
        site.url("/words.jpg"),
        site.url("/gone.jpg"),
    ]
    assert report.pictures[0].result == fingerprint_of(JPEG)
    assert report.pictures[1].result == fingerprint_of(PNG)
    assert report.pictures[2].result == Unhashable(Reason.NOT_A_PICTURE)
    assert isinstance(report.pictures[3].fetched, Fetched)
    assert (report.pictures[3].fetched.status, report.pictures[3].result) == (404, None)
    assert report.left_out == 0


@pytest.mark.parametrize("content_type", ["image/jpeg", "application/octet-stream", "text/html"])
def test_a_link_may_be_a_picture(site: Site, reader: Reader, content_type: str) -> None:
    report = one(reader, site.gives("/a", JPEG, content_type))
    (picture,) = report.pictures
    assert picture == PictureSeen(site.url("/a"), report.page, fingerprint_of(JPEG))


def test_a_picture_written_into_a_page_is_fingerprinted(site: Site, reader: Reader) -> None:
    html = b'<img src="data:image/jpeg;base64,' + base64.b64encode(JPEG) + b'">'
    (picture,) = one(reader, site.gives("/p", html)).pictures
    assert picture.address.startswith("inline:sha256:")
    assert picture.result == fingerprint_of(JPEG)


def test_a_picture_that_the_page_shows_no_longer_is_looked_at_all_the_same(site: Site, reader: Reader) -> None:
    shown, hidden = site.gives("/a.jpg", JPEG, "image/jpeg"), site.gives("/b.png", PNG, "image/png")
    page = site.gives("/p", b"<img src=/a.jpg>")
    report = one(reader, page, shown, hidden)
    assert [(picture.address, picture.on_page) for picture in report.pictures] == [(shown, True), (hidden, False)]
    assert report.pictures[1].result == fingerprint_of(PNG)
    (beside,) = one(reader, "http://no-such-scheme:0/", hidden).pictures
    assert beside.result == fingerprint_of(PNG)


def test_login_form_is_told(site: Site, reader: Reader) -> None:
    assert one(reader, site.gives("/p", b"<input type=password>")).signals.login_form


def test_a_page_that_is_no_page_counts_as_something_left_out(site: Site, reader: Reader) -> None:
    assert one(reader, site.gives("/p", b"%PDF-1.7", "application/pdf")).left_out == 1


def test_pictures_beyond_the_limit_are_counted_and_not_fetched(site: Site) -> None:
    page = site.gives("/p", "".join(f"<img src={n}.jpg>" for n in range(10_000)).encode())
    with Reader(site.policy, FetchLimits(pictures_per_page=5), connections=4, decoders=1) as reader:
        report = one(reader, page)
    assert (len(report.pictures), report.left_out) == (5, 9_995)
    assert len(site.asked) == 6


def test_one_picture_on_many_pages_is_fetched_once_in_a_batch(site: Site, reader: Reader) -> None:
    site.gives("/a.jpg", JPEG, "image/jpeg")
    links = [(f"{n}", site.gives(f"/p{n}", b"<img src=/a.jpg>")) for n in range(12)]
    assert all(isinstance(report.pictures[0].result, Fingerprint) for report in reader.read(links))
    assert site.asked.count("/a.jpg") == 1
    list(reader.read(links))
    assert site.asked.count("/a.jpg") == 2, "a later batch looks anew"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("file:///etc/passwd", Unread.FORBIDDEN_SCHEME),
        ("javascript:alert(1)", Unread.FORBIDDEN_SCHEME),
        ("http://user:word@127.0.0.1/", Unread.BAD_ADDRESS),
        ("http://169.254.169.254/", Unread.FORBIDDEN_ADDRESS),
        ("http://127.0.0.1:1/", Unread.FORBIDDEN_ADDRESS),
        ("http://\ud800/\n", Unread.BAD_ADDRESS),
        ("http://127.0.0.1/" + "x" * 100_000, Unread.BAD_ADDRESS),
        ("", Unread.BAD_ADDRESS),
    ],
)
def test_what_may_not_be_read_says_why(reader: Reader, address: str, why: Unread) -> None:
    assert one(reader, address).page is why


def test_pictures_that_lead_inwards_are_refused(site: Site, reader: Reader) -> None:
    page = site.gives("/p", b"<img src=http://169.254.169.254/a.jpg><img src=http://10.1.2.3/b.jpg>")
    assert [picture.fetched for picture in one(reader, page).pictures] == [Unread.FORBIDDEN_ADDRESS] * 2


def test_the_default_policy_reads_nothing_here(site: Site) -> None:
    with Reader(AddressPolicy(), connections=1, decoders=1) as reader:
        assert one(reader, site.gives("/p", b"x")).page is Unread.FORBIDDEN_ADDRESS
    assert site.asked == []


def test_a_slow_site_costs_its_own_pictures_only(site: Site) -> None:
    site.gives("/a.jpg", JPEG, "image/jpeg")
    site.answers["/slow.jpg"] = lambda handler: handler.say_raw([b"HTTP/1.1 200 OK\r\n", b"late"], pause=30)
    page = site.gives("/p", b"<img src=/slow.jpg><img src=/a.jpg>")
    with Reader(site.policy, FetchLimits(wall_seconds=1), connections=2, decoders=1) as reader:
        report = one(reader, page)
    assert report.pictures[0].fetched is Unread.TIMED_OUT
    assert isinstance(report.pictures[1].result, Fingerprint)


def test_a_link_has_a_limit_as_a_whole(site: Site) -> None:
    site.answers["/slow.jpg"] = lambda handler: handler.say_raw([b"HTTP/1.1 200 OK\r\n", b"late"], pause=30)
    page = site.gives("/p", b"".join(b"<img src=/slow.jpg?%d>" % n for n in range(100)))
    limits = FetchLimits(wall_seconds=20, link_seconds=1)
    began = time.monotonic()
    with Reader(site.policy, limits, connections=2, decoders=1) as reader:
        report = one(reader, page)
    assert [picture.fetched for picture in report.pictures] == [Unread.TIMED_OUT] * 100
    assert time.monotonic() - began < 20


def test_when_the_reader_dies_every_link_still_comes_back_once(site: Site, reader: Reader, until: Until) -> None:
    held = threading.Event()

    def hold(handler: Handler) -> None:
        held.wait(20)
        handler.say(200, b"<p>late")

    for number in range(3):
        site.answers[f"/hold{number}"] = hold
    links = [(f"hold{n}", site.url(f"/hold{n}")) for n in range(3)]
    links += [(f"{n}", site.gives(f"/p{n}", b"<p>words")) for n in range(20)]

    def kill() -> None:
        until(lambda: len([path for path in site.asked if path.startswith("/hold")]) == 3)
        os.kill(reader.pid or 0, signal.SIGKILL)
        held.set()

    killer = threading.Thread(target=kill)
    killer.start()
    reports = list(reader.read(links))
    killer.join()
    assert sorted(report.link for report in reports) == sorted(link for link, _ in links)
    assert {report.address for report in reports} == {address for _, address in links}
    died = {report.link for report in reports if report.page is Unread.READER_DIED}
    assert {"hold0", "hold1", "hold2"} <= died
    assert len(died) <= 4, "no more than were under way"
    assert all(isinstance(report.page, Fetched) for report in reports if report.link not in died)


def test_a_reading_that_is_given_up_leaves_nothing_behind_for_the_next(site: Site, reader: Reader) -> None:
    links = [(f"{n}", site.gives(f"/p{n}", b"<p>words")) for n in range(8)]
    reading = reader.read(links)
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # it is a generator
    report = one(reader, site.gives("/new", b"x"))
    assert isinstance(report.page, Fetched)
    assert report.page.address == site.url("/new")


def test_two_readings_at_a_time_are_refused(site: Site, reader: Reader) -> None:
    links = [("1", site.gives("/p", b"x")), ("2", site.url("/p"))]
    reading = reader.read(links)
    next(reading)
    with pytest.raises(UserMistake):
        next(reader.read(links))
    assert len(list(reading)) == 1


@pytest.mark.parametrize("links", [[(str(n), "") for n in range(501)], [("same", "a"), ("same", "b")]])
def test_too_many_links_or_ids_that_repeat_are_refused_at_once(links: list[tuple[str, str]]) -> None:
    with Reader(AddressPolicy()) as reader, pytest.raises(UserMistake):
        reader.read(links)


def test_the_reader_ends_when_its_parent_is_killed(until: Until) -> None:
    """Even when a fork of the parent lives on and holds the other end of the reader's pipe open."""
    program = (
        "import os, time\n"
        "from zaoguang.watch import AddressPolicy, Reader\n"
        "reader = Reader(AddressPolicy(), connections=1, decoders=1)\n"
        "list(reader.read([('1', 'nonsense')]))\n"
        "if os.fork() == 0:\n"
        "    os.close(1)\n"
        "    os.read(0, 1)\n"
        "    os._exit(0)\n"
        "print(reader.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert state(pid) != "Z"
        parent.kill()
        until(lambda: state(pid) == "Z")


def state(pid: int) -> str:
    """The state of a process as the kernel writes it; Z when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"
