"""Fetching against servers that do their worst: each attack is mounted, seen to be mounted, and seen to fail."""

import gzip
import hashlib
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat

import pytest

from tests.unit.watch.loopback import Handler, Site
from zaoguang.watch import AddressPolicy, FetchLimits, Unread
from zaoguang.watch.connect import Resolve, look_up
from zaoguang.watch.fetch import Answer, Fetcher

LIMITS = FetchLimits(page_bytes=100_000, picture_bytes=200_000, wall_seconds=5, silence_seconds=2)
Fetch = Callable[..., Answer | Unread]


@pytest.fixture
def fetch(site: Site) -> Iterator[Fetch]:
    made: list[Fetcher] = []

    def fetch(
        address: str,
        *,
        limits: FetchLimits = LIMITS,
        policy: AddressPolicy | None = None,
        resolve: Resolve = look_up,
        again: bool = False,
    ) -> Answer | Unread:
        if not again:
            made.append(Fetcher(policy or site.policy, limits, connections=2, resolve=resolve))
        return made[-1].fetch(address)

    yield fetch
    for fetcher in made:
        fetcher.close()


def read(answer: Answer | Unread) -> Answer:
    assert isinstance(answer, Answer), answer
    return answer


def noted(sent: list[int], *parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give the pieces one by one, noting each that was asked for."""
    for piece in chain(*parts):
        sent.append(len(piece))
        yield piece


def test_what_was_seen_is_recorded(site: Site, fetch: Fetch) -> None:
    address = site.gives("/page", b"<p>hello", Server="rehearsal", X_Secret="no", Set_Cookie="visitor=7", ETag='"a"')
    answer = read(fetch(address))
    fetched = answer.fetched
    assert answer.untrusted_body == b"<p>hello"
    assert (fetched.address, fetched.final_address, fetched.status, fetched.ip) == (address, address, 200, "127.0.0.1")
    assert (fetched.size, fetched.sha256) == (8, hashlib.sha256(b"<p>hello").hexdigest())
    assert fetched.started_at.tzinfo is not None
    assert fetched.started_at <= fetched.finished_at
    headers = dict(fetched.headers)
    assert headers["etag"] == '"a"'
    assert not {"set-cookie", "x-secret"} & set(headers)


@pytest.mark.parametrize("status", [200, 403, 404, 410, 451, 500])
def test_any_status_is_an_answer(site: Site, fetch: Fetch, status: int) -> None:
    assert read(fetch(site.gives("/x", b"words", status=status))).fetched.status == status


def test_headers_cannot_carry_control_codes_into_evidence(site: Site, fetch: Fetch) -> None:
    reply = b"HTTP/1.1 200 OK\r\nServer: a\xe2\x80\xaeb\r\nVia: " + b"v" * 5000 + b"\r\nContent-Length: 0\r\n\r\n"
    site.answers["/x"] = lambda handler: handler.say_raw([reply])
    headers = dict(read(fetch(site.url("/x"))).fetched.headers)
    assert all(value.isprintable() and len(value) <= 600 for value in headers.values())
    assert headers["server"] != "ab"


def test_redirects_are_followed_and_recorded(site: Site, fetch: Fetch) -> None:
    site.redirects("/a", "/b?x=1", status=301)
    site.redirects("/b", site.url("/c"), status=307)
    site.gives("/c", b"here")
    fetched = read(fetch(site.url("/a"))).fetched
    assert [(hop.status, hop.location) for hop in fetched.redirects] == [
        (301, site.url("/b?x=1")),
        (307, site.url("/c")),
    ]
    assert (fetched.address, fetched.final_address) == (site.url("/a"), site.url("/c"))


def test_redirect_loop_ends(site: Site, fetch: Fetch) -> None:
    site.redirects("/a", "/a")
    assert fetch(site.url("/a")) is Unread.TOO_MANY_REDIRECTS
    assert len(site.asked) == LIMITS.redirects + 1


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", Unread.FORBIDDEN_ADDRESS),
        ("http://[::ffff:169.254.169.254]/", Unread.FORBIDDEN_ADDRESS),
        ("http://10.0.0.1/", Unread.FORBIDDEN_ADDRESS),
        ("http://2852039166/", Unread.FORBIDDEN_ADDRESS),
        ("file:///etc/passwd", Unread.FORBIDDEN_SCHEME),
        ("javascript:alert(1)", Unread.FORBIDDEN_SCHEME),
        ("http://user:word@127.0.0.1/", Unread.BAD_ADDRESS),
    ],
)
def test_redirect_inwards_is_refused(site: Site, fetch: Fetch, location: str, why: Unread) -> None:
    assert fetch(site.redirects("/a", location)) is why
    assert site.asked == ["/a"]


def test_redirect_to_a_port_that_nothing_listens_on_is_lost_not_dead(
    site: Site, fetch: Fetch, closed_port: int
) -> None:
    policy = AddressPolicy(frozenset([site.port, closed_port]))
    assert fetch(f"http://127.0.0.1:{closed_port}/", policy=policy) is Unread.REFUSED_CONNECTION
    assert fetch(site.redirects("/a", f"http://127.0.0.1:{closed_port}/"), policy=policy) is Unread.LOST_REDIRECT


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.1", "127.1", "localhost", "0", "[::1]"])
def test_no_spelling_of_loopback_gets_through(site: Site, fetch: Fetch, host: str) -> None:
    assert fetch(site.url("/x", host), policy=AddressPolicy()) is Unread.FORBIDDEN_ADDRESS
    assert site.asked == []


def test_a_name_is_resolved_once_and_the_checked_number_is_dialled(site: Site, fetch: Fetch) -> None:
    """DNS re-binding: the name's first answer is allowed, every later one leads to a metadata service."""
    lookups: list[str] = []

    def rebinding(name: str, _port: int) -> Sequence[str]:
        lookups.append(name)
        return ["127.0.0.1"] if len(lookups) == 1 else ["169.254.169.254"]

    site.gives("/x", b"x")
    answer = read(fetch(site.url("/x", "rebind.example"), resolve=rebinding))
    assert lookups == ["rebind.example"]
    assert answer.fetched.ip == "127.0.0.1"
    assert site.requests[0]["Host"] == f"rebind.example:{site.port}"
    read(fetch(site.url("/x", "rebind.example"), again=True))
    assert lookups == ["rebind.example"], "the kept connection leads where it was checked to lead"
    assert fetch(site.url("/x", "other.example"), again=True) is Unread.FORBIDDEN_ADDRESS
    assert lookups == ["rebind.example", "other.example"], "the attack was mounted"


def test_one_forbidden_answer_forbids_the_name(site: Site, fetch: Fetch) -> None:
    site.gives("/x", b"x")
    assert fetch(site.url("/x", "mixed.example"), resolve=lambda *_: ["127.0.0.1", "10.0.0.1"]) is (
        Unread.FORBIDDEN_ADDRESS
    )
    assert site.asked == []


@pytest.mark.parametrize(
    ("code", "why"), [(socket.EAI_NONAME, Unread.UNKNOWN_HOST), (socket.EAI_AGAIN, Unread.UNRESOLVED)]
)
def test_a_name_that_does_not_exist_is_told_from_a_name_service_that_does_not_answer(
    site: Site, fetch: Fetch, code: int, why: Unread
) -> None:
    def resolve(_name: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(code, "as the system says it")

    assert fetch(site.url("/x", "gone.example"), resolve=resolve) is why


def test_a_name_service_that_hangs_costs_one_wait(site: Site, fetch: Fetch) -> None:
    def hanging(_name: str, _port: int) -> Sequence[str]:
        site.closing.wait(10)
        return ["127.0.0.1"]

    assert fetch(site.url("/x", "slow.example"), limits=FetchLimits(wall_seconds=0.3), resolve=hanging) is (
        Unread.TIMED_OUT
    )
    site.closing.set()


def test_endless_stream_is_cut(site: Site, fetch: Fetch) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
    sent: list[int] = []

    def endless(handler: Handler) -> None:
        handler.say_raw(noted(sent, [head], repeat(b"x" * 65536, 2000)))

    site.answers["/x"] = endless
    assert fetch(site.url("/x")) is Unread.TOO_LARGE
    assert len(sent) < 2000


def test_a_page_may_be_smaller_than_a_picture(site: Site, fetch: Fetch) -> None:
    body = b"x" * 150_000
    assert fetch(site.gives("/page", body)) is Unread.TOO_LARGE
    assert read(fetch(site.gives("/picture", body, "image/png"))).fetched.size == 150_000


@pytest.mark.parametrize("drip_headers", [True, False])
def test_slow_drip_ends_at_the_total_time(site: Site, fetch: Fetch, *, drip_headers: bool) -> None:
    """Each byte comes well within the wait for one packet; only a limit on the whole ends it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    drops: list[int] = []

    def drip(handler: Handler) -> None:
        start = head if drip_headers else head + b"\r\n"
        handler.say_raw(noted(drops, [start], repeat(b"x", 1000)), pause=0.02)

    site.answers["/x"] = drip
    limits = FetchLimits(wall_seconds=0.5, silence_seconds=10)
    assert fetch(site.url("/x"), limits=limits) is Unread.TIMED_OUT
    assert 0 < len(drops) < 1000


def test_silence_ends_at_the_wait_for_one_packet(site: Site, fetch: Fetch) -> None:
    site.answers["/x"] = lambda handler: handler.say_raw([b"HTTP/1.1 200 OK\r\n", b"late"], pause=5)
    assert fetch(site.url("/x"), limits=FetchLimits(wall_seconds=60, silence_seconds=0.3)) is Unread.TIMED_OUT


def test_gzip_is_undone(site: Site, fetch: Fetch) -> None:
    page = b"<p>words</p>" * 1000
    answer = read(fetch(site.gives("/x", gzip.compress(page), Content_Encoding="gzip")))
    assert answer.untrusted_body == page
    assert answer.fetched.sha256 == hashlib.sha256(page).hexdigest()


def test_gzip_bomb_is_cut_before_it_fills_memory(site: Site, fetch: Fetch) -> None:
    whole = 60_000_000
    bomb = gzip.compress(bytes(whole))
    assert len(bomb) < LIMITS.page_bytes, "small on the wire"
    address = site.gives("/x", bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        assert fetch(address) is Unread.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < whole / 10
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "coding"),
    [(gzip.compress(b"x" * 9999, mtime=0)[:-9], "gzip"), (b"no gzip", "gzip"), (b"x", "br, gzip"), (b"x", "br")],
    ids=["cut gzip", "no gzip", "two codings", "br"],
)
def test_a_coding_that_cannot_be_undone_is_broken(site: Site, fetch: Fetch, body: bytes, coding: str) -> None:
    assert fetch(site.gives("/x", body, Content_Encoding=coding)) is Unread.BROKEN


@pytest.mark.parametrize(
    "headers", [b"X-Huge: " + b"h" * 90_000 + b"\r\n", b"".join(b"X-%d: y\r\n" % n for n in range(300))]
)
def test_huge_headers_are_refused(site: Site, fetch: Fetch, headers: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 1\r\n\r\nx"
    site.answers["/x"] = lambda handler: handler.say_raw([reply])
    assert fetch(site.url("/x")) is Unread.TOO_LARGE


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut short",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"h" * 500_000,
    ],
)
def test_what_is_not_http_is_broken(site: Site, fetch: Fetch, reply: bytes) -> None:
    site.answers["/x"] = lambda handler: handler.say_raw([reply])
    assert fetch(site.url("/x")) is Unread.BROKEN


def test_tls_that_is_not_valid_is_named(site: Site, fetch: Fetch) -> None:
    assert fetch(site.url("/x").replace("http:", "https:")) is Unread.TLS_FAILED


def test_no_cookie_is_kept_and_the_environment_is_not_asked(
    site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port}")
    site.gives("/a", b"", status=302, Set_Cookie="visitor=7", Location="/b")
    site.gives("/b", b"x", Set_Cookie="visitor=8")
    for again in (False, True):
        read(fetch(site.url("/a"), again=again))
    assert len(site.requests) == 4
    for request in site.requests:
        assert not {"cookie", "authorization", "referer"} & {name.lower() for name in request}
        assert request["User-Agent"].startswith("zaoguang/")


def test_connections_are_used_again(site: Site, fetch: Fetch) -> None:
    site.gives("/x", b"x")
    for number in range(20):
        read(fetch(site.url("/x"), again=number > 0))
    assert len(site.peers) == 1


def test_a_kept_connection_that_the_site_closed_is_tried_again(site: Site, fetch: Fetch) -> None:
    site.gives("/keep", b"x")
    for number in range(3):
        read(fetch(site.url("/keep"), again=number > 0))
        for _ in range(2):
            hang_up_once = iter([True])
            site.answers["/x"] = lambda handler, once=hang_up_once: (  # type: ignore[misc]  # the default binds the loop's value
                handler.say_raw([]) if next(once, False) else handler.say(200, b"x")
            )
            assert read(fetch(site.url("/x"), again=True)).fetched.status == 200


def test_the_time_given_for_one_fetch_is_kept(site: Site) -> None:
    site.answers["/x"] = lambda handler: handler.say_raw([b"HTTP/1.1 200 OK\r\n", b"late"], pause=30)
    fetcher = Fetcher(site.policy, FetchLimits(), connections=1)
    began = time.monotonic()
    assert fetcher.fetch(site.url("/x"), seconds=0.2) is Unread.TIMED_OUT
    assert time.monotonic() - began < FetchLimits().silence_seconds
    fetcher.close()
