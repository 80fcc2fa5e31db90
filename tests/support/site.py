"""Run one of the watch's loopback sites for a while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.unit.watch.loopback import Handler, Server, Site

__all__ = ["Handler", "Site", "serving"]


@contextmanager
def serving() -> Iterator[Site]:
    """Give a site that runs for the ``with`` block."""
    site = Site()
    server = Server(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
