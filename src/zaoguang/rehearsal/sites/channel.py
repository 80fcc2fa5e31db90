"""A channel's preview page: messages with pictures as backgrounds, view counts and a link to what came before."""

from collections.abc import Sequence

from zaoguang.rehearsal.sites.shown import Shown

__all__ = ["channel_page"]


def channel_page(name: str, page: int, pages: int, shown: Sequence[Shown]) -> str:
    """Give one stretch of messages."""
    messages = "\n".join(_message(name, each) for each in shown)
    before = (
        f'<a class="more" href="/s/{page + 1}?before={shown[0].number if shown else 0}"></a>' if page < pages else ""
    )
    return f"""<!doctype html>
<html><head><meta charset="utf-8"><title>{name}</title>
<meta property="og:image" content="/asset/avatar.gif"></head>
<body>{before}<section class="history">
{messages}
</section></body></html>"""


def _message(name: str, each: Shown) -> str:
    if each.path is None:
        return f'<div class="message" data-post="{name}/{each.number}"><div class="text">Message deleted</div></div>'
    return (
        f'<div class="message" data-post="{name}/{each.number}"><a class="photo_wrap" href="/s/{each.number}?single"'
        f" style=\"width:453px;background-image:url('{each.path}')\"></a>"
        f'<span class="views">{each.number % 97 + 3}</span></div>'
    )
