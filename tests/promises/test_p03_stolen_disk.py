"""P03: who steals the disk and the database learns no name, contact, story or note, no address and no fingerprint.

A centre of its own is filled through its pages and killed in the middle; then every file that it wrote is searched.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import ground, postgres
from tests.support.canary import forms
from tests.support.repository import ROOT
from zaoguang.centre.inventory import COLUMNS

TAGS = {
    "sightings_link.tag",
    "sightings_sighting.page_tag",
    "sightings_sighting.tag",
    "notices_attempt.tag",
    "notices_addresseestop.tag",
    "letters_letter.tag",
}
"""Keyed digests of addresses: they are there to be found; the addresses themselves are searched for."""


@dataclass(frozen=True, slots=True)
class Stolen:
    """What the thief has: every byte of every file, and every cell of every table as the database gives it."""

    files: dict[str, bytes]
    cells: bytes
    told: dict[str, Any]

    def holds(self, value: str | bytes) -> list[str]:
        """Give where that value is to be found, written in any common way."""
        ways = tuple(forms(value))
        places = {**self.files, "(cells)": self.cells}
        return [name for name, content in places.items() if any(way in content for way in ways)]

    @property
    def planted(self) -> dict[str, list[str | bytes]]:
        """Give the planted values by column."""
        return {name: [_plain(value) for value in values] for name, values in self.told["planted"].items()}


def _plain(coded: dict[str, str]) -> str | bytes:
    return coded["text"] if "text" in coded else base64.b64decode(coded["bytes"])


def _environment(folder: Path, database: str) -> dict[str, str]:
    (folder / "tmp").mkdir(parents=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "ZAOGUANG_HOME": str(folder / "home"),
        "ZAOGUANG_KEYS": str(folder / "keys"),
        "ZAOGUANG_TEST_FAST_KDF": "1",
        "ZAOGUANG_LANG": "en",
        "ZAOGUANG_LANGUAGE": "en",
        "ZAOGUANG_MAIL_SERVER": "smtp://127.0.0.1:25",
        "TMPDIR": str(folder / "tmp"),
        **({"ZAOGUANG_DATABASE_URL": database} if database else {}),
    }


def _contents(folders: Iterable[Path]) -> dict[str, bytes]:
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def _steal(folder: Path, database: str = "", *besides: Path) -> Stolen:
    """Fill a centre until it is killed, and take all that lies on its disk except the keys, which lie elsewhere."""
    order = [sys.executable, "-m", "tests.support.stolen_disk"]
    done = subprocess.run(order, cwd=ROOT, env=_environment(folder, database), capture_output=True, check=False)
    assert done.stdout, done.stderr.decode()[-3000:]
    told = json.loads(done.stdout)
    files = _contents([folder / "home", folder / "tmp", *besides]) | {"(standard error)": done.stderr}
    return Stolen(files, "\n".join(told["cells"]).encode(), told)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    """Steal a centre on SQLite."""
    return _steal(tmp_path_factory.mktemp("stolen") / "centre")


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    """Steal a centre on PostgreSQL, with the server's whole folder."""
    try:
        postgres.programs()
    except postgres.PostgresMissingError as why:
        ground.missing(str(why))
    with postgres.cluster() as running:
        return _steal(tmp_path_factory.mktemp("stolen") / "centre", running.address, running.folder)


@pytest.fixture(params=["sqlite", pytest.param("on_postgres", marks=pytest.mark.postgres)])
def stolen(request: pytest.FixtureRequest) -> Stolen:
    """Give the thief's haul, from each database."""
    haul: Stolen = request.getfixturevalue(request.param)
    return haul


pytestmark = pytest.mark.slow


def test_the_centre_was_in_the_middle_of_its_work(stolen: Stolen) -> None:
    assert stolen.told["notices"] == ["confirmed", "draft", "sent", "sent"]
    assert stolen.told["outboxes"] == 1
    assert stolen.told["sightings"] == 4
    failed = [cell for cell in stolen.told["cells"] if "The link check ended early: RuntimeError" in cell]
    assert failed, "a job has failed, and its traceback is kept"


def test_the_search_finds_what_lies_open(stolen: Stolen) -> None:
    found = stolen.holds(stolen.told["open"])
    assert "(cells)" in found
    assert len(found) > 1, "in a file of the database too"


def test_something_was_planted_in_every_sealed_column(stolen: Stolen) -> None:
    sealed = {name for name, column in COLUMNS.items() if column.tier != "C"}
    assert sealed - TAGS <= set(stolen.planted)


def test_no_planted_value_is_found(stolen: Stolen) -> None:
    found = {name: stolen.holds(value) for name, values in stolen.planted.items() for value in values}
    assert {name: places for name, places in found.items() if places} == {}


def test_the_write_ahead_log_was_there_to_be_searched(sqlite: Stolen) -> None:
    log = next(content for name, content in sqlite.files.items() if name.endswith("-wal"))
    assert len(log) > 1000


def test_the_keys_lie_outside_the_data(stolen: Stolen) -> None:
    names = {Path(name).name for name in stolen.files}
    assert not names & {"worker.key", "signing.pem", "django.key"}
    assert not any(b"PRIVATE KEY" in content for content in stolen.files.values())


def test_the_data_folder_is_private(tmp_path: Path) -> None:
    order = [sys.executable, "-c", "from zaoguang.centre.preparing import prepare\nfor _ in prepare(): pass"]
    environment = _environment(tmp_path / "centre", "")
    subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, check=True)
    for folder in (tmp_path / "centre/home/data", tmp_path / "centre/keys"):
        assert folder.stat().st_mode & 0o077 == 0
    for key in (tmp_path / "centre/keys").iterdir():
        assert key.stat().st_mode & 0o077 == 0
