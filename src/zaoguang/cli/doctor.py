"""``zaoguang doctor``: is this machine fit to run a centre, and what to do where it is not."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zaoguang.centre.places import Places, places
from zaoguang.errors import DoesNotHold, OutsideFailure, ZaoguangError
from zaoguang.fingerprint.heif import heif_here
from zaoguang.fingerprint.kernel import Kernel, instructions, kernel_here
from zaoguang.fingerprint.luma import luma_instructions
from zaoguang.sandbox import Sandbox
from zaoguang.search import kernel as search_kernel
from zaoguang.words import gettext as _

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["Finding", "State", "doctor", "examine"]

_GIB = 1 << 30
_LITTLE_ROOM = _GIB
_NO_ROOM = _GIB // 8
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class State(StrEnum):
    """How one part of the machine is: fine, worth a look, or in the way of running a centre."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its name, its state, what was seen, and what to do (empty where there is nothing to do)."""

    part: str
    state: State
    seen: str
    do: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(*, as_json: bool) -> None:
    """Say whether this machine is fit to run a centre, and what to do where it is not.

    Exit 0 when a centre can run (parts that are only worth a look are marked “warn”), 1 when it cannot.
    """
    findings = list(examine(places()))
    fit = all(finding.state is not State.BAD for finding in findings)
    if as_json:
        click.echo(json.dumps({"fit": fit, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.state:<4}  {finding.part:<10}  {finding.seen}")
            if finding.do:
                click.echo(f"{'':<18}{finding.do}")
    if not fit:
        raise DoesNotHold(_("A centre cannot run on this machine as it is."))


def examine(where: Places) -> Iterator[Finding]:
    """Look at each part in turn; nothing is changed and nothing is made."""
    yield _python()
    yield _sandbox()
    yield _kernel()
    yield _films()
    yield _heic()
    yield _search()
    yield from _keys(where.keys)
    yield _data(where.data)
    yield _room(where.data)
    yield _database()
    yield from _shortcuts()
    yield from _programs()


def _python() -> Finding:
    return Finding("python", State.OK, "{}.{}.{}".format(*sys.version_info[:3]))


def _sandbox() -> Finding:
    try:
        with Sandbox() as sandbox:
            held = sandbox.protections()
    except ZaoguangError as error:
        return Finding(
            "sandbox", State.BAD, str(error), _("Pictures cannot be opened safely: do not run a centre here.")
        )
    lacking = sorted(name for name, holds in held.items() if not holds)
    if not lacking:
        return Finding("sandbox", State.OK, _("All %(count)d protections hold.") % {"count": len(held)})
    return Finding(
        "sandbox",
        State.WARN,
        _("These protections do not hold: %(names)s.") % {"names": ", ".join(lacking)},
        _("Use a Linux kernel with seccomp and Landlock and no container rule that forbids these limits."),
    )


def _kernel() -> Finding:
    if kernel_here() is Kernel.C:
        return Finding("kernel", State.OK, _("Fingerprints are made in C (%(set)s).") % {"set": instructions()})
    return Finding(
        "kernel",
        State.WARN,
        _("Fingerprints are made in NumPy: the same bits, about twenty times more slowly."),
        _("Install a C compiler (gcc) and run “make clean setup”; unset ZAOGUANG_KERNEL if it is set."),
    )


def _heic() -> Finding:
    if heif_here():
        return Finding("heic", State.OK, _("HEIC pictures can be opened."))
    return Finding(
        "heic",
        State.WARN,
        _("HEIC pictures, as iPhones take them, cannot be opened."),
        _("Install a C compiler (gcc) and run “make clean setup”."),
    )


def _search() -> Finding:
    if search_kernel.kernel_here() is search_kernel.Kernel.C:
        return Finding(
            "search", State.OK, _("Fingerprints are searched in C (%(set)s).") % {"set": search_kernel.instructions()}
        )
    return Finding(
        "search",
        State.WARN,
        _("Fingerprints are searched in NumPy: the same matches, several times more slowly."),
        _("Install a C compiler (gcc) and run “make clean setup”; unset ZAOGUANG_KERNEL if it is set."),
    )


def _films() -> Finding:
    try:
        # Loading FFmpeg takes a while, and only this part of this command needs it. Nothing is decoded here.
        import av  # noqa: PLC0415 # see above
    except ImportError as error:
        return Finding(
            "films", State.WARN, str(error), _("Films cannot be read: run “make clean setup” on a common processor.")
        )
    codec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    said = _("Films are read by PyAV %(version)s (libavcodec %(codec)s) and hashed in C (%(set)s).")
    if not luma_instructions():
        said = _("Films are read by PyAV %(version)s (libavcodec %(codec)s) and hashed in NumPy: more slowly.")
    return Finding("films", State.OK, said % {"version": av.__version__, "codec": codec, "set": luma_instructions()})


def _keys(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(
            "keys",
            State.WARN,
            _("There are no keys in %(folder)s yet.") % {"folder": folder},
            _("The centre makes them when it first starts; keep a copy of them apart from the data."),
        )
        return
    loose = [path for path in (folder, *sorted(folder.iterdir())) if path.stat().st_mode & _OTHERS]
    for path in loose:
        mode = "700" if path.is_dir() else "600"
        yield Finding(
            "keys",
            State.BAD,
            _("Other users of this machine can get at %(path)s.") % {"path": path},
            _("Run: chmod %(mode)s %(path)s. Take the key for known to others if any of them is not trusted.")
            % {"mode": mode, "path": path},
        )
    if not loose:
        yield Finding("keys", State.OK, _("Only you can read the keys in %(folder)s.") % {"folder": folder})


def _data(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding(
            "data",
            State.WARN,
            _("There is no data in %(folder)s yet.") % {"folder": folder},
            _("The centre makes the folder when it first starts."),
        )
    if folder.stat().st_mode & _OTHERS:
        return Finding(
            "data",
            State.WARN,
            _("Other users of this machine can get at %(path)s.") % {"path": folder},
            _("Run: chmod %(mode)s %(path)s.") % {"mode": "700", "path": folder},
        )
    return Finding("data", State.OK, _("Only you can read the data in %(folder)s.") % {"folder": folder})


def _room(folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    state = State.OK if free >= _LITTLE_ROOM else State.WARN if free >= _NO_ROOM else State.BAD
    return Finding(
        "disk",
        state,
        _("%(gib).1f GiB are free for the data.") % {"gib": free / _GIB},
        "" if state is State.OK else _("Make room: a full disk stops every record."),
    )


def _database() -> Finding:
    advice = _("Check ZAOGUANG_DATABASE_URL and that the server runs.")
    try:
        connection = _configured_database()
        if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
            return Finding(
                "database",
                State.WARN,
                _("There is no database yet."),
                _("The centre makes it when it first starts."),
            )
        waiting = _waiting_migrations(connection)
    except ZaoguangError as error:
        return Finding("database", State.BAD, str(error), advice)
    engine = connection.display_name
    if waiting:
        return Finding(
            "database",
            State.WARN,
            _("%(engine)s answers; its tables wait for %(count)d changes.") % {"engine": engine, "count": waiting},
            _("Make a backup; the centre applies them when it next starts."),
        )
    return Finding("database", State.OK, _("%(engine)s answers and is up to date.") % {"engine": engine})


def _configured_database() -> "BaseDatabaseWrapper":
    """Give the database that the settings name, not yet connected to."""
    # Django is slow to load, and only this part of this command needs it.
    import django  # noqa: PLC0415 # see above
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 # see above
    from django.db import connections  # noqa: PLC0415 # see above

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zaoguang.centre.settings")
    try:
        django.setup()
        return connections["default"]
    except ImproperlyConfigured as error:
        raise OutsideFailure(str(error)) from error


def _waiting_migrations(connection: "BaseDatabaseWrapper") -> int:
    from django.db import DatabaseError  # noqa: PLC0415 # see above
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 # see above

    try:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        # The driver's own words may hold parts of the address: they are not repeated.
        raise OutsideFailure(_("The database does not answer.")) from None


def _shortcuts() -> Iterator[Finding]:
    shortcuts = [name for name in ("ZAOGUANG_REHEARSAL", "ZAOGUANG_TEST_FAST_KDF") if os.environ.get(name) == "1"]
    if shortcuts:
        yield Finding(
            "shortcuts",
            State.WARN,
            _("Protections are off for a rehearsal or test: %(names)s.") % {"names": ", ".join(shortcuts)},
            _("Unset them before a real person's case is opened here."),
        )


def _programs() -> Iterator[Finding]:
    uses = {
        "openssl": (_found("openssl"), _("checks a sealed package without this program")),
        "chromium": (_found("chromium", "google-chrome"), _("runs the tests of the pages")),
        "postgresql": (_postgres(), _("keeps the data of a large centre, and is tested against")),
    }
    for name, (path, use) in uses.items():
        if path:
            yield Finding(name, State.OK, path)
        else:
            yield Finding(
                name,
                State.WARN,
                _("Not found; it %(use)s.") % {"use": use},
                _("If you want that: sudo apt-get install %(name)s") % {"name": name},
            )


def _found(*names: str) -> str:
    return next((path for name in names if (path := shutil.which(name))), "")


def _postgres() -> str:
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return str(servers[-1]) if servers else _found("postgres")
