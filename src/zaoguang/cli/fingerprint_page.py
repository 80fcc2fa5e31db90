"""``zaoguang fingerprint-page``: the page's checksum to compare, and the page itself to keep on a disk."""

from pathlib import Path

import click

from zaoguang.centre.fingerprint_page.building import fingerprint_page as the_page
from zaoguang.errors import OutsideFailure
from zaoguang.words import gettext as _

__all__ = ["fingerprint_page"]


@click.command("fingerprint-page")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write the page there.")
def fingerprint_page(out: Path | None) -> None:
    """Print the SHA-256 of the page on which survivors make fingerprints, as sha256sum prints it.

    A centre of this version serves exactly these bytes at /fingerprint/. The file that --out writes is the same page;
    it works from a disk and without a network.
    """
    page = the_page()
    if out is not None:
        try:
            out.write_bytes(page.content)
        except OSError as error:
            raise OutsideFailure(
                _("The page could not be written to {path}: {why}.").format(path=out, why=error.strerror)
            ) from error
    click.echo(f"{page.sha256}  {out or 'fingerprint-page.html'}")
