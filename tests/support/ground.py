"""The ground every test run stands on: a fresh home and temp folder, made before Django reads its settings.

Loaded by ``-p tests.support.ground`` (pyproject), because pytest-django reads the settings before any conftest.
Each xdist worker has a ground of its own. The folder is kept, and named, when a run fails.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import canary

GROUND = Path(tempfile.mkdtemp(prefix="zg-"))
HOME = GROUND / "home"
TEMP = GROUND / "tmp"
MISSING = "missing component: "
"""How the reason of a skip begins when a part of the machine is missing; a failure where ``CI=true``."""


def _stand_here() -> None:
    # Nothing of the developer's own centre may be read or written by a test.
    for name in [name for name in os.environ if name.startswith("ZAOGUANG_") and "_TEST_" not in name]:
        del os.environ[name]
    for folder in (HOME, TEMP):
        folder.mkdir(mode=0o700)
    os.environ["ZAOGUANG_HOME"] = str(HOME)
    os.environ["ZAOGUANG_TEST_FAST_KDF"] = "1"
    os.environ["ZAOGUANG_LANG"] = "en"
    # Everything that asks for a temp folder, our child processes too, gets one that is searched for canaries.
    os.environ["TMPDIR"] = str(TEMP)
    tempfile.tempdir = str(TEMP)
    if database := os.environ.get("ZAOGUANG_TEST_DATABASE_URL"):
        os.environ["ZAOGUANG_DATABASE_URL"] = database


_stand_here()

# How long an example takes says more about the machine's other work than about ours.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")


def on_ci() -> bool:
    """Say whether this run must be whole: nothing may be left out because the machine lacks it."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def missing(component: str) -> None:
    """Leave the test out because the machine lacks that component; on CI that is a failure."""
    pytest.skip(f"{MISSING}{component}; `make test` installs it where it may")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def refuse_gaps(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip for a missing component into a failure where ``CI=true``."""
    gap = MISSING in _reason(report) or "could not import" in _reason(report)
    if report.skipped and gap and on_ci() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{_reason(report)} (CI=true: nothing may be left out)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Hold each test to the whole machine."""
    report = yield
    refuse_gaps(report)  # type: ignore[arg-type]  # pluggy's wrapper yields the report; its types cannot say so
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Hold each test module to the whole machine."""
    report = yield
    refuse_gaps(report)  # type: ignore[arg-type]  # the same
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Search what the run wrote for canaries; then tidy up, or keep the folder of a run that failed."""
    database = os.environ.get("ZAOGUANG_TEST_DATABASE_FOLDER")
    leaks = canary.in_files([GROUND, *([Path(database)] if database else [])])
    for leak in leaks:
        print(f"\nCANARY: {leak}", file=sys.__stderr__)  # past pytest's capture: the run is over
    if leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        shutil.rmtree(GROUND, ignore_errors=True)
    else:
        print(f"\nWhat this run wrote is kept in {GROUND}", file=sys.__stderr__)  # the same
