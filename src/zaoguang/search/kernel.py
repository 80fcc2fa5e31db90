"""The search itself: in C where that was built, else by its NumPy twin, which finds the same, more slowly."""

import os
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.search import kernel_numpy
from zaoguang.search.geometry import Table, table_radii
from zaoguang.search.kernel_numpy import Probe
from zaoguang.words import gettext as _

__all__ = ["Body", "Kernel", "count", "fill", "found", "instructions", "kernel_here"]

_LEVELS: Final[list[str]] = []

with suppress(ImportError):  # it was installed on a machine without a C compiler
    from zaoguang.search import _mih

    _LEVELS.extend(_mih.levels())

_SCAN_SHARE: Final = 16
_SCAN_LEAST: Final = 1000
"""A query with more candidates than a 16th of the entries looks at everything instead: measured, a candidate costs some
16 times a row that is streamed past. So no choice of hashes makes a query cost much more than a scan."""


class Kernel(StrEnum):
    """Which of the two does the work."""

    C = "c"
    NUMPY = "numpy"


def _nothing() -> NDArray[np.uint32]:
    return np.empty(0, np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What is searched: n hashes, the numbers of their sets of banks, and the tables over them (none: a scan)."""

    rows: NDArray[np.uint8]  # (n, 32)
    sets: NDArray[Any]  # (n,) uint8, uint16 or uint32; (0,) where there is but one set
    tables: tuple[Table, ...] = ()
    offsets: NDArray[np.uint32] = field(default_factory=_nothing)  # table after table: one more than it has buckets
    entries: NDArray[np.uint32] = field(default_factory=_nothing)  # table after table: n
    _plans: dict[int, bytes] = field(default_factory=dict)

    def probes(self, radius: int) -> list[Probe]:
        """Give where to look for a hash within the radius."""
        probes, at = [], 0
        radii = table_radii(len(self.tables), radius) if self.tables else ()
        for number, (table, within) in enumerate(zip(self.tables, radii, strict=True)):
            if within >= 0:
                probes.append(Probe(table, at, number * len(self.rows), within))
            at += table.buckets + 1
        return probes

    def plan(self, radius: int) -> bytes:
        """Give the probes as C reads them; made once for each radius."""
        if radius not in self._plans:
            self._plans[radius] = b"".join(
                probe.table.mask.tobytes()
                + struct.pack("<QQii", probe.offsets_at, probe.entries_at, probe.table.width, probe.radius)
                for probe in self.probes(radius)
            )
        return self._plans[radius]


def kernel_here() -> Kernel:
    """Give the faster kernel there is; ``ZAOGUANG_KERNEL=numpy`` in the environment forces the twin, for tests."""
    return Kernel.C if _LEVELS and os.environ.get("ZAOGUANG_KERNEL") != Kernel.NUMPY else Kernel.NUMPY


def instructions() -> str:
    """Name the instruction set that the C kernel uses on this processor; empty where there is no C kernel."""
    return _LEVELS[-1] if _LEVELS else ""


def found(
    body: Body,
    queries: NDArray[np.uint8],
    allowed: NDArray[np.uint8],
    radius: int,
    *,
    threads: int = 1,
    kernel: Kernel | None = None,
    level: int | None = None,
) -> NDArray[np.uint32]:
    """Give every (query, row, distance) within the radius whose set of banks is allowed, as (k, 3) uint32, unordered.

    ``allowed``: one byte per set of banks, 0 for what may not be seen; it is asked during the search. Other Python
    threads run meanwhile; ``threads`` shares the queries out to that many.

    Raises:
        ValueError: a table points outside the rows.
        UserMistake: there are more matches than fit into memory.
    """
    which = kernel or kernel_here()
    most = min(threads, len(queries))
    pieces = np.array_split(queries, most) if most > 1 else [queries]

    one = _in_c if which is Kernel.C else _in_numpy
    number = len(_LEVELS) - 1 if level is None else level
    try:
        if len(pieces) <= 1:
            parts = [one(body, piece, allowed, radius, number) for piece in pieces]
        else:
            with ThreadPoolExecutor(len(pieces)) as pool:
                parts = list(pool.map(lambda piece: one(body, piece, allowed, radius, number), pieces))
    except OverflowError as error:
        raise UserMistake(_("The query has more matches than can be held; ask for fewer at a time.")) from error
    return _numbered(parts, [len(piece) for piece in pieces])


def count(rows: NDArray[np.uint8], first: int, past: int, table: Table, offsets: NDArray[np.uint32]) -> None:
    """Add rows ``first`` to ``past`` to the counts at ``offsets[key + 2]``; their running sums are then the starts."""
    if kernel_here() is Kernel.C:
        _mih.count(rows, first, past, table.mask.tobytes(), offsets, len(_LEVELS) - 1)
    else:
        kernel_numpy.count(rows[first:past], table, offsets)


def fill(
    rows: NDArray[np.uint8],
    first: int,
    past: int,
    table: Table,
    offsets: NDArray[np.uint32],
    entries: NDArray[np.uint32],
) -> None:
    """Put rows ``first`` to ``past`` into their buckets; ``offsets[key + 1]`` moves from its start to its end."""
    if kernel_here() is Kernel.C:
        _mih.fill(rows, first, past, table.mask.tobytes(), offsets, len(_LEVELS) - 1, entries)
    else:
        kernel_numpy.fill(rows[first:past], first, table, offsets, entries)


def _most_candidates(body: Body) -> int:
    return len(body.rows) // _SCAN_SHARE + _SCAN_LEAST


def _in_numpy(
    body: Body, queries: NDArray[np.uint8], allowed: NDArray[np.uint8], radius: int, _level: int
) -> NDArray[np.uint32]:
    return kernel_numpy.found(
        queries, body.rows, body.offsets, body.entries, body.probes(radius), body.sets, allowed, radius,
        _most_candidates(body),
    )  # fmt: skip  # one line of arguments as in C


def _in_c(
    body: Body, queries: NDArray[np.uint8], allowed: NDArray[np.uint8], radius: int, level: int
) -> NDArray[np.uint32]:
    set_bytes = body.sets.itemsize if len(body.sets) else 0
    answer = _mih.query(
        queries, body.rows, body.offsets, body.entries, body.plan(radius), body.sets, set_bytes, allowed, radius,
        _most_candidates(body), level,
    )  # fmt: skip  # one line of arguments as in C
    return np.frombuffer(answer, np.uint32).reshape(-1, 3)


def _numbered(parts: Sequence[NDArray[np.uint32]], lengths: Sequence[int]) -> NDArray[np.uint32]:
    """Join what the threads found, their queries numbered as they were given."""
    if len(parts) == 1:
        return parts[0]
    joined = [np.empty((0, 3), np.uint32)]
    before = 0
    for part, length in zip(parts, lengths, strict=True):
        joined.append(part + np.array([before, 0, 0], np.uint32))
        before += length
    return np.concatenate(joined)
