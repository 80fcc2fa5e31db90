"""Fuzz one target under coverage guidance: ``python -m tests.fuzz.run TARGET [libFuzzer's options] [CORPUS...]``.

Atheris watches which lines and comparisons of ours, and of Pillow's Python side, each input reaches. Pillow's and
NumPy's compiled code cannot be watched so; the mutator knows the formats instead, to reach deep into them all the same.
"""

import random
import resource
import sys

import atheris

from tests.fuzz.structure import mutated

with atheris.instrument_imports(include=["zaoguang", "PIL"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS
    from zaoguang.fingerprint import frames, picture

_MEMORY_MOST = 3 << 30
_FRAME_PIXELS_MOST = 1 << 20  # far less than in the sandbox: a watched frame costs as much as hundreds


def _mutator(given: bytes, most: int, seed: int) -> bytes:
    """Half by structure, half as libFuzzer itself would."""
    if seed % 2:
        return mutated(given, random.Random(seed))[:most]
    changed: bytes = atheris.Mutate(given, most)
    return changed


def main() -> None:
    """Run until libFuzzer is done; it exits with a failure when a target raised."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MOST, _MEMORY_MOST))
    picture.prepare()
    vars(frames)["FRAME_PIXELS_MOST"] = _FRAME_PIXELS_MOST
    target = TARGETS[sys.argv[1]]

    def one(untrusted_bytes: bytes) -> None:
        try:
            target(untrusted_bytes)
        except MemoryError:
            return  # in a child this is a refusal, and the child is replaced

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one, custom_mutator=_mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
