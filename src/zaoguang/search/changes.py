"""The log of changes: every insertion and removal since the snapshot, on disk before it is acknowledged.

    header  magic, version, sealed or not, identity, base and horizon (sequence numbers), BLAKE2b-128 of these
    frames  magic, length, BLAKE2b-128 of the log's identity, the frame's place and the payload; then the payload

One frame holds the changes of one call; sealed (XChaCha20-Poly1305, bound to log and place) where there is a key. A
writer that was killed leaves at most one frame unfinished, at the end: readers stop before it, the next writer cuts it
off. An unfinished frame that whole ones follow is damage, and is refused.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final, Self

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zaoguang.search.defect import Defect, Refused
from zaoguang.search.entry import HASH_BYTES

__all__ = ["Change", "ChangeLog", "Kind"]

_MAGIC: Final = b"ZAOGUANG-CHANGES"
_VERSION: Final = 1
_HEADER: Final = struct.Struct("<16sII16sQQ")
_DIGEST: Final = 16
_START: Final = _HEADER.size + _DIGEST
_FRAME_MAGIC: Final = b"ZGF\xa7"
_FRAME: Final = struct.Struct("<4sI16s")
_FRAME_MOST: Final = 1 << 26
_RECORD: Final = struct.Struct("<BQQ")
_LENGTH: Final = struct.Struct("<I")
_NONCE: Final = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES


class Kind(IntEnum):
    """What a change does."""

    INSERT = 1
    REMOVE = 2
    REMOVED = 3  # a removal that the snapshot has already: kept so that an insertion begun before it still loses


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``hash`` and ``banks`` are empty but in an insertion."""

    kind: Kind
    sequence: int
    entry: int
    hash: bytes = b""
    banks: frozenset[str] = frozenset()

    def to_bytes(self) -> bytes:
        """Give it as it is written."""
        start = _RECORD.pack(self.kind, self.sequence, self.entry)
        if self.kind is not Kind.INSERT:
            return start
        banks = json.dumps(sorted(self.banks), ensure_ascii=False).encode()
        return start + self.hash + _LENGTH.pack(len(banks)) + banks

    @classmethod
    def read_all(cls, payload: bytes) -> Iterator[Self]:
        """Give the changes of one payload, whose digest was checked."""
        at = 0
        while at < len(payload):
            kind, sequence, entry = _RECORD.unpack_from(payload, at)
            at += _RECORD.size
            if Kind(kind) is not Kind.INSERT:
                yield cls(Kind(kind), sequence, entry)
                continue
            held = payload[at : at + HASH_BYTES]
            (length,) = _LENGTH.unpack_from(payload, at + HASH_BYTES)
            at += HASH_BYTES + _LENGTH.size
            banks = frozenset(json.loads(payload[at : at + length]))
            at += length
            yield cls(Kind.INSERT, sequence, entry, held, banks)


class ChangeLog:
    """An open log: many may read, one (who holds the index's lock) may write."""

    def __init__(self, file: int, path: Path, key: bytes | None) -> None:
        self._file, self.path, self.key = file, path, key
        self.identity, self.base, self.horizon = self._read_header()
        self.read_to = _START

    @classmethod
    def created(cls, path: Path, key: bytes | None, *, base: int, horizon: int) -> Self:
        """Make an empty log that goes on from the sequence number ``base``; removals are known since ``horizon``."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        header = _HEADER.pack(_MAGIC, _VERSION, key is not None, os.urandom(16), base, horizon)
        os.pwrite(file, header + _digest(header), 0)
        os.fsync(file)
        return cls(file, path, key)

    @classmethod
    def opened(cls, path: Path, key: bytes | None) -> Self:
        """Open a log; ``Refused`` when it is missing, foreign or damaged."""
        try:
            return cls(os.open(path, os.O_RDWR | os.O_CLOEXEC), path, key)
        except FileNotFoundError as error:
            raise Refused(Defect.MISSING, path) from error

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._file)

    def _read_header(self) -> tuple[bytes, int, int]:
        start = os.pread(self._file, _START, 0)
        if not start.startswith(_MAGIC):
            raise Refused(Defect.FOREIGN, self.path)
        if len(start) < _START:
            raise Refused(Defect.TORN, self.path)
        if _digest(start[: _HEADER.size]) != start[_HEADER.size :]:
            raise Refused(Defect.DAMAGED, self.path)
        _magic, version, sealed, identity, base, horizon = _HEADER.unpack_from(start)
        if version != _VERSION:
            raise Refused(Defect.VERSION, self.path)
        if bool(sealed) != (self.key is not None):
            raise Refused(Defect.LOCKED, self.path)
        return identity, base, horizon

    @property
    def has_news(self) -> bool:
        """Say whether the file has another length than what was read: one look, without reading."""
        return os.fstat(self._file).st_size != self.read_to

    def news(self) -> list[Change]:
        """Give the changes written since the last call, as far as they are whole; ``Refused`` when one is damaged."""
        try:
            return self._news()
        except Refused:  # once more: a writer that cuts off an unfinished frame and goes on may have been met midway
            return self._news()

    def _news(self) -> list[Change]:
        content = _read(self._file, self.read_to, os.fstat(self._file).st_size)
        changes: list[Change] = []
        at = 0
        while payload := self._payload(content, at):
            changes += Change.read_all(self._opened(payload, self.read_to + at))
            at += _FRAME.size + len(payload)
        if at < len(content) and self._followed(content, at):
            raise Refused(Defect.DAMAGED, self.path)
        self.read_to += at
        return changes

    def _payload(self, content: bytes, at: int) -> bytes:
        """Give the payload of the whole frame at that place, empty when there is none."""
        if at + _FRAME.size > len(content):
            return b""
        magic, length, digest = _FRAME.unpack_from(content, at)
        payload = content[at + _FRAME.size : at + _FRAME.size + min(length, _FRAME_MOST)]
        if magic != _FRAME_MAGIC or len(payload) != length:
            return b""
        return payload if digest == self._frame_digest(self.read_to + at, payload) else b""

    def _followed(self, content: bytes, at: int) -> bool:
        """Say whether a whole frame lies further on: then what is unreadable here was acknowledged once."""
        while (at := content.find(_FRAME_MAGIC, at + 1)) >= 0:
            if self._payload(content, at):
                return True
        return False

    def _frame_digest(self, place: int, payload: bytes) -> bytes:
        return _digest(self.identity + place.to_bytes(8, "little") + payload)

    def append(self, changes: Iterable[Change]) -> None:
        """Write changes as one frame, on disk when this returns; only under the index's lock, and after ``news``."""
        at = self.read_to  # another thread may read what is written here before this returns
        os.ftruncate(self._file, at)  # what a killed writer left unfinished
        payload = self._sealed(b"".join(change.to_bytes() for change in changes), at)
        if len(payload) > _FRAME_MOST:
            raise OverflowError("a frame of the log is too large")
        frame = _FRAME.pack(_FRAME_MAGIC, len(payload), self._frame_digest(at, payload)) + payload
        rest = memoryview(frame)
        while rest:
            done = os.pwrite(self._file, rest, at)
            rest, at = rest[done:], at + done
        os.fdatasync(self._file)

    def _sealed(self, payload: bytes, place: int) -> bytes:
        if self.key is None:
            return payload
        nonce = os.urandom(_NONCE)
        said = self.identity + place.to_bytes(8, "little")
        return nonce + bytes(sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(payload, said, nonce, self.key))

    def _opened(self, payload: bytes, place: int) -> bytes:
        if self.key is None:
            return payload
        said = self.identity + place.to_bytes(8, "little")
        try:
            return bytes(
                sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(payload[_NONCE:], said, payload[:_NONCE], self.key)
            )
        except (CryptoError, ValueError) as error:
            raise Refused(Defect.LOCKED, self.path) from error


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


def _read(file: int, start: int, end: int) -> bytes:
    parts = []
    while start < end and (part := os.pread(file, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)
