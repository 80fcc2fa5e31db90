"""Measure what a first look at films (keyframes only) misses: the share of shots in which it sees no frame.

Fifteen films of 24 shots each, slow pans over the rehearsal's photographs: five encoders and settings, three lengths of
shots. The share that the command says is the one printed last.
"""

import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.recorded_films import Made, film_of
from zaoguang.cli.film_work import FIRST_LOOK_MISSES
from zaoguang.fingerprint import Film, fingerprint_file
from zaoguang.sandbox import Sandbox

RATE, SHOTS, PHOTOGRAPHS = 25, 24, 36
LENGTHS = ((0.5, 1.0), (1.0, 2.0), (2.0, 5.0))  # seconds
FAST = ("preset", "veryfast")
WAYS = {
    "x264 as it is": ("libx264", "mp4", (FAST,)),
    "x264, a keyframe each 60": ("libx264", "mp4", (FAST, ("sc_threshold", "0"), ("g", "60"))),
    "x264, each 250": ("libx264", "mp4", (FAST, ("sc_threshold", "0"), ("g", "250"))),
    "MPEG-4, each 12": ("mpeg4", "avi", (("g", "12"), ("b", "2M"))),
    "VP8": ("libvpx", "webm", (("b", "1M"), ("cpu-used", "8"), ("deadline", "realtime"))),
}


def main() -> int:
    """Print a row for each way and length; 1 when the command says another share than the one found."""
    chance = random.Random(4)
    missed = total = 0
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        for name, (codec, container, options) in WAYS.items():
            for shortest, longest in LENGTHS:
                shots = _shots(chance, shortest, longest)
                made = Made(shots=shots, size=(320, 240), container=container, codec=codec, options=options)
                path = Path(folder, "film")
                path.write_bytes(film_of(made))
                unseen = _unseen(path, shots, sandbox)
                missed, total = missed + unseen, total + len(shots)
                print(f"  {name:<26} shots of {shortest}-{longest} s   {unseen} of {len(shots)} missed", flush=True)
    share = round(100 * missed / total)
    print(f"  together {missed} of {total}: {share} %; the command says {FIRST_LOOK_MISSES} %")
    return 0 if share == FIRST_LOOK_MISSES else 1


def _shots(chance: random.Random, shortest: float, longest: float) -> tuple[tuple[int, int], ...]:
    """Give photographs and numbers of frames; never one photograph twice running, which would be one shot."""
    drawn = [(chance.randrange(PHOTOGRAPHS), int(RATE * chance.uniform(shortest, longest))) for _ in range(SHOTS)]
    return tuple(shot for number, shot in enumerate(drawn) if number == 0 or shot[0] != drawn[number - 1][0])


def _unseen(path: Path, shots: tuple[tuple[int, int], ...], sandbox: Sandbox) -> int:
    film = fingerprint_file(path, sandbox, first_look=True)
    if not isinstance(film, Film):
        raise TypeError(film)
    unseen, begins = 0, 0
    for _photograph, frames in shots:
        ends = begins + frames
        unseen += not any(begins <= round(frame.seconds * RATE) < ends for frame in film.frames)
        begins = ends
    return unseen


if __name__ == "__main__":
    sys.exit(main())
