"""Measure how fast fingerprints are made: ours, exact and quick, in C and NumPy, and python-threatexchange's.

CPU time (not wall time), the best of several turns that the ways take one after the other, each on the same pixels and
files; through the sandbox, the CPU time of both processes. The ratio is how many times less than the standard; of the
quick way it says what was aimed at, too. The photographs are those of the rehearsal, enlarged and saved as JPEG.

The peers are optional: `python3 -m venv peers && peers/bin/pip install --require-hashes -r requirements/bench.lock &&
peers/bin/pip install --no-deps -e .`, then `peers/bin/python bench/fingerprint.py`. vpdq is built from source: first
`apt-get install cmake pkg-config libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libavfilter-dev
libavdevice-dev`. Without any of it, the steps of python-threatexchange (Pillow, NumPy, pdqhash) stand in for it.
"""

import argparse
import io
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module, metadata, resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the sandbox; before NumPy is loaded

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from zaoguang.fingerprint import fingerprint_file, picture
from zaoguang.fingerprint.kernel import Kernel, hashed, instructions
from zaoguang.sandbox import Sandbox

GRAINY = 92
SIZES = {  # and the quality to save with
    "128 x 128": (128, 128, 85),
    "512 x 512": (512, 512, 85),
    "1920 x 1080": (1920, 1080, 85),
    "4032 x 3024": (4032, 3024, 95),
    "4032 x 3024, grainy": (4032, 3024, GRAINY),
}
AIMS = {"128 x 128": 1, "512 x 512": 10, "1920 x 1080": 10, "4032 x 3024": 20, "4032 x 3024, grainy": 12}
"""How many times faster than python-threatexchange the quick way is to be, from file to hash."""


class Pixels(NamedTuple):
    """The same pixels as each way takes them."""

    array: NDArray[np.uint8]
    flat: bytes


def main() -> int:
    """Print the table and return 0; 1 when any hash differs from the standard's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=5, help="how many photographs (5)")
    parser.add_argument("--turns", type=int, default=3, help="how many turns, of which the best counts (3)")
    given = parser.parse_args()
    picture.prepare()
    print(_machine())
    folder = resources.files("zaoguang.rehearsal.photographs")
    paths = sorted(Path(str(file)) for file in folder.iterdir() if file.name.endswith(".jpg"))[: given.pictures]
    same = [_one_size(name, size, paths, given.turns) for name, size in SIZES.items()]
    return 0 if all(same) else 1


def _one_size(name: str, size: tuple[int, int, int], paths: list[Path], turns: int) -> bool:
    """Print the rows of one size; say whether every hash was the standard's."""
    contents = [_enlarged(path, size) for path in paths]
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]
    pixels = [Pixels(np.asarray(opened), opened.tobytes()) for opened in pictures]
    width, height, _ = size
    print(f"\n{name}, JPEG of {statistics.median(map(len, contents)) / 1e6:.2f} MB")
    _table("pixels -> hash", _pixel_ways(width, height), pixels, turns)
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.jpg") for number, _ in enumerate(contents)]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        with Sandbox() as sandbox:
            _table("file -> hash", _file_ways(sandbox), files, turns, _cpu_with(sandbox))
            print(f"  aimed at, quick: {AIMS[name]} x")
    return all(
        hashed(given.flat, width, height).variants[0].bits == np.packbits(pdqhash.compute(given.array)[0]).tobytes()
        for given in pixels
    )


def _pixel_ways(width: int, height: int) -> dict[str, Callable[[Pixels], object]]:
    ways: dict[str, Callable[[Pixels], object]] = {"standard": lambda given: pdqhash.compute(given.array)}
    if instructions():
        ways[f"C ({instructions()})"] = lambda given: hashed(given.flat, width, height, kernel=Kernel.C)
    return ways | {"NumPy": lambda given: hashed(given.flat, width, height, kernel=Kernel.NUMPY)}


def _standard_file() -> Callable[[Path], object]:
    """Give python-threatexchange's own way where that is installed, else its steps: open, to an array, hash."""
    try:
        signal = import_module("threatexchange.signal_type.pdq.signal")
    except ImportError:
        return lambda path: pdqhash.compute(np.asarray(Image.open(path)))
    way: Callable[[Path], object] = signal.PdqSignal.hash_from_file
    return way


def _file_ways(sandbox: Sandbox) -> dict[str, Callable[[Path], object]]:
    """Every way of ours: exact and quick, each in this process by either kernel, and through the sandbox."""
    ways = {"standard": _standard_file()}
    for exact in (True, False):
        said = "exact" if exact else "quick"
        for kernel in Kernel if instructions() else (Kernel.NUMPY,):
            ways[f"{said}, {kernel.value}"] = partial(_our_file, kernel=kernel, exact=exact)
        ways[f"{said}, sandbox"] = partial(fingerprint_file, sandbox=sandbox, exact=exact)
    return ways


def _our_file(path: Path, *, kernel: Kernel, exact: bool) -> object:
    return picture.job(path.read_bytes(), {"kernel": kernel.value, "exact": exact})


def _cpu_with(sandbox: Sandbox) -> Callable[[], float]:
    """Give a clock of this process's and the sandbox's children's CPU time."""

    def seconds() -> float:
        children = [child.pid for idle in sandbox._idle.values() for child in idle]  # noqa: SLF001  # to measure
        spent = (int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in children)
        return time.process_time() + sum(spent) / 1e9

    return seconds


def _table(
    title: str,
    ways: dict[str, Callable[..., object]],
    given: Sequence[object],
    turns: int,
    clock: Callable[[], float] = time.process_time,
) -> None:
    for way in ways.values():
        way(given[0])  # warm
    spent = {name: [[_spent(way, item, clock)] for item in given] for name, way in ways.items()}
    for _ in range(turns - 1):
        for name, way in ways.items():
            for item, times in zip(given, spent[name], strict=True):
                times.append(_spent(way, item, clock))
    least = {name: statistics.median(map(min, times)) for name, times in spent.items()}
    for name, seconds in least.items():
        print(
            f"  {title:<15} {name:<15} {seconds * 1e3:9.2f} ms CPU   {least['standard'] / seconds:6.1f} x", flush=True
        )


def _spent(way: Callable[..., object], item: object, clock: Callable[[], float]) -> float:
    start = clock()
    way(item)
    return clock() - start


def _enlarged(path: Path, size: tuple[int, int, int]) -> bytes:
    held = io.BytesIO()
    width, height, quality = size
    enlarged = Image.open(path).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    if quality == GRAINY:  # a sensor's grain: without it, enlarging leaves too little to save to fill a phone's 3 MB
        grain = np.random.default_rng(1).normal(0, 5, (height, width, 1)).round().astype(np.int16)
        enlarged = Image.fromarray(np.clip(np.asarray(enlarged, dtype=np.int16) + grain, 0, 255).astype(np.uint8))
    enlarged.save(held, "JPEG", quality=quality)
    return held.getvalue()


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")] if cpuinfo.exists() else []
    )
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "pillow", "pdqhash"))
    model = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{model}; Python {platform.python_version()}; {versions}"


if __name__ == "__main__":
    sys.exit(main())
