"""P02: the centre keeps no intimate media: what is fetched lives in memory only, and is gone with it.

A real centre checks links on a real site whose pages and pictures carry canaries, and checks them again; then it is
killed, and every file that exists afterwards and did not before is searched, with all that was logged.
"""

import base64
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL.PngImagePlugin import PngInfo

from tests.support.canary import forms
from tests.support.made_pictures import made_picture, saved
from tests.support.repository import ROOT
from tests.support.site import Handler, Site, serving
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes, to_json
from zaoguang.sandbox import Sandbox

COMMENT = b"canary-9c2e in a comment"
TEXT = "canary-9c2e in a text chunk"
APPENDED = b"canary-9c2e after the end"
INLINE = b"canary-9c2e inside the page"
WORDS = "canary-9c2e words of a page"
OURS = ("zaoguang.watch.reader_child", "zaoguang.sandbox.child")
READABLE_ONLY = 0o3  # mask of the access mode in /proc/PID/fdinfo (fcntl.h: O_ACCMODE)

pytestmark = pytest.mark.slow


def _png() -> bytes:
    told = PngInfo()
    told.add_text("Comment", TEXT)
    file = io.BytesIO()
    made_picture(7).save(file, "PNG", pnginfo=told)
    return file.getvalue()


JPEG = saved(made_picture(7), "JPEG", quality=80, comment=COMMENT) + APPENDED
PNG = _png() + APPENDED
IN_PAGE = saved(made_picture(7, 240, 180), "JPEG", quality=70, comment=INLINE)
PIECES = [JPEG[len(JPEG) // 2 :][:24], PNG[len(PNG) // 2 :][:24], IN_PAGE[len(IN_PAGE) // 2 :][:24]]
CANARIES: list[str | bytes] = [COMMENT, TEXT, APPENDED, INLINE, WORDS, *PIECES]


@dataclass
class Looked:
    """What was seen of the processes that read and decode, while they were at it."""

    processes: set[str] = field(default_factory=set)
    writable: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Look at every open file of every such process."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                kind = next((name for name in OURS if name in command), "")
                if kind:
                    self.processes.add(kind)
                    self.writable.extend(_writable_files(folder, kind))
            except OSError:
                continue  # ended meanwhile, or another user's


def _writable_files(process: Path, kind: str) -> Iterator[str]:
    """Give what could take a byte; the reader's file for turns is only locked, and is empty whenever one looks."""
    for descriptor in (process / "fd").iterdir():
        flags = next(
            line for line in (process / "fdinfo" / descriptor.name).read_text().splitlines() if line.startswith("flags")
        )
        if int(flags.split()[1], 8) & READABLE_ONLY and stat.S_ISREG(descriptor.stat().st_mode):
            for_turns = kind == OURS[0] and descriptor.readlink().name == "turns.lock"
            if for_turns and descriptor.stat().st_size == 0:
                continue
            yield f"{descriptor} -> {descriptor.readlink()}"


def _fill(site: Site, looked: Looked) -> list[str]:
    def watched(body: bytes, kind: str) -> Any:  # noqa: ANN401  (an answer of the site)
        def answer(handler: Handler) -> None:
            looked.look()
            handler.say(200, body, kind)

        return answer

    site.answers["/a.jpg"] = watched(JPEG, "image/jpeg")
    site.answers["/b.png"] = watched(PNG, "image/png")
    inline = base64.b64encode(IN_PAGE).decode()
    pictures = f"<img src=a.jpg alt='{WORDS}'><img src='data:image/jpeg;base64,{inline}'>"
    page = f"<title>{WORDS}</title><p>{WORDS}</p>{pictures}"
    site.gives("/thread", page.encode())
    site.gives("/album", f"<p>{WORDS}</p><div style='background:url(b.png)'></div>".encode())
    return [site.url("/thread"), site.url("/album"), site.url("/a.jpg")]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind."""

    told: dict[str, Any]
    looked: Looked
    left: dict[str, bytes]


def _shared_memory() -> set[Path]:
    return {path for path in Path("/dev/shm").rglob("*") if path.is_file()}  # noqa: S108  (it is searched, not used)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Check links, recheck, lose power."""
    folder = tmp_path_factory.mktemp("checked")
    for name in ("tmp", "here"):
        (folder / name).mkdir()
    with Sandbox() as sandbox:
        item = fingerprint_bytes(saved(made_picture(7), "PNG"), sandbox)
    assert isinstance(item, Fingerprint)
    looked, before = Looked(), _shared_memory()
    with serving() as site:
        addresses = _fill(site, looked)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder / "home"),
            "ZAOGUANG_HOME": str(folder / "home"),
            "ZAOGUANG_TEST_FAST_KDF": "1",
            "ZAOGUANG_REHEARSAL": "1",
            "ZAOGUANG_REHEARSAL_PORTS": str(site.port),
            "TMPDIR": str(folder / "tmp"),
        }
        given = json.dumps({"lines": json.dumps(to_json(item)), "addresses": "\n".join(addresses)})
        order = [sys.executable, "-m", "tests.support.checked_links"]
        done = subprocess.run(
            order, cwd=folder / "here", env=environment, input=given.encode(), capture_output=True, check=False
        )
    assert done.stdout, done.stderr.decode()[-3000:]
    files = [path for path in folder.rglob("*") if path.is_file()] + sorted(_shared_memory() - before)
    left = {str(path): path.read_bytes() for path in files} | {"(log)": done.stderr}
    return Run(json.loads(done.stdout), looked, left)


def _found(run: Run, value: str | bytes) -> list[str]:
    ways = tuple(forms(value))
    return [name for name, content in run.left.items() if any(way in content for way in ways)]


def test_the_copies_were_really_found_and_looked_at_again(run: Run) -> None:
    assert [link[0] for link in run.told["links"]] == ["read", "read", "read"]
    assert len(run.told["pictures"]) == 4  # a.jpg on its page and by itself, the one inside the page, b.png
    assert run.told["findings"] == ["still_there"] * 4


def test_the_canaries_are_in_what_the_site_gave() -> None:
    assert COMMENT in JPEG
    assert APPENDED in JPEG
    assert TEXT.encode() in PNG
    assert INLINE in IN_PAGE


@pytest.mark.parametrize("canary", CANARIES, ids=lambda value: str(value)[:24])
def test_no_canary_is_in_any_file_or_log(run: Run, canary: str | bytes) -> None:
    assert _found(run, canary) == []


def test_the_search_would_find_one(run: Run) -> None:
    assert _found(run, "reader-of-links"), "the handle lies open in the database"
    assert any(name.endswith("-wal") for name in run.left)
    assert b"DEBUG" in run.left["(log)"], "the log is kept at its most talkative"


def test_no_process_that_reads_or_decodes_had_a_file_open_for_writing(run: Run) -> None:
    assert run.looked.processes == set(OURS)
    assert run.looked.writable == []


def test_no_temporary_file_was_left(run: Run) -> None:
    homes = ("/home/data/", "/home/keys/")
    assert [name for name in run.left if name != "(log)" and not any(part in name for part in homes)] == []
