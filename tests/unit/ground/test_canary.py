"""The canary must sing: each way of writing a watched value down is caught, in a log and in a file."""

import base64
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import canary, ground
from tests.support.canary import LogWatch

VALUE = "凿光 canary 51f0"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    before = list(canary._watched)
    yield
    canary._watched[:] = before


@pytest.fixture
def log_of_its_own() -> Iterator[tuple[logging.Logger, LogWatch]]:
    log = logging.getLogger("zaoguang.test-canary")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    watch = LogWatch()
    log.addHandler(watch)
    yield log, watch
    log.removeHandler(watch)
    log.propagate = True


WRITTEN = {
    "as it is": VALUE.encode(),
    "hexadecimal": VALUE.encode().hex().encode(),
    "base64": base64.b64encode(VALUE.encode()),
    "base64, after one byte": base64.b64encode(b"x" + VALUE.encode() + b"tail"),
    "base64, after two bytes": base64.b64encode(b"xy" + VALUE.encode() + b"tail"),
    "JSON": json.dumps({"name": VALUE}).encode(),
    "an address": b"/search?q=" + quote(VALUE).encode(),
    "UTF-16": VALUE.encode("utf-16-le"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_watched_value_is_found_in_a_file(tmp_path: Path, how: str) -> None:
    (tmp_path / "found").write_bytes(b"before " + WRITTEN[how] + b" after")
    assert canary.in_files([tmp_path]) == []
    canary.canary(VALUE)
    assert len(canary.in_files([tmp_path])) == 1


def test_a_value_across_two_chunks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "CHUNK", 10)
    (tmp_path / "found").write_bytes(b"1234567" + VALUE.encode() + b"89")
    canary.canary(VALUE)
    assert len(canary.in_files([tmp_path])) == 1


def test_a_value_watched_in_logs_only_may_lie_in_a_file(tmp_path: Path) -> None:
    canary.canary(VALUE, files=False)
    (tmp_path / "input").write_text(VALUE)
    assert canary.in_files([tmp_path]) == []


def test_message_argument_and_exception_are_heard(log_of_its_own: tuple[logging.Logger, LogWatch]) -> None:
    log, watch = log_of_its_own
    canary.canary(VALUE)
    log.debug("nothing here")
    assert watch.leaks == []
    log.debug("the name is %s", VALUE)
    log.info(f"the name is {VALUE}")  # noqa: G004 # the very mistake that must be heard
    log.warning("row", extra={"name_given": VALUE})
    try:
        int(VALUE)
    except ValueError:
        log.exception("it broke")
    assert len(watch.leaks) == 4


def test_a_short_value_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        canary.canary("short")


def test_the_run_stands_on_ground_of_its_own() -> None:
    assert os.environ["ZAOGUANG_HOME"].startswith(str(ground.GROUND))
    assert os.environ["TMPDIR"].startswith(str(ground.GROUND))
