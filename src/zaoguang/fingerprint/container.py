"""Which kind of film file a file begins like: fixed marks, looked at before any decoder is asked."""

from typing import Final

__all__ = ["HEAD_BYTES", "container_of"]

HEAD_BYTES: Final = 1024

_STILL_BRANDS: Final = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf", b"jxl "}
)
_ATOMS: Final = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"skip", b"free"})
_PREFIXES: Final = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"FLV\x01", "flv"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
    (b"OggS", "ogg"),
)
_TS_SYNC: Final = 0x47
_TS_LAYOUTS: Final = ((0, 188), (4, 192))  # broadcast; as camcorders and discs write it, with a time before each packet
_TS_PACKETS: Final = 4


def container_of(untrusted_head: bytes) -> str | None:
    """Give FFmpeg's name of the one demuxer for a file that begins so; ``None`` when it is no film.

    These eight are all that are ever opened. None of them reads other files (playlists, concatenations and streaming
    manifests do), and pictures that are written in a film's container (AVIF, HEIC) are left to the picture decoders.
    """
    kind, brand = untrusted_head[4:8], untrusted_head[8:12]
    if kind == b"ftyp":
        return None if brand in _STILL_BRANDS else "mov"
    if kind in _ATOMS:
        return "mov"
    if untrusted_head[:4] == b"RIFF" and brand == b"AVI ":
        return "avi"
    for prefix, name in _PREFIXES:
        if untrusted_head.startswith(prefix):
            return name
    return "mpegts" if _is_transport_stream(untrusted_head) else None


def _is_transport_stream(untrusted_head: bytes) -> bool:
    for first, step in _TS_LAYOUTS:
        marks = untrusted_head[first : first + step * _TS_PACKETS : step]
        if len(marks) == _TS_PACKETS and set(marks) == {_TS_SYNC}:
            return True
    return False
