"""``zaoguang fingerprint`` gives one line for each file, in the order given, whatever the files are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.support.made_pictures import made_picture, saved
from zaoguang.cli.fingerprint import fingerprint
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import ORIENTATIONS, Fingerprint, Given, fingerprint_bytes, read_line
from zaoguang.sandbox import Sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose first pictures are the slowest, so that order is not an accident."""
    there = tmp_path / "there"
    (there / "b").mkdir(parents=True)
    for number, width in enumerate((1200, 480, 240)):
        (there / f"{number}.png").write_bytes(saved(made_picture(number, width, width * 3 // 4), "PNG"))
    (there / "a.txt").write_text("no picture")
    (there / "b" / "in.jpg").write_bytes(saved(made_picture(9), "JPEG"))
    return there


def run(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(fingerprint, [str(each) for each in arguments], input=given)


def lines(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, (result.output, result.exception)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_folder_is_walked_in_order(folder: Path) -> None:
    found = lines(run(folder, "--json"))
    assert [Path(str(line["path"])).relative_to(folder).as_posix() for line in found] == [
        *("0.png", "1.png", "2.png", "a.txt", "b/in.jpg")
    ]
    assert set(found[0]) == {"path", "kind", "pdq", "quality", "sha256", "width", "height"}
    assert set(found[3]) == {"path", "unhashable", "sentence"}
    assert found[3]["unhashable"] == "not_a_picture"


def test_a_line_says_what_the_library_says(folder: Path, sandbox: Sandbox) -> None:
    known = fingerprint_bytes((folder / "1.png").read_bytes(), sandbox)
    assert isinstance(known, Fingerprint)
    (line,) = lines(run(folder / "1.png", "--json", "--variants"))
    assert line["pdq"] == known.pdq.hex
    assert line["variants"] == {name: pdq.hex for name, pdq in zip(ORIENTATIONS, known.variants, strict=True)}


def test_exact_is_the_standard_and_only_that_goes_into_a_bank(tmp_path: Path) -> None:
    picture = tmp_path / "large.jpg"
    picture.write_bytes(saved(made_picture(3, 1100, 800), "JPEG"))
    exact, quick = (run(picture, "--json", *more) for more in (["--exact"], []))
    bits, _ = pdqhash.compute(np.asarray(Image.open(picture).convert("RGB")))
    (line,) = lines(exact)
    assert line["pdq"] == np.packbits(bits).tobytes().hex()
    assert "exact" not in line
    assert isinstance(read_line(exact.stdout), Given)
    assert lines(quick)[0]["exact"] is False
    with pytest.raises(UserMistake, match="--exact"):
        read_line(quick.stdout)


def test_the_order_is_that_of_the_arguments(folder: Path) -> None:
    wanted = [folder / "2.png", folder / "0.png", folder / "1.png", folder / "0.png"]
    assert [line["path"] for line in lines(run(*wanted, "--json"))] == [str(path) for path in wanted]


def test_paths_come_from_standard_input(folder: Path) -> None:
    given = f"{folder / '1.png'}\n\n{folder / 'b'}\n".encode()
    assert len(lines(run("-", "--json", given=given))) == 2


def test_a_path_that_is_not_there_stops_before_any_work(folder: Path) -> None:
    result = run(folder, folder / "nowhere.jpg", "--json")
    assert isinstance(result.exception, UserMistake)
    assert "nowhere.jpg" in str(result.exception)
    assert result.stdout == ""


def test_the_installed_command_ends_with_2_and_one_sentence() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("zaoguang"), "fingerprint", "/nowhere/at/all"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_links_that_lead_out_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(saved(made_picture(5), "PNG"))
    (folder / "out.png").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    (folder / "inside.png").symlink_to(folder / "0.png")
    (folder / "round").symlink_to(folder / "round")
    result = run(folder, "--json")
    names = {Path(str(line["path"])).name for line in lines(result)}
    assert "inside.png" in names
    assert "out.png" not in names
    assert "outside.png" not in names
    assert "Links not followed: 2" in result.stderr


def test_what_cannot_be_read_is_a_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    assert [line["unhashable"] for line in lines(run(tmp_path, "--json"))] == ["unreadable", "unreadable"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(saved(made_picture(5), "PNG"))
    (tmp_path / "a").chmod(0)
    assert [line["unhashable"] for line in lines(run(tmp_path, "--json"))] == ["unreadable"]


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    nasty = ["\x1b[2Jclear", "new\nline", "right\u202eleft", "bytes\udcff"]
    for name in nasty:
        (tmp_path / name).write_bytes(b"")
    shown = run(tmp_path)
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) == 1 + len(nasty)
    assert not set("\x1b\u202e") & set(shown.stdout)
    assert {Path(str(line["path"])).name for line in lines(run(tmp_path, "--json"))} == set(nasty)


def test_the_table_is_for_people(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0
    assert "480x360" in result.stdout
    assert "This is not a picture" in result.stdout
    assert "Files: 5. Without a fingerprint: 1." in result.stderr


def test_a_hash_of_low_quality_is_there_for_who_asks(tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(saved(made_picture(1).point(lambda value: 120 + value // 12), "PNG"))
    (plain,) = lines(run(tmp_path, "--json"))
    (asked,) = lines(run(tmp_path, "--json", "--low-quality"))
    assert plain["unhashable"] == asked["unhashable"] == "low_quality"
    assert "pdq" not in plain
    assert len(str(asked["pdq"])) == 64


def test_an_empty_folder_is_no_mistake(tmp_path: Path) -> None:
    assert lines(run(tmp_path, "--json")) == []
