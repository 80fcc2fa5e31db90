"""Measure how many bits the quick way through JPEGs moves: against the hash in full size, over photographs.

The photographs are the rehearsal's, and those of any folder given besides; each is saved at a short side, a quality of
10 to 98, with colours thinned in one of three ways, some of them progressive.

    python bench/quick_way.py [--folder PHOTOGRAPHS]
"""

import argparse
import io
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from zaoguang.fingerprint import Pdq, picture
from zaoguang.fingerprint.scaled import Exactly, scaled_hash

SHORT_SIDES = (512, 1024, 1080, 1531, 2048, 3024)
LARGE, EVERY = 2000, 4  # of large ones each fourth, for time
QUALITIES = (10, 30, 60, 85, 95, 98)
MOST, MOST_OF_95 = 8, 2


def main() -> int:
    """Print a row for each size; 1 where the bits moved are more than is promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="further photographs")
    given = parser.parse_args()
    picture.prepare()
    bundled = Path(str(resources.files("zaoguang.rehearsal.photographs")))
    paths = sorted(bundled.glob("*.jpg")) + (_pictures_in(given.folder) if given.folder else [])
    print(f"{len(paths)} photographs\n  short side   median   95 in 100   most   left to the exact way")
    kept = [_row(side, paths[:: EVERY if side > LARGE else 1]) for side in SHORT_SIDES]
    return 0 if all(kept) else 1


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})


def _row(side: int, paths: Sequence[Path]) -> bool:
    """Print one size; say whether it keeps what is promised."""
    moved: list[int] = []
    left: Counter[str] = Counter()
    for content in _saved(side, paths):
        quick = scaled_hash(content, None)
        if isinstance(quick, Exactly):
            left[quick.value] += 1
        else:
            moved.append(quick.hashed.variants[0].distance(_exact(content)))
    half, most_of_95 = np.percentile(moved, [50, 95])
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(left.items()))
    print(
        f"  {side:>10}   {half:6.0f}   {most_of_95:9.1f}   {max(moved):4}   {left.total()} of {len(paths)}  {reasons}"
    )
    return half == 0 and most_of_95 <= MOST_OF_95 and max(moved) <= MOST


def _saved(side: int, paths: Sequence[Path]) -> Iterator[bytes]:
    chance = random.Random(side)
    for path in paths:
        shown = Image.open(path).convert("RGB")
        scale = side / min(shown.size)
        held = io.BytesIO()
        shown.resize((round(shown.width * scale), round(shown.height * scale)), Image.Resampling.LANCZOS).save(
            held,
            "JPEG",
            quality=chance.choice(QUALITIES),
            subsampling=chance.choice([0, 1, 2]),
            progressive=chance.random() < 0.3,  # noqa: PLR2004  # of ten, three
        )
        yield held.getvalue()


def _exact(content: bytes) -> Pdq:
    """Give the hash in full size, also of a picture with too little detail."""
    answer = picture.job(content, {"exact": True})
    if not isinstance(answer, dict):
        raise TypeError(answer)
    return Pdq.from_hex(str(answer["pdq"]))


if __name__ == "__main__":
    sys.exit(main())
