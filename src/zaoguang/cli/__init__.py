"""The command line: one module per command group; exit 0 holds, 1 does not hold, 2 the user's mistake, 3 outside."""

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from zaoguang.cli.help_words import speak, speak_like_us
from zaoguang.errors import ZaoguangError
from zaoguang.words import language_of_environment

__all__ = ["main", "run"]

_COMMANDS: Mapping[str, str] = {
    "centre": "zaoguang.cli.centre:centre",
    "channels": "zaoguang.cli.channels:channels",
    "compare-films": "zaoguang.cli.compare_films:compare",
    "doctor": "zaoguang.cli.doctor:doctor",
    "evidence": "zaoguang.cli.evidence:evidence",
    "fingerprint": "zaoguang.cli.fingerprint:fingerprint",
    "fingerprint-page": "zaoguang.cli.fingerprint_page:fingerprint_page",
    "index": "zaoguang.cli.index:index",
    "law": "zaoguang.cli.law:law",
    "notice": "zaoguang.cli.notice:notice",
    "rehearse": "zaoguang.cli.rehearse:rehearse",
    "scan": "zaoguang.cli.scan:scan",
}


class _LazyGroup(click.Group):
    """A group that imports a command's module only when the command is named, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give every command's name."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give the command of that name, imported now."""
        del ctx
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        command = getattr(import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(place)
        return command if language_of_environment() == "en" else speak(command)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zaoguang")
def main() -> None:
    """Zaoguang 凿光: find every copy, prove it, demand it down, keep it down."""


def run() -> None:
    """Run the command line; an error of ours is one sentence on standard error and its exit code."""
    try:
        if language_of_environment() != "en":
            speak_like_us(language_of_environment())
            speak(main)
        main(standalone_mode=False)
    except ZaoguangError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as mistake:
        mistake.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
