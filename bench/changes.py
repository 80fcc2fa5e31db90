"""Measure how soon a change is seen: by another process that asks 1,000 queries a second, while a merge runs too.

Wall time from the call of ``insert`` or ``remove`` to the first query of the other process that answers accordingly.
The index is sealed, as in a centre; how long it takes to open is printed too.

    python bench/changes.py --size 10000000        # some minutes, 4 GB
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np

from zaoguang.search import Index, Rows

KEY = bytes(range(32))
STEP = 1 << 20
PERIOD = 0.001


def main() -> int:
    """Print percentiles; 1 when a change was not seen at all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=1_000_000, help="entries (10^6)")
    parser.add_argument("--changes", type=int, default=200, help="insertions, each followed by its removal (200)")
    parser.add_argument("--folder", type=Path, default=None, help="where the index is built (the folder of temp files)")
    parser.add_argument("--read", type=Path, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read is not None:
        return _reader(given.read)
    with TemporaryDirectory(dir=given.folder) as folder:
        return _measured(Path(folder) / "index", given.size, given.changes)


def _measured(path: Path, size: int, changes: int) -> int:
    start = time.perf_counter()
    index = Index.build(_bank(size), path, key=KEY)
    print(f"{size:,} entries, sealed; build {time.perf_counter() - start:.1f} s", flush=True)
    del index
    start = time.perf_counter()
    index = Index.open(path, key=KEY)
    print(f"open, the first process: {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    Index.open(path, key=KEY)
    print(f"open, another process while one has it: {time.perf_counter() - start:.4f} s")
    order = [sys.executable, __file__, "--read", str(path)]
    with subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        try:
            _turns("no merge running", index, reader, changes)
            merge = Thread(target=index.merge)
            merge.start()
            _turns("while a merge runs", index, reader, changes, merge)
            merge.join()
        finally:
            reader.kill()
    print(f"after the merge: {index.stats()}")
    return 0


def _turns(
    title: str, index: Index, reader: "subprocess.Popen[str]", changes: int, merge: Thread | None = None
) -> None:
    """Insert and remove, and print how long until the reader saw it."""
    if reader.stdin is None or reader.stdout is None:
        raise RuntimeError(title)
    source = np.random.default_rng(99)
    called: list[float] = []
    acknowledged: list[float] = []
    for _turn in range(changes):
        if merge is not None and not merge.is_alive():
            break
        value, entry = source.bytes(32), 2**62 + int(source.integers(2**60))
        reader.stdin.write(value.hex() + "\n")
        reader.stdin.flush()
        reader.stdout.readline()  # it looks for it now, and does not find it
        for change in (lambda: index.insert(value, entry, ["bank"]), lambda: index.remove(entry)):  # noqa: B023  (called here)
            start = time.monotonic()
            change()
            done = time.monotonic()
            seen = float(reader.stdout.readline())
            called.append(seen - start)
            acknowledged.append(seen - done)
    if called:
        p50, p99 = np.percentile(called, [50, 99]) * 1e3
        print(f"{title}: {len(called)} changes; seen after the call, median {p50:.1f} ms, p99 {p99:.1f} ms, "
              f"most {max(called) * 1e3:.1f} ms; after the acknowledgement, most {max(acknowledged) * 1e3:.1f} ms",
              flush=True)  # fmt: skip  # one sentence


def _reader(path: Path) -> int:
    """Ask a thousand queries a second; for each hash given, tell when it is found, and when no longer."""
    index = Index.open(path, key=KEY)
    source = np.random.default_rng(5)
    due = time.monotonic()
    for line in sys.stdin:
        sought = np.frombuffer(bytes.fromhex(line), np.uint8)
        print("looking", flush=True)
        for wanted in (1, 0):
            while True:
                due = max(due + PERIOD, time.monotonic() - 0.1)
                time.sleep(max(0.0, due - time.monotonic()))
                other = np.frombuffer(source.bytes(32), np.uint8)
                found = index.query(np.array([sought, other]))
                if int((found.rows == 0).sum()) == wanted:
                    break
            print(time.monotonic(), flush=True)
    return 0


def _bank(size: int) -> Iterator[Rows]:
    for first in range(0, size, STEP):
        count = min(STEP, size - first)
        hashes = np.frombuffer(np.random.default_rng(first).bytes(count * 32), np.uint8).reshape(-1, 32)
        yield Rows(hashes, np.arange(first, first + count), ["bank"])


if __name__ == "__main__":
    sys.exit(main())
