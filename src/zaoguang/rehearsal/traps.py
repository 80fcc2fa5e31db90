"""Two sites that keep no copy and show one all the same: a search by address, and one that answers anything.

No notice may ever go to them: what they show is what they were asked for.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs, quote, urlsplit

from zaoguang.rehearsal.cast import Character, Site

__all__ = ["asked_picture", "trap_page", "trap_pages"]

_PAGES_EACH = 2
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{name}</title></head>
<body><h1>What you asked for</h1><img src="{picture}" alt=""></body></html>"""


def trap_pages(site: Site, base: str, copies: Sequence[str]) -> list[str]:
    """Give the pages of a trap that somebody would paste who searched there for these copies' addresses."""
    chosen = copies[:_PAGES_EACH]
    if site.character is Character.ECHOES:
        return [f"{base}/look?picture={quote(copy, safe='')}" for copy in chosen]
    return [f"{base}/find/{_code(copy)}" for copy in chosen]


def _code(copy: str) -> str:
    return urlsplit(copy).path.rpartition("/")[2].partition(".")[0][::-1]


def trap_page(site: Site, untrusted_path: str, untrusted_query: str) -> str | None:
    """Give the page that a trap answers with, none where it has no such page."""
    if site.character is Character.ECHOES and untrusted_path == "/look":
        asked = parse_qs(untrusted_query).get("picture", [""])[0]
        return _PAGE.format(name=site.name, picture=f"/thumb?picture={quote(asked, safe='')}")
    if site.character is Character.MAKES_UP and untrusted_path.startswith("/find/"):
        code = quote(untrusted_path.removeprefix("/find/"), safe="")
        return _PAGE.format(name=site.name, picture=f"/found/{code}.jpg")
    return None


def asked_picture(site: Site, untrusted_path: str, untrusted_query: str) -> str | None:
    """Give the address whose picture a trap shows at that address, empty for her own; none where it shows nothing."""
    if site.character is Character.ECHOES and untrusted_path == "/thumb":
        return parse_qs(untrusted_query).get("picture", ["-"])[0]
    return "" if site.character is Character.MAKES_UP and untrusted_path.startswith("/found/") else None
