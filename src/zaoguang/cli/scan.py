"""``zaoguang scan``: look through an archive that is already held for what a bank knows."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import click

from zaoguang.errors import UserMistake
from zaoguang.sandbox import Sandbox
from zaoguang.scan import Engine, Journal, LocalEngine, Looker, NoJournal, Seeking, Seen, Sought, Source
from zaoguang.scan import scan as scanned
from zaoguang.scan.on_ray import RayEngine
from zaoguang.search import MAX_RADIUS, Index
from zaoguang.vault import load_key
from zaoguang.words import gettext as _

__all__ = ["scan"]

_PURPOSE = "index"
_WORKERS_MOST = 64


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option(
    "--bank",
    "banks",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="An index made by “zaoguang index build”; may be given several times.",
)
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="The key file of a sealed index.")
@click.option("--radius", type=click.IntRange(0, MAX_RADIUS), default=MAX_RADIUS, help="Bits that may differ (31).")
@click.option("--exact", is_flag=True, help="Read every JPEG in full size: slower, and nothing at the edge is missed.")
@click.option("--journal", type=click.Path(path_type=Path), help="Write down what is done, to go on after a stop.")
@click.option("--not-looked-at", "report", type=click.Path(path_type=Path), help="Write here what was not looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per match.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Where the work is done: this machine, or a Ray cluster.",
)
@click.option(
    "--ray-address",
    help="The address of a Ray cluster (with --engine ray); without it, Ray is started on this machine.",
)
@click.option("--workers", type=click.IntRange(1, _WORKERS_MOST), help="Work on that many things at once.")
def scan(
    source: str,
    banks: tuple[Path, ...],
    key_file: Path | None,
    radius: int,
    journal: Path | None,
    report: Path | None,
    workers: int | None,
    engine: str,
    ray_address: str | None,
    *,
    exact: bool,
    as_json: bool,
) -> None:
    """Look through SOURCE for pictures and films that a bank knows, and print one line per match.

    SOURCE is a folder, a ZIP, tar or WARC file, or the address of object storage (as “s3://…”, with the fsspec driver
    for it installed). Archives within are looked into as well, one level deep. Nothing is unpacked to disk.

    With --journal, the same command goes on after any stop, and prints all matches from the beginning.
    """
    if ray_address is not None and engine != "ray":
        raise UserMistake(_("With “--ray-address”, say “--engine ray” as well."))
    opened = Source.opened(source)
    indexes = [_index(path, key_file) for path in banks]
    seeking = Seeking(radius, exact)
    sought = [Sought(str(path), index) for path, index in zip(banks, indexes, strict=True)]
    versions = [index.version for index in indexes]
    task = {
        "source": source,
        "banks": [[str(path), version] for path, version in zip(banks, versions, strict=True)],
        "radius": radius,
        "exact": exact,
    }
    kept = NoJournal() if journal is None else Journal.opened(journal, task)
    out = sys.stdout
    with ExitStack() as stack:
        passed_over = None if report is None else stack.enter_context(_report(report))
        if engine == "ray":
            frozen = [(str(path), index.freeze()) for path, index in zip(banks, indexes, strict=True)]
            stack.enter_context(redirect_stdout(sys.stderr))  # Ray speaks on standard output, among our lines
            working: Engine = stack.enter_context(RayEngine(opened, frozen, seeking, ray_address))
        else:
            working = stack.enter_context(_local(opened, sought, seeking, workers or os.cpu_count() or 1))
        counts = _show(scanned(opened, working, kept), out, passed_over, as_json=as_json)
    _summary(counts)
    if [index.version for index in indexes] != versions:
        click.echo(
            _("The bank changed during the scan; what was looked at before the change was compared with the old one."),
            err=True,
        )


@contextmanager
def _local(source: Source, sought: list[Sought], seeking: Seeking, workers: int) -> Iterator[Engine]:
    with Sandbox(children=workers) as sandbox, LocalEngine(Looker(source, sought, sandbox, seeking), workers) as engine:
        try:
            yield engine
        finally:
            sandbox.close()  # what is at work ends now


def _index(path: Path, key_file: Path | None) -> Index:
    return Index.open(path, key=None if key_file is None else load_key(key_file).derive(_PURPOSE).raw)


@contextmanager
def _report(path: Path) -> Iterator[TextIO]:
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UserMistake(_("The file “{name}” cannot be written.").format(name=_plain(str(path)))) from error
    with file:
        yield file


def _show(found: Iterator[Seen], out: TextIO, passed_over: TextIO | None, *, as_json: bool) -> Counter[str]:
    """Print what is found as it comes, and give how often each thing was the case ("" for what was looked at)."""
    counts: Counter[str] = Counter()
    shown = sys.stderr.isatty()
    for seen in found:
        for line in seen.matches:
            click.echo(json.dumps(line) if as_json else _line(line), file=out)
        for line in seen.passed_over:
            counts[line["reason"]] += 1
            if passed_over is not None:
                passed_over.write(json.dumps(line) + "\n")
        counts[""] += seen.looked_at
        counts["matches"] += len(seen.matches)
        out.flush()
        if shown:
            said = _("Looked at: {looked_at}. Matches: {matches}.")
            click.echo("\r\x1b[K" + said.format(looked_at=counts[""], matches=counts["matches"]), nl=False, err=True)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    return counts


def _line(line: dict[str, Any]) -> str:
    name = line["file"] or line["source"]
    place = f"{name} » {line['member']}" if line["member"] else name
    spans = ", ".join(f"{start:.1f}–{end:.1f} s" for start, end in line.get("seconds", ()))
    return f"{line['distance']:>3}  {line['entry']:>20}  {_plain(line['bank'])}  {_plain(place)}" + (
        f"  ({spans})" if spans else ""
    )


def _summary(counts: Counter[str]) -> None:
    click.echo(
        _("Looked at: {looked_at}. Matches: {matches}.").format(
            looked_at=counts.pop("", 0), matches=counts.pop("matches", 0)
        ),
        err=True,
    )
    if counts:
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
        click.echo(_("Not looked at: {count} ({why}).").format(count=sum(counts.values()), why=why), err=True)


def _plain(untrusted_name: str) -> str:
    """Give a name without anything that could steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in untrusted_name)
