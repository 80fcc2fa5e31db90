"""Addresses that only show what was asked for: no copy is kept there, so that no notice may go out about them.

Who searches by a picture gets a page that shows this very picture, and a page that shows whatever picture its address
names shows hers when the address names hers. Both match; neither is a copy. The rules, each enough by itself:

1. the page or the picture is a result of a search by image (known services);
2. its address carries another whole address in its query: it shows what that other address gives;
3. asked for two things that cannot exist (decoys of the same shape), the same site shows the item both times, at two
   different places: it answers anything with it.

A page that is not found and shows the item among its newest does so at the item's own place: that is no trap.
"""

import re
from collections.abc import Callable, Collection
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

__all__ = ["answers_anything", "decoy_of", "shape_of", "shows_what_was_asked"]

_MOST_UNQUOTED = 3  # an address within an address may be encoded once for each
_WHOLE_ADDRESS = re.compile(r"^(https?:)?//[^/\s]+\.[^/\s]+|^https?:|^data:image/", re.IGNORECASE)
_SEARCHES: tuple[tuple[str, str], ...] = (
    ("lens.google.", "/"),
    ("images.google.", "/"),
    ("www.google.", "/searchbyimage"),
    ("tineye.com", "/search"),
    ("yandex.", "/images"),
    ("bing.com", "/images"),
    ("graph.baidu.com", "/"),
    ("image.baidu.com", "/"),
    ("st.so.com", "/"),
    ("pic.sogou.com", "/"),
    ("saucenao.com", "/search"),
    ("iqdb.org", "/"),
    ("ascii2d.net", "/search"),
    ("karmadecay.com", "/"),
    ("pimeyes.com", "/"),
    ("facecheck.id", "/"),
)
"""Services that search by image: part of the host's name, and how their pages' paths begin."""


def shows_what_was_asked(untrusted_address: str) -> bool:
    """Tell by an address alone whether it only shows what it was asked for (rules 1 and 2)."""
    parts = _parts(untrusted_address)
    if parts is None:
        return False
    return _is_search(parts.hostname or "", parts.path) or _carries_address(parts.query)


def _parts(untrusted_address: str) -> SplitResult | None:
    try:
        return urlsplit(untrusted_address)
    except ValueError:  # brackets that hold no address
        return None


def _is_search(host: str, path: str) -> bool:
    return any(_is_at(host, service) and (path or "/").startswith(begins) for service, begins in _SEARCHES)


def _is_at(host: str, service: str) -> bool:
    if service.endswith("."):  # the same name in every country
        return re.search(rf"(^|\.){re.escape(service)}[a-z.]{{2,7}}$", host) is not None
    return host == service or host.endswith("." + service)


def _carries_address(query: str) -> bool:
    values = [value for _name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=None)]
    return any(_WHOLE_ADDRESS.match(_decoded(value).strip()) for value in (*values, query))


def _decoded(value: str) -> str:
    for _ in range(_MOST_UNQUOTED):
        value, before = unquote(value), value
        if value == before:
            break
    return value


def shape_of(untrusted_address: str) -> str:
    """Give an address without the part that says which page it is, so that one probe serves all of one shape."""
    return decoy_of(untrusted_address, lambda _length: "*") or ""


def decoy_of(untrusted_address: str, word: Callable[[int], str]) -> str | None:
    """Give an address of the same shape at which nothing can be: each value of its query replaced, else its last part.

    ``word`` gives a fresh random word of at least that many letters and digits. None where no part could be replaced.
    """
    parts = _parts(untrusted_address)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    values = parse_qsl(parts.query, keep_blank_values=True)
    if values:
        query = "&".join(f"{quote(name)}={quote(word(len(value)), safe='*')}" for name, value in values)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    folder, _slash, last = parts.path.rstrip("/").rpartition("/")
    if not last:
        return None
    stem, dot, ending = last.rpartition(".")
    last = f"{word(len(stem))}.{ending}" if dot and stem else word(len(last))
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/{last}", "", ""))


def answers_anything(first: Collection[str], second: Collection[str]) -> bool:
    """Tell from two decoys' answers whether the site makes the item up for whatever it is asked (rule 3).

    Each holds the addresses at which a decoy's answer shows the item. Where they are the same, the item has a place.
    """
    return bool(first) and bool(second) and set(first) != set(second)
