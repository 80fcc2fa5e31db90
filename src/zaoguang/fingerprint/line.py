"""One line as ``zaoguang fingerprint --json`` prints it, read back: what a bank needs of it and no more."""

import json
from dataclasses import dataclass

from zaoguang.errors import UserMistake
from zaoguang.fingerprint.pdq import ORIENTATIONS, Pdq
from zaoguang.fingerprint.record import Fingerprint, Unhashable, from_json
from zaoguang.words import gettext as _

__all__ = ["Given", "read_line"]

_LONGEST = 20_000
_KNOWN = frozenset({"kind", "pdq", "quality", "sha256", "width", "height", "variants", "on_black"})


@dataclass(frozen=True, slots=True)
class Given:
    """A picture's fingerprint as its owner gives it; a secret, like the picture itself."""

    pdq: Pdq
    on_black: Pdq | None
    quality: int
    sha256: str


def read_line(untrusted_line: str) -> Given | Unhashable:
    """Read one line; ``UserMistake`` when it is not one. The path is not looked at, and the variants may be absent."""
    refused = UserMistake(_("This is not a line that “zaoguang fingerprint --json” printed."))
    if len(untrusted_line) > _LONGEST:
        raise refused
    try:
        untrusted = json.loads(untrusted_line)
    except (ValueError, RecursionError) as error:
        raise refused from error
    if not isinstance(untrusted, dict):
        raise refused
    found = from_json(_completed(untrusted))
    if isinstance(found, Unhashable):
        return found
    return _given(found)


def _completed(untrusted: dict[object, object]) -> dict[object, object]:
    """Keep the known parts; stand-ins take the place of variants that were not printed."""
    if "unhashable" in untrusted:
        return {name: untrusted[name] for name in ("unhashable", "pdq", "quality") if name in untrusted}
    kept: dict[object, object] = {name: value for name, value in untrusted.items() if name in _KNOWN}
    kept.setdefault("variants", dict.fromkeys(ORIENTATIONS, untrusted.get("pdq")))
    return kept


def _given(found: Fingerprint) -> Given:
    return Given(found.pdq, found.on_black, found.quality, found.sha256)
