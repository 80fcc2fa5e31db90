"""The sealed snapshot: entries under libsodium's secretstream; the tables are made again when it is opened.

    preamble  magic, version
    header    of the secretstream (24 bytes, random): also what the file is known by
    messages  each its length (4 bytes) and as many bytes: first the sets of banks as JSON, then entries in the order of
              their ids, then one that is empty and marked final, so that a file cut short never opens

It is opened into memory-backed files, never onto a disk.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import numpy as np
from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zaoguang.search.defect import Defect, Refused
from zaoguang.search.spool import RECORD, BankSets, Progress, Spool, Step, silent

__all__ = ["KEY_BYTES", "identity_of", "messages", "read_sealed", "write_sealed"]

KEY_BYTES: Final = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
_PREAMBLE: Final = b"ZAOGUANG-SEALED\n" + (1).to_bytes(4, "little")
_MAGIC: Final = _PREAMBLE[:16]
_STREAM_HEADER: Final = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_FINAL: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MESSAGE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_PIECE: Final = 1 << 14  # entries in a message
_BANKS_MOST: Final = 1 << 28


def write_sealed(file: int, spool: Spool, key: bytes, progress: Progress = silent) -> str:
    """Write sorted entries, sealed under a 32-byte key, into an empty open file; give what the file is known by."""
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    stream = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    with os.fdopen(os.dup(file), "wb") as out:
        out.write(_PREAMBLE + stream)
        done = 0
        for message in _plain(spool):
            _write(out, sodium.crypto_secretstream_xchacha20poly1305_push(state, message, _PREAMBLE, _MESSAGE))
            done += len(message)
            progress(Step.SEAL, done, spool.count * RECORD.itemsize)
        _write(out, sodium.crypto_secretstream_xchacha20poly1305_push(state, b"", _PREAMBLE, _FINAL))
    return str(stream.hex())


def _write(out: IO[bytes], sealed: bytes) -> None:
    out.write(len(sealed).to_bytes(4, "little") + sealed)


def _plain(spool: Spool) -> Iterator[bytes]:
    names = [sorted(banks) for banks in spool.sets.listed()]
    yield json.dumps(names, ensure_ascii=False).encode()
    for chunk in spool.chunks():
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE].tobytes()


def identity_of(file: int, path: Path) -> str:
    """Give what an open sealed file is known by; ``Refused`` when it is not one."""
    start = os.pread(file, len(_PREAMBLE) + _STREAM_HEADER, 0)
    if not start.startswith(_MAGIC):
        raise Refused(Defect.FOREIGN, path)
    if not start.startswith(_PREAMBLE):
        raise Refused(Defect.VERSION, path)
    if len(start) < len(_PREAMBLE) + _STREAM_HEADER:
        raise Refused(Defect.TORN, path)
    return start[len(_PREAMBLE) :].hex()


def messages(file: int, path: Path, key: bytes) -> Iterator[bytes]:
    """Give what an open sealed file holds, message by message.

    Raises:
        Refused: it is foreign, cut short, continued, changed, or sealed under another key.
    """
    stream = bytes.fromhex(identity_of(file, path))
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, stream, key)
    with os.fdopen(os.dup(file), "rb") as source:
        source.seek(len(_PREAMBLE) + _STREAM_HEADER)
        tag, first = _MESSAGE, True
        while tag != _FINAL:
            length = int.from_bytes(source.read(4), "little")
            sealed = source.read(length) if 0 < length <= _BANKS_MOST else b""
            if not sealed or len(sealed) != length:
                raise Refused(Defect.TORN, path)
            try:
                message, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed, _PREAMBLE)
            except (CryptoError, ValueError, RuntimeError) as error:
                raise Refused(Defect.LOCKED if first else Defect.DAMAGED, path) from error
            first = False
            if tag != _FINAL:
                yield message
        if source.read(1):
            raise Refused(Defect.TORN, path)


def read_sealed(file: int, path: Path, key: bytes, progress: Progress = silent) -> Spool:
    """Give the entries of an open sealed file, in memory; ``Refused`` as ``messages`` says."""
    source = messages(file, path, key)
    sets = BankSets()
    for names in json.loads(next(source, b"[]")):
        sets.number(frozenset(names))
    spool = Spool(sets, None, progress)
    try:
        spool.take(np.frombuffer(message, RECORD) for message in source)
    except BaseException:  # also an interrupt: let go of, and raised on
        spool.close()
        raise
    return spool
