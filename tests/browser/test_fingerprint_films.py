"""Films on the fingerprint page: one frame a second, the same bits as ours, nothing read whole, and plain words."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.chromium import SCREENS, Pages
from tests.support.fingerprint_page import ENGINE, Chosen, Served, begin, choose, say_adult, served
from tests.support.photo_films import HEIGHT, WIDTH, made_film, shots
from zaoguang.fingerprint import Pdq, film_from_json, film_to_json
from zaoguang.fingerprint.kernel import hashed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILM = made_film()


@pytest.fixture(scope="module")
def centre() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def page(pages: Pages, centre: Served) -> Page:
    opened = pages.new(SCREENS[0])
    opened.goto(centre.address)
    say_adult(opened)
    return opened


@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("libvpx", "webm")])
def test_each_second_of_a_film_has_its_fingerprint(codec: str, container: str, page: Page) -> None:
    content = made_film(codec=codec, container=container)
    line = json.loads(choose(page, Chosen(f"her.{container}", f"video/{container}", content)))
    assert line.pop("path") == "item-1"
    assert film_to_json(film_from_json(line)) == line, "just as the command line writes it"
    assert line["first_look"] is True
    assert line["sha256"] == hashlib.sha256(content).hexdigest()
    assert (line["width"], line["height"]) == (WIDTH, HEIGHT)
    assert 3.9 <= line["seconds"] <= 4.2
    assert [frame["t"] for frame in line["frames"]] == pytest.approx([0, 1, 2, 3], abs=0.11)
    assert [frame["until"] for frame in line["frames"]] == pytest.approx([1, 2, 3, 4], abs=0.11)
    for frame, shot in zip(line["frames"], shots(4), strict=True):
        known = hashed(shot.tobytes(), WIDTH, HEIGHT)
        assert Pdq.from_hex(frame["pdq"]).distance(known.variants[0]) <= 10
        assert abs(frame["quality"] - known.quality) <= 5


def test_seconds_that_show_the_same_become_one_stretch(page: Page) -> None:
    line = json.loads(choose(page, Chosen("a.mp4", "video/mp4", made_film(shown=[0, 0, 0, 1]))))
    stretches = [(frame["t"], frame["until"]) for frame in line["frames"]]
    assert stretches == [pytest.approx((0, 3), abs=0.11), pytest.approx((3, 4), abs=0.11)]


@pytest.mark.parametrize(
    ("content", "state"),
    [(made_film(codec="libx265"), "film_format"), (made_film(shown=[-1, -1]), "low_quality")],
    ids=["a codec the browser lacks", "black"],
)
def test_a_film_without_fingerprints_says_why(content: bytes, state: str, page: Page) -> None:
    assert choose(page, Chosen("a.mp4", "video/mp4", content)) == ""
    assert page.locator("#list p").get_attribute("data-state") == state
    said = page.locator("#list p").inner_text()
    assert "converter web site" in said or state != "film_format"


def test_a_long_film_tells_how_far_it_is_and_can_be_taken_out(page: Page) -> None:
    content = made_film(shown=[number % 20 for number in range(120)], rate=2)
    begin(page, Chosen("a.mp4", "video/mp4", content))
    out = page.get_by_role("button", name="Take out: item-1")
    out.focus()
    page.get_by_role("progressbar", name="Progress: item-1").wait_for()
    page.wait_for_function("() => document.querySelector('#list progress')?.value > .02")
    assert "second by second" in page.locator("#list p").inner_text()
    assert page.evaluate("document.activeElement.textContent") == "Take out", "the row is not rebuilt under her fingers"
    out.click()
    page.get_by_role("status").filter(has_text="item-1 was taken out.").wait_for()
    good = choose(page, Chosen("b.mp4", "video/mp4", FILM))
    assert json.loads(good)["path"] == "item-2"


def test_a_film_is_read_in_pieces_and_never_whole(page: Page) -> None:
    """What asks for more than a slice of the file at once would need as much memory."""
    page.evaluate(
        """() => {
          window.read = [];
          const whole = Blob.prototype.arrayBuffer;
          Blob.prototype.arrayBuffer = function () { window.read.push(this.size); return whole.call(this); };
        }"""
    )
    padded = FILM + (6 << 20).to_bytes(4, "big") + b"free" + bytes((6 << 20) - 8)  # a box that players pass over
    line = json.loads(choose(page, Chosen("a.mp4", "video/mp4", padded)))
    assert line["sha256"] == hashlib.sha256(padded).hexdigest()
    read = page.evaluate("window.read")
    assert max(read) <= 4 << 20
    assert sum(read) <= len(padded) + 32


PIECES = """([source, bytes, cuts]) => {
  const whole = new (new Function(source + '; return engine();')().Sha256)();
  let from = 0;
  for (const cut of [...cuts, bytes.length]) { whole.take(Uint8Array.from(bytes.slice(from, cut))); from = cut; }
  return whole.end();
}"""


@pytest.mark.parametrize("cuts", [[], [1], [63], [64], [65], [1, 2, 3, 64, 128, 129], [100, 100, 200]])
def test_the_checksum_does_not_depend_on_the_pieces(cuts: list[int], pages: Pages) -> None:
    content = FILM[:1000]
    found = pages.new().evaluate(PIECES, [ENGINE, list(content), cuts])
    assert found == hashlib.sha256(content).hexdigest()
