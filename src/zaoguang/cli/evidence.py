"""``zaoguang evidence``: check a package that someone handed over."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from zaoguang.errors import UserMistake
from zaoguang.evidence import Verification, verify_package
from zaoguang.words import gettext as _

__all__ = ["evidence"]

_KEY_FILE_BYTES = 4096


@click.group()
def evidence() -> None:
    """Check sealed evidence packages."""


@evidence.command()
@click.argument("package", type=click.Path(path_type=Path))
@click.option("--signer", metavar="KEY_ID_OR_PEM_FILE", help="The key id that the centre publishes, or its key's file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(package: Path, signer: str | None, *, as_json: bool) -> None:
    """Verify PACKAGE (a zip or a folder) offline, step by step; exit 0 if it holds, 1 if it does not."""
    verification = verify_package(package, None if signer is None else _signer_key(signer))
    if as_json:
        click.echo(json.dumps(_record(package, verification), ensure_ascii=True))
    else:
        _print(verification)
    sys.exit(0 if verification.holds else 1)


def _signer_key(signer: str) -> str | bytes:
    """Give the key id as it is, or the bytes of the file that was named."""
    path = Path(signer)
    try:
        if not path.is_file():
            return signer
        with path.open("rb") as file:
            return file.read(_KEY_FILE_BYTES)
    except (OSError, ValueError) as error:
        raise UserMistake(_("The signer's key file cannot be read.")) from error


def _record(package: Path, verification: Verification) -> dict[str, object]:
    return {
        "package": str(package),
        "holds": verification.holds,
        "key_id": verification.key_id,
        "signer_compared": verification.signer_compared,
        "steps": [asdict(step) for step in verification.steps],
    }


def _print(verification: Verification) -> None:
    for step in verification.steps:
        mark = _("holds") if step.holds else _("FAILS")
        click.echo(f"{step.number}. [{mark}] {step.title}: {step.detail}")
    if not verification.holds:
        click.echo(_("The package does not hold."))
    elif verification.signer_compared:
        click.echo(_("The package holds."))
    else:
        click.echo(_("The package holds; whose key signed it was not compared (use --signer)."))
