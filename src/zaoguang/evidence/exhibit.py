"""Exhibit: one copy as it was seen at one address at one time, and its seal.

It holds no picture and no name. The fingerprint found is committed to, not told (a likeness can be rebuilt from one):
``fingerprint_commitment`` is SHA-256 over the text of the nonce followed by the fingerprint's hex digits, so the
centre can disclose the fingerprint later, to whom the survivor agrees, and anyone can check it was this one:

    printf '%s' NONCE FINGERPRINT | sha256sum
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from zaoguang.errors import UserMistake
from zaoguang.evidence.canonical import Json, JsonObject, canonical
from zaoguang.evidence.shape import (
    Shape,
    exactly,
    fault,
    hex_digits,
    is_moment,
    list_of,
    matching,
    moment,
    pair_of,
    text,
    whole,
)
from zaoguang.evidence.signer import Signer
from zaoguang.words import gettext as _

__all__ = [
    "EXHIBIT_ID",
    "EXHIBIT_SCHEMA",
    "EXHIBIT_SHAPE",
    "LABEL",
    "MAX_EXHIBIT_BYTES",
    "SealedExhibit",
    "exhibit",
    "fingerprint_commitment",
    "seal",
]

EXHIBIT_SCHEMA = "zaoguang-exhibit/1"

STATEMENT = {
    "en": (
        "The picture was read into memory, measured and let go: no copy of it was kept. "
        "Sizes and SHA-256 are of the bytes as a browser would save them."
    ),
    "zh-Hans": "该图片仅读入内存、计算后即释放，未保留任何副本。大小与 SHA-256 均按浏览器保存该文件时的字节计算。",
}
"""Part of every exhibit, word for word, in both languages."""

EXHIBIT_ID = r"[0-9a-z][0-9a-z-]{7,63}"
"""Ids are random (a UUID, say), so that a log of them tells nothing; they are also file names inside a package."""

LABEL = r"[\w./#-]{1,64}"
"""A case number or an item code: a code, with no room for a sentence about a person."""

MAX_EXHIBIT_BYTES = 4 << 20
"""A larger body is refused before it is sealed, and before it is parsed."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = text(1 << 17)
_FETCHED: Shape = {
    "asked": _ADDRESS,
    "answered": _ADDRESS,
    "redirects": list_of({"status": whole(100, 599), "location": _ADDRESS}, 64),
    "status": whole(100, 599),
    "headers": list_of(pair_of(text(256), matching(r"[^\x00-\x1f\x7f]{0,16384}")), 256),
    "ip": text(64),
    "began": is_moment,
    "finished": is_moment,
    "size": whole(0, 2**40),
    "sha256": hex_digits(64),
}
EXHIBIT_SHAPE: Shape = {
    "schema": exactly(EXHIBIT_SCHEMA),
    "exhibit_id": matching(EXHIBIT_ID),
    "nonce": hex_digits(64),
    "case_number": matching(LABEL),
    "item": matching(LABEL),
    "page": _FETCHED,
    "picture": _FETCHED,
    "match": {
        "kind": exactly("pdq"),
        "fingerprint_commitment": hex_digits(64),
        "distance": whole(0, 31),
        "orientation": matching(r"[a-z0-9][a-z0-9_-]{0,31}"),
    },
    "tool": {"name": exactly("zaoguang"), "version": text(64)},
    "sealed_at": is_moment,
    "statement": exactly(STATEMENT),
}


@dataclass(frozen=True, slots=True)
class SealedExhibit:
    """An exhibit's exact bytes with what seals them."""

    body: bytes  # canonical JSON; never re-serialised after sealing
    sha256: str  # of body
    signature: bytes  # Ed25519 over body, 64 bytes
    key_id: str


def fingerprint_commitment(nonce: bytes, pdq_hex: str) -> str:
    """Give the commitment to a fingerprint (64 hex digits): it binds the exhibit to it and does not tell it."""
    return hashlib.sha256((nonce.hex() + pdq_hex).encode()).hexdigest()


def exhibit(
    *,
    exhibit_id: str,
    case_number: str,
    item_label: str,
    page: Mapping[str, object],
    picture: Mapping[str, object],
    match: Mapping[str, object],
    tool_version: str,
    sealed_at: datetime,
    nonce: bytes,
) -> JsonObject:
    """Give the exhibit of one copy; UserMistake names the field that is missing or cannot be taken.

    ``page`` and ``picture`` have the fields of a fetched address: ``address, final_address, redirects`` (each with
    ``status, location``)``, status, headers`` (pairs)``, ip, started_at, finished_at, size, sha256``; a link that is
    the picture itself gives both. ``match`` has ``pdq`` (64 hex digits, of the picture found)``, distance,
    orientation``. ``nonce`` is 32 random bytes, fresh for each exhibit.
    """
    try:
        record: JsonObject = {
            "schema": EXHIBIT_SCHEMA,
            "exhibit_id": exhibit_id,
            "nonce": nonce.hex(),
            "case_number": case_number,
            "item": item_label,
            "page": _fetched(page),
            "picture": _fetched(picture),
            "match": _match(match, nonce),
            "tool": {"name": "zaoguang", "version": tool_version},
            "sealed_at": moment(sealed_at),
            "statement": STATEMENT,
        }
    except KeyError as error:
        raise UserMistake(_("An exhibit cannot be made without %(name)s.") % {"name": error.args[0]}) from error
    except (TypeError, ValueError) as error:
        raise UserMistake(_("An exhibit cannot be made: a redirect or a header has the wrong form.")) from error
    _refuse_faults(record)
    return record


def seal(exhibit: Mapping[str, Json], signer: Signer) -> SealedExhibit:
    """Give the exhibit's canonical bytes, signed; UserMistake when it is not of our schema."""
    _refuse_faults(exhibit)
    body = canonical(dict(exhibit))
    if len(body) > MAX_EXHIBIT_BYTES:
        raise UserMistake(_("An exhibit cannot be made: what the servers said is too long."))
    return SealedExhibit(body, hashlib.sha256(body).hexdigest(), signer.sign(body), signer.key_id)


def _refuse_faults(record: Mapping[str, Json]) -> None:
    place = fault(record, EXHIBIT_SHAPE)
    if place:
        raise UserMistake(_("An exhibit cannot be made: its field %(name)s cannot be taken.") % {"name": place})


def _fetched(untrusted: Mapping[str, object]) -> JsonObject:
    return {
        "asked": _words(untrusted["address"]),
        "answered": _words(untrusted["final_address"]),
        "redirects": [
            {"status": cast("int", hop["status"]), "location": _words(hop["location"])}
            for hop in cast("Sequence[Mapping[str, object]]", untrusted["redirects"])
        ],
        "status": cast("int", untrusted["status"]),
        "headers": [
            [_words(name), _words(value)]
            for name, value in cast("Sequence[tuple[object, object]]", untrusted["headers"])
        ],
        "ip": cast("str", untrusted["ip"]),
        "began": moment(untrusted["started_at"]),
        "finished": moment(untrusted["finished_at"]),
        "size": cast("int", untrusted["size"]),
        "sha256": cast("str", untrusted["sha256"]),
    }


def _match(untrusted: Mapping[str, object], nonce: bytes) -> JsonObject:
    pdq = untrusted["pdq"]
    if len(nonce) != 32 or not hex_digits(64)(cast("str", pdq)):  # noqa: PLR2004 (bytes of SHA-256's size)
        raise UserMistake(_("An exhibit needs a nonce of 32 bytes and the 64 hex digits of the fingerprint found."))
    return {
        "kind": "pdq",
        "fingerprint_commitment": fingerprint_commitment(nonce, str(pdq)),
        "distance": cast("int", untrusted["distance"]),
        "orientation": cast("str", untrusted["orientation"]),
    }


def _words(untrusted: object) -> str:
    r"""Give what a server said so that it can be written: what is no text stays visible, as ``\udcff`` or ``\x00``."""
    text_only = str(untrusted).encode("utf-8", "backslashreplace").decode()
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text_only)
