"""The web server as it is really started: nothing goes through a temporary file, HTTPS is known, a lost key is said."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from zaoguang.centre import serving


def centre(home: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZAOGUANG_", "DJANGO_"))}
    environment = {**kept, "ZAOGUANG_HOME": str(home), "ZAOGUANG_LANG": "en", **more}
    command = [sys.executable, "-m", "zaoguang", "centre", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said(running: subprocess.Popen[str]) -> str:
    return running.communicate(timeout=60)[0]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    running = centre(tmp_path / "home", "prepare")
    text = said(running)
    assert running.returncode == 0, text
    return tmp_path / "home"


@pytest.fixture
def behind_tls(home: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    running = centre(home, "web", "--port", str(port), ZAOGUANG_TLS="1")
    base = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.get(f"{base}/login/", trust_env=False)
                break
            except httpx.TransportError:
                assert running.poll() is None, said(running)
                time.sleep(0.1)
        yield base
    finally:
        running.terminate()
        running.communicate(timeout=20)


@pytest.mark.slow
def test_behind_tls_the_centre_insists_on_it(behind_tls: str) -> None:
    answer = httpx.get(f"{behind_tls}/login/", trust_env=False)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert all("; secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.slow
def test_a_large_request_is_refused(behind_tls: str) -> None:
    answer = httpx.post(f"{behind_tls}/login/", content=b"x" * (5 << 20), trust_env=False)
    assert answer.status_code == 413


def test_no_request_or_answer_goes_through_a_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr("waitress.serve", lambda _application, **words: given.update(words))
    monkeypatch.setattr(serving, "no_core_dump", lambda: None)
    serving.serve_web("127.0.0.1", 8000)
    most = given["max_request_body_size"]
    assert isinstance(most, int)
    assert isinstance(given["inbuf_overflow"], int)
    assert isinstance(given["outbuf_overflow"], int)
    assert given["inbuf_overflow"] > most
    assert given["outbuf_overflow"] >= 1 << 30


@pytest.mark.slow
@pytest.mark.parametrize("name", ["worker.key", "signing.pem"])
def test_a_lost_key_is_said_and_never_replaced(home: Path, name: str) -> None:
    (home / "keys" / name).unlink()
    running = centre(home, "prepare")
    text = said(running)
    assert running.returncode == 2, text
    assert name in text
    assert "Traceback" not in text
    assert not (home / "keys" / name).exists()


@pytest.mark.slow
@pytest.mark.parametrize("words", [("web",), ("reader",), ("clock",), ("add-person", "mei", "--passphrase-file", "p")])
def test_a_centre_that_was_not_prepared_says_what_to_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    passphrase = tmp_path / "p"
    passphrase.write_text("made-up-passphrase")
    running = centre(tmp_path / "home", *(str(passphrase) if word == "p" else word for word in words))
    text = said(running)
    assert running.returncode == 2, text
    assert "zaoguang centre prepare" in text
    assert "Traceback" not in text


@pytest.mark.slow
def test_what_the_centre_writes_is_nobody_else_s_to_read(home: Path) -> None:
    open_to_others = [path for path in home.rglob("*") if path.stat().st_mode & 0o077]
    assert not open_to_others


@pytest.mark.slow
def test_behind_tls_a_form_is_taken_from_its_own_https_page(behind_tls: str) -> None:
    host = behind_tls.removeprefix("http://")
    page = httpx.get(f"{behind_tls}/login/", trust_env=False)
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    sent = {"csrfmiddlewaretoken": token, "handle": "nobody", "passphrase": "made up"}
    cookie = page.headers["set-cookie"].partition(";")[0]
    origins = {f"https://{host}": 422, "https://elsewhere.example": 403}
    for origin, status in origins.items():
        headers = {"Origin": origin, "Referer": f"{origin}/login/", "Cookie": cookie}
        answer = httpx.post(f"{behind_tls}/login/", data=sent, headers=headers, trust_env=False)
        assert answer.status_code == status, origin


@pytest.mark.parametrize(("rehearsal", "ports"), [("1", "[4711]"), ("0", "[]"), ("", "[]")])
def test_loopback_is_read_in_a_rehearsal_only(tmp_path: Path, rehearsal: str, ports: str) -> None:
    environment = {**os.environ, "ZAOGUANG_HOME": str(tmp_path), "ZAOGUANG_REHEARSAL_PORTS": "4711"}
    environment |= {"ZAOGUANG_REHEARSAL": rehearsal}
    ask = "from zaoguang.centre import settings; print(sorted(settings.REHEARSAL_PORTS))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == ports


_HOUSE = """
import sys, time
from zaoguang.centre.serving import House, end_in_order
end_in_order()
with House() as house:
    print(house.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_house_that_is_told_to_end_before_it_stands_leaves_no_child_behind(number: signal.Signals) -> None:
    ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN){_HOUSE}"  # as a shell's background job
    with subprocess.Popen([sys.executable, "-c", ignoring], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.send_signal(number)
        running.communicate(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
