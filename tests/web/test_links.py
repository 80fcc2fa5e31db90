"""What a person pastes into a link check, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.centre.sightings.links import MOST_LINKS, read_addresses
from zaoguang.errors import UserMistake


def test_addresses_are_read_however_they_are_pasted() -> None:
    pasted = "http://a.example/1\n\n  https://b.example/x,y;z?q=1,2 ; http://c.example/，http://d.example/、<http://e.example/>,"
    assert read_addresses(pasted) == (
        "http://a.example/1",
        "https://b.example/x,y;z?q=1,2",
        "http://c.example/",
        "http://d.example/",
        "http://e.example/",
    )


def test_the_same_place_is_checked_once_however_it_is_written() -> None:
    assert read_addresses("HTTP://Site.Example/Path\nhttp://site.example:80/Path") == ("http://site.example/Path",)


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "ftp://a.example/", "a.example/page", "http://u:p@a.example/"])
def test_a_line_that_is_no_address_is_named(bad: str) -> None:
    with pytest.raises(UserMistake, match=r": 2\."):
        read_addresses(f"http://a.example/\n{bad}\nhttp://b.example/")


def test_too_many_and_none_are_said() -> None:
    with pytest.raises(UserMistake, match="at least one"):
        read_addresses(" \n ")
    with pytest.raises(UserMistake, match="501"):
        read_addresses("\n".join(f"http://a.example/{number}" for number in range(MOST_LINKS + 1)))


@given(st.text(max_size=300))
def test_whatever_is_pasted_gives_addresses_or_one_sentence(untrusted_text: str) -> None:
    said = ""
    found: tuple[str, ...] = ()
    try:
        found = read_addresses(untrusted_text)
    except UserMistake as error:
        said = str(error)
    assert bool(said) is not bool(found)
    assert "\n" not in said
    assert all(address.startswith(("http://", "https://")) for address in found)
