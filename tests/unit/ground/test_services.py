"""The real services the tests lean on: a browser that stays here, a database that writes to disk, no silent gaps."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.support.chromium import SCREENS, Pages, Screen
from tests.support.repository import ROOT

PAGE = b"""<!doctype html><html lang="zh-Hans"><title>\xe5\x87\xbf\xe5\x85\x89</title><p id=a>plain</p>
<script>document.getElementById("a").textContent = "scripted"</script>"""
REACHES_OUT = b'<!doctype html><title>t</title><img src="http://elsewhere.example/a.png">'


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(REACHES_OUT if self.path == "/out" else PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the standard library's name
        del format, args


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_a_page_is_seen_on_every_screen(pages: Pages, screen: Screen, site: str) -> None:
    page = pages.new(screen)
    page.goto(site)
    assert page.title() == "凿光"
    assert page.locator("#a").inner_text() == ("scripted" if screen.javascript else "plain")
    assert page.viewport_size == {"width": screen.width, "height": screen.height}


@pytest.mark.browser
def test_a_page_that_reaches_out_is_noticed(browser: Browser, site: str) -> None:
    opened = Pages(browser)
    opened.new(SCREENS[0]).goto(f"{site}/out", wait_until="commit")
    opened.new(SCREENS[0]).goto(f"{site}/out")
    opened.close()
    assert any("elsewhere.example" in complaint for complaint in opened.complaints)


@pytest.mark.postgres
def test_postgres_is_real_and_durable(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def run_apart(folder: Path, test: str, **here: str) -> subprocess.CompletedProcess[str]:
    """Run one test module in a pytest of its own, on a ground of its own."""
    (folder / "test_it.py").write_text(test)
    (folder / "pytest.ini").write_text("[pytest]\n")
    order = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.ground", "-p", "no:django"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment |= {"PYTHONPATH": str(ROOT), **here}
    return subprocess.run(order, cwd=folder, env=environment, capture_output=True, text=True, check=False)


GAPS = {
    "asked for": "from tests.support import ground\ndef test_it():\n    ground.missing('a printer')\n",
    "marked": "import pytest\n"
    "@pytest.mark.skipif(True, reason='missing component: a printer')\ndef test_it():\n    pass\n",
    "imported": "import pytest\npytest.importorskip('no_such_module_here')\ndef test_it():\n    pass\n",
    "in a fixture": "import pytest\nfrom tests.support import ground\n@pytest.fixture\ndef it():\n"
    "    ground.missing('a printer')\ndef test_it(it):\n    pass\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", GAPS)
def test_a_missing_component_is_a_skip_here_and_a_failure_on_ci(tmp_path: Path, how: str) -> None:
    elsewhere, on_ci = (run_apart(tmp_path, GAPS[how], CI=ci) for ci in ("", "true"))
    assert elsewhere.returncode in {0, 5}, elsewhere.stdout
    assert "1 skipped" in elsewhere.stdout
    assert on_ci.returncode in {1, 2}, on_ci.stdout
    assert "nothing may be left out" in on_ci.stdout


@pytest.mark.slow
def test_a_canary_left_in_a_file_fails_the_run(tmp_path: Path) -> None:
    done = run_apart(
        tmp_path,
        "from tests.support.canary import canary\n"
        "def test_it(tmp_path):\n    (tmp_path / 'dump').write_text(canary('Ms Canary 7f3a'))\n",
    )
    assert done.returncode == 1, done.stdout
    assert "was written to" in done.stderr
