"""The search-by-image trap: what only shows what was asked for is told from what keeps a copy."""

from itertools import count

import pytest

from zaoguang.watch.trap import answers_anything, decoy_of, shape_of, shows_what_was_asked

TRAPS = [
    "https://lens.google.com/search?p=AbrfA8",
    "https://www.google.com.hk/searchbyimage?sbisrc=x",
    "https://yandex.com/images/search?rpt=imageview&cbir_id=1",
    "https://yandex.ru/images/search?rpt=imageview",
    "https://tineye.com/search/0123abc",
    "https://www.bing.com/images/search?view=detailv2&iss=sbi",
    "https://graph.baidu.com/s?sign=1",
    "https://saucenao.com/search.php?db=999",
    "https://similar.example/find?img=https%3A%2F%2Fforum.example%2Fa.jpg",
    "https://similar.example/find?img=https%253A%252F%252Fforum.example%252Fa.jpg",
    "https://similar.example/find?HTTPS://forum.example/a.jpg",
    "https://similar.example/find?u=//forum.example/a.jpg",
    "https://similar.example/thumb?x=1&src=http:forum.example/a.jpg",
    "https://similar.example/show?picture=data:image/png;base64,AAAA",
]
COPIES = [
    "https://forum.example/thread/12",
    "https://forum.example/viewtopic.php?t=12&p=3",
    "https://www.google.com/maps",
    "https://notgoogle.example/searchbyimage",
    "https://nottineye.com/search/1",
    "https://mytineye.com.example/search/1",
    "https://archive.example/web/2026/https://forum.example/a.jpg",  # an archive keeps a copy of its own
    "https://forum.example/a.jpg?size=300x300",
    "https://forum.example/search?q=lotus//flower",
    "http://[",
]


@pytest.mark.parametrize("address", TRAPS)
def test_an_address_that_shows_what_it_is_asked_for_is_known(address: str) -> None:
    assert shows_what_was_asked(address)


@pytest.mark.parametrize("address", COPIES)
def test_an_address_at_which_a_copy_may_be_kept_is_left_alone(address: str) -> None:
    assert not shows_what_was_asked(address)


@pytest.mark.parametrize(
    ("address", "decoy"),
    [
        ("https://f.example/thread/12", "https://f.example/thread/w1"),
        ("https://f.example/thread/12/", "https://f.example/thread/w1"),
        ("https://f.example/p/a.b.jpg#x", "https://f.example/p/w1.jpg"),
        ("https://f.example/s?id=3&q=a%20b", "https://f.example/s?id=w1&q=w2"),
        ("https://f.example/s?empty=", "https://f.example/s?empty=w1"),
        ("https://f.example/", None),
        ("https://f.example", None),
        ("inline:sha256:ab", None),
        ("http://[", None),
    ],
)
def test_a_decoy_has_the_same_shape_and_leads_nowhere(address: str, decoy: str | None) -> None:
    numbers = count(1)
    assert decoy_of(address, lambda _length: f"w{next(numbers)}") == decoy


def test_pages_of_one_shape_share_a_probe() -> None:
    assert shape_of("https://f.example/thread/12") == shape_of("https://f.example/thread/13")
    assert shape_of("https://f.example/s?id=3") == shape_of("https://f.example/s?id=4")
    assert shape_of("https://f.example/s?id=3") != shape_of("https://f.example/s?no=3")
    assert shape_of("https://f.example/a/1.jpg") != shape_of("https://g.example/a/1.jpg")


def test_only_places_that_change_with_the_question_are_made_up() -> None:
    assert answers_anything({"/thumb?q=1"}, {"/thumb?q=2"})
    assert not answers_anything({"/newest/a.jpg"}, {"/newest/a.jpg"})
    assert not answers_anything({"/thumb?q=1"}, set())
    assert not answers_anything((), ())
