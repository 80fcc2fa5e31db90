"""Measure how fast fingerprints are found: our index, python-threatexchange's PDQIndex, and faiss, on the same hashes.

CPU time of one thread. Ours is asked twice: in memory that processes share, and in a private copy in huge pages. Each
peer is built, asked in turns with both, and let go before the next. The bank is random hashes and the hashes of random
crops of the rehearsal's photographs; the queries are neighbours planted at 0 to 31 bits and further crops. Recall is
against looking at everything. Peers that are not installed (requirements/bench.lock) are left out.

    python bench/search.py --sizes 100000 1000000            # some minutes, 3 GB
    python bench/search.py --sizes 10000000                  # some ten minutes, 10 GB
    python bench/search.py --sizes 100000000 --ours          # ours alone: 12 GB of memory and of disk
"""

import argparse
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module, resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from zaoguang.fingerprint.kernel import hashed
from zaoguang.search import Index, Matches, Rows, kernel

PLANTED, ASKED_CROPS, BANKED_CROPS = 512, 88, 1500
TURN = 40  # queries in a row before the other's turn
STEP = 1 << 20
RADIUS = 31
PRIVATE_MOST = 20_000_000  # entries: beyond it, only shared memory is measured
Hashes = NDArray[np.uint8]


class Peer(NamedTuple):
    """A way to search: built from hashes, asked one hash, giving the ids it found."""

    name: str
    build: Callable[[Hashes], Any]
    ask: Callable[[Any, Hashes], list[int]]
    most: int = 10**8


def main() -> int:
    """Print one table per size; 1 when ours missed anything or found too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="entries (10^5 and 10^6)")
    parser.add_argument("--ours", action="store_true", help="measure ours alone")
    parser.add_argument("--folder", type=Path, default=None, help="where the index is built (the folder of temp files)")
    given = parser.parse_args()
    print(
        f"{_processor()}; Python {platform.python_version()}; C kernel: {kernel.instructions() or 'none'}; one thread"
    )
    banked, asked = _crops(BANKED_CROPS, 1), _crops(ASKED_CROPS, 2)
    held = [_one_size(size, banked, asked, [] if given.ours else _peers(), given.folder) for size in given.sizes]
    return 0 if all(held) else 1


def _one_size(size: int, banked: Hashes, asked: Hashes, peers: list[Peer], parent: Path | None) -> bool:
    print(f"\n{size:,} entries")
    queries = np.concatenate([_planted(size, banked), asked])
    with TemporaryDirectory(dir=parent) as folder:
        path = Path(folder) / "index"
        start, wall = time.process_time(), time.perf_counter()
        index = Index.build(
            (Rows(part, np.arange(first, first + len(part)), ["bank"]) for first, part in _bank(size, banked)), path
        )
        built, wall = time.process_time() - start, time.perf_counter() - wall
        start = time.process_time()
        for _made in _bank(size, banked):
            continue
        built -= time.process_time() - start  # the hashes themselves are given to the peers
        truth = _truth(index, queries)
        private = Index.open(path, private=size <= PRIVATE_MOST)
        for either in (index, private):
            either.query(queries)  # what is mapped is touched once
        memory = [_resident(path, queries, private=private_too) for private_too in (False, size <= PRIVATE_MOST)]
        print(
            f"  ours: build {built:.1f} s CPU ({wall:.1f} s wall), {index.stats().tables} tables, "
            f"{index.stats().disk_bytes / 1e6:,.0f} MB on disk, resident {memory[0]:,.0f} MB shared, "
            f"{memory[1]:,.0f} MB private; {sum(map(len, truth)):,} matches of {len(queries)} queries",
            flush=True,
        )
        exact = True
        for name, either in (("shared", index), ("private", private)):
            spent, found = _asked(partial(_ask_ours, either), queries)
            exact &= found == truth
            _line(f"ours, {name} memory, one at a time", spent, recall=_recall(found, truth))
        start = time.process_time()
        batch = private.query(queries)
        each = (time.process_time() - start) / len(queries)
        print(f"  {'ours, private memory, in a batch':<36} {each * 1e6:10,.0f} us mean")
        exact &= _by_row(batch, len(queries)) == truth
        _numpy_line(index, queries[:: max(1, len(queries) // 50)])
        for peer in peers:
            if size <= peer.most:
                _against(peer, (index, private), size, banked, queries, truth, built)
    print(f"  ours is {'exact' if exact else 'NOT EXACT'}")
    return exact


def _against(
    peer: Peer,
    ours: tuple[Index, Index],
    size: int,
    banked: Hashes,
    queries: Hashes,
    truth: list[list[int]],
    built: float,
) -> None:
    """Build the peer, ask it and ours in turns, print one line."""
    everything = np.concatenate([part for _first, part in _bank(size, banked)])
    start = time.process_time()
    theirs = peer.build(everything)
    peer_built = time.process_time() - start
    del everything
    if size >= 10**7 and "flat" in peer.name:
        queries, truth = queries[::10], truth[::10]
    mine: tuple[list[float], list[float]] = ([], [])
    spent: list[float] = []
    found: list[list[int]] = []
    for first in range(0, len(queries), TURN):
        part = queries[first : first + TURN]
        for index, seconds in zip(ours, mine, strict=True):
            seconds.extend(_asked(partial(_ask_ours, index), part)[0])
        more, ids = _asked(partial(peer.ask, theirs), part)
        spent, found = spent + more, found + ids
    ratios = [float(np.mean(spent) / np.mean(seconds)) for seconds in mine]
    _line(peer.name, spent, ratios, _recall(found, truth), f"build {peer_built:.1f} s ({peer_built / built:.1f} x)")


def _line(name: str, spent: list[float], ratios: Sequence[float] = (), recall: float = 1.0, more: str = "") -> None:
    """Print one line; the ratios are to ours in shared and in private memory, asked in turns with it."""
    median, mean = np.median(spent) * 1e6, np.mean(spent) * 1e6
    times = " ".join(f"{ratio:6.1f} x" for ratio in ratios) or " " * 17
    print(
        f"  {name:<36} {median:9,.0f} us median {mean:9,.0f} us mean {times}  recall {recall:.4f}  {more}", flush=True
    )


def _ask_ours(index: Index, query: Hashes) -> list[int]:
    return [int(entry) for entry in index.query(query[None]).entries]


def _asked(ask: Callable[[Hashes], list[int]], queries: Hashes) -> tuple[list[float], list[list[int]]]:
    spent, found = [], []
    for query in queries:
        start = time.process_time()
        ids = ask(query)
        spent.append(time.process_time() - start)
        found.append(sorted(ids))
    return spent, found


def _numpy_line(index: Index, queries: Hashes) -> None:
    """Print what the same costs without the C kernel."""
    body, allowed = index._state.image.body, np.ones(1, np.uint8)  # noqa: SLF001  (the twin has no door of its own)
    start = time.process_time()
    for query in queries:
        kernel.found(body, query[None], allowed, RADIUS, kernel=kernel.Kernel.NUMPY)
    each = (time.process_time() - start) / len(queries)
    print(f"  {'ours in NumPy, one at a time':<36} {each * 1e6:10,.0f} us mean")


def _by_row(matches: Matches, rows: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(rows)]
    for row, entry in zip(matches.rows.tolist(), matches.entries.tolist(), strict=True):
        found[row].append(entry)
    return [sorted(ids) for ids in found]


def _recall(found: list[list[int]], truth: list[list[int]]) -> float:
    wanted = sum(map(len, truth))
    return sum(len(set(mine) & set(right)) for mine, right in zip(found, truth, strict=True)) / wanted


def _truth(index: Index, queries: Hashes) -> list[list[int]]:
    """Give the ids within the radius by looking at everything."""
    body = index._state.image.body  # noqa: SLF001  (its rows are what the peers are given)
    hits = kernel.found(kernel.Body(body.rows, body.sets), queries, np.ones(1, np.uint8), RADIUS)
    found: list[list[int]] = [[] for _ in queries]
    for query, row, _distance in hits.tolist():
        found[query].append(row)
    return [sorted(rows) for rows in found]


def _resident(path: Path, queries: Hashes, *, private: bool) -> float:
    """Give the megabytes that a fresh process has in memory after the queries."""
    program = (
        "import sys, numpy as np; from pathlib import Path; from zaoguang.search import Index\n"
        f"index = Index.open(Path({str(path)!r}), private={private})\n"
        "hashes = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, 32)\n"
        "for query in hashes: index.query(query[None])\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=queries.tobytes(), capture_output=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def _bank(size: int, banked: Hashes) -> Iterator[tuple[int, Hashes]]:
    """Give (first id, hashes): the crops, then random ones, the same at each call."""
    yield 0, banked
    for first in range(len(banked), size, STEP):
        yield first, _random(first, min(STEP, size - first))


def _random(seed: int, count: int) -> Hashes:
    return np.frombuffer(np.random.default_rng(seed).bytes(count * 32), np.uint8).reshape(-1, 32)


def _planted(size: int, banked: Hashes) -> Hashes:
    """Give neighbours of banked hashes, at each distance from 0 to 31 bits, half of them of photographs."""
    source = random.Random(size)
    near = (_random(len(banked), min(STEP, size - len(banked))), banked)
    queries = []
    for number in range(PLANTED):
        kind = near[number // 32 % 2]
        bits = np.unpackbits(kind[source.randrange(len(kind))])
        bits[source.sample(range(256), number % 32)] ^= 1
        queries.append(np.packbits(bits))
    return np.array(queries)


def _crops(count: int, seed: int) -> Hashes:
    """Give the PDQ hashes of random crops of the bundled photographs."""
    source = random.Random(seed)
    folder = resources.files("zaoguang.rehearsal.photographs")
    paths = sorted(str(file) for file in folder.iterdir() if file.name.endswith(".jpg"))
    wholes = [Picture.open(path).convert("RGB") for path in paths]
    hashes = []
    for _ in range(count):
        whole = source.choice(wholes)
        width, height = (source.randrange(side // 3, side) for side in whole.size)
        left, top = source.randrange(whole.width - width), source.randrange(whole.height - height)
        part = whole.crop((left, top, left + width, top + height))
        hashes.append(np.frombuffer(hashed(part.tobytes(), width, height).variants[0].bits, np.uint8))
    return np.array(hashes)


def _peers() -> list[Peer]:
    """Give the peers that are installed, each on one thread."""
    try:
        faiss = import_module("faiss")
        pdq_index = import_module("threatexchange.signal_type.pdq.pdq_index").PDQIndex
    except ImportError:
        print("(the peers are not installed: see requirements/bench.lock)")
        return []
    faiss.omp_set_num_threads(1)

    def ids_of(index: Any, query: Hashes) -> list[int]:  # noqa: ANN401  (faiss has no types)
        _limits, _distances, ids = index.range_search(query[None], RADIUS + 1)  # faiss: less than
        return [int(each) for each in np.unique(ids)]

    def flat(hashes: Hashes) -> object:
        index = faiss.IndexBinaryFlat(256)
        index.add(hashes)
        return index

    def multi(tables: int, bits: int, flips: int) -> Callable[[Hashes], object]:
        def build(hashes: Hashes) -> object:
            index = faiss.IndexBinaryMultiHash(256, tables, bits)
            index.nflip = flips
            index.add(hashes)
            return index

        return build

    return [
        Peer(
            "threatexchange PDQIndex",
            lambda hashes: pdq_index((row.tobytes().hex(), number) for number, row in enumerate(hashes)),
            lambda index, query: [int(match.metadata) for match in index.query(query.tobytes().hex())],
            10**7,
        ),
        Peer("faiss IndexBinaryFlat", flat, ids_of, 10**7),
        Peer("faiss IndexBinaryMultiHash 16x16/1", multi(16, 16, 1), ids_of, 10**6),
        Peer("faiss IndexBinaryMultiHash 11x23/2", multi(11, 23, 2), ids_of, 10**7),
    ]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
