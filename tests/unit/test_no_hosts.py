"""Nothing tracked names the server that packages came from, and nothing tracked is a secret."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT, text_of, tracked_files

# Written in parts, so that this file does not hold what it looks for.
HOSTS = tuple(
    "".join(parts)
    for parts in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("crates", ".io"),
        ("proxy.", "golang.org"),
        ("rubygems", ".org"),
        ("repo.maven", ".apache.org"),
        ("conda.", "anaconda.org"),
        ("registry", " host"),
        ("--index", "-url "),
        ("--extra-index", "-url"),
        ("--find", "-links "),
    )
)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*" + "PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}")
LONG_TOKEN = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{120,}={0,2}(?![\w+/=-])")
"""Longer than any digest (SHA-512 in base64 is 88, in hexadecimal 128: those are let through below)."""
FIXTURES = ROOT / "tests" / "fixtures"


def texts() -> list[tuple[Path, str]]:
    return [(path, text) for path in tracked_files() if (text := text_of(path)) is not None]


@pytest.mark.parametrize("host", HOSTS)
def test_no_package_server_is_named(host: str) -> None:
    assert [str(path.relative_to(ROOT)) for path, text in texts() if host in text.lower()] == []


def test_no_private_key_lies_outside_the_fixtures() -> None:
    found = [str(path) for path, text in texts() if PRIVATE_KEY.search(text) and FIXTURES not in path.parents]
    assert found == []


def test_no_token_long_enough_to_be_a_secret() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {token[:20]}…"
        for path, text in texts()
        if FIXTURES not in path.parents
        for token in LONG_TOKEN.findall(text)
        if not re.fullmatch(r"[0-9a-f]{128}", token) and not is_a_rule(token) and not is_a_path(token)
    ]
    assert found == []


def is_a_rule(token: str) -> bool:
    """Say whether this is a line drawn with one character."""
    return len(set(token)) <= 2


def is_a_path(token: str) -> bool:
    """Say whether this is a long path or name of words, as tests and pages have."""
    return max(len(part) for part in re.split(r"[/_-]", token)) < 40
