"""Measure what a scan adds to fingerprinting: small photographs in a tar file, against a plain loop over the same.

CPU time of the process and of the sandbox's children, one worker, in turns. The scan finds, reads, decodes, and
searches eight orientations in a small bank; the loop only decodes and fingerprints, in the same sandbox, from memory.
The memory is the most that the process that reads ever held, for an archive and for one four times as long; each in a
process of its own.

    python bench/scan.py             # a minute
    python bench/scan.py --ray       # also on a Ray of this machine's cores, wall time against as many threads
"""

import argparse
import io
import os
import platform
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PIL import Image as Picture

from zaoguang.fingerprint import Fingerprint, fingerprint_bytes
from zaoguang.sandbox import Sandbox
from zaoguang.scan import Engine, LocalEngine, Looker, NoJournal, Seeking, Seen, Sought, Source, scan
from zaoguang.scan.on_ray import RayEngine
from zaoguang.search import Entry, Index

SIDE = 320
QUALITY = 88
LONGER = 4


def main() -> int:
    """Print pictures a second, the ratio and the memory; 1 when a scan did not look at everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=1080, help="pictures in the archive (1080)")
    parser.add_argument("--turns", type=int, default=3, help="turns (3)")
    parser.add_argument("--ray", action="store_true", help="also on a Ray of this machine")
    parser.add_argument("--memory-of", type=Path, nargs=2, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of is not None:
        return _print_memory(*given.memory_of)
    pictures = _pictures()
    with TemporaryDirectory() as name:
        folder = Path(name)
        archive, bank = _archived(folder / "held.tar", pictures, given.pictures), _banked(folder / "bank", pictures)
        whole = _against_the_loop(archive, bank, pictures, given.pictures, given.turns)
        longer = _archived(folder / "longer.tar", pictures, given.pictures * LONGER)
        for each in (archive, longer):
            size = each.stat().st_size / 1e6
            print(f"memory of the process that reads, archive of {size:,.0f} MB: {_memory(each, bank):,.0f} MB at most")
        if given.ray:
            whole &= _on_ray(longer, bank, given.pictures * LONGER)
    return 0 if whole else 1


def _pictures() -> list[bytes]:
    """Give the rehearsal's photographs, made small."""
    made = []
    files = sorted(str(each) for each in resources.files("zaoguang.rehearsal.photographs").iterdir())
    for path in (each for each in files if each.endswith(".jpg")):
        out = io.BytesIO()
        small = Picture.open(path).convert("RGB")
        small.thumbnail((SIDE, SIDE))
        small.save(out, "jpeg", quality=QUALITY)
        made.append(out.getvalue())
    return made


def _archived(path: Path, pictures: list[bytes], count: int) -> Path:
    with tarfile.open(path, "w") as archive:
        for number in range(count):
            content = pictures[number % len(pictures)]
            info = tarfile.TarInfo(f"{number:07}.jpg")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _banked(path: Path, pictures: list[bytes]) -> Path:
    with Sandbox(children=1) as sandbox:
        known = [fingerprint_bytes(each, sandbox) for each in pictures[:10]]
    found = [each.pdq.bits for each in known if isinstance(each, Fingerprint)]
    Index.build([Entry(value, number, ["bank"]) for number, value in enumerate(found)], path)
    return path


def _against_the_loop(archive: Path, bank: Path, pictures: list[bytes], count: int, turns: int) -> bool:
    def loop() -> int:
        with Sandbox(children=1) as sandbox:
            known = (fingerprint_bytes(pictures[number % len(pictures)], sandbox) for number in range(count))
            return sum(isinstance(each, Fingerprint) for each in known)

    ours: list[float] = []
    plain: list[float] = []
    whole = True
    for _turn in range(turns):
        for spent, work in ((ours, lambda: _looked_at(archive, bank, 1)), (plain, loop)):
            seconds, looked_at = _cpu(work)
            spent.append(seconds)
            whole &= looked_at == count
    print(
        f"{platform.platform()}; Python {platform.python_version()}; {count:,} pictures of at most {SIDE} pixels, "
        f"{archive.stat().st_size / 1e6:,.0f} MB, one worker, CPU\n"
        f"scan: {count / median(ours):,.0f} a second; plain loop: {count / median(plain):,.0f} a second; "
        f"the scan takes {median(ours) / median(plain):.2f} x",
        flush=True,
    )
    return whole


def _cpu(work: Callable[[], int]) -> tuple[float, int]:
    """Give the CPU seconds of this process and of its children that ended, and what came of the work."""
    before = _spent()
    done = work()
    return _spent() - before, done


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _looked_at(archive: Path, bank: Path, workers: int) -> int:
    source, sought = Source.opened(str(archive)), [Sought("bank", Index.open(bank))]
    with Sandbox(children=workers) as sandbox:
        looker = Looker(source, sought, sandbox, Seeking())
        with LocalEngine(looker, workers) as engine:
            return _count(source, engine)


def _count(source: Source, engine: Engine) -> int:
    parts: list[Seen] = list(scan(source, engine, NoJournal()))
    return sum(part.looked_at for part in parts)


def _print_memory(archive: Path, bank: Path) -> int:
    _looked_at(archive, bank, 1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    return 0


def _memory(archive: Path, bank: Path) -> float:
    order = [sys.executable, __file__, "--memory-of", str(archive), str(bank)]
    return float(subprocess.run(order, capture_output=True, text=True, check=True).stdout)


def _on_ray(archive: Path, bank: Path, count: int) -> bool:
    """Print the wall time of the same scan on Ray, begun before, and of as many threads here."""
    source = Source.opened(str(archive))
    with RayEngine(source, [("bank", Index.open(bank).freeze())], Seeking(), None) as engine:
        start = time.perf_counter()
        there = _count(source, engine)
        ray = time.perf_counter() - start
        workers = engine.workers
    start = time.perf_counter()
    here = _looked_at(archive, bank, workers)
    local = time.perf_counter() - start
    print(
        f"{count:,} pictures, wall: Ray with {workers} cores {ray:.1f} s (once it runs), "
        f"{workers} workers here {local:.1f} s; {ray / local:.2f} x; load {os.getloadavg()[0]:.1f}"
    )
    return there == here == count


if __name__ == "__main__":
    sys.exit(main())
