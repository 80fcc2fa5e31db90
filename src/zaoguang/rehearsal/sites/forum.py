"""A forum: threads with posts, quotes, avatars, pagination and a broken picture."""

from collections.abc import Sequence

from zaoguang.rehearsal.sites.shown import Shown

__all__ = ["forum_page"]


def forum_page(name: str, page: int, pages: int, shown: Sequence[Shown]) -> str:
    """Give one page of a thread."""
    posts = "\n".join(_post(each) for each in shown)
    links = " ".join(f'<a href="/thread/{number}">{number}</a>' for number in range(1, pages + 1))
    return f"""<!doctype html>
<html><head><meta charset="utf-8"><title>{name}: thread {page}</title>
<style>.banner {{ background: url('/asset/banner.gif') }}</style></head>
<body><div class="banner"></div><h1>Thread {page}</h1>
{posts}
<img src="/asset/missing.jpg" alt="">
<nav>{links}</nav><img src="/asset/pixel.gif" width="1" height="1" alt=""></body></html>"""


def _post(each: Shown) -> str:
    body = f'<img class="attachment" src="{each.path}" alt="">' if each.path else "<em>[attachment removed]</em>"
    head = f'<img class="avatar" src="/asset/avatar.gif"><p>#{each.number}</p>'
    return f'<article id="post-{each.number}">{head}{body}</article>'
