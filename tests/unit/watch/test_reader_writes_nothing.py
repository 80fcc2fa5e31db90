"""The reader process cannot keep what it fetches, and knows nothing worth stealing: the kernel holds it to that."""

import errno
import hashlib
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.made_pictures import made_picture, saved
from tests.unit.watch.loopback import Site
from zaoguang.fingerprint import Fingerprint
from zaoguang.sandbox.landlock import version_here
from zaoguang.watch import FetchLimits, Reader

pytestmark = pytest.mark.slow  # seconds as a whole

SECRET = "worker-key-canary-51c0"
CANARY = b"picture-canary-8d1f7e"
PICTURE = saved(made_picture(3), "JPEG", quality=80, comment=CANARY)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that a careless program would write to, in one empty folder."""
    for name in ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("ZAOGUANG_WORKER_KEY", SECRET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file by which readers take turns."""
    return tmp_path_factory.mktemp("turns") / "turns.lock"


@pytest.fixture
def busy(site: Site, home: Path, turns: Path) -> Iterator[Reader]:  # noqa: ARG001 - it is to be started in there
    """A reader that has just read a page with a picture."""
    site.gives("/a.jpg", PICTURE, "image/jpeg")
    with Reader(site.policy, FetchLimits(), connections=2, decoders=1, turns=turns) as reader:
        (report,) = reader.read([("1", site.gives("/p", b"<img src=a.jpg>"))])
        assert isinstance(report.pictures[0].result, Fingerprint)
        assert report.pictures[0].result.sha256 == hashlib.sha256(PICTURE).hexdigest()
        yield reader


def family(pid: int) -> list[int]:
    """The process and its children."""
    found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if parent_of(path) == pid]
    return [pid, *found]


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:  # gone meanwhile
        return 0


def pid_of(reader: Reader) -> int:
    assert reader.pid is not None
    return reader.pid


def test_no_file_of_the_family_can_grow_and_none_dumps_core(busy: Reader) -> None:
    pids = family(pid_of(busy))
    assert len(pids) >= 3, "the reader, and a child for pages and for pictures"
    for pid in pids:
        limits = Path(f"/proc/{pid}/limits").read_text()
        for name in ("Max file size", "Max core file size"):
            (line,) = [line for line in limits.splitlines() if line.startswith(name)]
            assert line.removeprefix(name).split()[:2] == ["0", "0"]


def test_the_reader_knows_no_secret_of_its_parent(busy: Reader) -> None:
    for pid in family(pid_of(busy)):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except PermissionError:
            continue  # as it must be for anyone but root: the process is not dumpable
        assert SECRET.encode() not in environment
        if pid == busy.pid:
            assert environment == b""


def test_the_reader_holds_no_file_open_for_writing_but_the_empty_one_for_turns(busy: Reader, turns: Path) -> None:
    try:
        held = [targets(pid) for pid in family(pid_of(busy))]
    except PermissionError:
        pytest.skip("only root may look into a process that is not dumpable")
    assert held[0] == {str(turns)}
    assert not any(held[1:]), "what takes pictures apart holds not even that"
    assert turns.stat().st_size == 0


def targets(pid: int) -> set[str]:
    """Give the files that a process holds open, pipes and the like left out."""
    descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    found = {str(descriptor.readlink()) for descriptor in descriptors if descriptor.is_symlink()}
    return {each for each in found if not each.startswith(("pipe:", "socket:", "anon_inode:")) and each != "/dev/null"}


@pytest.mark.parametrize("growing", ["os.ftruncate(file, 7)", "os.pwrite(file, b'picture', 0)", "os.write(file, b'p')"])
def test_a_file_that_was_open_before_cannot_grow(tmp_path: Path, growing: str) -> None:
    attempt = f"""
        try:
            {growing}
            print("grown")
        except OSError as error:
            print(error.errno)
    """
    held = "file = os.open('turns.lock', os.O_RDWR | os.O_CREAT, 0o600)"
    assert after_giving_up(attempt, folder=tmp_path, give_up=f"{held}\ngive_up()") == str(errno.EFBIG)
    assert (tmp_path / "turns.lock").stat().st_size == 0
    assert after_giving_up(attempt, folder=tmp_path, give_up=held) == "grown", "the attempt is a real one"


def test_reading_leaves_no_file_behind(busy: Reader, home: Path) -> None:
    busy.close()
    assert list(home.iterdir()) == []


def after_giving_up(statements: str, *, folder: Path, give_up: str = "give_up()") -> str:
    """Run statements in a process that gave up what the reader gives up, and return what they print."""
    program = f"import os\nfrom zaoguang.watch.confined import give_up\n{give_up}\n" + textwrap.dedent(statements)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program], cwd=folder, env={}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "opening",
    [
        "os.open('kept.jpg', os.O_WRONLY | os.O_CREAT, 0o600)",
        "os.open('.', os.O_RDWR | os.O_TMPFILE, 0o600)",
        "os.open('/dev/shm/zaoguang-kept', os.O_WRONLY | os.O_CREAT, 0o600)",
        "os.memfd_create('kept')",
    ],
)
def test_a_write_fails(tmp_path: Path, opening: str) -> None:
    attempt = f"""
        try:
            descriptor = {opening}
            os.write(descriptor, b"picture")
            print("written")
        except OSError as error:
            print(error.errno)
    """
    kept = Path("/dev/shm/zaoguang-kept")  # noqa: S108 - the name this test tries
    try:
        refused = {errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS}
        assert int(after_giving_up(attempt, folder=tmp_path)) in refused
        assert all(path.stat().st_size == 0 for path in [*tmp_path.iterdir(), *filter(Path.exists, [kept])])
        assert after_giving_up(attempt, folder=tmp_path, give_up="") == "written", "the attempt is a real one"
    finally:
        kept.unlink(missing_ok=True)


def test_a_child_process_cannot_write_either(tmp_path: Path) -> None:
    """It cannot even be started where Landlock is there and the shell is no part of this Python's own folder."""
    attempt = """
        import subprocess
        try:
            shell = ["/bin/sh", "-c", "echo picture > kept"]
            print(subprocess.run(shell, stderr=subprocess.DEVNULL).returncode)
        except PermissionError:
            print("refused")
    """
    assert after_giving_up(attempt, folder=tmp_path) != "0"
    assert all(path.stat().st_size == 0 for path in tmp_path.iterdir())
    assert after_giving_up(attempt, folder=tmp_path, give_up="") == "0", "the attempt is a real one"


def test_the_limits_cannot_be_taken_back(tmp_path: Path) -> None:
    attempt = """
        import resource
        print(resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CORE))
    """
    assert after_giving_up(attempt, folder=tmp_path) == "(0, 0) (0, 0)"


def test_the_process_is_not_dumpable(tmp_path: Path) -> None:
    attempt = "import ctypes\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    assert after_giving_up(attempt, folder=tmp_path) == "0"


@pytest.mark.skipif(version_here() < 1, reason="this kernel has no Landlock")
@pytest.mark.parametrize("attempt", ["open('empty', 'x')", "open('secret').read()", "os.listdir('.')", "os.mkdir('a')"])
def test_a_path_that_is_none_of_its_own_is_closed(tmp_path: Path, attempt: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    tried = f"""
        try:
            {attempt}
            print("done")
        except PermissionError:
            print("refused")
    """
    assert after_giving_up(tried, folder=tmp_path) == "refused"
    assert {path.name for path in tmp_path.iterdir()} == {"secret"}
    assert after_giving_up(tried, folder=tmp_path, give_up="") == "done", "the attempt is a real one"


def test_names_and_certificates_are_still_found(tmp_path: Path) -> None:
    looked = """
        import socket, ssl, certifi
        socket.getaddrinfo("localhost", 80)
        ssl.create_default_context(cafile=certifi.where())
        ssl.create_default_context()
        print("found")
    """
    assert after_giving_up(looked, folder=tmp_path) == "found"
