"""The members of an archive, one after the other, each as a name and a stream; nothing is unpacked to disk."""

import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import BinaryIO, Final, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from zaoguang.scan.pipe import Pipe, unpacked
from zaoguang.scan.why import DamagedError, Why

__all__ = ["HEAD_BYTES", "Form", "Member", "form_of", "members"]

HEAD_BYTES: Final = 1024
_HEADERS_MOST: Final = 1 << 20  # of one member
_MEMBERS_MOST: Final = 5_000_000
_ZIP_DIRECTORY_MOST: Final = 256 << 20
_ZIP_TAIL: Final = 22 + 65535
_ZIP_END: Final = struct.Struct("<4s4H2LH")
_ZIP64: Final = 0xFFFFFFFF
_ZIP64_SIZE_AT: Final = 40
_ENCRYPTED: Final = 0x41  # the flags of a member under a password, in the old way or the strong one
_TAR_MARK: Final = slice(257, 262)


class Form(StrEnum):
    """What kind of archive a file is."""

    NONE = "none"
    ZIP = "zip"
    TAR = "tar"  # packed or not
    WARC = "warc"  # the same


@dataclass(frozen=True, slots=True)
class Member:
    """One member; ``body`` is good until the next one is asked for."""

    number: int
    untrusted_name: str
    body: BinaryIO | None
    why_not: Why | None = None
    offset: int = 0  # where it begins, in an archive that can be entered there
    size: int = 0


def form_of(file: BinaryIO) -> Form:
    """Say what kind of archive an open file is by how it begins; ``DamagedError`` when that cannot be unpacked."""
    head = file.read(4)
    file.seek(0)
    if head in {b"PK\x03\x04", b"PK\x05\x06"}:
        return Form.ZIP
    pipe, _packed = unpacked(file)
    try:
        head = pipe.read(HEAD_BYTES)
    except DamagedError:
        head = b""
    file.seek(0)
    if head[_TAR_MARK] == b"ustar":
        return Form.TAR
    return Form.WARC if head.startswith(b"WARC/") else Form.NONE


def members(file: BinaryIO, form: Form, *, first: int = 0, offset: int = 0) -> Iterator[Member]:
    """Give the members from number ``first`` on, which begins at ``offset`` (0: not known).

    Where the archive cannot be read on, the last one given says why.
    """
    walk = {Form.ZIP: _zip_members, Form.TAR: _tar_members, Form.WARC: _warc_members}[form]
    number = first
    why: Why | None
    try:
        for number, member in enumerate(islice(walk(file, first, offset), _MEMBERS_MOST - first), first):
            yield Member(number, *member)
        why = Why.TOO_MANY if number + 1 >= _MEMBERS_MOST else None
    except DamagedError as error:
        why = error.why
    except (tarfile.TarError, zipfile.BadZipFile, ArchiveLoadFailed, zlib.error, EOFError, ValueError, struct.error):
        why = Why.DAMAGED
    except (NotImplementedError, RuntimeError, KeyError, IndexError, AttributeError, OverflowError):
        why = Why.DAMAGED  # what these readers also raise for a crafted file
    if why is not None:
        yield Member(number + 1, "", None, why)


_Found = tuple[str, BinaryIO | None, Why | None, int, int]


def _zip_members(file: BinaryIO, first: int, offset: int) -> Iterator[_Found]:
    del offset
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        for number in range(first, len(infos)):
            yield _zip_member(archive, infos[number])


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Found:
    if info.flag_bits & _ENCRYPTED:
        return info.filename, None, Why.ENCRYPTED, 0, info.file_size
    if info.is_dir():
        return info.filename, io.BytesIO(), None, 0, -1
    try:
        body = cast("BinaryIO", archive.open(info))
    except NotImplementedError:
        return info.filename, None, Why.PACKING, 0, info.file_size
    except (zipfile.BadZipFile, RuntimeError, EOFError, struct.error):
        return info.filename, None, Why.DAMAGED, 0, info.file_size
    return info.filename, body, None, 0, info.file_size


def _check_directory(file: BinaryIO) -> None:
    """Refuse a ZIP file whose list of members would fill the memory, before it is read."""
    size = file.seek(0, io.SEEK_END)
    start = file.seek(max(0, size - _ZIP_TAIL))
    tail = file.read(_ZIP_TAIL)
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _ZIP_END.size:
        raise DamagedError(Why.DAMAGED)
    directory = _ZIP_END.unpack_from(tail, at)[5]
    larger = _zip64_sizes(tail[:at])  # whatever the shorter record says, zipfile believes the longer one
    directory = max([*larger, *([directory] if directory != _ZIP64 or not larger else [])])
    if min(directory, start + at) > _ZIP_DIRECTORY_MOST:
        raise DamagedError(Why.TOO_MANY)


def _zip64_sizes(tail: bytes) -> list[int]:
    """Give what every record that may be the longer one says of the directory's size (APPNOTE 4.3.14)."""
    places = (found.start() + _ZIP64_SIZE_AT for found in re.finditer(b"PK\x06\x06", tail))
    return [int.from_bytes(tail[place : place + 8], "little") for place in places if place + 8 <= len(tail)]


def _tar_members(file: BinaryIO, first: int, offset: int) -> Iterator[_Found]:
    pipe, packed = unpacked(file)
    if offset and not packed:
        file.seek(offset)
        pipe = Pipe(file)
    else:
        offset = 0
    skip = 0 if offset else first
    pipe.allowance = _HEADERS_MOST
    with tarfile.open(fileobj=pipe, mode="r:", errorlevel=0) as archive:
        while True:
            pipe.allowance = _HEADERS_MOST
            info = archive.next()
            if info is None:
                return
            vars(archive)["members"] = []  # else it would remember them all
            pipe.allowance = -1
            if skip:
                skip -= 1
                continue
            body = archive.extractfile(info) if info.isreg() else None
            why = None if info.isreg() or info.isdir() else Why.LINK
            place = 0 if packed else offset + info.offset
            yield (
                info.name,
                cast("BinaryIO", body) if body else io.BytesIO() if why is None else None,
                why,
                place,
                info.size if body else -1,
            )


def _warc_members(file: BinaryIO, first: int, offset: int) -> Iterator[_Found]:
    del offset
    pipe, _packed = unpacked(file)
    number = 0
    pipe.allowance = _HEADERS_MOST
    for record in ArchiveIterator(pipe, block_size=1 << 14):
        pipe.allowance = -1
        if record.rec_type in {"response", "resource"}:
            if number >= first:
                name = record.rec_headers.get_header("WARC-Target-URI") or ""
                yield name, cast("BinaryIO", record.content_stream()), None, 0, max(record.length or 0, 0)
            number += 1
        while record.raw_stream.read(1 << 16):
            pass
        pipe.allowance = _HEADERS_MOST
