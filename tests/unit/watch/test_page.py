"""What a page shows is found, however it is written, and in the sandbox that real pages go through."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.sandbox import Refusal, Sandbox
from zaoguang.watch.page import job

ADDRESS = "https://example.org/forum/thread?page=2"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def found(html: str | bytes, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - the job's options are any JSON
    raw = html.encode() if isinstance(html, str) else html
    return job(raw, {"address": ADDRESS, "charset": "", "pictures": 400, **options})


@pytest.mark.parametrize(
    ("html", "pictures"),
    [
        ('<img src="a.jpg">', ["https://example.org/forum/a.jpg"]),
        ("<IMG SRC=/a.jpg>", ["https://example.org/a.jpg"]),
        ('<img src="//cdn.example/a b.jpg#x">', ["https://cdn.example/a b.jpg"]),
        ('<img src="\n/a\n.jpg ">', ["https://example.org/a.jpg"]),
        ('<img data-src="/lazy.jpg">', ["https://example.org/lazy.jpg"]),
        ('<div data-bg="/lazy.jpg" data-url="/page"></div>', ["https://example.org/lazy.jpg"]),
        (
            '<img srcset="/1.jpg 1x, /2,3.jpg 2x,/4.jpg 300w">',
            ["https://example.org/1.jpg", "https://example.org/2,3.jpg", "https://example.org/4.jpg"],
        ),
        ('<picture><source srcset="/a.webp" type="image/webp"></picture>', ["https://example.org/a.webp"]),
        ('<video poster="/p.jpg" src="/v.mp4"><source src="/v.webm"></video>', ["https://example.org/p.jpg"]),
        ('<a href="/full.PNG?x=1">.</a><a href="/about">.</a>', ["https://example.org/full.PNG?x=1"]),
        ('<meta property="og:image" content="/og">', ["https://example.org/og"]),
        ('<meta name="twitter:image" content="/tw">', ["https://example.org/tw"]),
        ('<link rel="image_src" href="/l">', ["https://example.org/l"]),
        ("<i style=\"background-image:url('/bg.jpg')\"></i>", ["https://example.org/bg.jpg"]),
        ('<i style="background:url(&quot;/bg1.jpg&quot;), URL( /bg2.jpg )"></i>',
         ["https://example.org/bg1.jpg", "https://example.org/bg2.jpg"]),
        (r"""<i style='background:url("/b\67 .jpg")'></i>""", ["https://example.org/bg.jpg"]),
        ("<style>a{background:url(/s.png)} @font-face{src:url(/f.woff2)}</style>", ["https://example.org/s.png"]),
        ('<input type=image src="/i.gif"><input src="/no.gif">', ["https://example.org/i.gif"]),
        ('<svg><image xlink:href="/x.png"/><image href="/y.png"/></svg>',
         ["https://example.org/x.png", "https://example.org/y.png"]),
        ('<body background="/bg.gif">', ["https://example.org/bg.gif"]),
        ('<noscript><img src="/n.jpg"></noscript>', ["https://example.org/n.jpg"]),
        ('<base href="/deep/er/"><img src="a.jpg">', ["https://example.org/deep/er/a.jpg"]),
        ('<base href="https://other.example/"><img src="a.jpg">', ["https://other.example/a.jpg"]),
        ('<img src="/b.jpg"><img src="/a.jpg"><img src="/b.jpg#again">',
         ["https://example.org/b.jpg", "https://example.org/a.jpg"]),
        ('<img src="javascript:alert(1)"><img src="file:///etc/passwd"><img src="http://[bad"><img src="">', []),
        ('<img src="data:text/html,x"><img src="data:image/svg+xml,x"><img src="data:image/png;base64,!">', []),
    ],
)  # fmt: skip
def test_pictures_are_found_where_pages_put_them(html: str, pictures: list[str]) -> None:
    assert found(html)["pictures"] == pictures


def test_a_picture_written_into_the_page_is_handed_on() -> None:
    content = bytes(range(256)) * 100
    html = f'<img src="data:image/png;base64,{base64.b64encode(content).decode()}">'
    (inline,) = found(html)["pictures"]
    assert base64.b64decode(inline["inline"]) == content
    in_style = f"<i style=\"background:url('data:image/png;base64,{base64.b64encode(content).decode()}')\"></i>"
    assert found(in_style)["pictures"] == [inline]


def test_what_is_too_large_to_be_written_in_is_left_out_and_counted() -> None:
    large = base64.b64encode(bytes(600_000)).decode()
    assert found(f'<img src="data:image/png;base64,{large}">') | {"signals": 0} == {
        "pictures": [],
        "left_out": 1,
        "signals": 0,
    }
    many = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(bytes([n]) * 500_000).decode()}">' for n in range(6)
    )
    told = found(many)
    assert (len(told["pictures"]), told["left_out"]) == (4, 2)
    assert found(f'<img src="/{"a" * 5000}.jpg"><img src="/b.jpg">')["left_out"] == 1


def test_ten_thousand_pictures_are_counted_not_fetched(sandbox: Sandbox) -> None:
    html = "".join(f"<img src={n}.jpg>" for n in range(10_000)).encode()
    told = sandbox.run("page", html, {"address": ADDRESS, "charset": "", "pictures": 400})
    assert isinstance(told, dict)
    assert len(told["pictures"]) == 400  # type: ignore[arg-type]  # a list, or the test fails
    assert told["left_out"] == 9_600


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        ("<img src='/图.jpg'>".encode("gb18030"), "gb2312"),
        ("<meta charset=gbk><img src='/图.jpg'>".encode("gbk"), ""),
        ("<meta http-equiv=x content='text/html; charset=Big5'><img src='/圖.jpg'>".encode("big5hkscs"), ""),
        ("<img src='/図.jpg'>".encode("cp932"), "Shift_JIS"),
        ("<img src='/그.jpg'>".encode("cp949"), "euc-kr"),
        ("\ufeff<img src='/图.jpg'>".encode("utf-16-le"), "latin1"),
        ("<img src='/图.jpg'>".encode(), "no-such-charset"),
        ("<img src='/图.jpg'>".encode(), "undefined"),
        ("<img src='/图.jpg'>".encode(), "unicode_escape"),
    ],
)
def test_pages_are_read_in_their_own_charset(sandbox: Sandbox, raw: bytes, charset: str) -> None:
    told = sandbox.run("page", raw, {"address": ADDRESS, "charset": charset, "pictures": 9})
    assert isinstance(told, dict)
    assert told["pictures"] in [[f"https://example.org/{name}.jpg"] for name in "图圖図그"]


@pytest.mark.parametrize(
    ("html", "signal"),
    [
        ("<form><input TYPE=Password></form>", "login_form"),
        ("<title>404 Not Found</title>", "not_found_words"),
        ("<h1>该内容已被删除</h1>", "not_found_words"),
        ("<p>Sorry, this page has been removed.</p>", "not_found_words"),
        ("<h1>This account has been suspended</h1>", "account_words"),
        ("<title>该账号已被封禁</title>", "account_words"),
        ("<p>This video is not available in your country.</p>", "region_words"),
        ("<p>您所在的地区无法查看</p>", "region_words"),
    ],
)
def test_signals_are_seen(html: str, signal: str) -> None:
    assert [name for name, holds in found(html)["signals"].items() if holds] == [signal]


def test_talk_deep_in_a_long_page_is_no_signal() -> None:
    talk = "<p>my account was suspended, page not found, not available in your country</p>"
    assert any(found(talk)["signals"].values())
    assert not any(found(talk + "<p>so they say</p>" * 200)["signals"].values())
    assert not any(found(f"<script>{talk}</script>")["signals"].values())


@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "gbk", "shift_jis", "utf-16"]))
def test_any_bytes_are_a_page(raw: bytes, charset: str) -> None:
    told = found(b"<img src=" + raw, charset=charset)
    assert told["left_out"] >= 0
    assert all(isinstance(each, dict) or each.startswith(("http:", "https:")) for each in told["pictures"])


@pytest.mark.slow
def test_a_page_made_to_take_long_is_given_up(sandbox: Sandbox) -> None:
    hostile = b"<style>" + b"url('" * 1_600_000
    told = sandbox.run("page", hostile, {"address": ADDRESS, "charset": "", "pictures": 9})
    assert isinstance(told, dict) or told in set(Refusal)
