"""From the caseworker's invitation to items in the case, as two people do it in two browsers."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PASSPHRASE, Running
from tests.browser.looks import faults
from tests.support.chromium import SCREENS, Pages
from tests.support.fingerprint_page import Chosen, choose, say_adult
from zaoguang.rehearsal.photographs import photographs

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def case_of_a_caseworker(page: Page, running: Running) -> None:
    page.goto(f"{running.base}/login/")
    page.locator("[name=handle]").fill("lin")
    page.locator("[name=passphrase]").fill(PASSPHRASE)
    page.locator("form button.main").click()
    page.goto(f"{running.base}/cases/new/")
    page.locator("[name=adult][value=no]").check()
    page.locator("[name=alias]").fill("Wren")
    page.locator("form.opening button.main").click()


def test_what_she_sends_arrives_and_is_taken(running: Running, pages: Pages) -> None:
    desk = pages.new()
    case_of_a_caseworker(desk, running)
    desk.get_by_role("link", name="Let her send them").click()
    desk.get_by_role("button", name="Make an invitation").click()
    assert faults(desk) == []
    link = desk.locator("p.address.code strong").first.inner_text()

    phone = pages.new(SCREENS[0], language="ko")
    phone.goto(link)
    say_adult(phone)
    lines = choose(phone, *[Chosen(f"{at}.jpg", "image/jpeg", photographs()[at].content) for at in (0, 1)])
    phone.locator("#code").fill("wrong")
    phone.locator("#yes").check()
    phone.locator("#sending button").click()
    phone.get_by_role("alert").wait_for()
    assert faults(phone) == []
    assert phone.locator("#lines").input_value() == lines, "nothing has to be worked out again"
    phone.locator("#code").fill(link.partition("#")[2])
    phone.locator("#yes").check()
    phone.get_by_role("button").click()
    phone.get_by_role("status").wait_for()
    assert faults(phone) == []
    assert phone.evaluate("document.documentElement.lang") == "ko"
    receipt = phone.locator("dd strong").inner_text()

    desk.goto(desk.url.partition("invitations")[0])
    assert faults(desk) == []
    desk.get_by_role("button", name=f"Take them as items: receipt {receipt}").click()
    desk.get_by_text("2 items were added.").wait_for()
    assert len(json.loads(f"[{','.join(lines.splitlines())}]")) == 2
    assert desk.get_by_text("She has sent fingerprints").count() == 0
