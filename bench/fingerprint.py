"""Measure how fast fingerprints are made: ours in C, ours in NumPy, and pdqhash as python-threatexchange calls it.

CPU time (not wall time) of one process, the best of several turns, each way on the same pixels and files; the ratio is
how many times less than the standard. The photographs are those of the rehearsal, enlarged and saved as JPEG.
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

from zaoguang.fingerprint import picture
from zaoguang.fingerprint.kernel import Kernel, hashed, instructions
from zaoguang.sandbox import Sandbox

SIZES = {  # and the quality to save with
    "512 x 512": (512, 512, 85),
    "1920 x 1080": (1920, 1080, 85),
    "4032 x 3024": (4032, 3024, 95),
    "4032 x 3024, fine": (4032, 3024, 99),
}


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
        _table("file -> hash", {"standard": _standard_file(), "exact": _our_file, "quick": _quick_file}, files, turns)
        _sandboxed(contents)
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


def _our_file(path: Path) -> object:
    return picture.job(path.read_bytes(), {"kernel": (Kernel.C if instructions() else Kernel.NUMPY).value})


def _quick_file(path: Path) -> object:
    return picture.job(path.read_bytes(), {"exact": False})


def _table(title: str, ways: dict[str, Callable[..., object]], given: Sequence[object], turns: int) -> None:
    least = {name: statistics.median(_least(way, item, turns) for item in given) for name, way in ways.items()}
    for name, seconds in least.items():
        print(f"  {title:<15} {name:<12} {seconds * 1e3:9.2f} ms CPU   {least['standard'] / seconds:6.1f} x")


def _least(way: Callable[..., object], item: object, turns: int) -> float:
    spent = []
    for _ in range(turns):
        start = time.process_time()
        way(item)
        spent.append(time.process_time() - start)
    return min(spent)


def _sandboxed(contents: list[bytes]) -> None:
    """Print wall times: the work is done in another process."""
    with Sandbox() as sandbox:
        sandbox.run("picture", contents[0])
        seconds = [_wall(partial(sandbox.run, "picture", content)) for content in contents]
    inside = [_wall(partial(picture.job, content, {})) for content in contents]
    ratio = sum(seconds) / sum(inside)
    print(f"  through the sandbox: {statistics.median(seconds) * 1e3:.2f} ms wall, {ratio:.2f} x the same in-process")


def _wall(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _enlarged(path: Path, size: tuple[int, int, int]) -> bytes:
    held = io.BytesIO()
    width, height, quality = size
    Image.open(path).convert("RGB").resize((width, height), Image.Resampling.LANCZOS).save(
        held, "JPEG", quality=quality
    )
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
