"""A stream that only goes forward, counts what it gives, and ends what grows out of all proportion."""

import bz2
import gzip
import io
import lzma
import zlib
from importlib import import_module
from typing import BinaryIO, Final, cast

from zaoguang.scan.why import DamagedError, Why

__all__ = ["Pipe", "unpacked"]

_BLOCK: Final = 1 << 16
_KEPT: Final = 1024  # bytes that may be gone back: tarfile steps back by one
_FREE: Final = 256 << 20  # unpacked bytes before the proportion counts
_PROPORTION: Final = 100
_PACKINGS: Final = ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zst"))
_XZ_MEMORY: Final = 256 << 20


class Pipe(io.RawIOBase):
    """Reads ``file`` forward; what lies between members is bounded by ``allowance``.

    Raises:
        DamagedError: the stream breaks off, or expands too much, or a header is longer than headers are.
    """

    def __init__(self, file: BinaryIO, packed: "Counted | None" = None) -> None:
        self._file, self._packed = file, packed
        self._at = 0
        self._tail = b""  # the last bytes given
        self._back = 0  # how many of them are to be given again
        self.allowance = -1  # bytes that may be read until it is set anew; -1: any

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes, though only forward."""
        return True

    def tell(self) -> int:
        """Give how far it is read."""
        return self._at - self._back

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go forward, or back by a few bytes."""
        if whence != io.SEEK_SET or offset < self._at - len(self._tail):
            raise DamagedError(Why.DAMAGED)
        if offset <= self._at:
            self._back = self._at - offset
            return offset
        self._back = 0
        allowance, self.allowance = self.allowance, -1
        while self._at < offset and self._more(min(_BLOCK, offset - self._at)):
            pass
        self.allowance = allowance
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read up to that many bytes; fewer only at the end."""
        if size < 0:
            raise DamagedError(Why.TOO_LARGE)
        pieces = []
        if self._back and size:
            start = len(self._tail) - self._back
            pieces.append(self._tail[start : start + size])
            self._back -= len(pieces[0])
            size -= len(pieces[0])
        while size and (piece := self._more(min(size, _BLOCK))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _more(self, size: int) -> bytes:
        if 0 <= self.allowance < size:
            raise DamagedError(Why.EXPANDS)
        try:
            piece = self._file.read(size)
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile, ValueError) as error:
            raise DamagedError(Why.DAMAGED) from error
        except OSError as error:
            raise DamagedError(Why.DAMAGED if self._packed else Why.UNREADABLE) from error
        self._at += len(piece)
        self.allowance -= len(piece) if self.allowance >= 0 else 0
        self._tail = (self._tail + piece)[-_KEPT:]
        if self._packed is not None and self._at > _FREE + _PROPORTION * self._packed.given:
            raise DamagedError(Why.EXPANDS)
        return piece


class Counted(io.RawIOBase):
    """A file that counts the bytes it gives."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.given = file, 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read and count."""
        piece = self._file.read(size)
        self.given += len(piece)
        return piece


def unpacked(file: BinaryIO) -> tuple[Pipe, bool]:
    """Give a stream of what a file holds, unpacked if it is packed, and whether it was; the file stands at 0."""
    head = file.read(8)
    file.seek(0)
    packing = next((name for mark, name in _PACKINGS if head.startswith(mark)), "")
    if not packing:
        return Pipe(file), False
    counted = Counted(file)
    source = cast("BinaryIO", counted)
    if packing == "gz":
        return Pipe(cast("BinaryIO", gzip.GzipFile(fileobj=source, mode="rb")), counted), True
    if packing == "bz2":
        return Pipe(cast("BinaryIO", bz2.BZ2File(source)), counted), True
    if packing == "xz":
        return Pipe(cast("BinaryIO", _Xz(counted)), counted), True
    try:
        zstd = import_module("compression.zstd")  # from Python 3.14 on
    except ImportError:
        raise DamagedError(Why.PACKING) from None
    return Pipe(cast("BinaryIO", zstd.ZstdFile(source)), counted), True


class _Xz:
    """XZ with bounded memory, which ``lzma.LZMAFile`` does not offer."""

    def __init__(self, file: Counted) -> None:
        self._file = file
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int) -> bytes:
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0") or self._file.read(_BLOCK).lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
                piece = self._decoder.decompress(rest, size)
            elif self._decoder.needs_input:
                packed = self._file.read(_BLOCK)
                if not packed:
                    raise EOFError
                piece = self._decoder.decompress(packed, size)
            else:
                piece = self._decoder.decompress(b"", size)
            if piece:
                return piece
