"""The same scan on a real Ray cluster of two nodes, of which one is killed in the middle."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.made_archives import photographs, tar
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes
from zaoguang.sandbox import Sandbox
from zaoguang.search import Entry, Index

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info >= (3, 14), reason="Ray is not made for this Python yet"),
]
BIN = Path(sys.executable).parent
PORT = 20_000 + os.getpid() % 10_000
ADDRESS = f"127.0.0.1:{PORT}"


@pytest.fixture
def around() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(
        prefix="zr", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:  # Ray's sockets need a short path
        token = Path(folder) / "token"
        token.write_text(secrets.token_hex(32))
        yield os.environ | {
            "HOME": folder,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_TMPDIR": folder,
            "RAY_health_check_initial_delay_ms": "1000",
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_failure_threshold": "3",
        }


def node(around: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    common = ["--block", "--num-cpus", "1", "--object-store-memory", "80000000", "--include-log-monitor", "false"]
    return subprocess.Popen(
        [BIN / "ray", "start", *words, *common, "--node-ip-address", "127.0.0.1"],
        env=around,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def living(around: dict[str, str]) -> int:
    code = (
        f"import ray; ray.init(address='{ADDRESS}', log_to_driver=False, logging_level=50);"
        "print(sum(n['Alive'] for n in ray.nodes()))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=False)
    return int(done.stdout.strip() or 0) if done.returncode == 0 else 0


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """End a node and all that it started: they are its process group."""
    os.killpg(process.pid, how)
    process.wait(30)


def test_a_node_is_killed_and_nothing_is_missed_or_said_twice(around: dict[str, str], tmp_path: Path) -> None:
    pictures = photographs(3)
    held = tmp_path / "held"
    held.mkdir()
    with Sandbox() as sandbox:
        known = [fingerprint_bytes(content, sandbox) for content in pictures.values()]
    for number in range(60):
        (held / f"{number:03}.tar").write_bytes(
            tar({f"{turn}-{name}": each for turn in range(2) for name, each in pictures.items()})
        )
    bank = tmp_path / "bank"
    Index.build(
        [Entry(each.pdq.bits, at, {"hers"}) for at, each in enumerate(known) if isinstance(each, Fingerprint)], bank
    )
    words: list[str | Path] = [BIN / "zaoguang", "scan", held, "--bank", bank, "--json"]
    alone = subprocess.run(words, env=around, capture_output=True, text=True, check=True, timeout=120).stdout
    head = node(around, "--head", "--port", str(PORT), "--include-dashboard", "false")
    nodes = [head]
    try:
        deadline = time.monotonic() + 60
        while not living(around) and time.monotonic() < deadline:
            pass
        nodes.append(node(around, "--address", ADDRESS))
        while living(around) < 2 and time.monotonic() < deadline:
            pass
        journal = tmp_path / "journal"
        ray = [*words, "--engine", "ray", "--ray-address", ADDRESS, "--journal", journal]
        with subprocess.Popen(ray, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as scan:
            while scan.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 8):
                time.sleep(0.02)
            assert scan.poll() is None, "the scan ended before a node could be killed"
            end(nodes.pop(), signal.SIGKILL)
            said, why = scan.communicate(timeout=120)
        assert scan.returncode == 0, why
        assert said == alone
        assert len(said.splitlines()) == 60 * 2 * 3
    finally:
        for each in nodes:
            end(each, signal.SIGKILL)
