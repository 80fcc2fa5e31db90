"""``zaoguang fingerprint``: files and folders → one line each, in the order given."""

import json
import os
import statistics
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import click

from zaoguang.cli.film_work import FIRST_LOOK_MISSES, FilmWork, Progress
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import (
    ORIENTATIONS,
    Film,
    Fingerprint,
    PictureFrame,
    Unhashable,
    film_to_json,
    fingerprint_file,
    to_json,
)
from zaoguang.fingerprint.journal import Journal
from zaoguang.sandbox import Json, Sandbox
from zaoguang.words import gettext as _

__all__ = ["fingerprint"]

_Known = Fingerprint | Film | Unhashable
_CHILDREN_MOST = 8
_AHEAD = 4  # files read ahead per child, so that none waits while an earlier one is slow
_HEX_WIDTH = 64


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.option(
    "--exact", is_flag=True, help="Read every JPEG in full size: slower, and the bits are the standard's own."
)
@click.option("--variants", is_flag=True, help="Also give the fingerprints of the picture turned and mirrored.")
@click.option("--low-quality", is_flag=True, help="Also give the fingerprint of pictures with too little detail.")
@click.option(
    "--first-look", is_flag=True, help="Look at the keyframes of films only: far faster, but it can miss shots."
)
@click.option("--every-frame", is_flag=True, help="List every frame of a film, also where nothing moves.")
@click.option(
    "--vpdq",
    "vpdq_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also write each film's frames into this folder as vPDQ text.",
)
@click.option(
    "--resume",
    "journal_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="JOURNAL",
    help="Keep in this file how far films have come, and go on from there if the work was broken off.",
)
def fingerprint(  # each is one option
    paths: tuple[str, ...],
    *,
    as_json: bool,
    exact: bool,
    variants: bool,
    low_quality: bool,
    first_look: bool,
    every_frame: bool,
    vpdq_folder: Path | None,
    journal_path: Path | None,
) -> None:
    """Fingerprint pictures and films: files, folders (walked), or “-” for paths on standard input, one a line.

    A large JPEG is read at a smaller scale, which is many times faster; of 256 bits at most a few then differ from the
    standard's, mostly none. For looking through what others posted that is enough. What a person gives to be looked
    for must be exact: use --exact.

    A file without a fingerprint has a line that says why; only a path that does not exist stops the command.
    """
    files, links_left_out = _all_files(paths)
    show = _show_json if as_json else _show_line
    if not as_json:
        click.echo(f"{_('fingerprint (PDQ)'):<{_HEX_WIDTH}}  {_('quality'):>7}  {_('size'):>11}  {_('file')}")
    without = 0
    with ExitStack() as held:
        journal = held.enter_context(Journal(journal_path)) if journal_path is not None else None
        progress = held.enter_context(Progress([_size(path) for path in files]))
        work = FilmWork(
            progress, files, first_look=first_look, every_frame=every_frame, vpdq_folder=vpdq_folder, journal=journal
        )
        for number, (path, known) in enumerate(_fingerprints(files, work, exact=exact)):
            show(path, known, variants=variants, low_quality=low_quality)
            without += isinstance(known, Unhashable)
            progress.done(number)
    _summary(len(files), without, links_left_out)
    if first_look:
        click.echo(
            _("Of films only keyframes were looked at: of 100 short shots about {missed} go unseen so.").format(
                missed=FIRST_LOOK_MISSES
            ),
            err=True,
        )


def _all_files(paths: Iterable[str]) -> tuple[list[Path], int]:
    """Give every file under those paths, and how many links were left out; ``UserMistake`` if a path is not there."""
    given = [Path(each) for path in paths for each in (_paths_from_input() if path == "-" else [path])]
    for path in given:
        _must_exist(path)
    files: list[Path] = []
    links_left_out = 0
    for path in given:
        if path.is_dir():
            found, left_out = _walked(path)
            files += found
            links_left_out += left_out
        else:
            files.append(path)
    return files, links_left_out


def _paths_from_input() -> list[str]:
    return [os.fsdecode(line) for line in sys.stdin.buffer.read().splitlines() if line]


def _must_exist(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UserMistake(
            _("There is no file or folder “{path}”; check its name. Nothing was done.").format(path=_plain(str(path)))
        ) from None
    except OSError:
        return  # it is there but may not be looked at: its own line will say so


def _walked(folder: Path) -> tuple[list[Path], int]:
    """Give the files below a folder, sorted, without following links that lead out of it, and how many those were."""
    inside = Path(os.path.realpath(folder))
    found: list[Path] = []
    links_left_out = 0
    unreadable: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        folders.sort()
        links_left_out += sum((Path(place) / name).is_symlink() for name in folders)
        for name in sorted(names):
            path = Path(place) / name
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                links_left_out += 1
            else:
                found.append(path)
    return found + [Path(error.filename) for error in unreadable], links_left_out


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _fingerprints(files: Iterable[Path], work: FilmWork, *, exact: bool) -> Iterator[tuple[Path, _Known]]:
    """Give each file's fingerprint in the order of the files, although several are worked on at a time."""
    children = min(os.cpu_count() or 1, _CHILDREN_MOST)
    waiting: deque[tuple[Path, Future[_Known]]] = deque()
    rest = iter(enumerate(files))
    with ThreadPoolExecutor(children) as pool, Sandbox(children=children) as sandbox:
        try:
            while True:
                for number, path in islice(rest, children * _AHEAD - len(waiting)):
                    waiting.append((path, pool.submit(_fingerprint, number, path, sandbox, work, exact=exact)))
                if not waiting:
                    return
                path, future = waiting.popleft()
                yield path, future.result()
        finally:  # what is at work ends as soon as the sandbox closes; a film is not waited for
            pool.shutdown(wait=False, cancel_futures=True)


def _fingerprint(number: int, path: Path, sandbox: Sandbox, work: FilmWork, *, exact: bool) -> _Known:
    def film(descriptor: int) -> Film | Unhashable:
        return work.look(number, descriptor, sandbox)

    return fingerprint_file(path, sandbox, film=film, exact=exact)


def _show_json(path: Path, known: _Known, *, variants: bool, low_quality: bool) -> None:
    line: dict[str, Json] = {"path": str(path), **(film_to_json(known) if isinstance(known, Film) else to_json(known))}
    if not variants:
        _drop_variants(line)
    if isinstance(known, Unhashable):
        line["sentence"] = known.sentence
        if not low_quality:
            line.pop("pdq", None)
            line.pop("quality", None)
    click.echo(json.dumps(line))


def _drop_variants(line: dict[str, Json]) -> None:
    line.pop("variants", None)
    frames = line.get("frames")
    for frame in frames if isinstance(frames, list) else ():
        if isinstance(frame, dict):
            frame.pop("variants", None)


def _show_line(path: Path, known: _Known, *, variants: bool, low_quality: bool) -> None:
    name = _plain(str(path))
    if isinstance(known, Unhashable):
        shown = known.pdq.hex if low_quality and known.pdq is not None else "-"
        click.echo(f"{shown:<{_HEX_WIDTH}}  {'-':>7}  {'-':>11}  {name}: {known.sentence}")
        return
    size = f"{known.width}x{known.height}"
    if isinstance(known, Film):
        click.echo(f"{_of_film(known):<{_HEX_WIDTH}}  {_usual_quality(known):>7}  {size:>11}  {name}")
        return
    click.echo(f"{known.pdq.hex}  {known.quality:>7}  {size:>11}  {name}")
    _show_turned(known, variants=variants)
    for frame in known.frames[1:]:
        named = _("frame %(number)d") % {"number": frame.number + 1}
        click.echo(f"{frame.pdq.hex}  {frame.quality:>7}  {'':>11}    {named}")
        _show_turned(frame, variants=variants)
    if known.partial:
        click.echo(f"{'':<{_HEX_WIDTH}}  {'':>7}  {'':>11}    {_('There is more in this file than was looked at.')}")


def _show_turned(known: Fingerprint | PictureFrame, *, variants: bool) -> None:
    if variants:
        for orientation, pdq in zip(ORIENTATIONS[1:], known.variants[1:], strict=True):
            click.echo(f"{pdq.hex}  {'':>7}  {'':>11}    {orientation}")


def _of_film(film: Film) -> str:
    minutes, seconds = divmod(round(film.seconds, 1), 60)
    said = _("film: {count} fingerprints, {minutes}:{seconds} min").format(
        count=len(film.frames), minutes=int(minutes), seconds=f"{seconds:04.1f}"
    )
    return said if film.cut_short is None else _("{film}, cut short").format(film=said)


def _usual_quality(film: Film) -> int:
    return round(statistics.median(frame.quality for frame in film.frames))


def _plain(untrusted_name: str) -> str:
    """Give a file name without anything that could steer a terminal (control codes, direction marks, broken bytes)."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in untrusted_name)


def _summary(files: int, without: int, links_left_out: int) -> None:
    click.echo(_("Files: {files}. Without a fingerprint: {without}.").format(files=files, without=without), err=True)
    if links_left_out:
        click.echo(_("Links not followed: {links}.").format(links=links_left_out), err=True)
