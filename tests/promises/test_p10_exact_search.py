"""P10: every banked fingerprint within the radius is returned, none outside it, on every build path."""

import random
import tempfile
from collections.abc import Callable, Collection
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from zaoguang.fingerprint.kernel import hashed as pdq_of
from zaoguang.search import Entry, Index, LinearIndex, Matches, geometry, image, kernel, linear

BANKS = ("north", "south", "east")
KEY = bytes(range(32))
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


# ---- the same of the index on disk, on every build path ----

SMALL_TABLES = 20  # of 12 or 13 bits: tables for sizes at which everything would be looked at


def entries_of(bank: dict[int, tuple[int, frozenset[str]]]) -> list[Entry]:
    return [Entry(value.to_bytes(32, "big"), entry, named) for entry, (value, named) in bank.items()]


@pytest.fixture(params=[None, KEY], ids=["plain", "sealed"])
def key(request: pytest.FixtureRequest) -> bytes | None:
    assert request.param is None or isinstance(request.param, bytes)
    return request.param


@pytest.fixture(params=[kernel.Kernel.C, kernel.Kernel.NUMPY])
def either_kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ZAOGUANG_KERNEL", str(request.param))
    if kernel.kernel_here() is not request.param:
        pytest.skip("missing component: the C kernel was not built")
    return str(request.param)


@pytest.mark.parametrize("tables", [0, SMALL_TABLES, 31])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 129, 700])
@pytest.mark.usefixtures("either_kernel")
def test_the_index_finds_what_is_there_at_every_radius(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, tables: int
) -> None:
    monkeypatch.setattr(image, "table_count", lambda _entries: tables)
    source = seeded(size * 100 + tables)
    queries, values = planted(source, size)
    bank = {source.getrandbits(63): (value, frozenset(source.sample(BANKS, 2))) for value in values}
    index = Index.build(entries_of(bank), tmp_path)
    assert index.stats().tables == tables
    for radius in range(32):
        assert listed(index.query(as_rows(queries), radius)) == brute_force(bank, queries, radius, None)
    for banks in ([], ["north"], ["south", "east"], ["unknown"]):
        assert listed(index.query(as_rows(queries), 31, banks)) == brute_force(bank, queries, 31, banks)


@pytest.mark.parametrize("size", [15_999, 16_000, 16_001, pytest.param(100_000, marks=pytest.mark.slow)])
def test_the_index_equals_the_oracle_around_the_break_even_and_beyond(tmp_path: Path, size: int) -> None:
    source = seeded(size)
    queries, values = planted(source, size)
    queries += source.sample(values, 5)
    bank = {source.getrandbits(63): (value, frozenset({source.choice(BANKS)})) for value in values}
    oracle = LinearIndex.build(entries_of(bank))
    index = Index.build(entries_of(bank), tmp_path, threads=2)
    assert (index.stats().tables > 0) == (size >= 16_000)
    for radius, banks in ((31, None), (31, ["north"]), (12, None), (0, None)):
        assert listed(index.query(as_rows(queries), radius, banks)) == listed(
            oracle.query(as_rows(queries), radius, banks)
        )


@pytest.mark.parametrize("level", range(3))
def test_every_instruction_set_finds_the_same(level: int) -> None:
    if level >= len(kernel._LEVELS):
        pytest.skip("this processor has no such level")
    source = seeded(level)
    rows = np.frombuffer(source.randbytes(32 * 1003), np.uint8).reshape(-1, 32).copy()
    rows[5:40] = rows[4]
    queries = rows[::10].copy()
    allowed = np.ones(1, np.uint8)
    body = kernel.Body(rows, np.empty(0, np.uint8))
    found = kernel.found(body, queries, allowed, 110, level=level, kernel=kernel.Kernel.C)
    twin = kernel.found(body, queries, allowed, 110, kernel=kernel.Kernel.NUMPY)
    assert len(found) > 1000
    assert sorted(found.tolist()) == sorted(twin.tolist())


@pytest.mark.usefixtures("either_kernel")
@pytest.mark.parametrize("kind", ["all equal", "one bucket", "two values", "zeros and ones"])
def test_hashes_crafted_to_flood_a_bucket_are_found_exactly_and_looked_at_in_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    monkeypatch.setattr(image, "table_count", lambda _entries: SMALL_TABLES)
    source = seeded(7)
    base = source.getrandbits(256)
    in_key = int.from_bytes(geometry.tables_of(SMALL_TABLES)[0].mask.tobytes(), "big")
    make: dict[str, Callable[[], int]] = {
        "all equal": lambda: base,
        "one bucket": lambda: (base & in_key) | (source.getrandbits(256) & ~in_key),
        "two values": lambda: source.choice([base, base ^ (1 << 256) - 1]),
        "zeros and ones": lambda: source.choice([0, (1 << 256) - 1]),
    }
    bank = {entry: (make[kind](), frozenset({"north"})) for entry in range(3000)}
    queries = [bank[0][0], neighbour(source, bank[1][0], 31), neighbour(source, bank[2][0], 32)]
    index = Index.build(entries_of(bank), tmp_path)
    assert listed(index.query(as_rows(queries))) == brute_force(bank, queries, 31, None)


def test_photographs_that_look_alike_are_found_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "table_count", lambda _entries: SMALL_TABLES)
    values = [int.from_bytes(bits, "big") for bits in crops_of_photographs(seeded(3), 8)]
    bank = {entry: (value, frozenset({"north"})) for entry, value in enumerate(values)}
    index = Index.build(entries_of(bank), tmp_path)
    queries = [neighbour(seeded(9), value, 5) for value in values[::4]]
    expected = brute_force(bank, queries, 31, None)
    assert len(expected) > len(queries) // 2
    assert listed(index.query(as_rows(queries))) == expected


def crops_of_photographs(source: random.Random, of_each: int) -> list[bytes]:
    """Give the PDQ hashes of random crops of the bundled photographs."""
    folder = resources.files("zaoguang.rehearsal.photographs")
    hashes = []
    for file in sorted(str(path) for path in folder.iterdir() if path.name.endswith(".jpg"))[:12]:
        whole = Picture.open(file).convert("RGB")
        whole.thumbnail((256, 256))
        for _crop in range(of_each):
            left, top = source.randrange(whole.width // 4), source.randrange(whole.height // 4)
            part = whole.crop((left, top, left + whole.width * 3 // 4, top + whole.height * 3 // 4))
            hashes.append(pdq_of(part.tobytes(), part.width, part.height).variants[0].bits)
    return hashes


@pytest.mark.usefixtures("either_kernel")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("insert"), st.integers(0, 30), st.integers(0, 34), bank_sets),
            st.tuples(st.just("remove"), st.integers(0, 30), st.just(0), st.just(frozenset({"north"}))),
            st.tuples(st.just("merge"), st.just(0), st.just(0), st.just(frozenset({"north"}))),
            st.tuples(st.just("reopen"), st.just(0), st.just(0), st.just(frozenset({"north"}))),
        ),
        max_size=15,
    ),
    radius=st.integers(0, 31),
    banks=st.none() | st.frozensets(st.sampled_from([*BANKS, "unknown"])),
    threads=st.sampled_from([1, 3]),
)
def test_any_history_of_changes_merges_and_openings_answers_as_brute_force(
    key: bytes | None,
    tmp_path: Path,
    seed: int,
    steps: list[tuple[str, int, int, frozenset[str]]],
    radius: int,
    banks: frozenset[str] | None,
    threads: int,
) -> None:
    source = seeded(seed)
    queries = [source.getrandbits(256) for _ in range(4)]
    bank = {
        entry: (neighbour(source, source.choice(queries), source.randrange(40)), frozenset({source.choice(BANKS)}))
        for entry in range(20)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "table_count", lambda entries: SMALL_TABLES if entries > 15 else 0)
        path = Path(tempfile.mkdtemp(dir=tmp_path))
        index = Index.build(entries_of(bank), path, key=key, threads=threads)
        for kind, entry, distance, named in steps:
            if kind == "merge":
                assert index.merge()
            elif kind == "reopen":
                index = Index.open(path, key=key, threads=threads)
            elif kind == "remove":
                assert index.remove(entry) == (bank.pop(entry, None) is not None)
            elif entry not in bank:
                value = neighbour(source, source.choice(queries), distance)
                bank[entry] = (value, named)
                index.insert(value.to_bytes(32, "big"), entry, named)
            assert len(index) == len(bank)
            assert listed(index.query(as_rows(queries), radius, banks)) == brute_force(bank, queries, radius, banks)
