"""The index over a centre's banks under kill -9: run as a process of its own, which forks writers and kills them.

    python -m tests.support.kill_banks SEED KILLS

Its folders come from the environment, as a real centre's do. Each writer adds items, takes some out, looks, merges and
rebuilds until it is killed; then the database is asked what is live, and the index must find just that. Prints one
JSON object of counts.
"""

import json
import os
import random
import signal
import sys
import time

import numpy as np

from zaoguang.centre.preparing import prepare

for _line in prepare():
    pass

from django.db import connection  # noqa: E402  (the centre is made ready first)

from tests.support.made_centre import PASSPHRASE, fingerprint_line, made_fingerprint  # noqa: E402  (the same)
from zaoguang.casework import ConsentUse, Role  # noqa: E402  (the same)
from zaoguang.centre.accounts.joining import join  # noqa: E402  (the same)
from zaoguang.centre.banks.cache import BankIndex, bank_index  # noqa: E402  (the same)
from zaoguang.centre.cases import consents, opening  # noqa: E402  (the same)
from zaoguang.centre.cases.models import Case  # noqa: E402  (the same)
from zaoguang.centre.clock import now  # noqa: E402  (the same)
from zaoguang.centre.intake.items import add_items, read_lines, remove_item  # noqa: E402  (the same)
from zaoguang.centre.intake.models import Item, ItemFingerprint  # noqa: E402  (the same)
from zaoguang.centre.keyring import index_key  # noqa: E402  (the same)
from zaoguang.centre.places import places  # noqa: E402  (the same)
from zaoguang.search.traces import traces  # noqa: E402  (the same)
from zaoguang.vault import SecretKey  # noqa: E402  (the same)

SEEDS = 12


def _work(case: Case, key: SecretKey, seed: int) -> None:
    """Change the banks until killed."""
    source = random.Random(seed)
    while True:
        by = case.memberships.get().person
        live = list(Item.objects.filter(case=case, removed_at__isnull=True))
        if live and source.random() < 0.5:
            remove_item(source.choice(live), by, now())
        else:
            add_items(case, key, read_lines(fingerprint_line(source.randrange(SEEDS))), by, now())
        _found(bank_index(), case, source.randrange(SEEDS))
        if source.random() < 0.2:
            bank_index().rebuild()


def _found(banks: BankIndex, case: Case, seed: int) -> bool:
    looked = np.frombuffer(made_fingerprint(seed).pdq.bits, np.uint8).reshape(1, 32)
    return bool(banks.find(looked, 31, case))


def _killed(case: Case, key: SecretKey, seed: int) -> None:
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            _work(case, key, seed)
        finally:
            os._exit(3)  # it never ends by itself
    time.sleep(random.Random(seed).uniform(0.05, 0.6))  # the instant of the kill
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the writer ended by itself")


def _judged(case: Case) -> dict[str, int]:
    """Count what is wrong now."""
    rows = ItemFingerprint.objects.filter(item__case=case, item__removed_at__isnull=True)
    live = {row.value().bits for row in rows}
    hand = BankIndex(places().index, index_key().raw)
    counts = {"missed": 0, "found": 0, "unprepared": 0, "stale": 0, "open": 0, "live": len(live)}
    for prepared in (False, True):  # first as it was left, then made ready
        counts["unprepared"] += prepared and not hand.prepared()
        for seed in range(SEEDS):
            there = made_fingerprint(seed).pdq.bits in live
            found = _found(hand, case, seed)
            counts["missed"] += there and not found
            counts["found"] += found and not there
    seen = hand.stats()
    counts["stale"] += not seen.fresh or seen.entries != len(live)
    values = [made_fingerprint(seed).pdq.bits for seed in range(SEEDS)]
    counts["open"] += sum(bool(traces(places().index, value, None)) for value in values)
    return counts


def main() -> None:
    """Kill one writer after another, judge after each, print the sums."""
    seed, kills = int(sys.argv[1]), int(sys.argv[2])
    by = join("lead", PASSPHRASE, Role.SUPERVISOR)
    case, key = opening.open_case(opening.Identity(alias="Lotus"), by, now())
    consents.give(case, ConsentUse.MATCH, by, now())
    sums: dict[str, int] = {}
    for number in range(kills):
        _killed(case, key, seed + number)
        for name, count in _judged(case).items():
            sums[name] = sums.get(name, 0) + count
    sys.stdout.write(json.dumps(sums))


if __name__ == "__main__":
    main()
