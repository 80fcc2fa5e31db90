"""Archives of every kind that are looked through, made of harmless photographs."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from zaoguang import rehearsal

PHOTOGRAPHS = sorted((Path(rehearsal.__file__).parent / "photographs").glob("*.jpg"), key=lambda each: each.name)
Files = Mapping[str, bytes]


def photographs(count: int) -> dict[str, bytes]:
    """Give the smallest photographs by name."""
    least = sorted(PHOTOGRAPHS, key=lambda each: (each.stat().st_size, each.name))[:count]
    return {each.name: each.read_bytes() for each in sorted(least)}


def tar(files: Files) -> bytes:
    """Give a tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zipped(files: Files) -> bytes:
    """Give a ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def warc(files: Files, *, packed: bool) -> bytes:
    """Give a WARC file: an answer to each address, after what was asked."""
    out = []
    for name, content in files.items():
        asked = f"GET /{name} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + content
        for kind, block in (("request", asked), ("response", answer)):
            head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://example.org/{name}\r\n"
            head += f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n"
            record = head.encode() + block + b"\r\n\r\n"
            out.append(gzip.compress(record, 1, mtime=0) if packed else record)
    return b"".join(out)


def every_kind(files: Files) -> dict[str, bytes]:
    """Give the same files in each kind of archive, and in one archive within another."""
    plain = tar(files)
    return {
        "a.tar": plain,
        "b.tar.gz": gzip.compress(plain, 1, mtime=0),
        "c.tar.bz2": bz2.compress(plain, 1),
        "d.tar.xz": lzma.compress(plain, preset=0),
        "e.zip": zipped(files),
        "f.warc": warc(files, packed=False),
        "g.warc.gz": warc(files, packed=True),
        "h.tar": tar({"inner.zip": zipped(files)}),
        "no-name": zipped(files),
    }
