"""``zaoguang fingerprint`` takes films among pictures, writes vPDQ text, and goes on where it was."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.made_pictures import made_picture, saved
from tests.support.recorded_films import Made, film_of, written
from zaoguang.cli.film_work import _Text
from zaoguang.cli.fingerprint import fingerprint
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.fingerprint import Pdq, film_from_json
from zaoguang.fingerprint.journal import Journal
from zaoguang.fingerprint.sights import Sight

LONG = Made(shots=((0, 60), (3, 60), (5, 60)), size=(64, 48), options=(("preset", "ultrafast"), ("g", "20")))

SHORT = Made(shots=((0, 20),), size=(64, 48), options=(("preset", "ultrafast"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.jpg").write_bytes(saved(made_picture(1), "JPEG"))
    (there / "b.mp4").write_bytes(film_of(LONG))
    return there


def run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(fingerprint, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def lines(*arguments: str | Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in run(*arguments, "--json").stdout.splitlines()]


def test_films_are_found_among_pictures(folder: Path) -> None:
    picture, film = lines(folder)
    assert (picture["kind"], film["kind"]) == ("image", "video")
    path = film.pop("path")
    assert path == str(folder / "b.mp4")
    assert film_from_json(film).seconds == 7.2


def test_the_vpdq_text_lists_every_frame(folder: Path, tmp_path: Path) -> None:
    (_, film) = lines(folder, "--every-frame", "--vpdq", tmp_path / "text")
    frames = film_from_json({name: value for name, value in film.items() if name != "path"}).frames
    text = (tmp_path / "text" / "b.mp4.txt").read_text().splitlines()
    assert text == [f"{each.number},{each.quality},{each.pdq.hex},{each.seconds:.3f}" for each in frames]
    assert len(text) == 180
    assert [each.name for each in (tmp_path / "text").iterdir()] == ["b.mp4.txt"]


def test_copies_and_namesakes_do_not_write_into_each_others_text_or_journal(folder: Path, tmp_path: Path) -> None:
    (folder / "c").mkdir()
    (folder / "c" / "b.mp4").write_bytes((folder / "b.mp4").read_bytes())
    (folder / "c" / "a.jpg").write_bytes(film_of(SHORT))
    lines(folder, "--vpdq", tmp_path / "text", "--resume", tmp_path / "journal")
    texts = {each.name: each.read_text().splitlines() for each in (tmp_path / "text").iterdir()}
    assert {name: len(text) for name, text in texts.items()} == {
        "b.mp4.txt": 180,
        "b.mp4.2.txt": 180,
        "a.jpg.2.txt": 20,
    }
    assert texts["b.mp4.txt"] == texts["b.mp4.2.txt"]
    written = (tmp_path / "journal").read_bytes()
    assert (written.count(b'"begins"'), written.count(b'"done"')) == (2, 2)
    shutil.rmtree(tmp_path / "text")
    lines(folder, "--vpdq", tmp_path / "text", "--resume", tmp_path / "journal")
    assert {each.name: each.read_text().splitlines() for each in (tmp_path / "text").iterdir()} == texts


def test_a_first_look_says_what_it_can_miss(folder: Path) -> None:
    done = run(folder, "--first-look", "--json")
    assert json.loads(done.stdout.splitlines()[1])["first_look"] is True
    assert "unseen" in done.stderr


def test_a_table_is_for_people(folder: Path) -> None:
    assert "0:07.2 min" in run(folder).stdout


@pytest.mark.parametrize("begun", [b"", b"{", b'{"zaoguang_journal":1}', b'{"zao' + bytes(17), bytes(22)])
def test_a_journal_broken_off_in_its_first_line_is_begun_anew(begun: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(begun)
    with Journal(path):
        pass
    assert path.read_bytes() == b'{"zaoguang_journal":1}\n'


@pytest.mark.parametrize("other", [b"{}", b"{\n", bytes(24), b'{"zaoguang_journal":2}\n'])
def test_another_file_is_not_written_over(other: bytes, tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_bytes(other)
    with pytest.raises(UserMistake, match="not a journal"):
        Journal(path)
    assert path.read_bytes() == other


@pytest.mark.slow
@given(cut=st.floats(0, 1))
@example(cut=0.0001)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_off_anywhere_it_comes_out_the_same(cut: float, folder: Path, tmp_path: Path) -> None:
    """The journal of a run that was killed is any beginning of the journal of one that was not."""
    film = folder / "b.mp4"
    whole, told = tmp_path / "whole", tmp_path / "told"
    if not whole.exists():
        told.write_text(json.dumps(lines(film, "--resume", whole)))
    written = whole.read_bytes()
    begun = tmp_path / "begun"
    begun.write_bytes(written[: int(cut * len(written))])
    assert lines(film, "--resume", begun) == json.loads(told.read_text())
    assert begun.read_bytes().count(b'"done"') == 1


def test_each_piece_of_a_journal_is_on_the_disk_before_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut may leave zeros where the last piece was being written: they are cut off."""
    settled: list[int] = []
    kept = os.fdatasync

    def settle(descriptor: int) -> None:
        kept(descriptor)
        settled.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", settle)
    path = folder.parent / "journal"
    first = lines(folder, "--resume", path)
    written = path.read_bytes()
    ends = [number + 1 for number, byte in enumerate(written) if byte == 10]
    assert settled == ends[1:]  # the first is the head
    path.write_bytes(written[: ends[-2]] + bytes(500))
    assert lines(folder, "--resume", path) == first
    assert b"\0" not in path.read_bytes()


_HEEDS_THE_KEYBOARD = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("zaoguang", run_name="__main__", alter_sys=True)
"""
"""The command as at a terminal: what a shell starts in the background ignores the interrupt, and so do its children."""


@pytest.mark.slow
def test_interrupted_at_the_keyboard_it_leaves_nothing_half_written(tmp_path: Path) -> None:
    picture = np.zeros((1080, 1920, 3), dtype=np.uint8)
    made = Made(size=(1920, 1080), options=(("preset", "ultrafast"), ("g", "15")), container="mpegts")
    (tmp_path / "long.ts").write_bytes(written(made, [picture] * 15) * 400)
    journal, texts = tmp_path / "journal", tmp_path / "texts"
    options = ["--resume", str(journal), "--vpdq", str(texts), str(tmp_path / "long.ts")]
    command = [sys.executable, "-c", _HEEDS_THE_KEYBOARD, "fingerprint", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (not journal.exists() or b'"frames"' not in journal.read_bytes()):
            time.sleep(0.02)  # polled, up to the deadline
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode not in {0, None}
    assert b"Traceback" not in said
    assert list(texts.iterdir()) == []
    with Journal(journal) as kept:
        key = f"{hashlib.sha256((tmp_path / 'long.ts').read_bytes()).hexdigest()}:0:0"
        assert len(kept.known(key)) > 10
        assert kept.done(key) is None


def test_a_journal_is_its_owners_and_one_runs_at_a_time(folder: Path, tmp_path: Path) -> None:
    lines(folder, "--resume", tmp_path / "journal")
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
    with Journal(tmp_path / "journal"):
        done = CliRunner().invoke(fingerprint, [str(folder), "--resume", str(tmp_path / "journal")])
    assert isinstance(done.exception, UserMistake)
    (tmp_path / "diary").write_text("dear diary\n")
    with pytest.raises(UserMistake):
        Journal(tmp_path / "diary")
    assert (tmp_path / "diary").read_text() == "dear diary\n"


def test_a_disk_that_is_full_is_not_the_films_fault(tmp_path: Path) -> None:
    """What cannot be written ends the command, where a film that cannot be read has a line of its own."""
    with Journal(tmp_path / "journal") as journal:
        journal._file.close()
        journal._file = open("/dev/full", "r+b", buffering=0)  # noqa: PTH123, SIM115  # closed by the journal
        with pytest.raises(OutsideFailure, match="cannot be written"):
            journal.begin("film")
    (tmp_path / "texts").mkdir()
    with pytest.raises(OutsideFailure, match="cannot be written"):
        _write_until_full(_Text(tmp_path / "texts" / "b.mp4.txt"))
    assert list((tmp_path / "texts").iterdir()) == []


def _write_until_full(text: _Text) -> None:
    with text:
        assert text._file is not None
        text._file.close()
        text._file = open("/dev/full", "w", encoding="ascii")  # noqa: PTH123, SIM115  # closed by the text
        text.add([Sight(0, 0.0, Pdq.from_hex("0f" * 32), 100, 0)] * 1000)
