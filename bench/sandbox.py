"""Measure what the sandbox costs: a folder of photographs through locked children, and the same in this process.

Both ways do the same work on the same files, with as many workers as cores: read, SHA-256, decode, hash. In-process is
done by forked workers without any lock, as by one who did not care. The ways take turns; wall and processor time of all
processes, the best turn of each, and the ratio.
"""

import argparse
import hashlib
import io
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from PIL import Image

from zaoguang.fingerprint import Fingerprint, fingerprint_file, picture
from zaoguang.fingerprint.kernel import kernel_here
from zaoguang.sandbox import Sandbox

MEGAPIXELS = (0, 3, 12)  # 0: as they come
BOUND = 1.15


class Spent(NamedTuple):
    """Seconds on the clock and of all processors."""

    wall: float
    cpu: float


def main() -> int:
    """Print the table; 1 when the sandbox costs more than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, help="how many turns, of which the best counts (3)")
    parser.add_argument("--pictures", type=int, default=36, help="how many photographs (36)")
    given = parser.parse_args()
    print(f"{_model()}; {os.cpu_count()} cores; Python {platform.python_version()}")
    with TemporaryDirectory() as folder:
        within = [_one_size(size, Path(folder), given) for size in MEGAPIXELS]
    return 0 if all(within) else 1


def _one_size(megapixels: int, folder: Path, given: argparse.Namespace) -> bool:
    paths = list(_written(megapixels, folder, given.pictures))
    cores = os.cpu_count() or 1
    with Sandbox(children=cores) as sandbox, multiprocessing.get_context("fork").Pool(cores, picture.prepare) as pool:
        ways: dict[str, Callable[[], list[object]]] = {
            "in-process": lambda: pool.map(_in_process, paths, chunksize=1),
            "sandbox": lambda: _sandboxed(paths, sandbox, cores),
        }
        said = {name: way() for name, way in ways.items()}  # every worker is warm, and both say the same
        if said["in-process"] != said["sandbox"]:
            print("the two ways differ")
            return False
        spent = [{name: _spent(way, sandbox) for name, way in ways.items()} for _ in range(given.turns)]
    least = {name: Spent(*(min(turn[name][k] for turn in spent) for k in (0, 1))) for name in ways}
    wall, cpu = (least["sandbox"][k] / least["in-process"][k] for k in (0, 1))
    size = f"{megapixels} MP" if megapixels else "as they come"
    each = {name: tuple(round(part / len(paths) * 1e3, 2) for part in least[name]) for name in ways}
    print(f"{size:<13} {len(paths)} files: ms a file, wall and CPU {each}: {wall:.3f} x wall, {cpu:.3f} x CPU")
    return not megapixels or cpu <= BOUND  # the small ones, of about 2 ms, are told but not held to it


def _in_process(path: Path) -> object:
    untrusted_bytes = path.read_bytes()
    answer = picture.job(untrusted_bytes, {"kernel": kernel_here().value})
    return hashlib.sha256(untrusted_bytes).hexdigest(), answer["pdq"] if isinstance(answer, dict) else None


def _sandboxed(paths: list[Path], sandbox: Sandbox, cores: int) -> list[object]:
    with ThreadPoolExecutor(cores) as threads:
        known = list(threads.map(lambda path: fingerprint_file(path, sandbox), paths))
    return [(each.sha256, each.pdq.hex) if isinstance(each, Fingerprint) else ("", None) for each in known]


def _spent(way: Callable[[], object], sandbox: Sandbox) -> Spent:
    before, start = _cpu_of_all(sandbox), time.perf_counter()
    way()
    return Spent(time.perf_counter() - start, _cpu_of_all(sandbox) - before)


def _cpu_of_all(sandbox: Sandbox) -> float:
    """Give the processor seconds of this process and of the workers, alive as they are."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    pids = [child.pid for child in multiprocessing.active_children() if child.pid]
    pids += [child.pid for idle in sandbox._idle.values() for child in idle]  # noqa: SLF001  # a measurement looks inside
    return own.ru_utime + own.ru_stime + sum(map(_cpu_of, pids))


def _cpu_of(pid: int) -> float:
    """Give the nanoseconds that the scheduler counted, in seconds: finer than the clock ticks of /proc/PID/stat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def _written(megapixels: int, folder: Path, count: int) -> Iterator[Path]:
    photographs = resources.files("zaoguang.rehearsal.photographs").iterdir()
    for number, file in enumerate(sorted(photographs, key=lambda each: each.name)):
        if not file.name.endswith(".jpg") or number >= count + 2:
            continue
        path = folder / f"{megapixels}-{file.name}"
        path.write_bytes(_enlarged(file.read_bytes(), megapixels))
        yield path


def _enlarged(content: bytes, megapixels: int) -> bytes:
    if not megapixels:
        return content
    photograph = Image.open(io.BytesIO(content)).convert("RGB")
    factor = (megapixels * 1e6 / (photograph.width * photograph.height)) ** 0.5
    held = io.BytesIO()
    larger = photograph.resize((round(photograph.width * factor), round(photograph.height * factor)))
    larger.save(held, "JPEG", quality=85)
    return held.getvalue()


def _model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
