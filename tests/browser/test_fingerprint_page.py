"""The fingerprint page in a real browser: the same bits as the command line, on a phone, by keyboard, from a disk."""

import base64
import hashlib
import io
import json
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.looks import faults, tab_faults
from tests.support.chromium import SCREENS, Pages
from tests.support.fingerprint_page import ENGINE, Chosen, Served, begin, choose, say_adult, served
from tests.support.made_pictures import made_picture, saved
from zaoguang.centre.fingerprint_page.building import LANGUAGES, fingerprint_page
from zaoguang.fingerprint import ORIENTATIONS, Fingerprint, Given, Pdq, fingerprint_bytes, read_line, to_json
from zaoguang.rehearsal.photographs import photographs
from zaoguang.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HASH = """([engineSource, pixels, width, height, rows]) => {
  const own = new Function(engineSource + '; return engine();')();
  const rgba = Uint8ClampedArray.from(atob(pixels), c => c.charCodeAt(0));
  const picture = new own.Picture(width, height, true);
  for (let at = 0; at < rgba.length; at += rows * width * 4) picture.take(rgba.subarray(at, at + rows * width * 4));
  return picture.end();
}"""
SHA = "([source, bytes]) => new Function(source + '; return engine();')().sha256(Uint8Array.from(bytes))"
SIZES = ((16, 16), (17, 100), (63, 65), (64, 64), (128, 129), (129, 128), (511, 300), (20, 700), (640, 480))


@pytest.fixture(scope="module")
def centre() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


@pytest.fixture
def page(pages: Pages, centre: Served) -> Page:
    opened = pages.new(SCREENS[0])
    opened.goto(centre.address)
    say_adult(opened)
    return opened


def jpeg(content: bytes, name: str = "a.jpg") -> Chosen:
    return Chosen(name, "image/jpeg", content)


def known(content: bytes, sandbox: Sandbox) -> Fingerprint:
    found = fingerprint_bytes(content, sandbox)
    assert isinstance(found, Fingerprint)
    return found


def as_printed(found: Fingerprint, number: int) -> str:
    line = {"path": f"item-{number}", **to_json(found)}
    del line["variants"]
    return json.dumps(line) + "\n"


@pytest.mark.parametrize("kind", ["smooth", "noise"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_the_same_pixels_give_the_same_bits_in_every_orientation(
    kind: str, size: tuple[int, int], pages: Pages
) -> None:
    width, height = size
    random = np.random.default_rng(width * height)
    noise = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    colours = noise if kind == "noise" else np.asarray(made_picture(width, width, height))
    rgba = np.dstack([colours, np.full((height, width), 255, np.uint8)]).tobytes()
    vectors, quality = pdqhash.compute_dihedral(np.ascontiguousarray(colours))
    ours = pages.new().evaluate(HASH, [ENGINE, base64.b64encode(rgba).decode(), width, height, 7])
    assert ours["quality"] == quality
    hashes = [np.packbits(vector).tobytes().hex() for vector in vectors]
    assert list(ours["variants"].items()) == list(zip(ORIENTATIONS, hashes, strict=True))


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])
def test_the_checksum_is_right_where_the_browser_keeps_its_own_back(length: int, pages: Pages) -> None:
    content = np.random.default_rng(length).integers(0, 256, length, dtype=np.uint8).tobytes()
    assert pages.new().evaluate(SHA, [ENGINE, list(content)]) == hashlib.sha256(content).hexdigest()


def test_a_lossless_picture_gives_the_line_that_the_command_prints(page: Page, sandbox: Sandbox) -> None:
    content = saved(made_picture(3), "PNG")
    line = choose(page, Chosen("a.png", "image/png", content))
    assert line == as_printed(known(content, sandbox), 1)
    given = read_line(line)
    assert isinstance(given, Given)
    assert given.sha256 == hashlib.sha256(content).hexdigest()


def test_photographs_through_the_browsers_own_decoder(page: Page, sandbox: Sandbox) -> None:
    files = [jpeg(photograph.content, f"{photograph.name}.jpg") for photograph in photographs()]
    lines = [json.loads(line) for line in choose(page, *files).splitlines()]
    assert len(lines) == len(files) >= 30
    bits = [
        Pdq.from_hex(line["pdq"]).distance(known(file.buffer, sandbox).pdq)
        for line, file in zip(lines, files, strict=True)
    ]
    assert statistics.median(bits) <= 2
    assert max(bits) <= 10


# A page from a test's address is in no secure context and has no such digest; one from https or a disk has.
SLOW_CHECKSUM = """(() => {
  const slow = `Object.defineProperty(crypto, "subtle", { value: { digest: async (name, buffer) => {
    await new Promise((done) => setTimeout(done, 200));
    return Uint8Array.from(own.sha256(new Uint8Array(buffer)).match(/../g), (two) => parseInt(two, 16)).buffer;
  } } });`;
  const Plain = Blob;
  window.Blob = function (parts, options) {
    return new Plain(options && options.type === "text/javascript" ? [slow, ...parts] : parts, options);
  };
})()"""


def test_a_checksum_that_takes_long_is_given_to_its_own_file(page: Page, sandbox: Sandbox) -> None:
    """Other answers come before it; they belong to other questions."""
    page.evaluate(SLOW_CHECKSUM)
    contents = [saved(made_picture(seed, 240, 180), "PNG") for seed in (3, 4)]
    lines = choose(page, *(Chosen("a.png", "image/png", content) for content in contents))
    assert lines == "".join(as_printed(known(content, sandbox), at) for at, content in enumerate(contents, 1))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_phone_picture_is_read_upright(orientation: int, page: Page, sandbox: Sandbox) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    with Image.open(io.BytesIO(photographs()[1].content)) as picture:
        content = saved(picture, "JPEG", quality=92, exif=exif)
    line = json.loads(choose(page, jpeg(content)))
    expected = known(content, sandbox)
    assert Pdq.from_hex(line["pdq"]).distance(expected.pdq) <= 10
    assert (line["width"], line["height"]) == (expected.width, expected.height)


def test_a_see_through_picture_has_two_fingerprints(page: Page, sandbox: Sandbox) -> None:
    picture = made_picture(5).convert("RGBA")
    picture.putalpha(made_picture(6).convert("L"))
    content = saved(picture, "PNG")
    line, expected = json.loads(choose(page, Chosen("a.png", "image/png", content))), known(content, sandbox)
    assert expected.on_black is not None
    # A browser keeps colours multiplied by their opacity, so that the faintest ones are rounded.
    assert Pdq.from_hex(line["pdq"]).distance(expected.pdq) <= 4
    assert Pdq.from_hex(line["on_black"]).distance(expected.on_black) <= 4


@pytest.mark.parametrize(
    ("chosen", "state"),
    [
        (Chosen("a.png", "image/png", saved(Image.new("RGB", (99, 99), "teal"), "PNG")), "blank"),
        (Chosen("a.png", "image/png", saved(made_picture(1, 15, 99), "PNG")), "too_small"),
        (Chosen("a.png", "image/png", saved(Image.linear_gradient("L"), "PNG")), "low_quality"),
        (Chosen("a.jpg", "image/jpeg", b""), "empty"),
        (Chosen("a.jpg", "image/jpeg", b"not a picture at all"), "not_a_picture"),
        (Chosen("IMG_1.HEIC", "image/heic", b"\0\0\0\x18ftypheic" + bytes(99)), "heic"),
        (Chosen("a.mp4", "video/mp4", b"\0\0\0\x18ftypisom" + bytes(99)), "film_format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_fingerprint_says_why_and_is_left_out(chosen: Chosen, state: str, page: Page) -> None:
    good = jpeg(photographs()[0].content)
    lines = choose(page, chosen, good)
    assert page.locator("#list p").first.get_attribute("data-state") == state
    assert [json.loads(line)["path"] for line in lines.splitlines()] == ["item-2"]


def test_a_dozen_megapixels_go_through_in_strips(page: Page) -> None:
    large = saved(made_picture(1, 800, 600).resize((4000, 3000)), "JPEG", quality=90)
    line = json.loads(choose(page, jpeg(large)))
    assert (line["width"], line["height"]) == (4000, 3000)


FAILS_TO_BEGIN = """async (source) => {
  const { answer } = new Function(source + '; return engine();')();
  const begin = (width) => answer({ ask: "begin", value: { width, height: 64, mayBeClear: false, turns: false } });
  await begin(64);
  await answer({ ask: "rows", value: new Uint8ClampedArray(64 * 64 * 4).fill(255).buffer });
  const first = await answer({ ask: "end" });
  const failed = await begin(-1).catch(() => "failed");
  return [first, failed, await answer({ ask: "end" }).catch(() => "nothing")];
}"""


def test_no_picture_answers_for_the_one_after_it(pages: Pages) -> None:
    """Where there is no memory for the next one, it has no fingerprint; least of all another's."""
    assert pages.new().evaluate(FAILS_TO_BEGIN, ENGINE) == [{"unhashable": "blank"}, "failed", "nothing"]


def test_files_beyond_the_most_are_said_to_be_left_out(page: Page) -> None:
    begin(page, *(Chosen(f"{number}.png", "image/png", b"") for number in range(201)))
    page.get_by_role("status").filter(has_text="200 files at most at a time").wait_for()
    assert page.locator("#list li").count() == 200
    page.get_by_role("button", name="Take out: item-1", exact=True).click()
    begin(page, Chosen("next.png", "image/png", b""))
    page.get_by_role("status").filter(has_text="Done. With a fingerprint: 0 of 200.").wait_for()


def test_no_file_can_be_chosen_before_the_age_question_or_after_a_doubt(pages: Pages, centre: Served) -> None:
    page = pages.new()
    page.goto(centre.address)
    assert page.locator("input[type=file]").count() == 0
    say_adult(page)
    choose(page, jpeg(photographs()[0].content))
    page.locator("#minor").check()
    assert page.locator("input[type=file], canvas, #lines, #list").count() == 0
    assert page.evaluate("document.activeElement.id") == "referral-heading"
    assert page.get_by_text("takeitdown.ncmec.org").is_visible()
    say_adult(page)  # a slip of the finger can be put right, and what was there before is gone
    assert page.locator("#lines").input_value() == ""
    assert page.locator("#list li").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_language_fits_a_phone(language: str, scheme: str, pages: Pages, centre: Served) -> None:
    page = pages.new(SCREENS[0], language={"zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}.get(language, language))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two words it takes
    page.goto(centre.address)
    assert page.evaluate("document.documentElement.lang") == language
    assert faults(page) == []
    page.locator("#minor").check()
    assert faults(page) == []
    say_adult(page)
    choose(
        page,
        jpeg(photographs()[0].content, "long-name-" * 20 + ".jpg"),
        Chosen("a.heic", "", b"x"),
        Chosen("e", "", b""),
    )
    assert faults(page) == []


def test_the_language_can_be_changed_at_any_time(page: Page) -> None:
    choose(page, jpeg(photographs()[0].content))
    for language in LANGUAGES:
        page.locator(f"#languages [lang={language}]").click()
        assert page.evaluate("document.documentElement.lang") == language
        assert page.locator("#list p").inner_text() in {
            "指纹已做好",
            "指紋已做好",
            "Fingerprint made",
            "지문을 만들었습니다",
        }


def test_everything_can_be_done_with_the_keyboard(pages: Pages, centre: Served, tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(photographs()[0].content)
    page = pages.new()
    page.goto(centre.address)

    def tab_to(selector: str) -> None:
        for _ in range(20):
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the tab key does not reach {selector}")

    tab_to("[name=age]")
    page.keyboard.press("Space")
    tab_to("#files")
    with page.expect_file_chooser(timeout=10_000) as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(picture)
    tab_to("#thumbnails")
    page.locator("#list canvas").wait_for()
    page.keyboard.press("Space")
    assert page.locator("#list canvas").count() == 0
    tab_to("#download")
    with page.expect_download() as saved_file:
        page.keyboard.press("Enter")
    assert saved_file.value.suggested_filename == "fingerprints.txt"
    tab_to("#copy")
    page.keyboard.press("Enter")
    page.get_by_text("Copied.").wait_for()
    page.locator("#status").focus()
    assert tab_faults(page) == []


def test_a_screen_reader_is_told(page: Page) -> None:
    assert page.locator("#status").get_attribute("aria-live") == "polite"
    choose(page, jpeg(photographs()[0].content))
    page.get_by_role("status").filter(has_text="Done. With a fingerprint: 1 of 1.").wait_for()
    assert page.get_by_role("button", name="Take out: item-1").is_visible()
    page.get_by_role("button", name="Take out: item-1").click()
    page.get_by_role("status").filter(has_text="item-1 was taken out.").wait_for()
    assert page.locator("#lines").input_value() == ""


def test_it_works_from_a_disk_and_without_a_network(pages: Pages, tmp_path: Path, sandbox: Sandbox) -> None:
    at = tmp_path / "fingerprint-page.html"
    at.write_bytes(fingerprint_page().content)
    page = pages.new()
    page.context.set_offline(True)
    page.goto(at.as_uri())
    say_adult(page)
    content = saved(made_picture(3), "PNG")
    assert choose(page, Chosen("a.png", "image/png", content)) == as_printed(known(content, sandbox), 1)
    with page.expect_download() as file:
        page.locator("#download").click()
    assert Path(file.value.path()).read_text() == page.locator("#lines").input_value()
    pages.complaints.remove(f"the page reached out of this machine: GET {at.as_uri()}")  # it is this machine


def test_it_works_where_the_browser_gives_no_worker(pages: Pages, centre: Served, sandbox: Sandbox) -> None:
    page = pages.new()
    page.add_init_script("delete window.Worker")
    page.goto(centre.address)
    say_adult(page)
    content = saved(made_picture(3), "PNG")
    assert choose(page, Chosen("a.png", "image/png", content)) == as_printed(known(content, sandbox), 1)


def test_a_browser_that_makes_colours_up_is_not_believed(pages: Pages, centre: Served) -> None:
    page = pages.new()
    page.add_init_script(
        "const read = CanvasRenderingContext2D.prototype.getImageData;"
        "CanvasRenderingContext2D.prototype.getImageData = function (...a) {"
        " const made = read.apply(this, a); made.data.fill(255); return made; };"
    )
    page.goto(centre.address)
    say_adult(page)
    assert choose(page, jpeg(photographs()[0].content)) == ""
    assert page.locator("#list p").get_attribute("data-state") == "hidden"
