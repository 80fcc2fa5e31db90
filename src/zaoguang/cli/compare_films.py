"""``zaoguang compare-films``: which seconds of an upload are hers."""

import dataclasses
import json
from pathlib import Path
from typing import Final

import click

from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Evidence, Film, Span, Unhashable, compare_films, film_from_json, fingerprint_file
from zaoguang.sandbox import Sandbox
from zaoguang.words import gettext as _

__all__ = ["compare"]

_LINE_MOST: Final = 1 << 29  # bytes: 2,000,000 frames are some 320 MB, with borders 480
_JSON_BEGINS: Final = b'{"'


@click.command("compare-films")
@click.argument("hers", type=click.Path(path_type=Path))
@click.argument("upload", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(hers: Path, upload: Path, *, as_json: bool) -> None:
    """Say which seconds of the film UPLOAD are seconds of the film HERS.

    Each is a film, or a file with the one line that “zaoguang fingerprint --json” printed of it.
    """
    with Sandbox(children=1) as sandbox:
        match = compare_films(_film(hers, sandbox), _film(upload, sandbox))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(match)))
        return
    for span in match.spans:
        click.echo(_line(span))
    click.echo(
        _("{upload:.0%} of the upload is hers; {hers:.0%} of her film is in it.").format(
            upload=match.upload_share, hers=match.hers_share
        )
    )


def _line(span: Span) -> str:
    still = _("  (a still shot: weaker evidence)") if span.evidence is Evidence.STILL else ""
    return (
        _("{upload_from:.1f}-{upload_until:.1f} s of the upload: {hers_from:.1f}-{hers_until:.1f} s of hers").format(
            upload_from=span.upload_from,
            upload_until=span.upload_until,
            hers_from=span.hers_from,
            hers_until=span.hers_until,
        )
        + f"  × {span.speed:.2f}  {span.orientation}{still}"
    )


def _film(path: Path, sandbox: Sandbox) -> Film:
    try:
        with path.open("rb") as file:
            begins = file.read(len(_JSON_BEGINS))
            untrusted_line = begins + file.read(_LINE_MOST + 1) if begins == _JSON_BEGINS else b""
    except OSError as error:
        raise UserMistake(_("“{path}” cannot be read: {why}.").format(path=path, why=error.strerror)) from error
    if len(untrusted_line) > _LINE_MOST:
        raise UserMistake(
            _("“{path}” is larger than what is known of any film ({most} MB). Use shorter parts of the film.").format(
                path=path, most=_LINE_MOST >> 20
            )
        )
    if untrusted_line:
        return _from_line(untrusted_line, path)
    known = fingerprint_file(path, sandbox)
    if isinstance(known, Film):
        return known
    why = known.sentence if isinstance(known, Unhashable) else _("It is a picture.")
    raise UserMistake(_("“{path}” is not a film that can be compared. {why}").format(path=path, why=why))


def _from_line(untrusted_line: bytes, path: Path) -> Film:
    try:
        untrusted = json.loads(untrusted_line)
    except (ValueError, RecursionError) as error:
        raise UserMistake(
            _("“{path}” is not one line that “zaoguang fingerprint --json” printed.").format(path=path)
        ) from error
    if isinstance(untrusted, dict):
        untrusted.pop("path", None)
    return film_from_json(untrusted)
