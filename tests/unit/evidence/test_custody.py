"""The custody log: each entry holds on to the one before it."""

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.make_fixtures import LOG_ID, NOW, sealed_exhibit, signer, story
from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.evidence import CustodyEntry, CustodyEvent, append
from zaoguang.evidence.custody import FIRST_PREVIOUS, read_log, write_log

KEY = signer()
EXHIBITS = dict(sealed_exhibit(number, KEY) for number in (1, 2, 3))
LOG = story(EXHIBITS, KEY, (CustodyEvent.SEALED, CustodyEvent.EXPORTED))


def follow(previous: CustodyEntry | None, log_id: str = LOG_ID, exhibit_id: str = "00000000-1") -> CustodyEntry:
    return append(
        previous,
        log_id=log_id,
        at=NOW,
        event=CustodyEvent.SEALED,
        exhibit_id=exhibit_id,
        exhibit_sha256="a" * 64,
        signer=KEY,
    )


def test_entries_are_numbered_chained_and_signed() -> None:
    assert [entry.seq for entry in LOG] == list(range(6))
    assert LOG[0].previous == FIRST_PREVIOUS
    for before, entry in itertools.pairwise(LOG):
        assert entry.previous == before.entry_hash == hashlib.sha256(before.signed_bytes).hexdigest()
        assert KEY.public.signed(entry.signed_bytes, bytes.fromhex(entry.signature))


def test_a_log_is_read_back_as_it_was() -> None:
    read = read_log(write_log(LOG), KEY.public)
    assert read == LOG
    assert all(isinstance(entry.event, CustodyEvent) for entry in read)


def test_an_entry_rebuilt_from_its_columns_keeps_its_hash() -> None:
    kept = LOG[3]
    again = CustodyEntry(
        log_id=kept.log_id,
        seq=kept.seq,
        at=kept.at,
        event=CustodyEvent(kept.event.value),
        exhibit_id=kept.exhibit_id,
        exhibit_sha256=kept.exhibit_sha256,
        previous=kept.previous,
        key_id=kept.key_id,
        signature=kept.signature,
    )
    assert again.entry_hash == kept.entry_hash
    assert again.line == kept.line


def test_a_log_cannot_continue_another() -> None:
    with pytest.raises(UserMistake):
        follow(LOG[-1], log_id="another-log")


@pytest.mark.parametrize("exhibit_id", ["", "../x", "UPPERCASE", "x" * 65])
def test_a_bad_id_is_refused(exhibit_id: str) -> None:
    with pytest.raises(UserMistake):
        follow(None, exhibit_id=exhibit_id)


def test_an_entry_tells_nothing_but_ids_and_hashes() -> None:
    assert b"ZG-2026" not in write_log(LOG)
    assert b"example" not in write_log(LOG)


def test_a_line_beyond_its_limit_is_not_parsed() -> None:
    with pytest.raises(DoesNotHold, match=r"Line 1 .* too long"):
        read_log(b'{"a":' + b"9" * 5000 + b"}\n", KEY.public)


@given(st.permutations(range(6)))
def test_no_other_order_holds(order: list[int]) -> None:
    changed = write_log([LOG[at] for at in order])
    if order == sorted(order):
        read_log(changed, KEY.public)
        return
    with pytest.raises(DoesNotHold):
        read_log(changed, KEY.public)


@given(st.sets(st.integers(0, 5), min_size=1, max_size=5))
def test_no_entry_can_be_taken_out_but_from_the_end(left_out: set[int]) -> None:
    """The end is the manifest's to hold; see the promise's test."""
    kept = [entry for at, entry in enumerate(LOG) if at not in left_out]
    if [entry.seq for entry in kept] == list(range(len(kept))):
        assert read_log(write_log(kept), KEY.public) == tuple(kept)
        return
    with pytest.raises(DoesNotHold):
        read_log(write_log(kept), KEY.public)


def forked() -> list[CustodyEntry]:
    return [*LOG[:3], follow(LOG[1]), *LOG[3:]]


def resigned(entry: CustodyEntry) -> CustodyEntry:
    return replace(entry, signature=KEY.sign(entry.signed_bytes).hex())


@pytest.mark.parametrize(
    "attack",
    [
        forked,
        lambda: [*LOG, *LOG[-1:]],
        lambda: [*LOG[:2], replace(LOG[2], at="2026-01-31T08:00:00.000000Z"), *LOG[3:]],
        lambda: [*LOG[:2], resigned(replace(LOG[2], at="2025-01-31T08:00:00.000000Z")), *LOG[3:]],
        lambda: [*LOG[:5], resigned(replace(LOG[5], log_id="another-log"))],
        lambda: [*LOG[:5], replace(LOG[5], signature="0" * 128)],
        lambda: [*LOG[:5], replace(LOG[5], signature=LOG[4].signature)],
        lambda: [*LOG[:5], resigned(replace(LOG[5], key_id="0" * 64))],
        lambda: [*LOG[:5], resigned(replace(LOG[5], previous=FIRST_PREVIOUS))],
        lambda: [resigned(replace(LOG[0], previous="1" * 64)), *LOG[1:]],
        list,
    ],
    ids=range(11),
)
def test_an_attack_on_the_chain_is_caught(attack: Callable[[], list[CustodyEntry]]) -> None:
    changed = write_log(attack())
    assert changed != write_log(LOG)
    with pytest.raises(DoesNotHold):
        read_log(changed, KEY.public)


@pytest.mark.parametrize(
    "change",
    [
        lambda log: log[:-1],
        lambda log: log + b"\n",
        lambda log: b"\n" + log,
        lambda log: log.replace(b"\n", b"\r\n"),
        lambda log: log + b"{}\n",
        lambda log: log.replace(b'"schema":"zaoguang-custody/1"', b'"schema":"zaoguang-custody/2"', 1),
        lambda log: log.replace(b'"event":"sealed"', b'"event":"dreamt"', 1),
        lambda log: log.replace(b'"seq":0', b'"seq":0.0', 1),
        lambda log: log + b"x" * 5000 + b"\n",
    ],
    ids=range(9),
)
def test_an_attack_on_the_file_is_caught(change: Callable[[bytes], bytes]) -> None:
    changed = change(write_log(LOG))
    assert changed != write_log(LOG)
    with pytest.raises(DoesNotHold):
        read_log(changed, KEY.public)
