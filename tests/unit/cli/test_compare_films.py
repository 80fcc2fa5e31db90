"""``zaoguang compare-films`` says which seconds of an upload are hers."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.support.made_films import film_of, noisy, walk
from zaoguang.cli.compare_films import compare
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Film, film_to_json


def _line(path: Path, film: Film) -> Path:
    path.write_text(json.dumps({"path": "somewhere.mp4", **film_to_json(film)}))
    return path


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(compare, [str(each) for each in arguments])


@pytest.fixture
def films(tmp_path: Path) -> tuple[Path, Path]:
    """Her film, and an upload with ten seconds of it."""
    random = np.random.default_rng(3)
    hers = walk(random, 30.0)
    upload = np.concatenate([walk(random, 5.0), noisy(random, hers[100:200], 6), walk(random, 5.0)])
    return _line(tmp_path / "hers.json", film_of(hers)), _line(tmp_path / "upload.json", film_of(upload))


def test_the_seconds_are_told(films: tuple[Path, Path]) -> None:
    """For a person and, with --json, for a program."""
    shown = _run(*films)
    assert shown.exit_code == 0
    assert shown.output.startswith("5.0-15.0 s of the upload: 10.0-20.0 s of hers  × 1.00  original")
    assert "50% of the upload is hers; 33% of her film is in it." in shown.output
    (span,) = json.loads(_run(*films, "--json").output)["spans"]
    assert span["orientation"] == "original"
    assert abs(span["upload_from"] - 5.0) < 0.3


@pytest.mark.parametrize("content", ['{"kind": "video"}', '{"not json', "{}", "words"])
def test_what_is_no_film_is_refused_in_a_sentence(films: tuple[Path, Path], tmp_path: Path, content: str) -> None:
    """As is a file that is not there."""
    wrong = tmp_path / "wrong"
    wrong.write_text(content)
    assert isinstance(_run(films[0], wrong).exception, UserMistake)
    assert isinstance(_run(films[0], tmp_path / "absent").exception, UserMistake)
