# What _pdq.c gives, when it was built; it checks what is passed in.

from collections.abc import Iterator

def hashes(
    pixels: bytes | Iterator[bytes], height: int, width: int, channels: int, level: int, /
) -> tuple[bytes, int]: ...
def grid_hashes(grid: bytes, /) -> tuple[bytes, int]: ...
def scaled_hashes(
    samples: bytes,
    height: int,
    width: int,
    channels: int,
    down: bytes,
    across: bytes,
    swapped: bool,
    level: int,
    /,
) -> tuple[bytes, int, bytes, int, int]: ...
def levels() -> tuple[str, ...]: ...
