"""One line as ``zaoguang fingerprint --json`` prints it, read back: what a bank needs of it and no more."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.film import Film
from zaoguang.fingerprint.film_record import film_from_json
from zaoguang.fingerprint.pdq import ORIENTATIONS, Pdq
from zaoguang.fingerprint.record import LOW_QUALITY_BELOW, Fingerprint, Reason, Unhashable, from_json
from zaoguang.words import gettext as _

__all__ = ["Given", "read_line"]

_LONGEST = 100_000  # 64 frames in eight orientations
_LONGEST_FILM = 2 << 20  # some four hours, one frame a second
_KNOWN = frozenset(
    {"kind", "pdq", "quality", "sha256", "width", "height", "variants", "on_black", "frames", "partial", "exact"}
)


@dataclass(frozen=True, slots=True)
class Given:
    """The fingerprint of a picture or a film as its owner gives it; a secret, like the picture itself."""

    pdq: Pdq
    quality: int
    sha256: str
    others: tuple[
        Pdq, ...
    ]  # what else it looks like: over black, and its further frames; of a film every frame that can be relied on

    @property
    def pdqs(self) -> tuple[Pdq, ...]:
        """All that it is known by, each once."""
        return tuple(dict.fromkeys((self.pdq, *self.others)))


def read_line(untrusted_line: str) -> Given | Unhashable:
    """Read one line; ``UserMistake`` when it is not one, or not exact.

    The path is not looked at, and the variants may be absent.
    """
    refused = UserMistake(_("This is not a line that “zaoguang fingerprint --json” printed."))
    if len(untrusted_line) > _LONGEST_FILM:
        raise refused
    try:
        untrusted = json.loads(untrusted_line)
    except (ValueError, RecursionError) as error:
        raise refused from error
    if not isinstance(untrusted, dict):
        raise refused
    if untrusted.get("kind") == "video":
        return _film_given(film_from_json({name: value for name, value in untrusted.items() if name != "path"}))
    if len(untrusted_line) > _LONGEST:
        raise refused
    found = from_json(_completed(untrusted))
    if isinstance(found, Unhashable):
        return found
    if not found.exact:
        raise UserMistake(
            _("This fingerprint was made the quick way; make it again with “zaoguang fingerprint --exact”.")
        )
    return _given(found)


def _completed(untrusted: dict[object, object]) -> dict[object, object]:
    """Keep the known parts; stand-ins take the place of variants that were not printed."""
    if "unhashable" in untrusted:
        return {name: untrusted[name] for name in ("unhashable", "pdq", "quality") if name in untrusted}
    kept: dict[object, object] = {name: value for name, value in untrusted.items() if name in _KNOWN}
    kept.setdefault("variants", _stand_ins(untrusted))
    frames = kept.get("frames")
    if isinstance(frames, list):
        kept["frames"] = [{"variants": _stand_ins(each)} | each if isinstance(each, dict) else each for each in frames]
    return kept


def _stand_ins(untrusted: Mapping[object, object]) -> dict[str, object]:
    return dict.fromkeys(ORIENTATIONS, untrusted.get("pdq"))


def _given(found: Fingerprint) -> Given:
    shown = (pdq for each in found.frames or (found,) for pdq in (each.pdq, each.on_black) if pdq is not None)
    _, *others = shown
    return Given(found.pdq, found.quality, found.sha256, tuple(others))


def _film_given(film: Film) -> Given | Unhashable:
    """Keep each look of a film once; what shows too little, as a black frame does, would fit too much else."""
    good = [frame for frame in film.frames if frame.quality >= LOW_QUALITY_BELOW]
    if not good:
        return Unhashable(Reason.LOW_QUALITY)
    first, *others = dict.fromkeys(frame.pdq for frame in good)
    return Given(first, max(frame.quality for frame in good), film.sha256, tuple(others))
