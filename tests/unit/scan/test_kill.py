"""A scan that is killed again and again ends with the lines of one that never was."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.made_archives import photographs, tar
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes
from zaoguang.sandbox import Sandbox
from zaoguang.search import Entry, Index


@pytest.mark.slow
def test_kill_nine(tmp_path: Path) -> None:
    pictures = photographs(2)
    held = tmp_path / "held"
    held.mkdir()
    for number in range(40):
        (held / f"{number:02}.tar").write_bytes(tar(pictures))
    with Sandbox() as sandbox:
        known = [fingerprint_bytes(content, sandbox) for content in pictures.values()]
    bank = tmp_path / "bank"
    entries = [Entry(each.pdq.bits, at, {"hers"}) for at, each in enumerate(known) if isinstance(each, Fingerprint)]
    Index.build(entries, bank)
    journal = tmp_path / "journal"
    words: list[str | Path] = [Path(sys.executable).parent / "zaoguang", "scan", held, "--bank", bank, "--json"]
    whole = subprocess.run(words, capture_output=True, check=True).stdout
    assert whole.count(b"\n") == 80
    chance = random.Random(5)
    for _ in range(8):
        before = journal.stat().st_size if journal.exists() else 0
        wait = before + chance.randrange(1, 4000)
        with subprocess.Popen([*words, "--journal", journal], stdout=subprocess.DEVNULL) as scan:
            while scan.poll() is None and (not journal.exists() or journal.stat().st_size < wait):
                time.sleep(0.002)
            scan.kill()
    assert subprocess.run([*words, "--journal", journal], capture_output=True, check=True).stdout == whole
