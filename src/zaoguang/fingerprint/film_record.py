"""The JSON form in which what is known of a film travels: written, and read back strictly."""

import re
from collections.abc import Mapping
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.film import Film, Frame
from zaoguang.fingerprint.pdq import Pdq
from zaoguang.fingerprint.record import Reason, reason_from
from zaoguang.fingerprint.sights import SECONDS_MOST
from zaoguang.sandbox import Json
from zaoguang.words import gettext as _

__all__ = ["film_from_json", "film_to_json"]

_FRAMES_MOST: Final = 2_000_000
_SIDE_MOST: Final = 1 << 20
_COUNT_MOST: Final = 1 << 40
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PARTS: Final = frozenset({"kind", "sha256", "width", "height", "seconds", "frames"})
_SELDOM: Final = frozenset({"first_look", "cut_short", "flaws"})
_FRAME_PARTS: Final = frozenset({"number", "t", "until", "pdq", "quality"})


def film_to_json(film: Film) -> dict[str, Json]:
    """Give the JSON object in which a film's fingerprints travel; what is as usual is left out."""
    found: dict[str, Json] = {
        "kind": film.kind,
        "sha256": film.sha256,
        "width": film.width,
        "height": film.height,
        "seconds": film.seconds,
        "frames": [_frame_to_json(frame) for frame in film.frames],
    }
    if film.first_look:
        found["first_look"] = True
    if film.cut_short is not None:
        found["cut_short"] = film.cut_short.value
    if film.flaws:
        found["flaws"] = film.flaws
    return found


def _frame_to_json(frame: Frame) -> dict[str, Json]:
    found: dict[str, Json] = {
        "number": frame.number,
        "t": frame.seconds,
        "until": frame.until,
        "pdq": frame.pdq.hex,
        "quality": frame.quality,
    }
    return found if frame.inner is None else found | {"inner": frame.inner.hex}


def film_from_json(untrusted: object) -> Film:
    """Read what ``film_to_json`` wrote; ``UserMistake`` for anything that is not exactly of that form."""
    if not isinstance(untrusted, Mapping) or not _PARTS <= set(untrusted) <= _PARTS | _SELDOM:
        raise _malformed("object")
    if untrusted["kind"] != "video":
        raise _malformed("kind")
    sha256 = untrusted["sha256"]
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _malformed("sha256")
    if "first_look" in untrusted and untrusted["first_look"] is not True:
        raise _malformed("first_look")
    return Film(
        "video",
        sha256,
        _whole(untrusted, "width", 1, _SIDE_MOST),
        _whole(untrusted, "height", 1, _SIDE_MOST),
        _seconds(untrusted, "seconds"),
        _frames_from(untrusted["frames"], _seconds(untrusted, "seconds")),
        first_look="first_look" in untrusted,
        cut_short=_reason(untrusted["cut_short"]) if "cut_short" in untrusted else None,
        flaws=_whole(untrusted, "flaws", 1, _COUNT_MOST) if "flaws" in untrusted else 0,
    )


def _frames_from(untrusted: object, end: float) -> tuple[Frame, ...]:
    """Read the frames, which follow one another in number and in time and do not run beyond the film."""
    if not isinstance(untrusted, list) or not untrusted:
        raise _malformed("frames")
    if len(untrusted) > _FRAMES_MOST:
        raise UserMistake(
            _("This film has {count} frames, and at most {most} are read. Use shorter parts of it.").format(
                count=len(untrusted), most=_FRAMES_MOST
            )
        )
    frames = tuple(_frame_from(each) for each in untrusted)
    number, seconds = -1, 0.0
    for frame in frames:
        if frame.number <= number or not seconds <= frame.seconds <= frame.until <= end:
            raise _malformed("frames")
        number, seconds = frame.number, frame.until
    return frames


def _frame_from(untrusted: object) -> Frame:
    if not isinstance(untrusted, Mapping) or not _FRAME_PARTS <= set(untrusted) <= _FRAME_PARTS | {"inner"}:
        raise _malformed("frames")
    return Frame(
        _whole(untrusted, "number", 0, _COUNT_MOST),
        _seconds(untrusted, "t"),
        _seconds(untrusted, "until"),
        _pdq(untrusted, "pdq"),
        _whole(untrusted, "quality", 0, 100),
        _pdq(untrusted, "inner") if "inner" in untrusted else None,
    )


def _pdq(untrusted: Mapping[object, object], name: str) -> Pdq:
    hexed = untrusted[name]
    if not isinstance(hexed, str):
        raise _malformed(name)
    return Pdq.from_hex(hexed)


def _seconds(untrusted: Mapping[object, object], name: str) -> float:
    value = untrusted[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed(name)
    if not 0 <= value <= SECONDS_MOST:  # refuses NaN too
        raise _malformed(name)
    return float(value)


def _whole(untrusted: Mapping[object, object], name: str, least: int, most: int) -> int:
    value = untrusted[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _malformed(name)
    return value


def _reason(untrusted: object) -> Reason:
    reason = reason_from(untrusted)
    if reason is None:
        raise _malformed("cut_short")
    return reason


def _malformed(part: str) -> UserMistake:
    return UserMistake(_("This is not a fingerprint as Zaoguang writes it (part: {part}).").format(part=part))
