"""The index on disk: what is refused and why, what a merge keeps, who sees a change, and that a removal wins."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.canary import canary
from zaoguang.errors import OutsideFailure, UserMistake, ZaoguangError
from zaoguang.search import Defect, Entry, Index, Refused, Rows, image, kernel
from zaoguang.search.changes import ChangeLog
from zaoguang.search.spool import Step
from zaoguang.search.traces import traces

KEY = bytes(range(32))
SOME = random.Random(4)
VALUES = [SOME.randbytes(32) for _ in range(60)]
TABLES = 20


def banked(count: int = 50) -> Iterator[Entry]:
    return (Entry(VALUES[entry], entry, ["a"] if entry % 2 else ["a", "b"]) for entry in range(count))


def asked(*entries: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(VALUES[entry] for entry in entries), np.uint8).reshape(-1, 32)


def ids(index: Index, *entries: int) -> list[int]:
    return [int(entry) for entry in index.query(asked(*entries), 0).entries]


@pytest.fixture(params=[None, KEY], ids=["plain", "sealed"])
def key(request: pytest.FixtureRequest) -> bytes | None:
    assert request.param is None or isinstance(request.param, bytes)
    return request.param


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "table_count", lambda _entries: TABLES)


def reason(path: Path, key: bytes | None = None, *, check: bool = False) -> Defect:
    def use() -> None:
        index = Index.open(path, key=key)
        if check:
            index.check()

    with pytest.raises(Refused) as refused:
        use()
    return refused.value.reason


class TestRefusing:
    """A file that is not what was written is refused with a reason."""

    def test_no_index(self, tmp_path: Path) -> None:
        assert reason(tmp_path / "nothing") is Defect.MISSING

    @pytest.mark.parametrize("name", ["current", "snapshot-1", "changes-1"])
    def test_foreign_files(self, tmp_path: Path, name: str, key: bytes | None) -> None:
        Index.build(banked(), tmp_path, key=key)
        (tmp_path / name).write_bytes(b"something else " * 100)
        assert reason(tmp_path, key) is Defect.FOREIGN

    @pytest.mark.parametrize("name", ["snapshot-1", "changes-1"])
    def test_another_version(self, tmp_path: Path, name: str, key: bytes | None) -> None:
        Index.build(banked(), tmp_path, key=key)
        content = bytearray((tmp_path / name).read_bytes())
        content[16] = 2
        (tmp_path / name).write_bytes(content)
        assert reason(tmp_path, key) in {Defect.VERSION, Defect.DAMAGED}

    @pytest.mark.parametrize("name", ["snapshot-1", "changes-1"])
    def test_missing_files(self, tmp_path: Path, name: str, key: bytes | None) -> None:
        Index.build(banked(), tmp_path, key=key)
        (tmp_path / name).unlink()
        assert reason(tmp_path, key) is Defect.MISSING

    @pytest.mark.parametrize("change", [-1, -40, -4096, 1])
    @pytest.mark.usefixtures("tables")
    def test_a_snapshot_of_another_length(self, tmp_path: Path, change: int, key: bytes | None) -> None:
        Index.build(banked(), tmp_path, key=key)
        content = (tmp_path / "snapshot-1").read_bytes() + b"x"
        (tmp_path / "snapshot-1").write_bytes(content[: len(content) - 1 + change])
        assert reason(tmp_path, key) in {Defect.TORN, Defect.DAMAGED, Defect.LOCKED}

    def test_a_snapshot_of_another_index(self, tmp_path: Path, key: bytes | None) -> None:
        Index.build(banked(), tmp_path / "one", key=key)
        Index.build(banked(49), tmp_path / "two", key=key)
        (tmp_path / "one" / "snapshot-1").replace(tmp_path / "two" / "snapshot-1")
        assert reason(tmp_path / "two", key) is Defect.SWAPPED

    def test_a_log_of_another_index(self, tmp_path: Path, key: bytes | None) -> None:
        for name in ("one", "two"):
            Index.build(banked(), tmp_path / name, key=key)
        (tmp_path / "one" / "changes-1").replace(tmp_path / "two" / "changes-1")
        assert reason(tmp_path / "two", key) is Defect.SWAPPED

    def test_another_key(self, tmp_path: Path) -> None:
        Index.build(banked(), tmp_path, key=KEY)
        assert reason(tmp_path, KEY[::-1]) is Defect.LOCKED

    def test_a_key_where_there_is_none_and_none_where_there_is_one(self, tmp_path: Path) -> None:
        Index.build(banked(), tmp_path / "sealed", key=KEY)
        Index.build(banked(), tmp_path / "plain")
        for path, given in ((tmp_path / "sealed", None), (tmp_path / "plain", KEY)):
            with pytest.raises(UserMistake):
                Index.open(path, key=given)
        with pytest.raises(UserMistake):
            Index.build(banked(), tmp_path / "short", key=b"short")

    @pytest.mark.usefixtures("tables")
    def test_any_changed_byte_of_a_snapshot_is_found_by_a_check(self, tmp_path: Path, key: bytes | None) -> None:
        Index.build(banked(), tmp_path, key=key)
        whole = (tmp_path / "snapshot-1").read_bytes()
        for place in {*range(0, len(whole), len(whole) // 40), 60, len(whole) - 1}:
            changed = bytearray(whole)
            changed[place] ^= 4
            (tmp_path / "snapshot-1").unlink()
            (tmp_path / "snapshot-1").write_bytes(changed)
            assert reason(tmp_path, key, check=True)

    @pytest.mark.parametrize("which", list(kernel.Kernel))
    def test_a_table_that_points_outside_is_refused_not_followed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: None, which: kernel.Kernel
    ) -> None:
        del tables
        monkeypatch.setenv("ZAOGUANG_KERNEL", which)
        index = Index.build(banked(), tmp_path)
        for part in ("offsets", "entries"):
            start, end = index._state.image._places[part]
            changed = bytearray((tmp_path / "snapshot-1").read_bytes())
            changed[start:end] = b"\xf0" * (end - start)
            if part == "offsets":
                changed[start:end:8] = b"\x01" * len(changed[start:end:8])
            damaged = tmp_path / part
            Index.build(banked(), damaged)
            (damaged / "snapshot-1").write_bytes(changed)
            with pytest.raises(Refused) as refused:
                Index.open(damaged).query(asked(*range(50)))
            assert refused.value.reason is Defect.DAMAGED

    def test_a_match_from_a_damaged_block_is_refused(self, tmp_path: Path) -> None:
        index = Index.build(banked(), tmp_path)
        start, _end = index._state.image._places["ids"]
        changed = bytearray((tmp_path / "snapshot-1").read_bytes())
        changed[start] ^= 1
        (tmp_path / "snapshot-1").unlink()
        (tmp_path / "snapshot-1").write_bytes(changed)
        with pytest.raises(Refused):
            Index.open(tmp_path).query(asked(0))


class TestLastGoodOne:
    """An index that is open goes on with what it has when the new snapshot is refused, and misses no change."""

    def test_queries_and_changes_go_on(self, tmp_path: Path, key: bytes | None) -> None:
        index, other = Index.build(banked(), tmp_path, key=key), Index.open(tmp_path, key=key)
        other.remove(3)
        other.insert(VALUES[55], 55, ["a"])
        other.merge()
        other.insert(VALUES[56], 56, ["a"])
        content = (tmp_path / "snapshot-2").read_bytes()
        (tmp_path / "snapshot-2").unlink()
        (tmp_path / "snapshot-2").write_bytes(content[:-9])
        if key is not None:
            (tmp_path / "holders").write_bytes(b"")
        assert ids(index, 2, 3, 55, 56) == [2, 55, 56]
        assert isinstance(index.defect, Refused)
        assert index.defect.reason is Defect.TORN
        assert index.remove(2)
        assert ids(index, 2, 3, 55, 56) == [55, 56]
        assert index.merge()
        assert index.defect is None
        assert ids(Index.open(tmp_path, key=key), 2, 3, 4, 55, 56) == [4, 55, 56]

    @pytest.mark.parametrize("name", ["current", "changes-2"])
    def test_nothing_is_answered_while_nobody_can_say_what_was_withdrawn(
        self, tmp_path: Path, name: str, key: bytes | None
    ) -> None:
        index, other = Index.build(banked(), tmp_path, key=key), Index.open(tmp_path, key=key)
        other.merge()
        other.remove(3)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(b"something else " * 100)
        for _turn in range(2):
            with pytest.raises(Refused):
                index.query(asked(3), 0)
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(content)
        assert ids(index, 2, 3) == [2]

    def test_nothing_is_answered_when_what_changed_is_only_in_the_refused_snapshot(
        self, tmp_path: Path, key: bytes | None
    ) -> None:
        index, other = Index.build(banked(), tmp_path, key=key), Index.open(tmp_path, key=key)
        other.merge()
        other.remove(3)
        other.merge()
        (tmp_path / "snapshot-3").unlink()
        (tmp_path / "snapshot-3").write_bytes(b"something else " * 100)
        if key is not None:
            (tmp_path / "holders").write_bytes(b"")
        for _turn in range(2):
            with pytest.raises(Refused):
                index.query(asked(3), 0)


class TestBuilding:
    """The same entries give the same bytes, on every way there."""

    @pytest.mark.usefixtures("tables")
    def test_order_threads_kernel_and_merging_change_no_byte(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("zaoguang.search.spool.CHUNK", 7)
        monkeypatch.setattr("zaoguang.search.spool._PART", 9)
        entries = list(banked())
        Index.build(entries, tmp_path / "a")
        random.Random(1).shuffle(entries)
        Index.build(entries, tmp_path / "b", threads=3)
        monkeypatch.setenv("ZAOGUANG_KERNEL", "numpy")
        Index.build(reversed(entries), tmp_path / "c")
        merged = Index.build(entries[10:], tmp_path / "d")
        merged.insert_many([*entries[:10], Entry(VALUES[59], 59, ["only here"])])
        merged.remove(59)
        merged.merge()
        wanted = (tmp_path / "a" / "snapshot-1").read_bytes()
        assert (tmp_path / "b" / "snapshot-1").read_bytes() == wanted
        assert (tmp_path / "c" / "snapshot-1").read_bytes() == wanted
        assert (tmp_path / "d" / "snapshot-2").read_bytes() == wanted

    def test_rows_given_as_arrays_build_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zaoguang.search.spool.CHUNK", 7)
        Index.build((Entry(VALUES[n], n, ["a"]) for n in range(50)), tmp_path / "a")
        some, rest = np.arange(20, 50), np.arange(20, dtype=np.uint16)
        given: list[Entry | Rows] = [
            Rows(asked(*some), some, ["a"]),
            Rows(asked(*rest[1:]), rest[1:], ["a"]),
            Entry(VALUES[0], 0, ["a"]),
        ]
        Index.build(given, tmp_path / "b")
        assert (tmp_path / "b" / "snapshot-1").read_bytes() == (tmp_path / "a" / "snapshot-1").read_bytes()
        for bad in (np.array([-1]), np.array([2**63], np.uint64), np.array([1.0]), np.array([1, 2])):
            with pytest.raises(UserMistake):
                Index.build([Rows(asked(1), bad, ["a"])], tmp_path / "c")

    def test_ids_far_apart_and_many_sets_survive(self, tmp_path: Path, key: bytes | None) -> None:
        far = [0, 2**32 - 1, 2**32, 2**63 - 1]
        index = Index.build((Entry(VALUES[n], entry, [f"bank {n}"]) for n, entry in enumerate(far)), tmp_path, key=key)
        assert [ids(index, n) for n in range(4)] == [[entry] for entry in far]
        assert [index.banks_of(entry) for entry in far] == [{f"bank {n}"} for n in range(4)]
        assert index.highest == 2**63 - 1

    def test_more_than_256_sets_of_banks(self, tmp_path: Path, key: bytes | None) -> None:
        many = [Entry(random.Random(n).randbytes(32), n, [f"case {n}"]) for n in range(300)]
        index = Index.build(many, tmp_path, key=key)
        hashes = np.frombuffer(b"".join(each.hash for each in many), np.uint8).reshape(-1, 32)
        assert index.query(hashes, 0, ["case 299", "case 7"]).entries.tolist() == [7, 299]

    def test_an_id_given_twice_is_refused_or_joined(self, tmp_path: Path) -> None:
        twice = [Entry(VALUES[1], 1, ["a"]), Entry(VALUES[2], 2, ["a"]), Entry(VALUES[1], 1, ["b"])]
        with pytest.raises(UserMistake):
            Index.build(twice, tmp_path)
        assert Index.build(twice, tmp_path, join=True).banks_of(1) == {"a", "b"}
        with pytest.raises(UserMistake):
            Index.build([*twice, Entry(VALUES[3], 1, ["b"])], tmp_path / "other", join=True)

    def test_an_index_is_replaced_only_when_asked(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(3), tmp_path, key=key)
        with pytest.raises(UserMistake):
            Index.build(banked(5), tmp_path, key=key)
        assert len(index) == 3
        Index.build(banked(5), tmp_path, key=key, instead=True)
        assert len(index) == 5

    @pytest.mark.parametrize("step", list(Step))
    @pytest.mark.usefixtures("tables")
    def test_an_interrupted_build_leaves_what_was_there(self, tmp_path: Path, step: Step, key: bytes | None) -> None:
        def stop(now: Step, _done: int, _total: int) -> None:
            if now is step:
                raise KeyboardInterrupt

        Index.build(banked(3), tmp_path, key=key)
        if (step is Step.SEAL) == (key is None):
            return
        shuffled = [Entry(VALUES[entry], entry, ["a"]) for entry in (5, 4, 9)]
        with pytest.raises(KeyboardInterrupt):
            Index.build(shuffled, tmp_path, key=key, instead=True, progress=stop)
        assert ids(Index.open(tmp_path, key=key), 2, 4) == [2]
        Index.build(shuffled, tmp_path, key=key, instead=True)
        assert traces(tmp_path, VALUES[2], key) == []

    def test_a_change_during_a_rebuild_is_carried_over(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(10), tmp_path, key=key)

        def truth() -> Iterator[Entry]:
            yield from banked(10)
            index.remove(4)  # the survivor withdraws it after the database was read
            index.insert(VALUES[20], 20, ["a"])

        Index.build(truth(), tmp_path, key=key, instead=True)
        assert ids(index, 3, 4, 20) == [3, 20]


class TestChanges:
    """What was acknowledged is seen everywhere; what was removed does not come back."""

    def test_every_handle_sees_the_change_with_its_next_query(self, tmp_path: Path, key: bytes | None) -> None:
        one = Index.build(banked(10), tmp_path, key=key)
        two = Index.open(tmp_path, key=key)
        one.insert(VALUES[20], 20, ["a"])
        assert ids(two, 20) == [20]
        two.remove(20)
        assert ids(one, 20) == []
        two.merge()
        assert len(one) == len(two) == 10

    def test_another_process_sees_the_change_and_shares_the_memory(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(10), tmp_path, key=key)
        program = f"""
import os, sys
import numpy as np
from pathlib import Path
from zaoguang.search import Index
index = Index.open(Path({str(tmp_path)!r}), key={key!r})
hashes = np.frombuffer(bytes.fromhex({VALUES[20].hex()!r}), np.uint8).reshape(1, 32)
memory = index._state.memory.file
print(os.fstat(memory).st_ino if memory >= 0 else -1, flush=True)
for line in sys.stdin:
    print(len(index.query(hashes)), flush=True)
"""
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as reader:
            assert reader.stdin is not None
            assert reader.stdout is not None

            def look() -> str:
                assert reader.stdin is not None
                assert reader.stdout is not None
                reader.stdin.write("look\n")
                reader.stdin.flush()
                return reader.stdout.readline().strip()

            memory = index._state.memory.file
            assert int(reader.stdout.readline()) == (os.fstat(memory).st_ino if key else -1)
            for _turn in range(3):
                assert look() == "0"
                index.insert(VALUES[20], 20, ["a"])
                assert look() == "1"
                index.merge()
                assert look() == "1"
                index.remove(20)
                assert look() == "0"
            reader.stdin.close()

    def test_a_removal_wins_over_an_insertion_that_began_before_it(self, tmp_path: Path, key: bytes | None) -> None:
        index, other = Index.build(banked(10), tmp_path, key=key), Index.open(tmp_path, key=key)
        began = index.sequence
        assert not other.remove(20)  # not even there yet
        for _merged in range(3):
            with pytest.raises(UserMistake):
                index.insert(VALUES[20], 20, ["a"], as_of=began)
            assert ids(other, 20) == []
            other.merge()
        index.insert(VALUES[20], 20, ["a"], as_of=index.sequence)
        assert ids(other, 20) == [20]
        other.merge()
        assert ids(other, 20) == [20]

    def test_changes_made_during_a_merge_are_kept(self, tmp_path: Path, key: bytes | None) -> None:
        index, other = Index.build(banked(10), tmp_path, key=key), Index.open(tmp_path, key=key)
        index.insert(VALUES[20], 20, ["a"])
        index.remove(1)
        done: list[Step] = []

        def meanwhile(step: Step, _done: int, _total: int) -> None:
            if step is Step.WRITE and not done:
                done.append(step)
                other.insert(VALUES[21], 21, ["b"])
                other.remove(2)
                other.remove(20)
                other.remove(21)
                other.insert(VALUES[22], 22, ["b"])
                other.insert(VALUES[1], 1, ["b"])
                assert ids(index, 0, 1, 2, 20, 21, 22) == [0, 1, 22]
                assert not other.merge()

        assert index.merge(meanwhile)
        for each in (index, other, Index.open(tmp_path, key=key)):
            assert ids(each, 0, 1, 2, 20, 21, 22) == [0, 1, 22]
            assert len(each) == 10
            assert each.banks_of(1) == {"b"}
        index.merge()
        assert ids(other, 0, 1, 2, 20, 21, 22) == [0, 1, 22]

    def test_what_is_removed_and_banked_again_during_a_merge_is_there(self, tmp_path: Path, key: bytes | None) -> None:
        index, other = Index.build(banked(10), tmp_path, key=key), Index.open(tmp_path, key=key)
        index.insert(VALUES[20], 20, ["a"])
        done: list[Step] = []

        def meanwhile(step: Step, _done: int, _total: int) -> None:
            if step is Step.WRITE and not done:
                done.append(step)
                for entry in (3, 20):  # of the old snapshot, and of the changes that this merge takes up
                    other.remove(entry)
                    other.insert(VALUES[entry], entry, ["b"])

        assert index.merge(meanwhile)
        assert done
        for each in (index, other, Index.open(tmp_path, key=key)):
            assert ids(each, 2, 3, 20) == [2, 3, 20]
            assert each.banks_of(3) == each.banks_of(20) == {"b"}
            assert len(each) == 11

    def test_a_merge_begins_by_itself(self, tmp_path: Path, key: bytes | None) -> None:
        Index.build(banked(10), tmp_path, key=key)
        index = Index.open(tmp_path, key=key, merge_after=5)
        for entry in range(20, 40):
            index.insert(VALUES[entry], entry, ["a"])
        while index._merging.locked():
            assert len(index) == 30
        assert index.stats().generation > 1
        assert index.defect is None
        assert len(index) == 30

    def test_several_are_banked_or_none(self, tmp_path: Path) -> None:
        index = Index.build(banked(10), tmp_path)
        for bad in (Entry(VALUES[30], 3, ["a"]), Entry(VALUES[30], 29, ["a"]), Entry(VALUES[30], 30, [])):
            with pytest.raises(UserMistake):
                index.insert_many([Entry(VALUES[29], 29, ["a"]), bad])
        assert len(index) == 10
        assert index.remove_many([1, 1, 2, 77]) == 2

    def test_a_log_cut_off_anywhere_keeps_what_is_whole_and_goes_on(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(2), tmp_path, key=key)
        ends = [(tmp_path / "changes-1").stat().st_size]
        for entry in range(20, 24):
            index.insert(VALUES[entry], entry, ["a"])
            ends.append((tmp_path / "changes-1").stat().st_size)
        whole = (tmp_path / "changes-1").read_bytes()
        for length in sorted({*range(ends[0], ends[-1], 5), *(end - 1 for end in ends[1:]), *ends[:-1], ends[-1] - 1}):
            (tmp_path / "changes-1").write_bytes(whole[:length])
            kept = sum(end <= length for end in ends[1:])
            cut = ChangeLog.opened(tmp_path / "changes-1", key)
            assert len(cut.news()) == kept
        opened = Index.open(tmp_path, key=key)
        assert len(opened) == 2 + 3
        opened.insert(VALUES[30], 30, ["a"])
        assert ids(Index.open(tmp_path, key=key), 20, 21, 22, 23, 30) == [20, 21, 22, 30]

    def test_damage_before_a_whole_change_is_refused(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(2), tmp_path, key=key)
        start = (tmp_path / "changes-1").stat().st_size
        index.insert(VALUES[20], 20, ["a"])
        end = (tmp_path / "changes-1").stat().st_size
        index.insert(VALUES[21], 21, ["a"])
        whole = (tmp_path / "changes-1").read_bytes()
        for place in range(start, end):
            changed = bytearray(whole)
            changed[place] ^= 16
            (tmp_path / "changes-1").write_bytes(changed)
            with pytest.raises(Refused) as refused:
                ChangeLog.opened(tmp_path / "changes-1", key).news()
            assert refused.value.reason is Defect.DAMAGED


class TestDisk:
    """What lies on disk, and what does not."""

    def test_a_stolen_disk_shows_no_fingerprint(self, tmp_path: Path) -> None:
        value = canary(SOME.randbytes(32))
        index = Index.build([*banked(10), Entry(value, 99, ["a"])], tmp_path, key=KEY)
        index.remove(99)
        index.insert(value, 98, ["b"])
        assert traces(tmp_path, value, None) == []
        assert {path.name for path in traces(tmp_path, value, KEY)} == {"snapshot-1", "changes-1"}
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path, *tmp_path.iterdir()) if path != tmp_path)

    def test_a_withdrawn_fingerprint_is_gone_after_the_next_merge(self, tmp_path: Path, key: bytes | None) -> None:
        index = Index.build(banked(10), tmp_path, key=key)
        index.insert(VALUES[20], 20, ["a"])
        for entry in (20, 3):
            index.remove(entry)
            assert traces(tmp_path, VALUES[entry], key)
        (tmp_path / "snapshot-1.new").write_bytes(VALUES[3])  # what a killed merge left
        assert index.merge()
        assert traces(tmp_path, VALUES[20], key) == traces(tmp_path, VALUES[3], key) == []
        assert traces(tmp_path, VALUES[4], key)

    def test_a_full_disk_is_one_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_given: object) -> None:
            raise OSError(28, "No space left on device")

        index = Index.build(banked(10), tmp_path)
        monkeypatch.setattr(os, "posix_fallocate", full)
        index.remove(1)
        with pytest.raises(ZaoguangError, match="No space left"):
            index.merge()
        assert len(Index.open(tmp_path)) == 9

    def test_what_the_disk_does_not_let_be_read_is_one_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: bytes | None
    ) -> None:
        def forbidden(*_given: object) -> None:
            raise PermissionError(13, "Permission denied")

        index = Index.build(banked(10), tmp_path, key=key)
        Index.open(tmp_path, key=key).merge()
        monkeypatch.setattr(ChangeLog, "opened", forbidden)
        with pytest.raises(OutsideFailure, match="Permission denied"):
            Index.open(tmp_path, key=key)
        with pytest.raises(OutsideFailure, match="Permission denied"):
            index.query(asked(1), 0)
