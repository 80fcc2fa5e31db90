"""What a page shows: its pictures' addresses, and what its words and forms suggest. Runs in the sandbox only.

`job` takes the page's bytes with options ``{"address", "charset", "pictures"}`` and answers with JSON::

    {"pictures": [address | {"inline": base64}, ...], "left_out": int, "signals": {"login_form": bool, ...}}

Nothing here reaches a network; addresses are resolved against the page's base and judged again by whoever fetches.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin

from selectolax.lexbor import LexborHTMLParser

__all__ = ["job", "prepare"]

_MAX_ADDRESS = 4096
_MAX_INLINE_BYTES = 512 << 10
_MAX_INLINE_TOTAL = 2 << 20
_SHORT_PAGE = 1500  # characters of visible text, below which the whole page counts as a headline
_MAX_HEADLINE = 4000

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-full", "data-url", "data-image", "data-bg")
_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "imagesrcset")
_META = frozenset(["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"])
_PICTURE_NAME = re.compile(r"\.(jpe?g|jfif|png|gif|webp|avif|bmp|tiff?|heic|heif|jxl)$", re.IGNORECASE)
_CSS_URL = re.compile(  # up to what a picture of _MAX_INLINE_BYTES takes as base64
    r"""url\(\s*(?:"([^"]{1,700000})"|'([^']{1,700000})'|([^"')\s][^)\s]{0,700000}))\s*\)""", re.IGNORECASE
)
_CSS_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{1,6})\s?|\\(.)")
_NOT_CSS_PICTURE = re.compile(r"\.(woff2?|ttf|otf|eot|css|js)$", re.IGNORECASE)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
# Encoding standard §4.2: what browsers read the common labels as. Codecs are loaded by `prepare`, so only these exist.
_CODEC_OF: Mapping[str, str] = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin1", "ascii", "us-ascii", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80", "gb18030", "chinese"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cn-big5"), "big5hkscs"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949", "korean"), "cp949"),
    **dict.fromkeys(("euc-jp", "x-euc-jp"), "euc_jp"),
    **dict.fromkeys(("windows-874", "tis-620"), "cp874"),
    "iso-2022-jp": "iso2022_jp",
    "utf-16": "utf-16-le",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    **{f"windows-125{n}": f"cp125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)},
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_NOT_FOUND = re.compile(
    r"\b404\b|not found|no longer (available|exists)|does(n[o’']t| not) exist|has been (removed|deleted)"
    r"|page unavailable|不存在|已(被)?删除|已失效|找不到|无法找到|찾을 수 없|삭제된|見つかりません|削除され"
    r"|nicht gefunden|introuvable|no se ha encontrado|не найден|不見了|已被移除|已移除",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(account|user|channel|profile|blog)[^.\n]{0,40}(suspended|terminated|banned|deactivated|closed|deleted)"
    r"|(账号|帐号|用户|频道|博主)[^。\n]{0,12}(封禁|封停|注销|停用|冻结|关闭|被封)"
    r"|이용(이)? 정지된|アカウント.{0,8}(凍結|停止)",
    re.IGNORECASE,
)
_REGION = re.compile(
    r"(not|un)\s?available in your (country|region|location|area)|blocked in your (country|region)|legal reasons"
    r"|您所在的(国家|地区|区域)|所在地区.{0,8}(无法|不可|不能|不支持)|해당 국가|お住まいの(国|地域)",
    re.IGNORECASE,
)

_GATE = re.compile(
    r"(verify|confirm|enter) your (age|date of birth)|age (verification|check)|are you (over|at least) (18|21)"
    r"|before you (continue|enter)|(accept|agree to) (all )?(the )?cookies to (continue|view)"
    r"|请?(确认|验证)(您|你)?(的)?年龄|年龄(验证|确认)|是否(已)?年?满\s?(18|十八)|年齢(確認|認証)|18歳以上ですか"
    r"|연령 ?(확인|인증)|성인 ?인증",
    re.IGNORECASE,
)


def prepare() -> None:
    """Load every codec that a page may name, and the parser: nothing can be loaded once the sandbox is locked."""
    for codec in set(_CODEC_OF.values()) | {codec for _, codec in _BOMS}:
        b"aa".decode(codec)  # of nothing at all, Python decodes without asking the codec
    LexborHTMLParser("<p>").css_first("input[type=password i]")


def job(untrusted_bytes: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Take one HTML page apart; see the module for the shapes."""
    tree = LexborHTMLParser(_decode(untrusted_bytes, str(options.get("charset", ""))))
    address = str(options["address"])
    limit = int(options.get("pictures", 400))
    found = _Found(_base(tree, address), limit)
    for kind, untrusted_address in _mentions(tree):
        found.add(kind, untrusted_address)
    return {"pictures": found.pictures, "left_out": found.left_out, "signals": _signals(tree)}


def _decode(untrusted_bytes: bytes, charset: str) -> str:
    """Decode as a browser would: byte-order mark, then the header's charset, then the page's own, then UTF-8."""
    for bom, name in _BOMS:
        if untrusted_bytes.startswith(bom):
            return untrusted_bytes[len(bom) :].decode(name, "replace")
    declared = _META_CHARSET.search(untrusted_bytes, 0, 2048)
    for label in (charset, declared.group(1).decode("ascii") if declared else ""):
        codec = _CODEC_OF.get(label.strip().lower())
        if codec is not None:
            return untrusted_bytes.decode(codec, "replace")
    return untrusted_bytes.decode("utf-8", "replace")


def _base(tree: LexborHTMLParser, address: str) -> str:
    node = tree.css_first("base[href]")
    return _join(address, (node.attributes.get("href") if node else None) or "") or address


def _join(base: str, untrusted_address: str) -> str:
    """Resolve as a browser would, or give "" for what cannot be resolved."""
    text = "".join(c for c in untrusted_address.strip() if c not in "\t\n\r")
    try:
        return urljoin(base, text)[: _MAX_ADDRESS + 1].partition("#")[0]
    except ValueError:
        return ""


class _Found:
    """The pictures found so far, each once, in the page's order, within the limits."""

    def __init__(self, base: str, limit: int) -> None:
        self.pictures: list[str | dict[str, str]] = []
        self.left_out = 0
        self._base = base
        self._limit = limit
        self._seen: set[str] = set()
        self._inline_bytes = 0

    def add(self, kind: str, untrusted_address: str) -> None:
        """Keep one mention of a picture: `kind` says whether its name must look like a picture's ("link", "css")."""
        text = untrusted_address.strip()
        inline = text[:5].lower() == "data:"
        whole = text if inline else _join(self._base, text)
        if whole in self._seen or not (inline or self._wanted(kind, whole)):
            return
        self._seen.add(whole)
        picture = self._inline(whole) if inline else whole
        if picture is None:
            return
        too_long = isinstance(picture, str) and len(picture) > _MAX_ADDRESS
        if picture == "" or too_long or len(self.pictures) >= self._limit:
            self.left_out += 1
        else:
            self.pictures.append(picture)

    def _wanted(self, kind: str, whole: str) -> bool:
        if whole[:5].lower() != "http:" and whole[:6].lower() != "https:":
            return False
        path = whole.partition("?")[0]
        if kind == "link":
            return _PICTURE_NAME.search(path) is not None
        return kind != "css" or _NOT_CSS_PICTURE.search(path) is None

    def _inline(self, data_address: str) -> dict[str, str] | str | None:
        """A picture written into the page; None when it is no picture, "" when it is too large to hand on."""
        head, comma, tail = data_address.partition(",")
        if not comma or not head[5:].lower().startswith("image/") or head[5:].lower().startswith("image/svg"):
            return None
        try:
            raw = unquote_to_bytes(tail)
            content = base64.b64decode(raw) if head.lower().endswith(";base64") else raw
        except (binascii.Error, ValueError):
            return None
        if not content:
            return None
        if len(content) > _MAX_INLINE_BYTES or self._inline_bytes + len(content) > _MAX_INLINE_TOTAL:
            return ""
        self._inline_bytes += len(content)
        return {"inline": base64.b64encode(content).decode("ascii")}


def _mentions(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Every mention of what may be a picture, in the page's order."""
    root = tree.root
    for node in root.traverse() if root is not None else ():
        attributes = node.attributes
        if attributes:
            yield from _of_element(node.tag or "", attributes)
            yield from (("css", address) for address in _css(attributes.get("style") or ""))
        if node.tag == "style":
            yield from (("css", address) for address in _css(node.text() or ""))


def _of_element(tag: str, attributes: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    def given(*names: str) -> Iterator[str]:
        return (value for name in names if (value := attributes.get(name)))

    if tag in {"img", "source", "image", "input", "amp-img"} and _shows_a_picture(tag, attributes):
        yield from (("picture", value) for value in given("src", "href", "xlink:href"))
    for value in given(*_SETS):
        yield from (("picture", address) for address in _candidates(value))
    yield from (("link", value) if tag not in {"img", "source"} else ("picture", value) for value in given(*_LAZY))
    if tag == "video":
        yield from (("picture", value) for value in given("poster", "data-poster"))
    elif tag in {"a", "link"}:
        as_picture = tag == "link" and (attributes.get("rel") == "image_src" or attributes.get("as") == "image")
        yield from (("picture" if as_picture else "link", value) for value in given("href"))
    elif tag == "meta" and ({attributes.get("property"), attributes.get("name")} & _META):
        yield from (("picture", value) for value in given("content"))
    elif tag in {"body", "table", "td", "th"}:
        yield from (("picture", value) for value in given("background"))


def _shows_a_picture(tag: str, attributes: Mapping[str, str | None]) -> bool:
    if tag == "source":  # of a film or a sound, unless it says that it is a picture
        return (attributes.get("type") or "").lower().startswith("image/")
    return tag != "input" or (attributes.get("type") or "").lower() == "image"


def _candidates(untrusted_srcset: str) -> Iterator[str]:
    """The addresses of a srcset (HTML standard §4.8.4.2): separated by commas that follow white space or a size."""
    for part in re.split(r",\s+|(?<=[0-9][wxh]),", untrusted_srcset[: 64 << 10]):
        words = part.split()
        if words:
            yield words[0].strip(",")


def _css(untrusted_style: str) -> Iterator[str]:
    for match in _CSS_URL.finditer(untrusted_style):
        address = next(group for group in match.groups() if group)
        yield _CSS_ESCAPE.sub(_unescape, address)


def _unescape(match: re.Match[str]) -> str:
    if match.group(2):
        return match.group(2)
    try:
        return chr(int(match.group(1), 16))
    except ValueError:
        return "\ufffd"


def _signals(tree: LexborHTMLParser) -> dict[str, bool]:
    """What the title, the headings and a very short page say; words deep in a long page are somebody's talk."""
    login = tree.css_first("input[type=password i]") is not None
    headline = "\n".join(node.text(separator=" ")[:300] for node in tree.css("title, h1, h2")[:12])
    tree.strip_tags(["script", "style", "template"])
    text = tree.body.text(separator=" ", strip=True) if tree.body is not None else ""
    headline = (headline + "\n" + (text if len(text) < _SHORT_PAGE else ""))[:_MAX_HEADLINE]
    return {
        "login_form": login,
        "not_found_words": _NOT_FOUND.search(headline) is not None,
        "account_words": _ACCOUNT.search(headline) is not None,
        "region_words": _REGION.search(headline) is not None,
        "gate_words": _GATE.search(headline) is not None,
    }
