"""``zaoguang index``: build an index of fingerprints, search it, change it, check it."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click
import numpy as np

from zaoguang.errors import DoesNotHold, OutsideFailure, UserMistake
from zaoguang.search import MAX_RADIUS, Entry, Index
from zaoguang.search.spool import Step
from zaoguang.search.traces import traces
from zaoguang.vault import load_key, write_new_key
from zaoguang.words import gettext as _

__all__ = ["index"]

_HEX_DIGITS = 64
_LINE_MOST = 4096
_TOGETHER = 4096
_DEFAULT_BANK = "default"
_PURPOSE = "index"

_key_option = click.option("--key", "key_file", type=click.Path(path_type=Path), help="The key file of a sealed index.")
_threads_option = click.option("--threads", type=click.IntRange(1, 256), default=1, help="Work on that many cores.")


@click.group()
def index() -> None:
    """Index fingerprints and find every one within a radius, exactly.

    OUT is a folder. HASHES has lines “hex”, “hex,id” or “hex,id,bank” (an entry in several banks has a line for each);
    without ids, entries are numbered from 1; without a bank, they are in the bank “default”. “-” is standard input.
    """


@index.command()
@click.argument("hashes", metavar="HASHES")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--plain", is_flag=True, help="Do not seal the files: for lists that are public anyway.")
@click.option("--replace", is_flag=True, help="Take the place of the index at OUT, in one step.")
@_key_option
@_threads_option
def build(hashes: str, out: Path, key_file: Path | None, threads: int, *, plain: bool, replace: bool) -> None:
    """Build an index at OUT from HASHES; --key FILE seals it (the key file is made if need be), --plain does not."""
    if plain == (key_file is not None):
        raise UserMistake(_("Give either --key FILE, to seal the index, or --plain, for a list that is public anyway."))
    with _progress() as progress, _lines(hashes) as lines:
        built = Index.build(
            _entries(lines, 1),
            out,
            key=None if key_file is None else _key(key_file, make=True),
            instead=replace,
            join=True,
            progress=progress,
            threads=threads,
        )
    click.echo(_("Entries in the index: {entries}.").format(entries=len(built)), err=True)


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("queries", metavar="QUERIES")
@click.option("--radius", type=click.IntRange(0, MAX_RADIUS), default=MAX_RADIUS, help="Bits that may differ (31).")
@click.option("--bank", "banks", multiple=True, help="Look only into this bank; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per match.")
@_key_option
@_threads_option
def query(
    out: Path,
    queries: str,
    radius: int,
    banks: tuple[str, ...],
    key_file: Path | None,
    threads: int,
    *,
    as_json: bool,
) -> None:
    """Print every match of QUERIES (one fingerprint a line) in the index at OUT: a line for each bank it is seen in."""
    opened = Index.open(out, key=_key(key_file), threads=threads)
    seen = frozenset(banks) if banks else None
    with _lines(queries) as lines:
        values = (_parsed(line, number)[0] for number, line in lines)
        while batch := list(islice(values, _TOGETHER)):
            found = opened.query(np.frombuffer(b"".join(batch), np.uint8).reshape(-1, 32), radius, seen)
            for row, entry, distance in zip(
                found.rows.tolist(), found.entries.tolist(), found.distances.tolist(), strict=True
            ):
                for bank in sorted(opened.banks_of(entry) & (seen or opened.banks_of(entry))):
                    _show(batch[row].hex(), entry, distance, bank, as_json=as_json)


def _show(sought: str, entry: int, distance: int, bank: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"query": sought, "id": entry, "distance": distance, "bank": bank}, ensure_ascii=False))
    else:
        click.echo(f"{sought}  {distance:>3}  {entry:>20}  {_plain(bank)}")


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("hashes", metavar="HASHES")
@_key_option
def add(out: Path, hashes: str, key_file: Path | None) -> None:
    """Add HASHES to the index at OUT; every process's next query finds them."""
    opened = Index.open(out, key=_key(key_file))
    added = 0
    with _lines(hashes) as lines:
        entries = _joined(_entries(lines, opened.highest + 1))
        while batch := list(islice(entries, _TOGETHER)):
            opened.insert_many(batch)
            added += len(batch)
    click.echo(_("Entries added: {entries}.").format(entries=added), err=True)


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("entries", nargs=-1, required=True, metavar="ID_OR_HEX...")
@_key_option
def remove(out: Path, entries: tuple[str, ...], key_file: Path | None) -> None:
    """Remove entries from the index at OUT, by id or by fingerprint (every entry that has exactly this one).

    No query finds them from now on; the next “merge” takes them off the disk. Exit 1 when one was not there.
    """
    opened = Index.open(out, key=_key(key_file))
    removed = 0
    for given in entries:
        if len(given) == _HEX_DIGITS:
            hashes = np.frombuffer(_hash_of(given, 1), np.uint8).reshape(1, 32)
            removed += (gone := opened.remove_many(opened.query(hashes, 0).entries.tolist()))
        else:
            removed += (gone := opened.remove_many([_id_of(given, 1)]))
        if not gone:
            raise DoesNotHold(
                _("There is no entry “{given}” in the index; removed until here: {removed}.").format(
                    given=_plain(given), removed=removed
                )
            )
    click.echo(_("Entries removed: {entries}.").format(entries=removed), err=True)


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@_key_option
@_threads_option
def merge(out: Path, key_file: Path | None, threads: int) -> None:
    """Make a new snapshot of the index at OUT with all changes; what was removed is then gone from disk."""
    opened = Index.open(out, key=_key(key_file), threads=threads)
    with _progress() as progress:
        if not opened.merge(progress):
            raise OutsideFailure(_("Another process is merging this index just now."))


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--absent", metavar="HEX", help="Also prove that this fingerprint is in no file of the index.")
@_key_option
def check(out: Path, absent: str | None, key_file: Path | None) -> None:
    """Check every byte of the index at OUT; exit 0 if it holds, 1 if it does not."""
    value = None if absent is None else _hash_of(absent, 1)
    key = _key(key_file)
    with _progress() as progress:
        stats = Index.open(out, key=key).check(progress)
    if value is not None and (places := traces(out, value, key)):
        names = ", ".join(path.name for path in places)
        raise DoesNotHold(
            _("The fingerprint is still in: {names}. “zaoguang index merge” removes what was withdrawn.").format(
                names=names
            )
        )
    click.echo(_("The index holds. Entries: {entries}.").format(entries=stats.entries))
    if value is not None:
        click.echo(_("The fingerprint is in none of its files."))


@index.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_key_option
def stats(out: Path, key_file: Path | None, *, as_json: bool) -> None:
    """Say what the index at OUT is made of."""
    said = asdict(Index.open(out, key=_key(key_file)).stats())
    if as_json:
        click.echo(json.dumps(said))
        return
    names = {
        "entries": _("entries"),
        "banks": _("banks"),
        "generation": _("generation"),
        "sealed": _("sealed"),
        "tables": _("tables"),
        "snapshot_entries": _("entries in the snapshot"),
        "waiting": _("changes to merge"),
        "disk_bytes": _("bytes on disk"),
        "memory_bytes": _("bytes mapped"),
    }
    for name, value in said.items():
        click.echo(f"{int(value):>16,}  {names[name]}")


def _key(path: Path | None, *, make: bool = False) -> bytes | None:
    """Give the index's key from a key file; a new one is made only where asked."""
    if path is None:
        return None
    key = write_new_key(path) if make and not path.exists() else load_key(path)
    return key.derive(_PURPOSE).raw


@contextmanager
def _lines(name: str) -> Iterator[Iterator[tuple[int, str]]]:
    """Give the numbered lines of a file, or of standard input for “-”; empty ones are left out."""
    try:
        with click.open_file(name, encoding="utf-8", errors="strict") as file:
            yield _numbered(iter(lambda: file.readline(_LINE_MOST), ""))
    except OSError as error:
        raise UserMistake(_("The file “{name}” cannot be read.").format(name=_plain(name))) from error
    except UnicodeDecodeError as error:
        raise UserMistake(_("The file “{name}” is not a text file (UTF-8).").format(name=_plain(name))) from error


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())


def _entries(lines: Iterable[tuple[int, str]], first: int) -> Iterator[Entry]:
    for place, (number, line) in enumerate(lines, first):
        value, entry, bank = _parsed(line, number)
        yield Entry(value, place if entry < 0 else entry, (bank or _DEFAULT_BANK,))


def _joined(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Join lines that follow each other and differ in the bank only."""
    last: Entry | None = None
    for each in entries:
        if last is not None and (last.hash, last.entry) == (each.hash, each.entry):
            last = Entry(last.hash, last.entry, {*last.banks, *each.banks})
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _parsed(untrusted_line: str, number: int) -> tuple[bytes, int, str]:
    """Give (hash, id or -1, bank or empty) of a line; UserMistake names the line, never what it says."""
    value, _comma, rest = untrusted_line.partition(",")
    entry, _comma, bank = rest.partition(",")
    return _hash_of(value, number), _id_of(entry, number) if entry.strip() else -1, bank.strip()


def _hash_of(untrusted_hex: str, number: int) -> bytes:
    try:
        value = bytes.fromhex(untrusted_hex.strip())
    except ValueError:
        value = b""
    if len(value) * 2 != _HEX_DIGITS:
        raise UserMistake(
            _("Line {number}: a fingerprint has 64 hexadecimal digits; nothing was changed.").format(number=number)
        )
    return value


def _id_of(untrusted_id: str, number: int) -> int:
    text = untrusted_id.strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(2**63)):
        raise UserMistake(_("Line {number}: an id is a whole number from 0 to 2**63 - 1.").format(number=number))
    return int(text)


def _plain(untrusted_name: str) -> str:
    """Give a name without anything that could steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in untrusted_name)


@contextmanager
def _progress() -> Iterator[Callable[[Step, int, int], None]]:
    """Show on a terminal what a long command is doing."""
    shown = sys.stderr.isatty()
    words = {
        Step.READ: _("reading"),
        Step.SORT: _("sorting"),
        Step.WRITE: _("writing"),
        Step.TABLES: _("making tables"),
        Step.SEAL: _("sealing"),
    }

    def show(step: Step, done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{words[step]} {done:,}" + (f" / {total:,}" if total else ""), nl=False, err=True)

    try:
        yield show
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
