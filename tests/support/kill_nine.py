"""A rehearsal under kill -9: run as a process of its own, for the play needs Django's settings to itself.

    python -m tests.support.kill_nine FOLDER SEED

Prints one JSON object of counts for the test to judge.
"""

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

import httpx

from zaoguang.rehearsal.play import Play
from zaoguang.rehearsal.stage import PASSPHRASE, Stage, StageSettings
from zaoguang.rehearsal.visitor import Form, Visitor
from zaoguang.rehearsal.waiting import wait_until

KILLS = 20
VICTIMS = ("web", "reader", "clock", "mailbox")


class Killer(threading.Thread):
    """Kills one process after another at random instants."""

    def __init__(self, stage: Stage, seed: int) -> None:
        super().__init__(daemon=True)
        self._stage, self._random = stage, random.Random(seed)
        self.killed: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        while len(self.killed) < KILLS and not self.enough.wait(self._random.uniform(0.05, 1.2)):
            name = self._random.choice(VICTIMS)
            child = self._stage.children[name]
            if child.running:
                os.kill(child.pid, signal.SIGKILL)
                self.killed.append(name)


class PatientVisitor(Visitor):
    """Waits for a server that is away, and looks before pressing a button a second time."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.base)
        self._stage = stage
        self.acknowledged: list[tuple[str, dict[str, list[str]]]] = []

    def _back(self) -> None:
        def answers() -> bool:
            self._stage.keep()
            return self._stage.answers()

        assert wait_until(answers, 60), "the web server did not come back"

    def _get(self, address: str) -> httpx.Response:
        while True:
            try:
                return super()._get(address)
            except httpx.TransportError:
                self._back()

    def _post(self, form: Form, values: dict[str, list[str]]) -> httpx.Response:
        while True:
            try:
                answer = super()._post(form, values)
            except httpx.TransportError:
                self._back()
                seen = self._page(self._get(form.page))
                ending = form.action.removeprefix(self._stage.base).rpartition("/cases/")[2].partition("/")[2]
                if ending and not seen.has_form(ending):
                    return self._get(form.page)  # it was taken after all
            else:
                self.acknowledged.append((form.action, values))
                return answer


def _play(stage: Stage, visitor: PatientVisitor) -> Play:
    scene = Play(stage, visitor, lambda _step: None)
    visitor.log_in("lin", PASSPHRASE)
    lines = scene.fingerprint()
    scene.open_case("Rehearsal")
    scene.add_items(lines)
    scene.check_links(stage.world["pages"])
    scene.first = scene.ledger.compare()
    scene.draft_notices()
    scene.let_pass(6)
    scene.let_pass(43)
    scene.confirm_all("proposed")
    return scene


def _counts(scene: Play, visitor: PatientVisitor, killer: Killer) -> dict[str, object]:
    from zaoguang.centre.audit.models import AuditEvent, Verb  # noqa: PLC0415  (the stage has set Django up by now)
    from zaoguang.centre.notices.models import Attempt, Notice  # noqa: PLC0415  (the same)

    ids = {action.split("/")[-3] for action, _values in visitor.acknowledged if action.endswith("/confirm/")}
    for action, values in visitor.acknowledged:
        ids |= set(values["notice"]) if action.endswith("/notices/review/") else set()
    kept = Notice.objects.filter(pk__in=ids).exclude(confirmed_at=None)
    audited = AuditEvent.objects.filter(verb=Verb.NOTICE_CONFIRMED, subject__in=ids).values("subject").distinct()
    return {
        "killed": killer.killed,
        "confirmed_acknowledged": len(ids),
        "confirmed_kept": kept.count(),
        "confirmed_audited": audited.count(),
        "unfinished": kept.exclude(state="sent").count(),
        "attempts": Attempt.objects.count(),
        **scene.first,
        **{f"posted_{name}": number for name, number in scene.ledger.posted().items()},
        **scene.export(),
        "sightings": scene.ledger.totals()["sightings"],
    }


def main() -> None:
    """Play, kill, count."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    with Stage(StageSettings(folder=folder, seed=seed, copies=21, clock_every=0.05)) as stage:
        killer = Killer(stage, seed)
        with PatientVisitor(stage) as visitor:
            killer.start()
            scene = _play(stage, visitor)
            killer.enough.set()
            killer.join()
            stage.keep()
            sys.stdout.write(json.dumps(_counts(scene, visitor, killer)))


if __name__ == "__main__":
    main()
