"""Custody log: an append-only hash chain of what happened to a case's exhibits, one log per case.

Each entry names the hash of the one before it and is signed, so an entry cannot be changed, moved or taken out of
the middle; the package's manifest names the head and the count, so the end cannot be cut off either. ``at`` is what
the clock said; the order is the chain's, and a clock that was set back does not break it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.evidence.canonical import JsonObject, canonical, read_canonical
from zaoguang.evidence.exhibit import EXHIBIT_ID
from zaoguang.evidence.shape import Shape, exactly, fault, hex_digits, is_moment, matching, moment, whole
from zaoguang.evidence.signer import PublicKey, Signer
from zaoguang.words import gettext as _

__all__ = ["CUSTODY_SCHEMA", "FIRST_PREVIOUS", "CustodyEntry", "CustodyEvent", "append", "read_log", "write_log"]

CUSTODY_SCHEMA = "zaoguang-custody/1"

FIRST_PREVIOUS = "0" * 64
"""What the first entry of a log names as the one before it."""

_LONGEST_LINE = 4096


class CustodyEvent(StrEnum):
    """What happened to an exhibit."""

    SEALED = "sealed"  # once, before anything else
    EXPORTED = "exported"  # put into a package that leaves the centre
    WITHDRAWN = "withdrawn"  # no package may carry it any more; its seal stays in the chain


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One line of a custody log."""

    log_id: str  # random, one per case: tells nothing about the case
    seq: int  # 0 for the first
    at: str  # RFC 3339, UTC, microseconds
    event: CustodyEvent
    exhibit_id: str
    exhibit_sha256: str
    previous: str  # entry_hash of the entry before, FIRST_PREVIOUS for the first
    key_id: str
    signature: str  # hex, Ed25519 over ``signed_bytes``

    @property
    def signed_bytes(self) -> bytes:
        """The canonical JSON of everything but the signature; its schema keeps it from posing as another record."""
        record = self._record()
        del record["signature"]
        return canonical(record)

    @property
    def entry_hash(self) -> str:
        """SHA-256 of ``signed_bytes``: what the next entry names."""
        return hashlib.sha256(self.signed_bytes).hexdigest()

    @property
    def line(self) -> bytes:
        """The entry as a line of the log, its line feed included."""
        return canonical(self._record()) + b"\n"

    def _record(self) -> JsonObject:
        return {"schema": CUSTODY_SCHEMA, **asdict(self)}


_SHAPE: Shape = {
    "schema": exactly(CUSTODY_SCHEMA),
    "log_id": matching(EXHIBIT_ID),
    "seq": whole(0, 2**31),
    "at": is_moment,
    "event": exactly(*CustodyEvent),
    "exhibit_id": matching(EXHIBIT_ID),
    "exhibit_sha256": hex_digits(64),
    "previous": hex_digits(64),
    "key_id": hex_digits(64),
    "signature": hex_digits(128),
}


def append(
    previous: CustodyEntry | None,
    *,
    log_id: str,
    at: datetime,
    event: CustodyEvent,
    exhibit_id: str,
    exhibit_sha256: str,
    signer: Signer,
) -> CustodyEntry:
    """Give the entry that follows ``previous`` (None for the first); UserMistake for a bad field.

    A log cannot continue another one. The caller stores it so that two entries cannot both follow the same one.
    """
    if previous is not None and previous.log_id != log_id:
        raise UserMistake(_("A custody log cannot continue another log."))
    unsigned = CustodyEntry(
        log_id=log_id,
        seq=0 if previous is None else previous.seq + 1,
        at=moment(at),
        event=event,
        exhibit_id=exhibit_id,
        exhibit_sha256=exhibit_sha256,
        previous=FIRST_PREVIOUS if previous is None else previous.entry_hash,
        key_id=signer.key_id,
        signature="0" * 128,
    )
    place = fault(unsigned._record(), _SHAPE)  # noqa: SLF001 (same module)
    if place:
        raise UserMistake(_("A custody entry cannot be made: its field %(name)s cannot be taken.") % {"name": place})
    return replace(unsigned, signature=signer.sign(unsigned.signed_bytes).hex())


def write_log(log: Iterable[CustodyEntry]) -> bytes:
    """Give the log as a file: one canonical line for each entry."""
    return b"".join(entry.line for entry in log)


def read_log(untrusted_bytes: bytes, key: PublicKey) -> tuple[CustodyEntry, ...]:
    """Give the entries of a log file that holds; DoesNotHold names the line and what is wrong with it."""
    lines = untrusted_bytes.split(b"\n")
    if lines.pop() or not lines:
        raise DoesNotHold(_("The custody log is empty or its last line is cut."))
    entries: list[CustodyEntry] = []
    for number, line in enumerate(lines, 1):
        try:
            entry = _read_line(line)
            _refuse_break(entries[-1] if entries else None, entry, key)
        except DoesNotHold as error:
            raise DoesNotHold(
                _("Line %(number)d of the custody log does not hold: %(why)s.") % {"number": number, "why": error}
            ) from error
        entries.append(entry)
    return tuple(entries)


def _read_line(untrusted_line: bytes) -> CustodyEntry:
    if len(untrusted_line) > _LONGEST_LINE:
        raise DoesNotHold(_("it is too long"))
    record = read_canonical(untrusted_line)
    place = fault(record, _SHAPE)
    if place:
        raise DoesNotHold(_("its field %(name)s is missing or wrong") % {"name": place})
    del record["schema"]
    entry = CustodyEntry(**record)  # type: ignore[arg-type]  # the shape above has checked every field's type
    return replace(entry, event=CustodyEvent(entry.event))


def _refuse_break(before: CustodyEntry | None, entry: CustodyEntry, key: PublicKey) -> None:
    """Hold the entry against the one before it: same log, next number, right hash, right key, right signature."""
    if before is not None and entry.log_id != before.log_id:
        raise DoesNotHold(_("it belongs to another log"))
    if entry.seq != (0 if before is None else before.seq + 1):
        raise DoesNotHold(_("its number is not the next one, so entries are missing, doubled or out of order"))
    if entry.previous != (FIRST_PREVIOUS if before is None else before.entry_hash):
        raise DoesNotHold(_("it does not follow the entry before it"))
    if entry.key_id != key.key_id:
        raise DoesNotHold(_("it names another signing key"))
    if not key.signed(entry.signed_bytes, bytes.fromhex(entry.signature)):
        raise DoesNotHold(_("its signature is wrong"))
