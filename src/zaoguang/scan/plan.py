"""The plan: a source dealt out into units of work, one after the other; the same source gives the same units."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import BinaryIO, Final

from zaoguang.scan.members import Form, Member, form_of, members
from zaoguang.scan.source import Held, Source
from zaoguang.scan.why import DamagedError

__all__ = ["Entering", "Unit", "ranges", "units"]

_MEMBERS: Final = 128
_BYTES: Final = 64 << 20
_ONE_PIECE: Final = 16 << 20  # a packed archive up to this size is one unit
_TO_THE_END: Final = -1
_NAMES: Final = (".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".warc", ".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Unit:
    """Work that is done in one go: some loose files, or some members of one archive."""

    number: int
    files: tuple[Held, ...]
    form: Form = Form.NONE
    first: int = 0
    count: int = _TO_THE_END
    offset: int = 0

    @property
    def key(self) -> str:
        """Give what tells this unit from every other, and from itself after a change of its files."""
        return hashlib.blake2b(json.dumps(asdict(self), sort_keys=True).encode(), digest_size=16).hexdigest()


class Entering(Enum):
    """How an archive is entered in its middle; a range is at least one of so many parts of what comes before it."""

    AT_ONCE = 1 << 62  # a plain tar file: at the member's place, without reading anything else
    BY_LIST = 16  # a ZIP file: its list of all members is read first
    FROM_THE_START = 2  # one packed stream: all that comes before is unpacked again

    @property
    def share(self) -> int:
        """Give of how many."""
        return self.value


def units(source: Source) -> Iterator[Unit]:
    """Give the units; memory does not grow with their number. ``OSError`` as the file system raises it."""
    number = 0
    loose: list[Held] = []
    for held in source.held():
        archive = held.why_not is None and held.name_or(source.address).lower().endswith(_NAMES)
        form = _form(source, held) if archive else Form.NONE
        if form is Form.NONE:
            loose.append(held)
        if loose and (form is not Form.NONE or len(loose) >= _MEMBERS or sum(each.size for each in loose) >= _BYTES):
            yield Unit(number, tuple(loose))
            number, loose = number + 1, []
        if form is not Form.NONE:
            for first, count, offset in _archive_ranges(source, held, form):
                yield Unit(number, (held,), form, first, count, offset)
                number += 1
    if loose:
        yield Unit(number, tuple(loose))


def ranges(found: Iterable[Member], entering: Entering) -> Iterator[tuple[int, int, int]]:
    """Give (first, count, offset) of the ranges that members are dealt into; the last goes to the end.

    Where each range has to read something of the whole again, they grow, so that this is done a few times at most.
    """
    first, offset, size, before = 0, 0, 0, 0
    for member in found:
        if member.why_not is not None and not member.untrusted_name:
            break  # the archive breaks off here: whoever works on the last range will meet it
        full = member.number - first >= max(_MEMBERS, first // entering.share)
        if full or (entering is not Entering.FROM_THE_START and size >= max(_BYTES, before // entering.share)):
            yield first, member.number - first, offset
            first, offset, size, before = member.number, member.offset, 0, before + size
        size += max(member.size, 0)
    yield first, _TO_THE_END, offset


def _form(source: Source, held: Held) -> Form:
    """Say what kind of archive a file is; what cannot be opened is left to whoever works on it."""
    try:
        with source.open(held) as file:
            return form_of(file)
    except (OSError, DamagedError):
        return Form.NONE


def _archive_ranges(source: Source, held: Held, form: Form) -> Iterator[tuple[int, int, int]]:
    try:
        with source.open(held) as file:
            entering = _entering(file, form)
            if entering is Entering.FROM_THE_START and held.size <= _ONE_PIECE:
                yield 0, _TO_THE_END, 0
                return
            yield from ranges(members(file, form), entering)
    except OSError:
        yield 0, _TO_THE_END, 0


def _entering(file: BinaryIO, form: Form) -> Entering:
    if form is Form.ZIP:
        return Entering.BY_LIST
    return Entering.AT_ONCE if form is Form.TAR and _is_plain(file) else Entering.FROM_THE_START


def _is_plain(file: BinaryIO) -> bool:
    head = file.read(512)
    file.seek(0)
    return head[257:262] == b"ustar"
