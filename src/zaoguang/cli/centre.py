"""``zaoguang centre``: prepare, run and staff the support centre."""

import os
from datetime import timedelta
from pathlib import Path

import click

from zaoguang.casework import Role
from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.words import gettext as _

__all__ = ["centre"]

_PORTS = click.IntRange(1, 65535)


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zaoguang.centre.settings")
    from zaoguang.centre.preparing import require_ready  # noqa: PLC0415  (the command line starts fast)

    require_ready()


@click.group()
def centre() -> None:
    """Prepare, run and staff the support centre."""
    os.umask(0o077)  # what the centre writes is nobody else's to read


@centre.command()
def prepare() -> None:
    """Make the keys that are missing and bring the database up to date."""
    from zaoguang.centre.preparing import prepare as prepare_centre  # noqa: PLC0415  (the same)

    for line in prepare_centre():
        click.echo(line)


@centre.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=_PORTS, help="Port to listen on.")
@click.option("--rehearsal", is_flag=True, help="Open with a make-believe world; loopback only.")
def run(host: str, port: int, *, rehearsal: bool) -> None:
    """Run the whole centre: web pages, link reader and clock, until Ctrl-C."""
    if rehearsal:
        from zaoguang.rehearsal.house import run_rehearsal  # noqa: PLC0415  (the same)

        run_rehearsal(host, port)
        return
    from zaoguang.centre.preparing import prepare as prepare_centre  # noqa: PLC0415  (the same)
    from zaoguang.centre.serving import run_centre  # noqa: PLC0415  (the same)

    for line in prepare_centre():
        click.echo(line)
    run_centre(host, port)


@centre.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=_PORTS, help="Port to listen on.")
def web(host: str, port: int) -> None:
    """Serve the pages only."""
    _start_django()
    from zaoguang.centre.serving import serve_web  # noqa: PLC0415  (the same)

    serve_web(host, port)


@centre.command()
def reader() -> None:
    """Run the link reader only: the queue's one worker."""
    _start_django()
    from zaoguang.centre.serving import serve_reader  # noqa: PLC0415  (the same)

    serve_reader()


@centre.command()
@click.option(
    "--every", default=2.0, show_default=True, type=click.FloatRange(0.05, 3600), help="Seconds between looks."
)
def clock(every: float) -> None:
    """Run the clock only: sends what is confirmed, looks again at what is due."""
    _start_django()
    from zaoguang.centre.serving import serve_clock  # noqa: PLC0415  (the same)

    serve_clock(timedelta(seconds=every))


@centre.command()
@click.option(
    "--every", default=60.0, show_default=True, type=click.FloatRange(0.05, 86400), help="Seconds between looks."
)
def mail(every: float) -> None:
    """Take answers in from the mailbox only; nothing is deleted or marked there."""
    _start_django()
    from zaoguang.centre.serving import serve_mail  # noqa: PLC0415  (the same)

    serve_mail(timedelta(seconds=every))


@centre.command("index")
def index() -> None:
    """Say how the index over the banks stands; exit 1 where it is not fresh (it is made so at the next look)."""
    _start_django()
    from zaoguang.centre.banks.cache import bank_index  # noqa: PLC0415  (the same)

    seen = bank_index().stats()
    click.echo(_("Fingerprints that may be matched: {count}.").format(count=seen.banked))
    click.echo(_("Entries in the index: {entries}.").format(entries=seen.entries))
    click.echo(_("Changes of the banks: {count}.").format(count=seen.sequence))
    if seen.fresh:
        click.echo(_("The index is fresh."))
    elif seen.reflects >= 0:
        raise DoesNotHold(
            _("The index shows change {number}; the next look brings it up.").format(number=seen.reflects)
        )
    else:
        raise DoesNotHold(_("There is no index that can be used; the next look makes it anew."))


@centre.command("rebuild-index")
def rebuild_index() -> None:
    """Make the index over the banks anew from the database; the centre may run meanwhile."""
    _start_django()
    from zaoguang.centre.banks.cache import bank_index  # noqa: PLC0415  (the same)

    click.echo(_("Entries in the index: {entries}.").format(entries=bank_index().rebuild()))


@centre.command("stop-sending")
def stop_sending() -> None:
    """Stop all sending at once: no notice leaves until sending is resumed."""
    _start_django()
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the same)
    from zaoguang.centre.notices.brakes import stop_all  # noqa: PLC0415  (the same)

    under_way = stop_all(None, now())
    click.echo(_("Sending is stopped."))
    if under_way:
        click.echo(_("Being handed over when it was stopped: {count}.").format(count=under_way))


@centre.command("resume-sending")
def resume_sending() -> None:
    """Let sending go on after stop-sending."""
    _start_django()
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the same)
    from zaoguang.centre.notices.brakes import resume_all  # noqa: PLC0415  (the same)

    resumed = resume_all(None, now())
    click.echo(_("Sending goes on.") if resumed else _("Sending was not stopped."))


@centre.command("add-person")
@click.argument("handle")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.CASEWORKER.value,
    show_default=True,
    help="What the person may do.",
)
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Read it from a file."
)
def add_person(handle: str, role: str, passphrase_file: Path | None) -> None:
    """Add a person who works here; the passphrase is asked for and never shown."""
    _start_django()
    from zaoguang.centre.accounts.joining import join  # noqa: PLC0415  (the same)

    passphrase = (
        passphrase_file.read_text().strip()
        if passphrase_file
        else click.prompt(_("Passphrase (12 characters or more)"), hide_input=True, confirmation_prompt=True)
    )
    if not handle:
        raise UserMistake(_("Give a handle."))
    join(handle, passphrase, Role(role))
    click.echo(_("%(handle)s can log in now.") % {"handle": handle})
