"""Measure what the centre needs from match to notice ready: 50 addresses over 10 platforms, one yes.

A real centre on loopback, with its own web server; the copies are put into its database as a check leaves them. Then
somebody opens the page that asks the laws' questions, answers them, reads every draft on one page and confirms them.
Processor time of the web server and wall time of those requests: the median of all rounds, and the worst.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from zaoguang.rehearsal.cast import Cast
from zaoguang.rehearsal.play import Play
from zaoguang.rehearsal.ready import Ready
from zaoguang.rehearsal.stage import PASSPHRASE, Stage, StageSettings
from zaoguang.rehearsal.visitor import Visitor

BOUND = 5.0


def main() -> int:
    """Print the figures; 1 when it took longer than it may, or more than one yes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="cases, each with a batch of its own (5)")
    parser.add_argument("--pages", type=int, default=1, help="pages on each platform, with four copies each (1)")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        settings = StageSettings(folder=Path(folder), cast=Cast.WIDE)
        with Stage(settings) as stage, Visitor(stage.base) as visitor:
            visitor.log_in("lin", PASSPHRASE)
            rounds = [_round(stage, visitor, given.pages) for _ in range(given.rounds)]
    ready = rounds[0][0]
    cpu, wall = [spent for _ready, spent in rounds], [each.seconds for each, _spent in rounds]
    print(f"{_model()}; {os.cpu_count()} cores; Python {platform.python_version()}")
    print(f"{ready.addresses} addresses, {ready.platforms} platforms, {ready.notices} notices")
    print(f"confirmations {ready.confirmations}, clicks {ready.clicks}")
    print(f"processor time of the web server: median {statistics.median(cpu):.2f} s, worst {max(cpu):.2f} s")
    print(f"wall time of the requests:        median {statistics.median(wall):.2f} s, worst {max(wall):.2f} s")
    return 0 if max(wall) < BOUND and ready.confirmations == 1 else 1


def _round(stage: Stage, visitor: Visitor, pages: int) -> tuple[Ready, float]:
    """Give what one batch took, and the processor's seconds in it."""
    from tests.support.batch import plant, platforms  # noqa: PLC0415  (the stage has set Django up by now)
    from tests.support.made_centre import fingerprint_line  # noqa: PLC0415  (the same)
    from zaoguang.centre.cases.models import Case  # noqa: PLC0415  (the same)
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the same)

    scene = Play(stage, visitor, lambda _step: None)
    scene.open_case("Measured")
    scene.add_items(fingerprint_line(1))
    case = Case.objects.get(pk=scene.case.strip("/").rpartition("/")[2])
    ports = json.loads((stage.folder / "ports.json").read_text())
    plant(case, platforms(), ports, now(), pages_each=pages)
    before = _processor_seconds(stage.children["web"].pid)
    scene.make_ready()
    return scene.ready[0], _processor_seconds(stage.children["web"].pid) - before


def _processor_seconds(pid: int) -> float:
    """Give the user and system time of a process so far (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
