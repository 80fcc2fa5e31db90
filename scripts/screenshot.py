"""Make the README's picture: a fresh rehearsal, a real browser, the case that is under way."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support import chromium  # noqa: E402  (the repository's own root must be on the path first)

PICTURE = ROOT / "docs" / "images" / "case.png"
PORT = 8766
READY_SECONDS = 120


def main() -> None:
    """Open the rehearsal, look, close it again."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "zaoguang", "centre", "run", "--rehearsal", "--port", str(PORT)]
        environment = {**os.environ, "ZAOGUANG_HOME": home, "ZAOGUANG_LANG": "en"}
        centre = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            _wait(centre)
            _shoot()
        finally:
            centre.send_signal(signal.SIGINT)
            centre.wait(30)


def _wait(centre: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + READY_SECONDS
    for line in centre.stdout or ():
        if "Ctrl-C" in line:
            return
        if time.monotonic() > until:
            break
    raise SystemExit("The rehearsal did not open.")


def _shoot() -> None:
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.FLAGS))
        page = browser.new_context(viewport={"width": 1200, "height": 1900}, locale="en-US").new_page()
        page.goto(f"http://127.0.0.1:{PORT}/login/")
        page.fill("[name=handle]", "lin")
        page.fill("[name=passphrase]", "stone-lamp-river-rehearsal")
        page.click("main button")
        page.click("table a >> nth=0")
        page.wait_for_load_state()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
