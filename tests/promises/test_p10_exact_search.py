"""P10: every banked fingerprint within the radius is returned, none outside it, on every build path."""

import random
from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaoguang.search import Entry, LinearIndex, Matches, linear

BANKS = ("north", "south", "east")
Row = tuple[int, int, int]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def brute_force(
    bank: dict[int, tuple[int, frozenset[str]]], queries: list[int], radius: int, banks: Collection[str] | None
) -> list[Row]:
    """Give the matches by big-integer arithmetic alone: nothing shared with the index."""
    found = []
    for row, query in enumerate(queries):
        for entry, (value, named) in bank.items():
            distance = (query ^ value).bit_count()
            if distance <= radius and (banks is None or set(banks) & named):
                found.append((row, distance, entry))
    return sorted(found)


def listed(matches: Matches) -> list[Row]:
    return list(zip(matches.rows.tolist(), matches.distances.tolist(), matches.entries.tolist(), strict=True))


def as_rows(values: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(value.to_bytes(32, "big") for value in values), np.uint8).reshape(-1, 32)


def neighbour(source: random.Random, value: int, distance: int) -> int:
    """Give a value exactly that many bits away, the bits chosen anywhere in the 256."""
    for bit in source.sample(range(256), distance):
        value ^= 1 << bit
    return value


def planted(source: random.Random, size: int) -> tuple[list[int], list[int]]:
    """Give (queries, values): two queries, their neighbours at distances 0 to 32 and beyond, and strangers."""
    queries = [source.getrandbits(256) for _ in range(2)]
    values = [neighbour(source, query, distance) for query in queries for distance in [*range(33), 40, 256]]
    values += [values[0]] * 3  # the same fingerprint given by several people
    values += [source.getrandbits(256) for _ in range(max(0, size - len(values)))]
    source.shuffle(values)
    return queries, values[:size]


@pytest.mark.parametrize("block", [1, 3, 64])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 63, 64, 65, 127, 128, 129, 200])
def test_every_neighbour_and_nothing_else_at_any_size_and_block(
    monkeypatch: pytest.MonkeyPatch, size: int, block: int
) -> None:
    monkeypatch.setattr(linear, "_BLOCK_ENTRIES", block)
    monkeypatch.setattr(linear, "_BLOCK_PAIRS", block)
    source = seeded(size * 100 + block)
    queries, values = planted(source, size)
    bank = {source.getrandbits(63): (value, frozenset({source.choice(BANKS)})) for value in values}
    index = LinearIndex.build(Entry(value.to_bytes(32, "big"), entry, named) for entry, (value, named) in bank.items())
    for radius in (0, 1, 15, 30, 31):
        assert listed(index.query(as_rows(queries), radius)) == brute_force(bank, queries, radius, None)


def test_planted_neighbours_stop_exactly_at_31() -> None:
    source = seeded(31)
    query = source.getrandbits(256)
    index = LinearIndex()
    for distance in range(33):
        for copy in range(4):
            value = neighbour(source, query, distance)
            index.insert(value.to_bytes(32, "big"), distance * 10 + copy, ["north"])
    found = listed(index.query(as_rows([query])))
    assert found == [(0, distance, distance * 10 + copy) for distance in range(32) for copy in range(4)]
    assert not [entry for _, _, entry in found if entry // 10 == 32]


@pytest.mark.parametrize("size", [(1 << 16) - 1, 1 << 16, (1 << 16) + 1])
def test_the_edge_of_a_real_block_hides_nothing(size: int) -> None:
    source = seeded(size)
    queries, values = planted(source, size)
    bank = {entry: (value, frozenset({"north"})) for entry, value in enumerate(values)}
    index = LinearIndex.build(Entry(value.to_bytes(32, "big"), entry, named) for entry, (value, named) in bank.items())
    assert listed(index.query(as_rows(queries))) == brute_force(bank, queries, 31, None)


bank_sets = st.frozensets(st.sampled_from(BANKS), min_size=1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 30), st.integers(0, 34), bank_sets),
        st.tuples(st.just("remove"), st.integers(0, 30), st.just(0), st.just(frozenset({"north"}))),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    steps=steps,
    radius=st.integers(0, 31),
    banks=st.none() | st.frozensets(st.sampled_from([*BANKS, "unknown"])),
)
def test_any_history_of_changes_answers_as_brute_force(
    seed: int, steps: list[tuple[str, int, int, frozenset[str]]], radius: int, banks: frozenset[str] | None
) -> None:
    source = seeded(seed)
    queries = [source.getrandbits(256) for _ in range(3)]
    bank: dict[int, tuple[int, frozenset[str]]] = {}
    index = LinearIndex()
    for kind, entry, distance, named in steps:
        if kind == "remove":
            assert index.remove(entry) == (bank.pop(entry, None) is not None)
        elif entry not in bank:
            value = neighbour(source, source.choice(queries), distance)
            bank[entry] = (value, named)
            index.insert(value.to_bytes(32, "big"), entry, named)
    assert len(index) == len(bank)
    assert listed(index.query(as_rows(queries), radius, banks)) == brute_force(bank, queries, radius, banks)


def test_all_equal_hashes_are_all_returned() -> None:
    index = LinearIndex.build(Entry(b"\xaa" * 32, entry, ["north"]) for entry in range(1000))
    matches = index.query(np.full((2, 32), 0xAA, np.uint8), 0)
    assert matches.entries.tolist() == [*range(1000), *range(1000)]
