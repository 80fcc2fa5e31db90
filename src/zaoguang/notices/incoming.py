"""A mail that came in: which notice it answers, what it says, and how a person will probably read it.

Everything here is untrusted text. It is bounded before it is parsed (size, parts, headers, encodings), and only read:
nothing follows from a proposed reading until a person has said what the mail means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from enum import StrEnum
from html import unescape

__all__ = ["MAX_BYTES", "Incoming", "Reading", "Unreadable", "read_mail"]

MAX_BYTES = 256 << 10
"""Bytes of a mail that are looked at; of what is longer only the beginning is."""

_MAX_PARTS = 40
_MAX_HEADERS = 64 << 10
_MAX_HEADER = 2000
_MAX_TEXT = 20_000
_MAX_IDS = 50
_CHARSETS = frozenset(
    (
        *("us-ascii", "ascii", "utf-8", "utf8", "gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
        *("shift_jis", "cp932", "euc-jp", "iso-2022-jp", "euc-kr", "cp949", "koi8-r", "latin-1"),
        *("iso-8859-1", "iso-8859-2", "iso-8859-9", "iso-8859-15"),
        *("windows-1250", "windows-1251", "windows-1252", "windows-1254"),
    )
)
"""A mail may name no other codec: some of Python's decompress, and some take time with the square of the length."""

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}>")
_REFERENCE = re.compile(r"\b20\d\d-\d{4,8}\b")
_STATUS = re.compile(r"^Status:\s*([245])\.\d{1,3}\.\d{1,3}", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^Action:\s*([a-z]{1,12})", re.IGNORECASE | re.MULTILINE)
_QUOTE = re.compile(
    r"^(-{2,} ?(original message|forwarded message|原始邮件|原始郵件|원본 메시지)"
    r"|on [^\n]{5,120}wrote:|在[^\n]{5,80}写道)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(r"<(script|style)\b.{0,20000}?</\1\s*>|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL)


class Reading(StrEnum):
    """How a mail will probably be read; ``unknown`` where no rule fits."""

    RECEIPT = "receipt"
    REMOVED = "removed"
    REFUSED = "refused"
    ASKS = "asks"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"


class Unreadable(StrEnum):
    """Why a mail was not read."""

    EMPTY = "empty"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_MANY_HEADERS = "too_many_headers"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a mail says, cut to size; ``answers`` are the Message-IDs that it names, the nearest first."""

    answers: tuple[str, ...]
    references: tuple[str, ...]  # case numbers in its subject
    sender: str  # one bare address, lower case; "" if it has none
    subject: str
    text: str
    reading: Reading
    bounced: bool  # a report of delivery that says: failed for good (RFC 3464 §2.3.3)


def read_mail(untrusted_bytes: bytes) -> Incoming | Unreadable:
    """Read one mail (RFC 5322, RFC 2045, RFC 3464), at most its first 256 KiB."""
    untrusted_bytes = untrusted_bytes[:MAX_BYTES]
    if not untrusted_bytes.strip():
        return Unreadable.EMPTY
    lowered = untrusted_bytes.lower()
    # The library's parser calls itself for each part within a part.
    if lowered.count(b"multipart/") + lowered.count(b"message/") > _MAX_PARTS:
        return Unreadable.TOO_MANY_PARTS
    if len(re.split(rb"\r?\n\r?\n", untrusted_bytes, maxsplit=1)[0]) > _MAX_HEADERS:
        return Unreadable.TOO_MANY_HEADERS
    try:
        return _incoming(message_from_bytes(untrusted_bytes))
    except (ValueError, LookupError, RecursionError, HeaderParseError, AttributeError, TypeError, AssertionError):
        return Unreadable.BROKEN  # what the standard library raises on hostile mails, found by fuzzing it


def _incoming(mail: Message) -> Incoming:
    parts = list(_leaves(mail))
    report = "\n".join(_text(part) for part in parts if part.get_content_type() == "message/delivery-status")
    failed = "failed" in (each.lower() for each in _ACTION.findall(report)) and "5" in _STATUS.findall(report)
    returned = "\n".join(_raw_headers(part) for part in parts if part.get_content_type() in _RETURNED)
    named = [
        *_ids(_header(mail, "In-Reply-To")),
        *reversed(_ids(_header(mail, "References"))),
        *_ids("\n".join(line for line in returned.splitlines() if line.lower().startswith("message-id:"))),
    ]
    subject, text = _header(mail, "Subject"), _body(parts)
    automatic = _header(mail, "Auto-Submitted").lower().startswith(("auto-replied", "auto-generated"))
    return Incoming(
        answers=tuple(dict.fromkeys(named))[:_MAX_IDS],
        references=tuple(dict.fromkeys(_REFERENCE.findall(subject)))[:5],
        sender=_address(_header(mail, "From")),
        subject=subject,
        text=text,
        reading=Reading.BOUNCED if failed else propose(f"{subject}\n{_own_words(text)}", automatic=automatic),
        bounced=failed,
    )


_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers"})


def _leaves(mail: Message) -> Iterator[Message]:
    """Yield the parts, not going into a mail that was returned within this one: what it says is ours."""
    waiting, seen = [mail], 0
    while waiting and seen < _MAX_PARTS:
        part, seen = waiting.pop(0), seen + 1
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting = [each for each in inner if isinstance(each, Message)] + waiting
        else:
            yield part


def _raw_headers(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list):
        return "\n".join(f"Message-ID: {each.get('Message-ID', '')}" for each in inner[:1] if isinstance(each, Message))
    return _text(part)


def _text(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list):  # a delivery report is parsed as a list of header blocks
        return "\n".join(str(each) for each in inner[:_MAX_PARTS])[:_MAX_TEXT]
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return content[: 4 * _MAX_TEXT].decode(_codec(part.get_content_charset("utf-8")), "replace")[:_MAX_TEXT]


def _codec(untrusted_name: object) -> str:
    name = str(untrusted_name).lower()
    return name if name in _CHARSETS else "utf-8"


def _body(parts: list[Message]) -> str:
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                text = _text(part)
                return _visible(unescape(_TAG.sub(" ", text)) if kind == "text/html" else text)
    return ""


def _visible(text: str) -> str:
    """Give the text without control characters; line ends stay."""
    kept = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text.replace("\r\n", "\n"))
    return re.sub(r"\n{3,}", "\n\n", kept).strip()[:_MAX_TEXT]


def _header(mail: Message, name: str) -> str:
    raw = str(mail.get(name, ""))[:_MAX_HEADER]
    pieces = []
    for piece, charset in decode_header(re.sub(r"[\r\n]+", " ", raw)):
        pieces.append(piece if isinstance(piece, str) else piece.decode(_codec(charset or "ascii"), "replace"))
    return " ".join("".join(c if c.isprintable() else " " for c in "".join(pieces)).split())[:_MAX_HEADER]


def _ids(text: str) -> list[str]:
    return _MESSAGE_ID.findall(text)[:_MAX_IDS]


def _address(header: str) -> str:
    found = re.findall(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}", header)
    return str(found[-1]).lower() if found else ""


def _own_words(text: str) -> str:
    """Give what the mail itself says, without what it quotes: our own demand must not be read as the answer."""
    found = _QUOTE.search(text)
    own = text[: found.start()] if found else text
    return "\n".join(line for line in own.splitlines() if not line.lstrip().startswith(">"))


# In this order: a refusal often thanks for the report, and a request for more often says what would be removed.
_RULES: tuple[tuple[Reading, tuple[str, ...]], ...] = (
    (
        Reading.REFUSED,
        (
            r"(un|not )able to (remove|process|take)|no violation|declin|reject(ed|ing)",
            r"(will|can|could|ha[sd]|have|did|do(es)?)(n[o’']t| not)( be(en)?)? (remov|tak|act|viol|f(i|ou)nd|process)",
            r"无法(予以)?(处理|删除|移除)|不予(处理|受理|删除)|(没有|并?未)(发现)?违(反|规)|不违反",
            r"無法(處理|刪除|移除)|未違反|不受理|위반(되지|하지) 않|삭제할 수 없|처리할 수 없",
            r"違反は(確認|見)|削除(でき|いたし)ません|対応(でき|いたし)ません",
            r"konnten wir keine|nicht (entfern|lösch)|ne pouvons pas|no podemos",
        ),
    ),
    (
        Reading.ASKS,
        (
            r"(please|kindly) (provide|send|confirm|complete|fill|reply with)",
            r"(more|additional|further) (information|details)",
            r"请(您|你)?(补充|提供|重新提交)|需要(您|你)?(补充|提供)|請(您)?(補充|提供)",
            r"추가 (정보|자료)|보완|제출해 ?주|ご提供|追加の(情報|資料)",
            r"weitere (informationen|angaben)|informations (complémentaires|supplémentaires)|más información",
        ),
    ),
    (
        Reading.REMOVED,
        (
            r"(has|have|was|were) (now )?(been )?(successfully )?(remov|delet|taken down|disabled|suspended)\w*",
            r"we (have )?(now )?(removed|deleted|took down|disabled)",
            r"已(经)?(被)?(予以)?(删除|移除|下架|屏蔽)|已(經)?(刪除|移除|下架)",
            r"삭제(되었|했|하였|완료| 완료)|削除(いたし|し)ました|削除済",
            r"wurde(n)? (entfernt|gelöscht)|a été (supprimé|retiré)|ha sido (eliminado|retirado)",
        ),
    ),
    (
        Reading.RECEIPT,
        (
            r"(we )?(have )?received your|(ticket|case) (number|id|#)",
            r"thank you for (your (report|message|e-?mail)|contacting|reporting)",
            r"已收到|收到(了)?您的|感谢您的(举报|反馈|来信)|受理(编号|号)|已收悉|感謝您的(檢舉|來信)",
            r"접수(되었|했|하였|번호)|受け付けました|受領",
            r"erhalten|accusé de réception|hemos recibido",
        ),
    ),
)
_COMPILED = tuple((reading, re.compile("|".join(rules), re.IGNORECASE)) for reading, rules in _RULES)


def propose(text: str, *, automatic: bool = False) -> Reading:
    """Give the reading that the first rule proposes; an automatic answer without any of these words is a receipt."""
    for reading, rule in _COMPILED:
        if rule.search(text[:_MAX_TEXT]):
            return reading
    return Reading.RECEIPT if automatic else Reading.UNKNOWN
