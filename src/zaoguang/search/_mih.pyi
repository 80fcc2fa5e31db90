# What _mih.c gives, when it was built; it checks what is passed in.

from typing import Any

from numpy.typing import NDArray

def query(
    queries: NDArray[Any],
    rows: NDArray[Any],
    offsets: NDArray[Any],
    entries: NDArray[Any],
    tables: bytes,
    sets: NDArray[Any],
    set_bytes: int,
    allowed: NDArray[Any],
    radius: int,
    most_candidates: int,
    level: int,
    /,
) -> bytes: ...
def count(rows: NDArray[Any], first: int, past: int, mask: bytes, offsets: NDArray[Any], level: int, /) -> None: ...
def fill(
    rows: NDArray[Any],
    first: int,
    past: int,
    mask: bytes,
    offsets: NDArray[Any],
    level: int,
    entries: NDArray[Any],
    /,
) -> None: ...
def levels() -> tuple[str, ...]: ...
