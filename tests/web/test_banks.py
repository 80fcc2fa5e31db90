"""The index over the banks: what is committed is what is found, whatever becomes of the index."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction

from tests.support.made_centre import fingerprint_line, made_fingerprint
from zaoguang.casework import ConsentUse, Role
from zaoguang.centre.accounts.joining import join
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.banks import cache, live
from zaoguang.centre.banks.cache import BankIndex, bank_index
from zaoguang.centre.banks.models import BankChange, BankState
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.models import Case
from zaoguang.centre.clock import now
from zaoguang.centre.intake.items import add_items, read_lines, remove_item
from zaoguang.centre.intake.models import Item
from zaoguang.centre.keyring import index_key, make_keys
from zaoguang.centre.places import places
from zaoguang.search.traces import traces
from zaoguang.vault import SecretKey

PASSPHRASE = "correct horse battery"


class World:
    """One case with a live consent, and hands on its items."""

    def __init__(self) -> None:
        make_keys(places())
        self.by: Person = join("lead", PASSPHRASE, Role.SUPERVISOR)
        self.case: Case
        self.key: SecretKey
        self.case, self.key = opening.open_case(opening.Identity(alias="Lotus"), self.by, now())
        consents.give(self.case, ConsentUse.MATCH, self.by, now())

    def add(self, seed: int) -> Item:
        """Add the item of that seed."""
        return add_items(self.case, self.key, read_lines(fingerprint_line(seed)), self.by, now())[0]

    def found(self, seed: int, banks: BankIndex | None = None) -> bool:
        """Say whether the picture of that seed is found now."""
        return bool((banks or bank_index()).find(_hash(seed), 31, self.case))


@dataclass(frozen=True, slots=True)
class Round:
    """One item of the race, and how far it came."""

    seed: int
    added: threading.Event = field(default_factory=threading.Event)
    going: threading.Event = field(default_factory=threading.Event)  # its withdrawal has begun
    withdrawn: threading.Event = field(default_factory=threading.Event)


def _hash(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(made_fingerprint(seed).pdq.bits, np.uint8).reshape(1, 32)


def _another_process() -> BankIndex:
    """Give a hand on the index that shares nothing with this process's one but the folder and the database."""
    return BankIndex(places().index, index_key().raw)


@pytest.fixture
def world(committed: None) -> Iterator[World]:
    """Give a case in a database that really commits, and an index of its own."""
    del committed
    shutil.rmtree(places().index, ignore_errors=True)
    cache._at.cache_clear()
    yield World()
    shutil.rmtree(places().index, ignore_errors=True)
    cache._at.cache_clear()


@pytest.fixture
def by_index_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no answer come from looking at everything."""

    def never(_case: Case) -> None:
        raise AssertionError("every fingerprint was looked at")

    monkeypatch.setattr(live, "case_entries", never)


@pytest.mark.usefixtures("by_index_only")
def test_what_is_committed_is_what_the_next_question_finds(world: World) -> None:
    """Added, taken out, consent withdrawn and given again: each counts at the next question, in every process."""
    hands = (bank_index(), _another_process())
    assert hands[0].prepared()
    item = world.add(1)
    kept = world.add(2)
    assert all(world.found(1, each) and world.found(2, each) for each in hands)
    remove_item(item, world.by, now())
    assert not any(world.found(1, each) for each in hands)
    consents.withdraw(world.case, ConsentUse.MATCH, world.by, now())
    assert not any(world.found(2, each) for each in hands)
    consents.give(world.case, ConsentUse.MATCH, world.by, now())
    assert all(world.found(2, each) for each in hands)
    assert bank_index().stats().fresh
    assert kept.pk in {each.item for each in hands[1].find(_hash(2), 31, world.case)}


@pytest.mark.usefixtures("by_index_only")
def test_what_was_withdrawn_is_off_the_disk(world: World) -> None:
    """Neither with the key nor without it can it be read in the index's files."""
    bank_index().prepared()
    item = world.add(1)
    assert world.found(1)
    value, key = made_fingerprint(1).pdq.bits, index_key().raw
    assert traces(places().index, value, key)
    assert not traces(places().index, value, None)  # a stolen disk
    remove_item(item, world.by, now())
    assert not world.found(1)
    assert not traces(places().index, value, key)


def test_what_is_not_committed_is_not_found(world: World) -> None:
    """Neither an item on its way, nor one whose addition was undone, is found by anybody else."""
    bank_index().prepared()
    seen: list[bool] = []

    def look() -> None:
        try:
            seen.append(world.found(1, _another_process()))
        finally:
            connection.close()

    def elsewhere() -> bool:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return seen[-1]

    with transaction.atomic():
        world.add(1)
        assert world.found(1)  # by who adds it
        assert not elsewhere()
        transaction.set_rollback(True)
    assert not world.found(1)
    assert not elsewhere()
    world.add(1)  # the same number of changes as the undone ones, and other ones
    assert elsewhere()


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _torn(folder: Path) -> None:
    for path in folder.glob("snapshot-*"):
        os.truncate(path, path.stat().st_size // 2)


def _changes_lost(folder: Path) -> None:
    for path in folder.glob("changes-*"):
        os.truncate(path, 100)


def _flipped(folder: Path) -> None:
    for path in folder.glob("snapshot-*"):
        content = bytearray(path.read_bytes())
        content[-20] ^= 1
        path.write_bytes(content)


def _names_nothing(folder: Path) -> None:
    (folder / "current").write_bytes(b"{")


def _says_nothing(folder: Path) -> None:
    (folder / "reflects").write_bytes(b"")


def _of_another_centre(folder: Path) -> None:
    said = json.loads((folder / "reflects").read_bytes())
    (folder / "reflects").write_text(json.dumps({**said, "origin": "ab" * 16}))


@pytest.mark.usefixtures("by_index_only")
@pytest.mark.parametrize(
    "damage",
    [_gone, _torn, _changes_lost, _flipped, _names_nothing, _says_nothing, _of_another_centre],
    ids=lambda damage: damage.__name__.strip("_"),
)
def test_a_damaged_index_is_made_anew(world: World, damage: Callable[[Path], None]) -> None:
    """Whatever is wrong with the files, the next look finds what the database has, by an index that is whole."""
    world.add(1)
    bank_index().prepared()
    world.add(2)
    assert world.found(2)
    damage(places().index)
    fresh = _another_process()
    assert fresh.prepared()
    assert world.found(1, fresh)
    assert world.found(2, fresh)
    assert fresh.stats().fresh
    assert fresh.stats().entries == 2


def test_without_an_index_everything_is_looked_at(world: World) -> None:
    """Where there is none, and no time to make one, nothing is missed."""
    world.add(1)
    assert world.found(1)
    assert not world.found(2)
    places().index.mkdir(exist_ok=True)
    (places().index / "update.lock").unlink(missing_ok=True)
    (places().index / "update.lock").mkdir()  # a disk that does not let us
    assert not bank_index().prepared()
    assert world.found(1)


@pytest.mark.usefixtures("by_index_only")
def test_a_database_put_back_is_noticed(world: World) -> None:
    """After a restore the changes are counted from an earlier number: the index is of a past that never was."""
    bank_index().prepared()
    world.add(1)
    before = BankState.objects.values().get()
    world.add(2)
    assert world.found(2)
    Item.objects.exclude(code="P01").delete()
    BankState.objects.update(**before)
    BankChange.objects.filter(sequence__gt=before["sequence"]).delete()
    world.add(3)
    assert bank_index().prepared()
    assert world.found(1)
    assert world.found(3)
    assert bank_index().stats().entries == 2


@pytest.mark.slow
def test_a_withdrawal_wins_every_race_with_a_question(world: World) -> None:
    """While others ask without pause, no question begun after a withdrawal finds the item, nor misses one added."""
    bank_index().prepared()
    rounds, over = [Round(0)], threading.Event()
    wrong: list[str] = []

    def ask() -> None:
        hand = _another_process()
        try:
            while not over.is_set():
                seen = rounds[-1]
                added, withdrawn = seen.added.is_set(), seen.withdrawn.is_set()
                found = world.found(seen.seed, hand)
                if withdrawn and found:
                    wrong.append(f"{seen.seed} was found after its withdrawal")
                if added and not found and not seen.going.is_set():
                    wrong.append(f"{seen.seed} was missed")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(101, 109):
            rounds.append(Round(number))
            item = world.add(number)
            rounds[-1].added.set()
            assert world.found(number)
            rounds[-1].going.set()
            remove_item(item, world.by, now())
            rounds[-1].withdrawn.set()
            assert not world.found(number)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not wrong
