"""The open house: a rehearsal that stays up, with cases already under way, for anybody to try every page on."""

import os
import time
from contextlib import suppress
from pathlib import Path

import click
import httpx

from zaoguang.centre.serving import StopFlag, end_in_order, require_free
from zaoguang.rehearsal.loopback import require_loopback
from zaoguang.rehearsal.play import Play
from zaoguang.rehearsal.stage import PASSPHRASE, PEOPLE, Stage, StageSettings
from zaoguang.rehearsal.visitor import Visitor
from zaoguang.words import gettext as _

__all__ = ["run_rehearsal"]

_COPIES = 24
_FURNISHED = "furnished"


def run_rehearsal(host: str, port: int) -> None:
    """Open the make-believe centre on loopback and keep it up until Ctrl-C.

    It lives in ``ZAOGUANG_HOME``, else in ``.zaoguang`` here, and goes on where it was left.
    """
    require_loopback(host)
    require_free(host, port)
    folder = Path(os.environ.get("ZAOGUANG_HOME") or ".zaoguang").absolute() / "rehearsal"
    click.echo(_("Setting the stage in %(folder)s (delete it to begin anew) …") % {"folder": folder})
    settings = StageSettings(folder=folder, copies=_COPIES, port=port, host=host)
    end_in_order()
    with Stage(settings) as stage:
        if not (folder / _FURNISHED).exists():
            _furnish(stage)
            (folder / _FURNISHED).touch()
        _welcome(stage)
        _keep_open(stage)
        click.echo(_("Stopping."))


def _furnish(stage: Stage) -> None:
    """Play one case until an escalation is proposed; leave one at its beginning, and one referral."""
    with Visitor(stage.base) as visitor:
        scene = Play(stage, visitor, lambda _step: None)
        visitor.log_in("lin", PASSPHRASE)
        lines = scene.fingerprint()
        refused = visitor.open("/cases/new/").form("/cases/new/")
        visitor.send(refused, {"adult": "yes", "alias": "Wren"})
        scene.open_case("Heron")
        scene.add_items(lines)
        scene.open_case("Willow")
        _share(scene)
        scene.add_items(lines)
        scene.check_links(stage.world["pages"])
        scene.draft_notices()
        scene.let_pass(6)
        scene.let_pass(43)


def _share(scene: Play) -> None:
    for handle, _role in PEOPLE[1:]:
        page = scene.visitor.open(scene.case)
        scene.visitor.send(page.form("members/"), {"handle": handle})


def _welcome(stage: Stage) -> None:
    click.echo("")
    click.echo(_("The rehearsal is open at %(address)s") % {"address": stage.base})
    for handle, role in PEOPLE:
        click.echo(f"  {handle:<6}{role:<12}{PASSPHRASE}")
    click.echo(_("Addresses to paste into a link check are in %(path)s.") % {"path": _pages_file(stage)})
    click.echo(_("Ctrl-C stops it."))


def _pages_file(stage: Stage) -> Path:
    path = stage.settings.folder / "pages.txt"
    path.write_text("\n".join(stage.world["pages"]) + "\n")
    return path


def _keep_open(stage: Stage) -> None:
    """Keep every process running, and the world's time with the centre's."""
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the stage has set Django up by now)

    stop, told = StopFlag(), time.monotonic()
    while not stop.asked:
        stage.keep()
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            with suppress(httpx.TransportError):  # it is being started again
                stage.tell_world(now())
        stop.wait(0.2)
