"""Fixtures of the watch's tests: a site of one's own, a port where nobody is."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.unit.watch.loopback import Handler, Server, Site


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = Server(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield site
    site.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Poll until a thing holds, at most twenty seconds."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)

    return wait
