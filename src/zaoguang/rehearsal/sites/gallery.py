"""A gallery: lazy pictures, several sizes on offer, styles' backgrounds, a redirect and a slow answer."""

from collections.abc import Sequence

from zaoguang.rehearsal.sites.shown import Shown

__all__ = ["gallery_page"]


def gallery_page(name: str, page: int, pages: int, shown: Sequence[Shown]) -> str:
    """Give one album."""
    cells = "\n".join(_cell(position, each) for position, each in enumerate(shown))
    following = f'<a rel="next" href="/album/{page + 1}">next</a>' if page < pages else ""
    return f"""<!doctype html>
<html><head><meta charset="utf-8"><title>{name} – album {page}</title></head>
<body><main class="grid">
{cells}
</main>{following}<img src="/asset/go.gif" alt=""><img src="/asset/slow.gif" alt=""></body></html>"""


def _cell(position: int, each: Shown) -> str:
    if each.path is None:
        return '<div class="cell empty"></div>'
    if position % 3 == 0:
        return f'<div class="cell" style="background-image: url(&quot;{each.path}&quot;)"></div>'
    if position % 3 == 1:
        return f'<figure><img src="/asset/blank.gif" data-src="{each.path}" loading="lazy" alt=""></figure>'
    return f'<picture><source srcset="{each.path} 1x"><img alt="" src="{each.path}"></picture>'
