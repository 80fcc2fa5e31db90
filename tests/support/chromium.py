"""A real browser for the tests that need one: Debian's Chromium, with nothing of it calling home."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

FLAGS = (
    "--no-sandbox",  # the tests may run as root in a container, where Chromium's own sandbox cannot
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class ChromiumMissingError(Exception):
    """This machine has no Chromium that the tests can start."""


@dataclass(frozen=True, slots=True)
class Screen:
    """How a person looks at a page: the size in CSS pixels, and whether JavaScript runs."""

    name: str
    width: int
    height: int
    javascript: bool


SCREENS = tuple(
    Screen(f"{name}-{'js' if javascript else 'nojs'}", width, height, javascript)
    for name, width, height in (("phone", 360, 740), ("desktop", 1280, 800))
    for javascript in (True, False)
)


def executable() -> str:
    """Give the browser's path: ``ZAOGUANG_TEST_CHROMIUM``, else Chromium or Chrome as Debian installs them."""
    named = os.environ.get("ZAOGUANG_TEST_CHROMIUM")
    for name in [named] if named else ["chromium", "google-chrome", "chromium-browser"]:
        found = shutil.which(name)
        # Ubuntu's package is a stub that asks for a snap, which cannot be started from here.
        if found and not Path(found).resolve().is_relative_to("/snap") and not _asks_for_snap(Path(found)):
            return found
    raise ChromiumMissingError("no Chromium (Debian package: chromium; or set ZAOGUANG_TEST_CHROMIUM)")


def _asks_for_snap(path: Path) -> bool:
    head = path.resolve().read_bytes()[:4096]
    return head.startswith(b"#!") and b"snap" in head


@contextmanager
def browser() -> Iterator[Browser]:
    """Run the browser for the ``with`` block."""
    path = executable()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield running
        finally:
            running.close()


@dataclass  # no slots: Playwright keeps a mark on the object whose method listens
class Pages:
    """Opens pages of one browser, and remembers what no page of ours may do: break, or reach out of this machine."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    _open: list[BrowserContext] = field(default_factory=list)

    def new(self, screen: Screen = SCREENS[2], *, language: str = "en-GB") -> Page:
        """Open an empty page in a fresh context (no cookies) on that screen."""
        context = self.browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            java_script_enabled=screen.javascript,
            locale=language,
            service_workers="block",
        )
        self._open.append(context)
        page = context.new_page()
        page.on("request", self._watch)
        page.on("pageerror", lambda error: self.complaints.append(f"the page broke: {error}"))
        return page

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"about", "data", "blob"} and parts.hostname not in HERE:
            self.complaints.append(f"the page reached out of this machine: {request.method} {request.url}")

    def close(self) -> None:
        """Close every page that was opened."""
        for context in self._open:
            context.close()
        self._open.clear()
