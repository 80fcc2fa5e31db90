"""The linear scan's own habits: what it keeps in memory, what its refusals say."""

import tracemalloc

import numpy as np
import pytest

from zaoguang.errors import UserMistake
from zaoguang.search import Entry, LinearIndex, Matches


def test_a_removed_fingerprint_is_gone_from_memory() -> None:
    canary = bytes(range(200, 232))
    index = LinearIndex.build([Entry(bytes([entry]) * 32, entry, ["a"]) for entry in range(10)])
    index.insert(canary, 99, ["a"])
    assert canary in index._words.T.tobytes()
    index.remove(99)
    assert canary not in index._words.T.tobytes()


def test_a_refusal_never_repeats_the_fingerprint() -> None:
    index = LinearIndex()
    with pytest.raises(UserMistake) as refused:
        index.insert(b"\xab" * 33, 1, ["a"])
    assert "ab" * 4 not in str(refused.value)
    assert "xab" not in str(refused.value)


def test_a_large_batch_works_in_bounded_memory() -> None:
    source = np.random.default_rng(1)
    values = source.integers(0, 256, (20_000, 32), np.uint8)
    index = LinearIndex.build(Entry(value.tobytes(), entry, ["a"]) for entry, value in enumerate(values))
    tracemalloc.start()
    try:
        matches = index.query(values[:400])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert matches.entries.tolist() == list(range(400))
    assert peak < 16 << 20  # a table of all distances would take 64 MB


def test_matches_of_no_parts_are_empty() -> None:
    assert len(Matches.joined([])) == 0
