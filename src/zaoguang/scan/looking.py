"""Looking: one unit of work → what was found in it and what was not looked at. Decoding is done in the sandbox."""

import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from zaoguang.errors import OutsideFailure
from zaoguang.fingerprint import (
    LOW_QUALITY_BELOW,
    ORIENTATIONS,
    Film,
    Fingerprint,
    Reason,
    Unhashable,
    fingerprint_bytes,
)
from zaoguang.fingerprint.container import container_of
from zaoguang.fingerprint.reading import FILE_BYTES_MOST
from zaoguang.fingerprint.screening import screened
from zaoguang.sandbox import Sandbox
from zaoguang.scan.banks import Near, Sought, near
from zaoguang.scan.members import HEAD_BYTES, Form, Member, form_of, members
from zaoguang.scan.plan import Unit
from zaoguang.scan.source import Held, Source
from zaoguang.scan.why import DamagedError, Why
from zaoguang.search import MAX_RADIUS
from zaoguang.words import gettext as _

__all__ = ["Looker", "Seeking", "Seen"]

QUICK_BITS: Final = 8
"""The quick way through large JPEGs may differ by so much from the exact one: docs/decisions/0008-quick-way.md."""

_FILM_IN_MEMORY_MOST: Final = 512 << 20
_NESTED_IN_MEMORY_MOST: Final = 256 << 20
_PIECE: Final = 1 << 20
_FREE: Final = 1 << 30  # unpacked bytes of one range before the proportion counts
_PROPORTION: Final = 20
_INNER: Final = " » "
_BROKEN: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error)

Line = dict[str, Any]
_Known = Fingerprint | Film | Unhashable


@dataclass(frozen=True, slots=True)
class Seeking:
    """How is looked: how near something must be, and whether large JPEGs are decoded in full from the start."""

    radius: int = MAX_RADIUS
    exact: bool = False


@dataclass(slots=True)
class Seen:
    """What came of one unit; it holds no fingerprint."""

    matches: list[Line] = field(default_factory=list)
    passed_over: list[Line] = field(default_factory=list)
    looked_at: int = 0


class Looker:
    """Looks through units; each thread may use the same one."""

    def __init__(self, source: Source, sought: Collection[Sought], sandbox: Sandbox, seeking: Seeking) -> None:
        self._source, self._sought, self._sandbox, self._seeking = source, sought, sandbox, seeking

    def look(self, unit: Unit) -> Seen:
        """Give what is in the unit.

        Raises:
            OutsideFailure: the place where the source lies does not answer, or the sandbox was closed.
        """
        seen = Seen()
        for held in unit.files:
            self._look_at_file(held, unit, seen)
        return seen

    def _look_at_file(self, held: Held, unit: Unit, seen: Seen) -> None:
        if held.why_not is not None:
            self._pass_over(seen, held.name, "", held.why_not)
            return
        try:
            if self._source.now(held) != held:
                self._pass_over(seen, held.name, "", Why.CHANGED)
                return
            with self._source.open(held) as file:
                self._look_into(file, held, unit, seen)
        except OSError:
            self._pass_over(seen, held.name, "", Why.UNREADABLE)

    def _look_into(self, file: BinaryIO, held: Held, unit: Unit, seen: Seen) -> None:
        try:
            form = unit.form if unit.form is not Form.NONE else form_of(file)
        except DamagedError as error:
            self._pass_over(seen, held.name, "", error.why)
            return
        if form is not Form.NONE:
            walked = members(file, form, first=unit.first, offset=unit.offset)
            self._look_at_members(walked, held.size, held.name, "", unit, seen)
            return
        head = file.read(HEAD_BYTES)
        file.seek(0)
        if self._source.is_local and container_of(head) is not None:  # a film is handed over as it lies, of any size
            self._note(seen, held.name, "", self._film_of(file), None)
            return
        self._look_at_stream(file, held.name, "", seen, nested=False)

    def _film_of(self, file: BinaryIO) -> _Known:
        return screened(file.fileno(), self._sandbox)

    def _look_at_members(
        self, walked: Iterator[Member], size: int, name: str, outer: str, unit: Unit | None, seen: Seen
    ) -> None:
        """Look at the members of one archive of that many bytes; at no more than bears proportion to them."""
        unpacked = 0
        last = unit.first + unit.count if unit is not None and unit.count >= 0 else -1
        for member in walked:
            if 0 <= last <= member.number:
                return
            inner = f"{outer}{_INNER}{member.untrusted_name}" if outer else member.untrusted_name
            if member.why_not is not None:
                self._pass_over(seen, name, inner, member.why_not)
            elif member.body is not None and member.size >= 0:  # folders have no body
                try:
                    unpacked += self._look_at_stream(member.body, name, inner, seen, nested=bool(outer))
                except DamagedError as error:  # where the archive cannot be read on, the walk ends by itself
                    self._pass_over(seen, name, inner, error.why)
            if unpacked > _FREE + _PROPORTION * size:
                self._pass_over(seen, name, outer, Why.EXPANDS)
                return

    def _look_at_stream(self, body: BinaryIO, name: str, inner: str, seen: Seen, *, nested: bool) -> int:
        """Look at what a stream holds: a picture, a film, or an archive in its turn; give how much was read first."""
        untrusted = _read(body, FILE_BYTES_MOST + 1)
        if isinstance(untrusted, Why):
            self._pass_over(seen, name, inner, untrusted)
            return 0
        if (form := _form_of_bytes(untrusted)) is not Form.NONE and inner:
            self._look_into_nested(form, untrusted, body, name, inner, seen, nested=nested)
        elif len(untrusted) <= FILE_BYTES_MOST:
            self._note(seen, name, inner, self._known(untrusted, exact=self._seeking.exact), untrusted)
        elif container_of(untrusted[:HEAD_BYTES]) is None:
            self._pass_over(seen, name, inner, Why.TOO_LARGE)
        else:
            with _in_memory(untrusted, body, _FILM_IN_MEMORY_MOST) as file:
                if file.seek(0, os.SEEK_END) > _FILM_IN_MEMORY_MOST:
                    self._pass_over(seen, name, inner, Why.TOO_LARGE)
                else:
                    file.seek(0)
                    self._note(seen, name, inner, self._film_of(file), None)
        return len(untrusted)

    def _look_into_nested(
        self, form: Form, start: bytes, body: BinaryIO, name: str, inner: str, seen: Seen, *, nested: bool
    ) -> None:
        if nested:
            self._pass_over(seen, name, inner, Why.TOO_DEEP)
            return
        with _in_memory(start, body, _NESTED_IN_MEMORY_MOST) as file:
            size = file.seek(0, os.SEEK_END)
            if size > _NESTED_IN_MEMORY_MOST:
                self._pass_over(seen, name, inner, Why.TOO_LARGE)
                return
            file.seek(0)
            self._look_at_members(members(file, form), size, name, inner, None, seen)

    def _known(self, untrusted_bytes: bytes, *, exact: bool) -> _Known:
        return fingerprint_bytes(untrusted_bytes, self._sandbox, exact=exact)

    def _note(self, seen: Seen, name: str, inner: str, known: _Known, untrusted_bytes: bytes | None) -> None:
        """Write down what is near to something that was looked at, or why nothing is known of it."""
        if isinstance(known, Unhashable):
            if known.reason is Reason.CLOSED:
                raise OutsideFailure(_("The work was stopped; the same command goes on where this one ended."))
            self._pass_over(seen, name, inner, known.reason)
            return
        seen.looked_at += 1
        if isinstance(known, Film):
            found = self._near_film(known)
        else:
            found = self._near_picture(known)
            if found and not known.exact and untrusted_bytes is not None:  # nothing is said on the quick way's word
                exact = self._known(untrusted_bytes, exact=True)
                found = self._near_picture(exact) if isinstance(exact, Fingerprint) else []
        where = {"source": self._source.address, "file": name, "member": inner}
        seen.matches += [where | line for line in found]

    def _near_picture(self, known: Fingerprint) -> list[Line]:
        looks = known.looks()
        radius = self._seeking.radius if known.exact else min(MAX_RADIUS, self._seeking.radius + QUICK_BITS)
        best: dict[tuple[str, str, int], Near] = {}
        for each in near(self._sought, [pdq.bits for _name, pdq in looks], radius):
            key = each.index, each.bank, each.entry
            if key not in best or (each.distance, each.row) < (best[key].distance, best[key].row):
                best[key] = each
        return [_line(each, "picture") | {"turned": looks[each.row][0]} for each in _in_order(best.values())]

    def _near_film(self, known: Film) -> list[Line]:
        """Give the entries that frames of a film are near to, with the seconds at which they are seen."""
        frames = [frame for frame in known.frames if frame.quality >= LOW_QUALITY_BELOW]
        if not frames:
            return []
        by_entry: dict[tuple[str, str, int], list[Near]] = {}
        for each in near(self._sought, [frame.pdq.bits for frame in frames], self._seeking.radius):
            by_entry.setdefault((each.index, each.bank, each.entry), []).append(each)
        lines = {}
        for every in by_entry.values():
            spans: list[list[float]] = []
            for each in sorted(every, key=lambda one: one.row):
                frame = frames[each.row]
                if spans and frame.seconds <= spans[-1][1]:
                    spans[-1][1] = max(spans[-1][1], frame.until)
                else:
                    spans.append([frame.seconds, frame.until])
            lines[min(every, key=lambda one: (one.distance, one.row))] = spans
        return [_line(each, "film") | {"turned": ORIENTATIONS[0], "seconds": lines[each]} for each in _in_order(lines)]

    def _pass_over(self, seen: Seen, name: str, inner: str, why: Why | Reason) -> None:
        line = {"source": self._source.address, "file": name, "member": inner, "reason": why.value}
        seen.passed_over.append(line)


def _line(each: Near, kind: str) -> Line:
    return {"kind": kind, "entry": each.entry, "bank": each.bank, "index": each.index, "distance": each.distance}


def _in_order(found: Collection[Near]) -> list[Near]:
    return sorted(found, key=lambda each: (each.distance, each.index, each.bank, each.entry))


def _read(body: BinaryIO, most: int) -> bytes | Why:
    """Read up to that much of a member; a member that cannot be read does not end its archive."""
    pieces: list[bytes] = []
    size = 0
    while size < most:
        try:
            piece = body.read(min(_PIECE, most - size))
        except (EOFError, ValueError, RuntimeError, *_BROKEN):
            return Why.DAMAGED
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _form_of_bytes(untrusted: bytes) -> Form:
    try:
        return form_of(io.BytesIO(untrusted))
    except DamagedError:
        return Form.NONE


def _in_memory(start: bytes, body: BinaryIO, most: int) -> BinaryIO:
    """Lay a member into a file that exists in memory only; one byte over ``most`` is the last that is taken."""
    file = open(os.memfd_create("member", os.MFD_CLOEXEC), "w+b")  # noqa: PTH123, SIM115  # the caller closes it
    file.write(start)
    while file.tell() <= most and (piece := body.read(_PIECE)):
        file.write(piece)
    file.flush()
    return cast("BinaryIO", file)
