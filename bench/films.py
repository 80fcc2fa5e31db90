"""Measure how fast films are fingerprinted, and how far the hashes lie from vpdq's: the same film, one core, CPU time.

The film is made here: one minute of 1080p at 30 frames a second, grainy, H.264, slow pans over the rehearsal's
photographs. The peer is vpdq 0.2.5 (the extra “bench”); without it, ours is measured alone.
"""

import argparse
import platform
import resource
import statistics
import sys
from collections.abc import Callable
from importlib import import_module, metadata, resources
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import av
import numpy as np
from PIL import Image

from zaoguang.fingerprint import Film, Unhashable, fingerprint_file
from zaoguang.fingerprint.luma import luma_instructions
from zaoguang.fingerprint.screening import screened
from zaoguang.sandbox import Sandbox

WIDTH, HEIGHT, RATE, SHOT_SECONDS = 1920, 1080, 30, 3
RATIO_LEAST = 8
GRAIN = 4.7  # of 255, standard deviation: some 29 MB a minute


def main() -> int:
    """Print the table; 1 when the peer is there and ours is less than eight times faster at every frame."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="how long the film is (60)")
    parser.add_argument("--film", type=Path, default=Path(gettempdir(), "zaoguang-bench-film.mp4"))
    given = parser.parse_args()
    if not given.film.exists():
        _make(given.film, given.seconds)
    print(f"{_machine()}\n{given.film.stat().st_size / 1e6:.0f} MB")
    spent: dict[str, float] = {}
    ours, spent["ours, every frame"] = _timed(lambda: _look(given.film))
    _, spent["ours, first look"] = _timed(lambda: _look(given.film, first_look=True))
    _, spent["decoding alone (PyAV)"] = _timed(lambda: _decode(given.film))
    try:
        vpdq: Any = import_module("vpdq")
    except ImportError:
        vpdq = None
        print("vpdq is not installed: only ours is measured")
    theirs = None
    if vpdq is not None:
        theirs, spent["vpdq, every frame"] = _timed(lambda: vpdq.computeHash(str(given.film), seconds_per_hash=0))
        _, spent["vpdq, one a second"] = _timed(lambda: vpdq.computeHash(str(given.film), seconds_per_hash=1))
    length = ours.seconds
    for name, seconds in spent.items():
        print(f"  {name:<24} {seconds:8.2f} s CPU   {length / seconds:7.1f} x real time")
    if theirs is None:
        return 0
    ratio = spent["vpdq, every frame"] / spent["ours, every frame"]
    print(f"  every frame: {ratio:.1f} x less than vpdq's")
    _compare(ours, theirs)
    return 0 if ratio >= RATIO_LEAST else 1


def _look(path: Path, *, first_look: bool = False) -> Film:
    def whole(descriptor: int) -> Film | Unhashable:
        return screened(descriptor, sandbox, first_look=first_look, every_frame=True)

    with Sandbox() as sandbox:
        found = fingerprint_file(path, sandbox, film=whole)
    if not isinstance(found, Film):
        raise TypeError(str(found))
    return found


def _decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    """Give the result and the CPU seconds of this process and of its children that ended."""
    before = _cpu()
    result = act()
    return result, _cpu() - before


def _cpu() -> float:
    ends = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in ends)


def _compare(ours: Film, theirs: list[Any]) -> None:
    pairs = [(frame, each) for frame, each in zip(ours.frames, theirs, strict=False)]
    apart = [(int(mine.pdq.hex, 16) ^ int(each.hex, 16)).bit_count() for mine, each in pairs]
    grades = [abs(mine.quality - each.quality) for mine, each in pairs]
    print(
        f"  frames: ours {len(ours.frames)}, vpdq {len(theirs)}; bits apart: median {statistics.median(apart)}, "
        f"95th percentile {np.percentile(apart, 95):.0f}, most {max(apart)}; quality apart: most {max(grades)}"
    )


def _make(path: Path, seconds: int) -> None:
    print(f"making {path}")
    folder = resources.files("zaoguang.rehearsal.photographs")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".jpg"))
    noise = np.random.default_rng(1).normal(0, GRAIN, (HEIGHT + 64, WIDTH + 64, 1)).round().astype(np.int16)
    shifts = np.random.default_rng(2)
    beside = path.with_suffix(".part.mp4")
    with av.open(str(beside), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for shot in range(-(-seconds // SHOT_SECONDS)):
            with (folder / names[shot % len(names)]).open("rb") as file:
                wide = np.asarray(Image.open(file).convert("RGB").resize((WIDTH + 180, HEIGHT + 180)), dtype=np.int16)
            for step in range(SHOT_SECONDS * RATE):
                down, across = shifts.integers(0, 64, 2)
                grain = noise[down : down + HEIGHT, across : across + WIDTH]
                picture = np.clip(wide[step : step + HEIGHT, 2 * step : 2 * step + WIDTH] + grain, 0, 255)
                frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    beside.replace(path)


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")] if cpuinfo.exists() else []
    )
    model = names[0].partition(":")[2].strip() if names else platform.machine()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("av", "numpy"))
    return f"{model}; {luma_instructions() or 'NumPy'}; Python {platform.python_version()}; {versions}"


if __name__ == "__main__":
    sys.exit(main())
