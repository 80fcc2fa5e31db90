"""``zaoguang index``: lines in, matches out, and mistakes in one sentence that never repeats a fingerprint."""

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from zaoguang.cli import main
from zaoguang.errors import DoesNotHold, UserMistake, ZaoguangError

SOURCE = random.Random(8)
HEXES = [SOURCE.randbytes(32).hex() for _ in range(6)]


def run(*words: str | Path, given: str = "") -> Result:
    done = CliRunner().invoke(main, ["index", *map(str, words)], input=given, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def matches(out: Path, *words: str | Path, given: str) -> list[tuple[str, int, int, str]]:
    lines = run("query", out, "-", "--json", *words, given=given).stdout.splitlines()
    return [(each["query"], each["id"], each["distance"], each["bank"]) for each in map(json.loads, lines)]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list"
    path.write_text(f"{HEXES[0]}\n{HEXES[1]},7\n\n{HEXES[2]},9,north\n{HEXES[2]},9,south\n", encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path: Path, listed: Path) -> Path:
    run("build", listed, tmp_path / "out", "--plain")
    return tmp_path / "out"


def test_lines_are_numbered_banked_and_joined(out: Path) -> None:
    near = f"{int(HEXES[1], 16) ^ 7:064x}"
    everything = "\n".join([HEXES[0], near, HEXES[2], HEXES[5]])
    assert matches(out, given=everything) == [
        (HEXES[0], 1, 0, "default"),
        (near, 7, 3, "default"),
        (HEXES[2], 9, 0, "north"),
        (HEXES[2], 9, 0, "south"),
    ]
    assert matches(out, "--radius", "2", given=near) == []
    assert matches(out, "--bank", "south", "--bank", "unknown", given=everything) == [(HEXES[2], 9, 0, "south")]


def test_a_person_reads_columns(out: Path) -> None:
    assert run("query", out, "-", given=HEXES[1]).stdout.split() == [HEXES[1], "0", "7", "default"]


def test_add_remove_merge_check_and_stats(out: Path) -> None:
    run("add", out, "-", given=f"{HEXES[3]}\n{HEXES[4]},20,north\n{HEXES[4]},20,south\n")
    assert [each[1] for each in matches(out, given=f"{HEXES[3]}\n{HEXES[4]}")] == [10, 20, 20]
    run("remove", out, "20", HEXES[2])
    assert matches(out, given=f"{HEXES[2]}\n{HEXES[4]}") == []
    with pytest.raises(DoesNotHold):
        run("check", out, "--absent", HEXES[2])
    run("merge", out)
    assert "none of its files" in run("check", out, "--absent", HEXES[2]).stdout
    said = json.loads(run("stats", out, "--json").stdout)
    assert (said["entries"], said["banks"], said["waiting"], said["sealed"]) == (3, 1, 0, False)
    assert "entries" in run("stats", out).stdout


def test_what_is_not_there_cannot_be_removed(out: Path) -> None:
    for each in ("8", HEXES[5]):
        with pytest.raises(DoesNotHold):
            run("remove", out, each)


def test_a_sealed_index_makes_its_key_once_and_needs_it(tmp_path: Path, listed: Path) -> None:
    key, out = tmp_path / "keys" / "key", tmp_path / "out"
    run("build", listed, out, "--key", key)
    assert key.stat().st_mode & 0o777 == 0o600
    held = key.read_bytes()
    run("build", listed, out, "--key", key, "--replace")
    assert key.read_bytes() == held
    assert len(matches(out, "--key", key, given=HEXES[1])) == 1
    for words in (("--key", tmp_path / "no key"), ()):
        with pytest.raises(ZaoguangError):
            run("query", out, "-", *words, given=HEXES[1])


def test_plain_or_sealed_is_the_persons_choice(tmp_path: Path, listed: Path) -> None:
    for words in ((), ("--plain", "--key", tmp_path / "key")):
        with pytest.raises(UserMistake):
            run("build", listed, tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "line",
    ["xyz", HEXES[0][:-1], HEXES[0] + "00", f"{HEXES[0]},-1", f"{HEXES[0]},{2**63}", f"{HEXES[0]},1e3", "é" * 64],
)
def test_a_line_that_is_wrong_is_named_but_not_repeated(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserMistake) as mistake:
        run("build", "-", tmp_path / "out", "--plain", given=f"{HEXES[1]}\n{line}\n")
    assert HEXES[0] not in str(mistake.value)
    assert line not in str(mistake.value)
    with pytest.raises(DoesNotHold):
        run("stats", tmp_path / "out")


def test_an_index_there_already_and_a_missing_list(out: Path, tmp_path: Path, listed: Path) -> None:
    with pytest.raises(UserMistake):
        run("build", listed, out, "--plain")
    with pytest.raises(UserMistake):
        run("build", tmp_path / "nothing", tmp_path / "new", "--plain")
    (tmp_path / "binary").write_bytes(b"\xff\xfe" * 50)
    with pytest.raises(UserMistake):
        run("build", tmp_path / "binary", tmp_path / "new", "--plain")


@pytest.mark.parametrize("words", [("query", "-"), ("check",), ("stats",), ("add", "-"), ("remove", "1"), ("merge",)])
def test_a_file_is_no_index(listed: Path, words: tuple[str, ...]) -> None:
    command, *rest = words
    with pytest.raises(DoesNotHold, match="There is no index"):
        run(command, listed, *rest, given=HEXES[0])
