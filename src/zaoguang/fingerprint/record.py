"""What is known of one file: its fingerprint, or why it has none; and the JSON form in which either travels."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.pdq import ORIENTATIONS, Pdq
from zaoguang.sandbox import Json
from zaoguang.words import gettext as _

__all__ = [
    "FRAMES_MOST",
    "LOW_QUALITY_BELOW",
    "Fingerprint",
    "PictureFrame",
    "Reason",
    "Unhashable",
    "from_json",
    "reason_from",
    "to_json",
]

LOW_QUALITY_BELOW: Final = 50
"""Below this PDQ quality (0–100) a hash says too little to match on."""

FRAMES_MOST: Final = 64
"""As many frames that differ are kept of one file."""

_FRAME_NUMBER_MOST: Final = 1 << 16
_SIDE_MOST: Final = 1 << 20
_HASHES: Final = {"pdq", "quality", "variants", "on_black"}
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Reason(StrEnum):
    """Why a file has no usable fingerprint; the sentence for a person is ``Unhashable.sentence``."""

    NOT_A_PICTURE = "not_a_picture"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    LOW_QUALITY = "low_quality"
    BLANK = "blank"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    CLOSED = "closed"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    NOT_A_FILM = "not_a_film"
    NO_MOVING_PICTURE = "no_moving_picture"


_SENTENCES: Final[Mapping[Reason, Callable[[], str]]] = MappingProxyType(
    {
        Reason.NOT_A_PICTURE: lambda: _("This is not a picture of a kind that can be read, or it is damaged."),
        Reason.TRUNCATED: lambda: _("The picture is cut off: part of the file is missing. Get the whole file."),
        Reason.TOO_MANY_PIXELS: lambda: _("The picture has more pixels than is safe to open. Use a smaller copy."),
        Reason.LOW_QUALITY: lambda: _("The picture has too little detail for a fingerprint that can be relied on."),
        Reason.BLANK: lambda: _("The picture is blank: it shows one even colour, which fits too many others."),
        Reason.TOO_SMALL: lambda: _("The picture is too small to be told from others. Use a larger copy."),
        Reason.TOO_LARGE: lambda: _("The file is larger than is safe to open. Use a smaller copy."),
        Reason.TIMED_OUT: lambda: _("Opening the picture took too long and was stopped. The file may be an attack."),
        Reason.OUT_OF_MEMORY: lambda: _("Opening the picture needed too much memory. The file may be an attack."),
        Reason.CRASHED: lambda: _("The process that opened the picture crashed. The file may be an attack."),
        Reason.CLOSED: lambda: _("The work was stopped before this picture was opened. Start it again."),
        Reason.UNREADABLE: lambda: _("The file cannot be read. Check that it is still there and that you may open it."),
        Reason.EMPTY: lambda: _("The file is empty. Get the whole file."),
        Reason.NOT_A_FILM: lambda: _("This is not a film of a kind that can be read, or it is damaged."),
        Reason.NO_MOVING_PICTURE: lambda: _("The film has no moving pictures, only sound or text."),
    }
)


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """One frame of an animation, or page of a document, that differs from the others."""

    number: int  # counted from 0, in the order shown
    pdq: Pdq
    quality: int  # 50–100
    on_black: Pdq | None
    variants: tuple[Pdq, ...]  # turned in each of ORIENTATIONS


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a picture is known by; it is a secret, like the picture itself."""

    kind: Literal["image"]
    pdq: Pdq  # transparent pictures: over white, or over black where only that shows anything
    quality: int  # 0–100
    sha256: str  # hex, of the file's bytes
    width: int  # pixels, as a person sees it
    height: int
    on_black: Pdq | None  # a transparent picture over black, when that looks different
    variants: tuple[Pdq, ...]  # turned in each of ORIENTATIONS
    frames: tuple[PictureFrame, ...] = ()  # none, or two and more, of which the first is that of `pdq`
    partial: bool = False  # the file has more frames than were looked at or could be kept
    exact: bool = True  # else made the quick way: a few bits may differ from those of the full picture

    def looks(self) -> tuple[tuple[str, Pdq], ...]:
        """Give every hash that a copy may have, with its name of ORIENTATIONS: each frame, turned, and on black."""
        return tuple(
            (name, pdq)
            for shown in self.frames or (self,)
            for name, pdq in (
                *zip(ORIENTATIONS, shown.variants, strict=True),
                *(((ORIENTATIONS[0], shown.on_black),) if shown.on_black is not None else ()),
            )
        )


@dataclass(frozen=True, slots=True)
class Unhashable:
    """Why a file has no fingerprint to match on."""

    reason: Reason
    detail: str = ""  # the system's own word for it, where there is one; not translated
    pdq: Pdq | None = None  # only for LOW_QUALITY: for whoever asks for it all the same
    quality: int | None = None

    @property
    def sentence(self) -> str:
        """The reason as one sentence that says what to do, in the language now spoken."""
        return _SENTENCES[self.reason]()


def to_json(known: Fingerprint | Unhashable) -> dict[str, Json]:
    """Give the JSON object in which a fingerprint, or the reason for none, travels."""
    if isinstance(known, Unhashable):
        refused: dict[str, Json] = {"unhashable": known.reason.value}
        if known.pdq is not None:
            refused |= {"pdq": known.pdq.hex, "quality": known.quality}
        return refused
    found: dict[str, Json] = {
        "kind": known.kind,
        **_hashes(known),
        "sha256": known.sha256,
        "width": known.width,
        "height": known.height,
    }
    if known.frames:
        found["frames"] = [{"number": frame.number, **_hashes(frame)} for frame in known.frames]
    return found | ({"partial": True} if known.partial else {}) | ({} if known.exact else {"exact": False})


def _hashes(known: Fingerprint | PictureFrame) -> dict[str, Json]:
    hashes: dict[str, Json] = {
        "pdq": known.pdq.hex,
        "quality": known.quality,
        "variants": {name: pdq.hex for name, pdq in zip(ORIENTATIONS, known.variants, strict=True)},
    }
    return hashes | ({"on_black": known.on_black.hex} if known.on_black is not None else {})


def from_json(untrusted: object) -> Fingerprint | Unhashable:
    """Read what ``to_json`` wrote; ``UserMistake`` for anything that is not exactly of that form."""
    if not isinstance(untrusted, Mapping):
        raise _malformed("object")
    if "unhashable" in untrusted:
        return _unhashable_from(untrusted)
    _only(untrusted, _HASHES | {"kind", "sha256", "width", "height", "frames", "partial", "exact"})
    if untrusted.get("kind") != "image":
        raise _malformed("kind")
    first = _frame_from(untrusted, 0)
    sha256 = untrusted.get("sha256")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _malformed("sha256")
    width, height = (_whole(untrusted, side, 1, _SIDE_MOST) for side in ("width", "height"))
    frames = _frames_from(untrusted["frames"], first) if "frames" in untrusted else ()
    if untrusted.get("partial", True) is not True:
        raise _malformed("partial")
    if untrusted.get("exact", False) is not False:
        raise _malformed("exact")
    return Fingerprint(
        "image",
        first.pdq,
        first.quality,
        sha256,
        width,
        height,
        first.on_black,
        first.variants,
        frames,
        partial="partial" in untrusted,
        exact="exact" not in untrusted,
    )


def _frames_from(untrusted: object, first: PictureFrame) -> tuple[PictureFrame, ...]:
    """Read the frames: more than one, each of another number, and the first of them the one the picture is known by."""
    if not isinstance(untrusted, list) or not 1 < len(untrusted) <= FRAMES_MOST:
        raise _malformed("frames")
    frames = []
    for untrusted_frame in untrusted:
        if not isinstance(untrusted_frame, Mapping):
            raise _malformed("frames")
        _only(untrusted_frame, _HASHES | {"number"})
        frames.append(_frame_from(untrusted_frame, _whole(untrusted_frame, "number", 0, _FRAME_NUMBER_MOST)))
    if len({frame.number for frame in frames}) < len(frames) or frames[0] != replace(first, number=frames[0].number):
        raise _malformed("frames")
    return tuple(frames)


def _frame_from(untrusted: Mapping[object, object], number: int) -> PictureFrame:
    pdq = _pdq(untrusted, "pdq")
    quality = _whole(untrusted, "quality", LOW_QUALITY_BELOW, 100)
    on_black = _pdq(untrusted, "on_black") if "on_black" in untrusted else None
    return PictureFrame(number, pdq, quality, on_black, _variants_from(untrusted, pdq))


def _unhashable_from(untrusted: Mapping[object, object]) -> Unhashable:
    reason = reason_from(untrusted["unhashable"])
    if reason is None:
        raise _malformed("unhashable")
    if reason is not Reason.LOW_QUALITY:
        _only(untrusted, {"unhashable"})
        return Unhashable(reason)
    _only(untrusted, {"unhashable", "pdq", "quality"})
    quality = _whole(untrusted, "quality", 0, LOW_QUALITY_BELOW - 1)
    return Unhashable(reason, pdq=_pdq(untrusted, "pdq"), quality=quality)


def reason_from(untrusted: object) -> Reason | None:
    """Read the name of a reason; ``None`` when it is not one."""
    return Reason(untrusted) if isinstance(untrusted, str) and untrusted in set(Reason) else None


def _variants_from(untrusted: Mapping[object, object], pdq: Pdq) -> tuple[Pdq, ...]:
    untrusted_variants = untrusted.get("variants")
    if not isinstance(untrusted_variants, Mapping) or set(untrusted_variants) != set(ORIENTATIONS):
        raise _malformed("variants")
    variants = tuple(_pdq(untrusted_variants, name) for name in ORIENTATIONS)
    if variants[0] != pdq:
        raise _malformed("variants")
    return variants


def _only(untrusted: Mapping[object, object], names: set[str]) -> None:
    if set(untrusted) - names:
        raise _malformed("unknown")


def _pdq(untrusted: Mapping[object, object], name: str) -> Pdq:
    value = untrusted.get(name)
    if not isinstance(value, str):
        raise _malformed(name)
    return Pdq.from_hex(value)


def _whole(untrusted: Mapping[object, object], name: str, least: int, most: int) -> int:
    value = untrusted.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _malformed(name)
    return value


def _malformed(part: str) -> UserMistake:
    return UserMistake(_("This is not a fingerprint as Zaoguang writes it (part: {part}).").format(part=part))
