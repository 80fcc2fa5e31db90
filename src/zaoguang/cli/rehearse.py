"""``zaoguang rehearse``: play the whole loop on a make-believe world and count."""

import json
import tempfile
from pathlib import Path

import click

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.words import gettext as _

__all__ = ["rehearse"]


@click.command()
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="The same seed plans the same world."
)
@click.option(
    "--copies",
    default=60,
    show_default=True,
    type=click.IntRange(1, 1500),
    help="Copies planted, among ten times as many decoys.",
)
@click.option(
    "--cast",
    default="wide",
    show_default=True,
    type=click.Choice(["core", "wide"]),
    help="wide: sixteen platforms under ten laws, and two traps; core: seven platforms under two laws.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep everything here; a temporary folder otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def rehearse(seed: int, copies: int, cast: str, folder: Path | None, *, as_json: bool) -> None:
    """Play one case from fingerprint to removal, on loopback only, and print what came of it."""
    from zaoguang.centre.serving import end_in_order  # noqa: PLC0415  (the command line starts fast)
    from zaoguang.rehearsal.cast import CASTS, Cast  # noqa: PLC0415  (the same)
    from zaoguang.rehearsal.plan import make_plan  # noqa: PLC0415  (the same)
    from zaoguang.rehearsal.play import play  # noqa: PLC0415  (the same)
    from zaoguang.rehearsal.stage import Stage, StageSettings  # noqa: PLC0415  (the same)

    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise UserMistake(_("%(path)s is not empty; a rehearsal begins in an empty folder.") % {"path": folder})
    make_plan(seed, copies, CASTS[Cast(cast)])  # says at once if there are too few copies for so many sites
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="zaoguang-") as temporary:
        settings = StageSettings(folder=folder or Path(temporary), seed=seed, copies=copies, cast=Cast(cast))
        with Stage(settings) as stage:
            report = play(stage, lambda step: click.echo(f"… {step}", err=True))
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        width = max(len(name) for name, _value in report.rows())
        for name, value in report.rows():
            click.echo(f"{name.ljust(width)}  {value}")
    if report.failures:
        raise DoesNotHold(_("The rehearsal did not hold: %(what)s.") % {"what": "; ".join(report.failures)})
