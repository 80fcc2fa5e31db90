"""The centre in a real browser, from the login to a copy found and a draft: on a phone, with and without JavaScript."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PASSPHRASE, Running
from tests.browser.looks import faults, tab_faults
from tests.support.chromium import SCREENS, Pages, Screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = "a-path-that-never-ends" * 12


def log_in(page: Page, running: Running, handle: str = "lin") -> None:
    page.goto(running.base)
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{running.base}/")


def open_a_case(page: Page, alias: str) -> None:
    page.get_by_role("link", name="Open a case").last.click()
    assert not page.get_by_label("What to call her here").is_visible()  # the age question comes first
    page.get_by_label("No, she was 18 or older").check()
    page.get_by_label("What to call her here").fill(alias)
    for name in ("Compare her fingerprints", "Keep sealed proof", "Send notices"):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("heading", name=alias).wait_for()


def find_a_copy(page: Page, running: Running) -> None:
    page.get_by_role("link", name="Add items").first.click()
    page.get_by_label("Fingerprint lines").fill(running.line)
    page.get_by_role("button", name="Add items").click()
    page.get_by_text("1 item was added.").wait_for()
    page.get_by_role("link", name="Check links").first.click()
    page.get_by_label("Addresses").fill(f"{running.site}/one\n{running.site}/{LONG}")
    page.get_by_role("button", name="Check these links").click()
    # The page asks again by itself: nobody presses anything until it is done.
    page.get_by_role("link", name="To the copies found").wait_for(timeout=60_000)
    page.get_by_text("2 copies found").wait_for()


def test_from_login_to_a_draft(running: Running, pages: Pages, screen: Screen) -> None:
    page = pages.new(screen)
    seen: list[tuple[str, list[str]]] = []

    def look(name: str) -> None:
        seen.append((name, faults(page)))

    page.goto(running.base)
    look("login")
    log_in(page, running)
    look("list")
    open_a_case(page, f"Lotus {screen.name}")
    look("case")
    find_a_copy(page, running)
    look("check")
    page.get_by_role("link", name="To the copies found").click()
    page.get_by_text("still up").first.wait_for()
    assert not page.locator(f"a[href*='{running.site}']").count()
    look("case with copies")
    page.get_by_role("link", name="Draft notices").first.click()
    page.get_by_label("E-mail address for 127.0.0.1").fill("abuse@forum.example")
    look("new notices")
    page.get_by_role("button", name="Make the drafts").click()
    page.get_by_text("1 draft was made.").wait_for()
    look("draft with gaps")
    page.get_by_label("Why there was no consent").fill("She never agreed.")
    page.get_by_label("Why it is illegal").fill("The criminal code.")
    page.get_by_label("Statement of good faith").check()
    page.get_by_label("Statement of accuracy").check()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Confirm and send").wait_for()
    look("complete draft")
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Confirm and send").click()
    page.get_by_text("The notice is confirmed.").wait_for()
    look("confirmed")
    page.get_by_role("link", name="Other ways for these copies").click()
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    look("other ways")
    page.locator(".panel", has_text="Demand to preserve records").get_by_role("button", name="Make this draft").click()
    page.get_by_text("The draft was made.").wait_for()
    look("draft of another kind")
    assert [(name, found) for name, found in seen if found] == []


def to_a_mistake(page: Page, base: str) -> None:
    page.goto(f"{base}/cases/new/")
    page.locator("form.opening").evaluate("form => { form.noValidate = true; form.submit(); }")
    page.get_by_role("alert").wait_for()


def to_a_referral(page: Page, base: str) -> None:
    page.goto(f"{base}/cases/new/")
    page.get_by_label("Yes, or unsure").check()
    page.get_by_label("What to call her here").fill("Reed")
    page.get_by_role("button", name="Open the case").click()
    page.get_by_text("capture is closed").first.wait_for()


def to_the_trail(page: Page, base: str) -> None:
    page.goto(base)
    page.locator("table a").first.click()
    page.get_by_role("link", name="Audit trail").click()


def to_nothing(page: Page, base: str) -> None:
    page.goto(f"{base}/nowhere/")


def to_a_button(page: Page, base: str) -> None:
    page.goto(f"{base}/logout/")


OTHERS = (to_a_mistake, to_a_referral, to_the_trail, to_nothing, to_a_button)


@pytest.mark.parametrize("size", SCREENS[::2], ids=lambda size: size.name)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_other_pages_look_right_too(running: Running, pages: Pages, size: Screen, scheme: str) -> None:
    page = pages.new(size)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two words it takes
    log_in(page, running)
    for go in OTHERS:
        go(page, running.base)
        assert faults(page) == [], f"{go.__name__} ({scheme})"


@pytest.mark.parametrize("size", SCREENS[::2], ids=lambda size: size.name)
def test_the_tab_key_goes_down_the_page_and_is_seen(running: Running, pages: Pages, size: Screen) -> None:
    page = pages.new(size)
    log_in(page, running)
    assert tab_faults(page) == []
    open_a_case(page, "Tabs")
    assert tab_faults(page) == []
    page.get_by_role("link", name="Add items").first.click()
    assert tab_faults(page) == []


def test_the_first_tab_stop_skips_to_the_content(running: Running, pages: Pages) -> None:
    page = pages.new()
    page.goto(running.base)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "handle"


def test_a_mistake_is_where_the_reader_begins(running: Running, pages: Pages) -> None:
    page = pages.new()
    page.goto(running.base)
    page.get_by_label("Handle").fill("nobody")
    page.get_by_label("Passphrase").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"


def test_the_language_button_works_before_the_login(running: Running, pages: Pages) -> None:
    page = pages.new()
    page.goto(running.base)
    for button, language in (("简体中文", "zh-Hans"), ("English", "en")):
        page.get_by_role("button", name=button).click()
        page.locator(f"html[lang={language}]").wait_for()
        assert page.get_by_role("button", name=button).count() == 0, "the button offers the other language"


def test_a_step_that_cannot_be_taken_back_takes_two_presses(running: Running, pages: Pages) -> None:
    page = pages.new()
    log_in(page, running)
    open_a_case(page, "Two presses")
    sure = page.get_by_role("button", name="Yes, make this case a referral")
    assert not sure.is_visible()
    page.get_by_text("A sign that she was under 18").click()
    sure.click()
    page.get_by_text("capture is closed").first.wait_for()
    assert not page.get_by_role("link", name="Check links").count()


def test_a_volunteer_checks_links_and_sees_no_name(running: Running, pages: Pages) -> None:
    lead = pages.new()
    log_in(lead, running)
    open_a_case(lead, "Hidden-alias-7f3a")
    lead.locator("summary", has_text="Members").click()
    lead.get_by_label("Let in").select_option("vol")
    lead.get_by_role("button", name="Let this person in").click()
    address = lead.url
    page = pages.new(SCREENS[1])
    log_in(page, running, "vol")
    page.goto(address)
    assert "Hidden-alias-7f3a" not in page.content()
    assert page.get_by_role("link", name="Check links").first.is_visible()
    assert faults(page) == []


# What is seen of a printed guide: words that are not black, what is no part of the sheet, and what runs out of it.
_PRINTED = """() => {
  const shown = [...document.querySelectorAll("body *")].filter(each => each.getClientRects().length);
  const words = shown.filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const name = each => each.className || each.tagName;
  const style = each => getComputedStyle(each);
  const white = ["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"];
  return {
    coloured: words.filter(each => style(each).color !== "rgb(0, 0, 0)").map(name),
    dark: shown.filter(each => !white.includes(style(each).backgroundColor)).map(name),
    besides: shown.filter(each => each.matches("header, form, button, .button, .back, .skip")).map(name),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}"""


def test_a_printed_guide_is_black_on_white_without_menus_and_on_few_sheets(running: Running, pages: Pages) -> None:
    page = pages.new()
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 680, "height": 1000})  # an A4 sheet within its margins
    for place in ("CN", "KR"):
        page.goto(f"{running.base}/guide/{place}/")
        assert page.evaluate(_PRINTED) == {"coloured": [], "dark": [], "besides": [], "wide": 0}, place
        assert page.get_by_text("This is not legal advice.").is_visible()
        assert page.pdf(format="A4").count(b"/Type /Page\n") in {2, 3, 4}
