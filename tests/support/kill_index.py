"""An index under kill -9: run as a process of its own, which forks writers and kills them.

    python -m tests.support.kill_index FOLDER SEED KILLS KEY_HEX

Each writer banks, removes and merges, and writes down what was acknowledged; after each kill the index is opened and
compared with that. Prints one JSON object of counts.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from zaoguang.search import Entry, Index
from zaoguang.search.traces import traces

IDS = 40


def value_of(entry: int, turn: int) -> bytes:
    """Give a hash of its own for each time that an id is banked."""
    return random.Random(entry * 1_000_003 + turn).randbytes(32)


def write_until_killed(path: Path, key: bytes | None, seed: int, banked: dict[int, int], told: int) -> None:
    """Change the index for ever; tell what is about to be done, and when it is acknowledged."""
    source = random.Random(seed)
    index = Index.open(path, key=key)
    turn = seed * 1000
    while True:
        turn += 1
        entry = source.randrange(IDS)
        if source.random() < 0.08:
            index.merge()
            continue
        kind = "remove" if entry in banked else "insert"
        os.write(told, f"{kind} {entry} {turn}\n".encode())
        if kind == "insert":
            index.insert(value_of(entry, turn), entry, ["bank"])
            banked[entry] = turn
        else:
            index.remove(entry)
            del banked[entry]
        os.write(told, b"done\n")


def after(lines: list[str], banked: dict[int, int]) -> tuple[dict[int, int], list[dict[int, int]]]:
    """Give what was acknowledged, and every state that is allowed: with or without what was on its way."""
    known = dict(banked)
    for number, line in enumerate(lines):
        if line == "done":
            continue
        kind, entry, turn = line.split()
        changed = dict(known)
        if kind == "insert":
            changed[int(entry)] = int(turn)
        else:
            changed.pop(int(entry), None)
        if number + 1 == len(lines):
            return known, [known, changed]
        known = changed
    return known, [known]


def held(index: Index, known: list[dict[int, int]]) -> dict[int, int]:
    """Give the ids and turns that the index finds, among all that may be there."""
    wanted = sorted({(entry, turn) for state in known for entry, turn in state.items()})
    if not wanted:
        return {}
    hashes = np.frombuffer(b"".join(value_of(*each) for each in wanted), np.uint8).reshape(-1, 32)
    found = index.query(hashes, 0)
    return {
        int(entry): wanted[int(row)][1]
        for row, entry in zip(found.rows, found.entries, strict=True)
        if wanted[int(row)][0] == int(entry)
    }


def main() -> None:
    """Fork, kill, compare, again and again."""
    path, seed, kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    key = bytes.fromhex(sys.argv[4]) or None
    source = random.Random(seed)
    banked = dict.fromkeys(range(0, IDS, 2), 0)
    index = Index.build((Entry(value_of(*each), each[0], ["bank"]) for each in banked.items()), path, key=key)
    counts = {"kills": 0, "acknowledged": 0, "wrong": 0, "in_a_merge": 0, "generations": 0}
    for number in range(kills):
        read, told = os.pipe()
        writer = os.fork()
        if not writer:
            os.close(read)
            write_until_killed(path, key, seed + number, dict(banked), told)
        os.close(told)
        time.sleep(source.uniform(0.002, 0.06))  # not waiting for anything: the instant of the kill is random
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        with os.fdopen(read) as pipe:
            lines = pipe.read().splitlines()
        _known, allowed = after(lines, banked)
        counts["in_a_merge"] += any(each.name.startswith("snapshot") for each in index._folder.leftovers())
        opened = Index.open(path, key=key)
        found = held(opened, allowed)
        counts["kills"] += 1
        counts["acknowledged"] += lines.count("done")
        counts["wrong"] += found not in allowed or len(opened) != len(found) or held(index, allowed) != found
        banked = found
    gone = value_of(max(banked), banked[max(banked)])
    opened.remove(max(banked))
    opened.merge()
    opened.check()
    counts["generations"] = opened.stats().generation
    counts["left"] = len(traces(path, gone, key)) + len(opened._folder.leftovers())
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main()
