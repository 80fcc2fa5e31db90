"""Colour profiles for tests, byte by byte (ICC.1:2001-04): plain gammas, and a lookup table for inks."""

import struct

import numpy as np

__all__ = ["gamma_profile", "ink_profile"]

_SRGB_TO_D50 = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
_D50 = (0.9642, 1.0, 0.8249)


def gamma_profile(gamma: float, *, grey: bool = False, channels: tuple[int, int, int] = (0, 1, 2)) -> bytes:
    """Give a display profile with that gamma and sRGB's own primaries, or with these swapped."""
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {b"desc": _description(), b"wtpt": _xyz(_D50)}
    if grey:
        return _profile(b"mntr", b"GRAY", tags | {b"kTRC": curve})
    for name, channel in zip((b"r", b"g", b"b"), channels, strict=True):
        tags |= {name + b"TRC": curve, name + b"XYZ": _xyz(_SRGB_TO_D50[channel])}
    return _profile(b"mntr", b"RGB ", tags)


def ink_profile(*, black_is_zero: bool = False) -> bytes:
    """Give a press profile whose table takes cyan, magenta, yellow and black to Lab; perhaps the wrong way round."""
    inks = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    light = (1 - inks[:, :3].mean(axis=1)) * (1 - inks[:, 3])
    lightness = np.where(black_is_zero, 1 - light, light)
    lab = np.stack([lightness * 0xFF00, np.full_like(light, 0x8000), np.full_like(light, 0x8000)], axis=-1)
    straight = struct.pack(">2H", 0, 65535)
    table = b"mft2" + bytes(4) + bytes([4, 3, 5, 0])
    table += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) + struct.pack(">HH", 2, 2)
    table += straight * 4 + lab.round().astype(">u2").tobytes() + straight * 3
    return _profile(b"prtr", b"CMYK", {b"desc": _description(), b"wtpt": _xyz(_D50), b"A2B0": table}, pcs=b"Lab ")


def _description() -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", 5) + b"made\x00" + bytes(12 + 67)


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(kind: bytes, space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ") -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s12x4s", size, b"", 0x02400000, kind, space, pcs, b"acsp") + bytes(28)
    head += struct.pack(">3i", *(round(value * 65536) for value in _D50))
    return head.ljust(128, b"\x00") + table + body
