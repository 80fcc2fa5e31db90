"""What every test may ask for: a browser, a real PostgreSQL; and what every test is held to: no canary in a log."""

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.support import canary, chromium, ground, postgres
from tests.support.canary import LogWatch

pytest_plugins = ["tests.support.committed"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Keep SQLite's test database in a file, as a centre's is: other threads see it, and locks are the real ones."""
    del django_db_modify_db_settings
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(ground.HOME / "test.sqlite3")


@pytest.fixture(scope="session")
def log_watch() -> Iterator[LogWatch]:
    """Listen on the root logger for the whole run."""
    watch = LogWatch()
    root = logging.getLogger()
    level = root.level
    for printing in root.handlers:
        printing.setLevel(max(printing.level, level))
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)  # a canary in a debug line is a leak too, wherever debugging is switched on
    yield watch
    root.removeHandler(watch)
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _no_canary_in_logs(log_watch: LogWatch) -> Iterator[None]:
    if log_watch not in logging.getLogger().handlers:
        logging.getLogger().addHandler(log_watch)  # something under test set logging up anew
    yield
    leaks, log_watch.leaks = log_watch.leaks, []
    assert not leaks, leaks


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give a real PostgreSQL's address: the one the run was started with, else a fresh cluster for this session."""
    if given := os.environ.get("ZAOGUANG_TEST_DATABASE_URL"):
        yield given
        return
    try:
        postgres.programs()
    except postgres.PostgresMissingError as why:
        ground.missing(str(why))
    with postgres.cluster() as running:
        yield running.address
        leaks = canary.in_files([running.folder])
    assert not leaks, leaks


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a running Chromium, shared by the session; ask ``pages`` for a page of your own."""
    try:
        chromium.executable()
    except chromium.ChromiumMissingError as why:
        ground.missing(str(why))
    # Playwright keeps an event loop in this thread, and Django would refuse its database there: nothing here is async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with chromium.browser() as running:
        yield running


@pytest.fixture
def pages(browser: Browser) -> Iterator[chromium.Pages]:
    """Give what opens pages; the test fails when one breaks or reaches out of this machine."""
    opened = chromium.Pages(browser)
    yield opened
    opened.close()
    assert not opened.complaints, opened.complaints


@pytest.fixture(params=chromium.SCREENS, ids=lambda screen: screen.name)
def screen(request: pytest.FixtureRequest) -> chromium.Screen:
    """Run the test once on each screen: phone and desktop, with and without JavaScript."""
    wanted: chromium.Screen = request.param
    return wanted
