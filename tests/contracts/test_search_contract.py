"""What every index promises; a new implementation adds itself to IMPLEMENTATIONS and nothing else."""

import random
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from zaoguang.errors import UserMistake
from zaoguang.search import Entry, Index, LinearIndex, Matches, Searchable

Build = Callable[[Iterable[Entry]], Searchable]


def plain(entries: Iterable[Entry]) -> Searchable:
    return Index.build(entries, Path(tempfile.mkdtemp()))


def sealed(entries: Iterable[Entry]) -> Searchable:
    return Index.build(entries, Path(tempfile.mkdtemp()), key=b"k" * 32)


def private(entries: Iterable[Entry]) -> Searchable:
    path = Path(tempfile.mkdtemp())
    Index.build(entries, path, key=b"k" * 32)
    return Index.open(path, key=b"k" * 32, private=True)


IMPLEMENTATIONS: list[Build] = [LinearIndex.build, plain, sealed, private]

ZERO = bytes(32)
TOP = 2**63 - 1


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def flipped(value: bytes, bits: int) -> bytes:
    """Give the value with its first bits turned over."""
    return (int.from_bytes(value, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


def as_rows(*values: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32)


def listed(matches: Matches) -> list[tuple[int, int, int]]:
    return list(zip(matches.rows.tolist(), matches.distances.tolist(), matches.entries.tolist(), strict=True))


@pytest.mark.parametrize("build", IMPLEMENTATIONS)
class TestIndex:
    def test_an_empty_index_finds_nothing(self, build: Build) -> None:
        index = build([])
        assert len(index) == 0
        assert listed(index.query(as_rows(ZERO))) == []

    def test_an_empty_query_finds_nothing(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"])])
        assert listed(index.query(np.empty((0, 32), np.uint8))) == []

    @pytest.mark.parametrize("distance", [*range(33), 64, 255, 256])
    def test_distance_up_to_31_is_found_and_more_is_not(self, build: Build, distance: int) -> None:
        index = build([Entry(flipped(ZERO, distance), 7, ["a"])])
        assert listed(index.query(as_rows(ZERO))) == ([(0, distance, 7)] if distance <= 31 else [])

    @pytest.mark.parametrize("radius", range(32))
    def test_the_radius_is_the_last_distance_found(self, build: Build, radius: int) -> None:
        index = build(Entry(flipped(ZERO, distance), distance, ["a"]) for distance in range(40))
        assert listed(index.query(as_rows(ZERO), radius)) == [(0, d, d) for d in range(radius + 1)]

    def test_the_answer_has_the_promised_types(self, build: Build) -> None:
        matches = build([Entry(ZERO, TOP, ["a"])]).query(as_rows(ZERO))
        arrays: list[NDArray[np.generic]] = [matches.rows, matches.entries, matches.distances]
        assert [array.dtype for array in arrays] == [np.int64, np.int64, np.uint16]
        assert len(matches) == 1
        assert build([]).query(as_rows(ZERO)).distances.dtype == np.uint16

    def test_the_answer_is_sorted_by_row_then_distance_then_entry(self, build: Build) -> None:
        near, exact = flipped(ZERO, 3), ZERO
        index = build([Entry(near, 9, ["a"]), Entry(exact, 8, ["a"]), Entry(near, 2, ["a"]), Entry(exact, 5, ["a"])])
        expected = [(0, 5), (0, 8), (3, 2), (3, 9)]
        found = listed(index.query(as_rows(ZERO, ZERO)))
        assert found == [(row, distance, entry) for row in (0, 1) for distance, entry in expected]

    def test_the_same_hash_under_different_ids_is_kept(self, build: Build) -> None:
        index = build(Entry(ZERO, entry, ["a"]) for entry in (0, 1, TOP))
        assert len(index) == 3
        assert [entry for _, _, entry in listed(index.query(as_rows(ZERO), 0))] == [0, 1, TOP]

    def test_an_insertion_is_found_at_once(self, build: Build) -> None:
        index = build([])
        index.insert(ZERO, 4, {"a"})
        assert listed(index.query(as_rows(ZERO))) == [(0, 0, 4)]

    def test_a_removal_is_missing_at_once(self, build: Build) -> None:
        index = build(Entry(ZERO, entry, ["a"]) for entry in range(5))
        assert index.remove(2)
        assert len(index) == 4
        assert [entry for _, _, entry in listed(index.query(as_rows(ZERO)))] == [0, 1, 3, 4]

    def test_removing_what_is_not_there_says_so(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"])])
        assert not index.remove(2)
        assert index.remove(1)
        assert not index.remove(1)

    def test_a_removed_id_can_be_banked_again_with_another_hash(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"])])
        index.remove(1)
        index.insert(flipped(ZERO, 200), 1, ["b"])
        assert listed(index.query(as_rows(ZERO))) == []
        assert listed(index.query(as_rows(flipped(ZERO, 200)), banks=["b"])) == [(0, 0, 1)]

    def test_a_taken_id_is_refused_and_nothing_changes(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"])])
        with pytest.raises(UserMistake):
            index.insert(flipped(ZERO, 200), 1, ["b"])
        assert listed(index.query(as_rows(ZERO, flipped(ZERO, 200)))) == [(0, 0, 1)]

    def test_a_query_sees_only_the_banks_it_names(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"]), Entry(ZERO, 2, ["b"]), Entry(ZERO, 3, ["a", "b"]), Entry(ZERO, 4, ["c"])])

        def seen(banks: list[str] | None) -> list[int]:
            return [entry for _, _, entry in listed(index.query(as_rows(ZERO), banks=banks))]

        assert seen(None) == [1, 2, 3, 4]
        assert seen(["a"]) == [1, 3]
        assert seen(["b", "c"]) == [2, 3, 4]
        assert seen([]) == []
        assert seen(["no such bank"]) == []

    def test_bank_filter_holds_after_removals(self, build: Build) -> None:
        index = build(Entry(ZERO, entry, ["even" if entry % 2 == 0 else "odd"]) for entry in range(10))
        for entry in (0, 3, 9):
            index.remove(entry)
        assert [entry for _, _, entry in listed(index.query(as_rows(ZERO), banks=["odd"]))] == [1, 5, 7]

    def test_rows_of_a_batch_answer_as_they_do_alone(self, build: Build) -> None:
        source = seeded(5)
        values = [source.randbytes(32) for _ in range(50)]
        index = build(Entry(value, number, ["a"]) for number, value in enumerate(values))
        queries = [flipped(value, source.randrange(40)) for value in values]
        together = listed(index.query(as_rows(*queries)))
        alone = [(row, d, e) for row, query in enumerate(queries) for _, d, e in listed(index.query(as_rows(query)))]
        assert together == alone

    def test_a_strided_array_is_read_as_its_rows(self, build: Build) -> None:
        index = build([Entry(ZERO, 1, ["a"])])
        wide = np.full((4, 64), 255, np.uint8)
        wide[::2, ::2] = 0
        assert listed(index.query(wide[::2, ::2])) == [(0, 0, 1), (1, 0, 1)]

    @pytest.mark.parametrize("radius", [-1, 32, 256, True, 1.0, None])
    def test_a_radius_outside_0_to_31_is_refused(self, build: Build, radius: int) -> None:
        with pytest.raises(UserMistake):
            build([]).query(as_rows(ZERO), radius)

    @pytest.mark.parametrize(
        "hashes", [np.zeros((1, 31), np.uint8), np.zeros(32, np.uint8), np.zeros((1, 32), np.int8), b"x" * 32]
    )
    def test_a_query_of_another_shape_or_type_is_refused(self, build: Build, hashes: NDArray[np.uint8]) -> None:
        with pytest.raises(UserMistake):
            build([]).query(hashes)

    @pytest.mark.parametrize("entry", [-1, 2**63, True, "1", 1.0])
    def test_an_id_that_does_not_fit_is_refused(self, build: Build, entry: int) -> None:
        index = build([])
        with pytest.raises(UserMistake):
            index.insert(ZERO, entry, ["a"])
        assert len(index) == 0

    @pytest.mark.parametrize("value", [b"", bytes(31), bytes(33), "0" * 32, None])
    def test_a_hash_that_is_not_32_bytes_is_refused(self, build: Build, value: bytes) -> None:
        with pytest.raises(UserMistake):
            build([]).insert(value, 1, ["a"])

    @pytest.mark.parametrize("banks", [[], "bank", b"bank", [""], [1]])
    def test_banks_that_name_nothing_are_refused(self, build: Build, banks: list[str]) -> None:
        with pytest.raises(UserMistake):
            build([]).insert(ZERO, 1, banks)

    def test_a_text_as_the_banks_of_a_query_is_refused(self, build: Build) -> None:
        with pytest.raises(UserMistake):
            build([]).query(as_rows(ZERO), banks="bank")

    def test_threads_see_every_entry_that_stays(self, build: Build) -> None:
        index = build(Entry(ZERO, entry, ["stays"]) for entry in range(200))

        def churn(start: int) -> None:
            for entry in range(start, start + 100):
                index.insert(ZERO, entry, ["goes"])
                index.remove(entry)

        def look(_: int) -> list[int]:
            return [entry for _, _, entry in listed(index.query(as_rows(ZERO), banks=["stays"]))]

        with ThreadPoolExecutor(4) as pool:
            churning = [pool.submit(churn, start) for start in (1000, 2000)]
            assert all(seen == list(range(200)) for seen in pool.map(look, range(50)))
            for done in churning:
                done.result()
        assert len(index) == 200
