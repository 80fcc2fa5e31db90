"""What fuzzing once found stays fixed, and a short run of it goes on: docs/explain/fuzzing.md says how it is done."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.structure import mutated
from tests.fuzz.targets import TARGETS
from tests.support import ground
from zaoguang.fingerprint import Reason, Unhashable, fingerprint_bytes
from zaoguang.sandbox import Sandbox

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
CORPUS_BYTES_MOST = 300_000
COMPILE = ["-std=gnu11", "-g", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-psabi", "-Werror"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
LUMA_DIGEST = "201 9c1ce7a84016cbe8"  # how many of 500 such planes fit, and of their cells
DIGEST = "924014b0ed1fa232"  # of 500 pictures from the fixed seed; aarch64 (under qemu-user) prints the same


def corpus(target: str) -> list[Path]:
    return sorted(path for path in (CORPUS / target).iterdir() if path.name != ".gitignore")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


def never_crashed(untrusted_bytes: bytes, sandbox: Sandbox) -> bool:
    known = fingerprint_bytes(untrusted_bytes, sandbox)
    return not isinstance(known, Unhashable) or known.reason is not Reason.CRASHED


@pytest.mark.parametrize("path", corpus("picture"), ids=lambda path: path.name)
def test_every_file_that_fuzzing_kept_has_a_fingerprint_or_a_reason(path: Path, sandbox: Sandbox) -> None:
    assert never_crashed(path.read_bytes(), sandbox)


@pytest.mark.parametrize("name", ["pixels", "words"])
def test_every_input_that_fuzzing_kept_breaks_no_promise(name: str) -> None:
    for path in corpus(name):
        TARGETS[name](path.read_bytes())


def test_files_changed_by_their_structure_never_crash_a_decoder(sandbox: Sandbox) -> None:
    """The same mutator, without coverage and from a fixed seed: for every machine, with or without a fuzzer."""
    rng = random.Random(20240607)
    files = [path.read_bytes() for path in corpus("picture")]
    for _ in range(400):
        untrusted = mutated(mutated(rng.choice(files), rng), rng)
        assert never_crashed(untrusted, sandbox), untrusted.hex()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs"), [("picture", 2500), ("pixels", 150), ("words", 6000)])
def test_a_short_run_under_coverage_guidance_finds_nothing(name: str, runs: int, tmp_path: Path) -> None:
    if find_spec("atheris") is None:
        if sys.version_info >= (3, 14):
            pytest.skip("atheris is not there for this Python yet")
        ground.missing("atheris")
    fuzz = [sys.executable, "-m", "tests.fuzz.run", name, "-max_len=8192", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(
        [*fuzz, f"-runs={runs}", "-seed=1", str(tmp_path), str(CORPUS / name)],
        cwd=HERE.parent.parent, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {runs} runs" in done.stderr


@pytest.mark.slow
def test_our_c_code_is_clean_under_sanitizers_and_every_kernel_agrees(tmp_path: Path) -> None:
    """Bytes beyond a piece, undefined arithmetic, or one float that differs: any of them ends the program."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        ground.missing("a C compiler")
        return
    program = tmp_path / "pdq_replay"
    subprocess.run([compiler, *COMPILE, *SANITIZE, str(HERE / "pdq_replay.c"), "-o", str(program), "-lm"], check=True)
    files = [str(path) for path in corpus("pdq")]
    subprocess.run([str(program), "0", *files], check=True, capture_output=True)
    done = subprocess.run([str(program), "500"], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == DIGEST


@pytest.mark.slow
def test_the_kernel_for_films_is_clean_under_sanitizers_and_agrees_with_a_plain_reading(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        ground.missing("a C compiler")
        return
    program, source = tmp_path / "luma_replay", str(HERE / "luma_fuzz.c")
    subprocess.run([compiler, *COMPILE, *SANITIZE, "-DREPLAY", source, "-o", str(program)], check=True)
    done = subprocess.run([str(program), "500"], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == LUMA_DIGEST


@pytest.mark.slow
def test_changed_films_stop_no_child() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.films", "100", "1"],
        cwd=HERE.parent.parent, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr[-3000:])
    counts = json.loads(done.stdout)
    assert counts["film"] >= 10
    assert counts["kinds"] >= 8


def test_the_corpus_stays_small() -> None:
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"pdq", *TARGETS}
    assert sum(path.stat().st_size for path in files) < CORPUS_BYTES_MOST
