"""The words between the parent and its reader process: one JSON object a line, and back into checked records.

Parent → reader: the settings first, then ``{"batch": true}`` and ``{"link": n, "address": ..., "also": [...]}``.
Reader → parent: ``{"link": n, "page": ..., ...}``, where the parent puts its own id and address back in. The reader
talks to hostile sites all day, so the parent believes none of its types, lengths or counts: whatever is not exactly
a report is a BrokenWordError.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from zaoguang import fingerprint
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch.address import MAX_ADDRESS_LENGTH
from zaoguang.watch.report import Fetched, PageReport, PictureSeen, Redirect, Signals, Unread

__all__ = ["MAX_LINE_BYTES", "BrokenWordError", "line_of", "report_from_line", "report_to_json"]

MAX_LINE_BYTES = 32 << 20
"""Bytes of one report: 400 pictures, each with headers, redirects and eight fingerprints of 64 frames, need 20 MB."""

_MAX_REDIRECTS = 64
_MAX_HEADERS = 64
_MAX_HEADER = 8192
_MAX_PICTURES = 5000
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


class BrokenWordError(Exception):
    """A line that is not a report."""


def line_of(value: Mapping[str, Any]) -> bytes:
    """One JSON object as one line."""
    return json.dumps(value, separators=(",", ":")).encode("utf-8") + b"\n"


def report_to_json(report: PageReport) -> dict[str, Any]:
    """Give a report as JSON values."""
    return {
        "link": report.link,
        "page": _fetched_to_json(report.page),
        "pictures": [_picture_to_json(picture) for picture in report.pictures],
        "left_out": report.left_out,
        "signals": dataclasses.asdict(report.signals),
    }


def _fetched_to_json(fetched: Fetched | Unread) -> dict[str, Any] | str:
    if isinstance(fetched, Unread):
        return fetched.value
    return {
        "address": fetched.address,
        "final_address": fetched.final_address,
        "redirects": [[redirect.status, redirect.location] for redirect in fetched.redirects],
        "status": fetched.status,
        "headers": fetched.headers,
        "started_at": fetched.started_at.isoformat(),
        "finished_at": fetched.finished_at.isoformat(),
        "ip": fetched.ip,
        "size": fetched.size,
        "sha256": fetched.sha256,
    }


def _picture_to_json(picture: PictureSeen) -> dict[str, Any]:
    return {
        "address": picture.address,
        "fetched": _fetched_to_json(picture.fetched),
        "result": None if picture.result is None else fingerprint.to_json(picture.result),
        "on_page": picture.on_page,
    }


def report_from_line(untrusted_line: bytes) -> PageReport:
    """Read one line from the reader, a report without its address; BrokenWordError for anything else."""
    try:
        return _report(_object(json.loads(untrusted_line)))
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError, UserMistake) as error:
        raise BrokenWordError(type(error).__name__) from None


def _report(said: dict[str, Any]) -> PageReport:
    signals = _object(said["signals"])
    return PageReport(
        link=_text(said["link"], 16),
        address="",
        page=_fetched(said["page"]),
        pictures=_list(said["pictures"], _MAX_PICTURES, _picture),
        left_out=_number(said["left_out"]),
        signals=Signals(**{field.name: signals[field.name] is True for field in dataclasses.fields(Signals)}),
    )


def _picture(untrusted_picture: object) -> PictureSeen:
    said = _object(untrusted_picture)
    fetched = _fetched(said["fetched"])
    result = None if said["result"] is None else fingerprint.from_json(said["result"])
    if isinstance(fetched, Unread) and result is not None:
        raise ValueError("a result without a picture")
    if isinstance(result, Fingerprint) and isinstance(fetched, Fetched) and result.sha256 != fetched.sha256:
        raise ValueError("a fingerprint of another picture")
    return PictureSeen(_text(said["address"], MAX_ADDRESS_LENGTH), fetched, result, said["on_page"] is True)


def _fetched(said: object) -> Fetched | Unread:
    if isinstance(said, str):
        return Unread(said)
    fields = _object(said)
    return Fetched(
        address=_text(fields["address"], MAX_ADDRESS_LENGTH),
        final_address=_text(fields["final_address"], MAX_ADDRESS_LENGTH),
        redirects=_list(fields["redirects"], _MAX_REDIRECTS, _redirect),
        status=_status(fields["status"]),
        headers=_list(fields["headers"], _MAX_HEADERS, _header),
        started_at=_moment(fields["started_at"]),
        finished_at=_moment(fields["finished_at"]),
        ip=_text(fields["ip"], 64),
        size=_number(fields["size"]),
        sha256=_digest(fields["sha256"]),
    )


def _redirect(said: object) -> Redirect:
    status, location = _pair(said)
    return Redirect(_status(status), _text(location, MAX_ADDRESS_LENGTH))


def _header(said: object) -> tuple[str, str]:
    name, value = _pair(said)
    return _text(name, 64), _text(value, _MAX_HEADER)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: object, most: int, each: Callable[[object], _T]) -> tuple[_T, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("not a list of a believable length")
    return tuple(each(item) for item in value)


def _pair(value: object) -> tuple[object, object]:
    first, second = _list(value, 2, lambda item: item)
    return first, second


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise TypeError("not a text of a believable length")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 40:
        raise TypeError("not a believable count")
    return value


def _status(value: object) -> int:
    status = _number(value)
    if not 100 <= status <= 999:  # noqa: PLR2004 - RFC 9110 §15: three digits
        raise ValueError("not a status")
    return status


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value, 40))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def _digest(value: object) -> str:
    text = _text(value, 64)
    if _HEX_DIGEST.fullmatch(text) is None:
        raise ValueError("not a digest")
    return text
