"""What the pages say is so: console blocks are executed, commands and targets exist, links lead somewhere.

A block tagged ``console`` is a session: lines after ``$ `` are run in order, in one folder per page, with the
command line on PATH and a home of its own; each must exit 0, and must print the lines shown under it, where ``...``
stands for anything. A block tagged ``sh`` is not run, but each make target and ``zaoguang`` command in it must exist.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import command_reference
from tests.support.repository import ROOT, Block, blocks, pages

BIN = Path(sys.executable).parent
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
SESSION_SECONDS = 300
SHELL_TAGS = {"sh", "bash", "shell", "console"}


def sessions() -> list[Path]:
    return [page for page in pages() if any(block.language == "console" for block in blocks(page))]


def steps(block: Block) -> list[tuple[str, str]]:
    """Split a session into commands and the output shown under each; a line that ends in a backslash goes on."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line.removeprefix('> ')}", "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def as_pattern(shown: str) -> str:
    return ".*".join(re.escape(part) for part in shown.strip().split("..."))


@pytest.mark.slow
@pytest.mark.parametrize("page", sessions(), ids=lambda page: str(page.relative_to(ROOT)))
def test_sessions_run_as_shown(page: Path, tmp_path: Path) -> None:
    here = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "ZAOGUANG_HOME": str(tmp_path / "centre"),
        "TMPDIR": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    photographs = ROOT / "src" / "zaoguang" / "rehearsal" / "photographs"
    if photographs.is_dir():
        (tmp_path / "photographs").symlink_to(photographs)  # a page may show commands on these harmless pictures
    for block in blocks(page):
        for command, shown in steps(block) if block.language == "console" else []:
            done = subprocess.run(
                ["bash", "-euc", command],
                cwd=tmp_path,
                env=here,
                capture_output=True,
                text=True,
                timeout=SESSION_SECONDS,
                check=False,
            )
            said = done.stdout + done.stderr
            assert done.returncode == 0, f"{page.name}:{block.line}: $ {command}\n{said}"
            if shown.strip():
                assert re.fullmatch(as_pattern(shown), said.strip(), re.DOTALL), f"{page.name}:{block.line}\n{said}"


def test_commands_named_in_shell_blocks_exist() -> None:
    commands = {name for name, _command, _context in command_reference.every_command()}
    groups = {name.rpartition(" ")[0] for name in commands}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in (block for page in pages() for block in blocks(page) if block.language in SHELL_TAGS):
        for target in re.findall(r"^(?:\$ )?make ([a-z]+)", block.text, re.MULTILINE):
            assert target in targets, f"{block.page.name}:{block.line}: make {target}"
        for words in re.findall(r"(?:^|[/ ])zaoguang((?: [a-z][a-z-]*)+)", block.text, re.MULTILINE):
            name = "zaoguang"
            for word in words.split():
                if name in groups:
                    assert f"{name} {word}" in commands, f"{block.page.name}:{block.line}: {name} {word}"
                    name = f"{name} {word}"


def test_every_shell_block_says_whether_it_is_run() -> None:
    loose = [f"{block.page.name}:{block.line}" for page in pages() for block in blocks(page) if not block.language]
    assert loose == [], "name the block's language: console (run by this test), sh, text, json …"


def test_reference_lists_every_command_as_it_is() -> None:
    # A process of its own: the library keeps a command's help option as the first test in this process met it.
    ask = "import sys; from scripts.command_reference import page; sys.stdout.write(page())"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert command_reference.PAGE.read_text() == done.stdout, "run `make reference`"


def test_every_command_says_what_it_does() -> None:
    mute = [name for name, command, _context in command_reference.every_command() if not command.help]
    mute += [
        f"{name} {option.opts[-1]}"
        for name, command, _context in command_reference.every_command()
        for option in command.params
        if option.param_type_name == "option" and not getattr(option, "help", "")
    ]
    assert mute == []


def test_the_readme_links_every_page() -> None:
    """The decisions are linked as a folder."""
    linked = {ROOT / target for target in LINK.findall((ROOT / "README.md").read_text())}
    assert ROOT / "docs" / "decisions" in linked
    alone = {page for page in pages() if page.is_relative_to(ROOT / "docs") and page.parent.name != "decisions"}
    assert alone - linked == set()


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
