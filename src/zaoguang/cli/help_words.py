"""What commands say of themselves, in the person's language: help texts are docstrings, so they are translated here."""

import gettext as stdlib
import os
from collections.abc import Iterator
from inspect import cleandoc

import click

from zaoguang.words import LOCALE_FOLDER
from zaoguang.words import gettext as _

__all__ = ["CLICK_WORDS", "help_sentences", "speak", "speak_like_us"]

CLICK_WORDS = (
    "Usage:",
    "Options",
    "Commands",
    "Show this message and exit.",
    "Show the version and exit.",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "No such command {name!r}.",
    "Missing command.",
    "Missing argument",
    "Missing parameter",
    "Invalid value for {param_hint}: {message}",
    "Invalid value: {message}",
    "No such option: {name}",
    "Got unexpected extra argument ({args})",
    "default: {default}",
    "{value!r} is not a valid {number_type}.",
)
"""The library's own words that a person meets; it asks the standard library's gettext for them."""


def speak_like_us(language: str) -> None:
    """Let the command line library look its own words up in our catalogue."""
    os.environ["LANGUAGE"] = language.replace("-", "_")
    stdlib.bindtextdomain("django", str(LOCALE_FOLDER))
    stdlib.textdomain("django")


def help_sentences(command: click.Command) -> Iterator[str]:
    """Yield what one command says of itself and of its options."""
    if command.help:
        yield cleandoc(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help


def speak(command: click.Command) -> click.Command:
    """Give the command with its help in the language now spoken, and those below it."""
    if command.help:
        command.help = _(cleandoc(command.help))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = _(parameter.help)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            speak(below)
    return command
