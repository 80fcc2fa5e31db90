"""The centre's processes, and the one that keeps them running: pages, link reader, clock, and the mailbox's."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from types import FrameType, TracebackType

import click

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.words import gettext as _

__all__ = [
    "Child",
    "House",
    "StopFlag",
    "end_in_order",
    "require_free",
    "run_centre",
    "serve_clock",
    "serve_mail",
    "serve_reader",
    "serve_web",
    "zaoguang_command",
]

_WEB_THREADS = 8
_MOST_ASKED = 4 << 20
_MOST_ANSWERED = 1 << 30
_GRACE_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 15.0
_SETTLED_SECONDS = 5.0


def serve_web(host: str, port: int) -> None:
    """Serve the pages until told to stop."""
    import waitress  # noqa: PLC0415  (only this process needs it)
    from django.conf import settings  # noqa: PLC0415  (Django must be set up first)

    from zaoguang.centre.wsgi import application  # noqa: PLC0415  (Django must be set up first)

    no_core_dump()
    try:
        waitress.serve(
            application,
            host=host,
            port=port,
            threads=_WEB_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            url_scheme="https" if settings.BEHIND_TLS else "http",
            max_request_body_size=_MOST_ASKED,
            # Beyond these two, waitress would go on in a temporary file: nobody's words or addresses belong there.
            inbuf_overflow=_MOST_ASKED + 1,
            outbuf_overflow=_MOST_ANSWERED,
        )
    except OSError as error:
        raise OutsideFailure(
            _("Port %(port)d cannot be listened on: %(why)s.") % {"port": port, "why": error.strerror}
        ) from error


def serve_reader() -> None:
    """Read link checks from the queue until told to stop; what an earlier reader left unfinished goes on."""
    from django.core.management import call_command  # noqa: PLC0415  (Django must be set up first)

    from zaoguang.centre.alone import alone  # noqa: PLC0415  (the same)
    from zaoguang.centre.sightings.tasks import resume  # noqa: PLC0415  (the same)

    no_core_dump()
    with alone("reader"):
        resume()
        call_command("db_worker", interval=0.5, startup_delay=False, verbosity=0)


def serve_clock(every: timedelta) -> None:
    """Do what is due, again and again, until told to stop."""
    from zaoguang.centre.alone import alone  # noqa: PLC0415  (Django must be set up first)
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the same)
    from zaoguang.centre.notices.worker import recover, tick  # noqa: PLC0415  (the same)
    from zaoguang.centre.sightings.reading import open_reader  # noqa: PLC0415  (the same)

    no_core_dump()
    stop = StopFlag()
    with alone("clock"), open_reader() as reader:
        recover(now())
        while not stop.asked:
            if not tick(now(), lambda: reader):
                stop.wait(every.total_seconds())


def serve_mail(every: timedelta) -> None:
    """Take answers in from the mailbox, again and again, until told to stop; a mailbox that is away is tried again."""
    from zaoguang.centre.alone import alone  # noqa: PLC0415  (Django must be set up first)
    from zaoguang.centre.clock import now  # noqa: PLC0415  (the same)
    from zaoguang.centre.letters.mailbox import imap_server, open_folder  # noqa: PLC0415  (the same)
    from zaoguang.centre.letters.receiving import take_in  # noqa: PLC0415  (the same)

    server = imap_server()
    if server is None:
        raise UserMistake(_("No mailbox is set: ZAOGUANG_IMAP_SERVER must be imaps://user:password@host:port/folder."))
    no_core_dump()
    stop = StopFlag()
    with alone("mail"):
        while not stop.asked:
            try:
                with open_folder(server) as folder:
                    take_in(folder, now())
            except OutsideFailure as error:
                click.echo(str(error), err=True)
            stop.wait(every.total_seconds())


def no_core_dump() -> None:
    """Let no crash of this process write its memory to a disk."""
    import resource  # noqa: PLC0415  (POSIX only, needed here only)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_in_order() -> None:
    """Let SIGINT and SIGTERM end this process by unwinding, until a `StopFlag` listens: no child outlives its house.

    By itself SIGTERM would end it at once and leave the children running, and a shell has SIGINT ignored in what it
    starts in the background.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


class StopFlag:
    """Remembers that SIGINT or SIGTERM came, so that the work at hand is finished first."""

    def __init__(self) -> None:
        """Listen for both signals."""
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Wait that long, or until asked to stop."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))


def zaoguang_command(*words: str) -> list[str]:
    """Give the argument list that runs our own command line in a fresh process."""
    return [sys.executable, "-m", "zaoguang", *words]


class Child:
    """One process that is started again when it ends unasked, ever more slowly if it keeps ending."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it."""
        self.name, self._command, self._environment = name, list(command), dict(environment)
        self._pause, self._again_at = _SHORTEST_PAUSE, 0.0
        self._process, self._since = self._start(), time.monotonic()

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the house, which stops its children in order.
        return subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL, start_new_session=True)

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Say whether it runs now."""
        return self._process.poll() is None

    def keep(self) -> None:
        """Start it again if it has ended and its pause is over."""
        if self.running:
            return
        moment = time.monotonic()
        if not self._again_at:
            if moment - self._since > _SETTLED_SECONDS:
                self._pause = _SHORTEST_PAUSE
            click.echo(
                _("%(name)s ended (%(code)s); starting it again.")
                % {"name": self.name, "code": self._process.returncode},
                err=True,
            )
            self._again_at = moment + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        elif moment >= self._again_at:
            self._again_at = 0.0
            self._process, self._since = self._start(), moment

    def stop(self) -> None:
        """Ask it to end, and insist when it does not."""
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class House(AbstractContextManager["House"]):
    """The processes of one centre, started together, kept running, stopped together in reverse order."""

    def __init__(self) -> None:
        """Begin with none."""
        self.children: list[Child] = []

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Start one more process."""
        child = Child(name, command, {**os.environ, **(environment or {})})
        self.children.append(child)
        return child

    def keep_until_stopped(self) -> None:
        """Keep every process running until SIGINT or SIGTERM."""
        stop = StopFlag()
        while not stop.asked:
            for child in self.children:
                child.keep()
            stop.wait(_LOOK_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process."""
        with ExitStack() as stack:
            for child in self.children:
                stack.callback(child.stop)


def require_free(host: str, port: int) -> None:
    """Say in one sentence that a port is taken, before anything is started on it."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise UserMistake(
            _("Port %(port)d on %(host)s cannot be used (%(why)s); choose another one.")
            % {"port": port, "host": host, "why": error.strerror}
        ) from error


def run_centre(host: str, port: int) -> None:
    """Run the pages, the link reader, the clock and, where a mailbox is set, its reader until told to stop."""
    require_free(host, port)
    end_in_order()
    with House() as house:
        house.start("web", zaoguang_command("centre", "web", "--host", host, "--port", str(port)))
        house.start("reader", zaoguang_command("centre", "reader"))
        house.start("clock", zaoguang_command("centre", "clock"))
        if os.environ.get("ZAOGUANG_IMAP_SERVER"):
            house.start("mail", zaoguang_command("centre", "mail"))
        click.echo(_("The centre is at http://%(host)s:%(port)d/ (Ctrl-C stops it).") % {"host": host, "port": port})
        house.keep_until_stopped()
        click.echo(_("Stopping."))
