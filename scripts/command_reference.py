#!/usr/bin/env python3
"""Write docs/reference/commands.md from what each command says of itself: ``make reference``.

``tests/unit/test_documentation.py`` refuses a page that differs from what this writes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zaoguang.cli import main as root
from zaoguang.words import speaking

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "commands.md"
OPENING = """# Commands

Every command has `--help`; those that print data have `--json`. Exit codes: 0 it holds or is done, 1 the thing checked
does not hold, 2 a mistake in what was asked (one sentence says which), 3 something outside failed.

This page is written by `make reference` from the commands themselves.
"""


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Give each command's whole name, its definition and the context its help needs; groups before their commands."""
    yield from _below("zaoguang", root, None)


def _below(
    name: str, command: click.Command, parent: click.Context | None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    # A fixed width and no terminal: the same page on every machine.
    settings = {} if parent else root.context_settings
    context = click.Context(
        command, info_name=name.rpartition(" ")[2], parent=parent, max_content_width=100, **settings
    )
    context.terminal_width = 100
    yield name, command, context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below is not None and not below.hidden:
                yield from _below(f"{name} {each}", below, context)


def page() -> str:
    """Give the page's text."""
    with speaking("en"):
        parts = [
            f"## {name}\n\n```text\n{command.get_help(context)}\n```\n" for name, command, context in every_command()
        ]
    return "\n".join([OPENING, *parts])


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
