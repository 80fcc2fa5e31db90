"""``zaoguang scan``: every kind of archive gives the same matches; what could not be looked at is said."""

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from click.testing import CliRunner, Result
from fsspec.implementations.memory import MemoryFile
from hypothesis import given
from hypothesis import strategies as st

from tests.support.made_archives import every_kind, photographs, tar, warc, zipped
from zaoguang.cli import main
from zaoguang.errors import DoesNotHold, OutsideFailure, UserMistake
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes
from zaoguang.sandbox import Sandbox
from zaoguang.scan import Journal, Looker, NoJournal, Seeking, Seen, Sought, Source, Unit, scan, units
from zaoguang.scan.members import Form, Member, members
from zaoguang.scan.plan import Entering, ranges
from zaoguang.scan.why import Why
from zaoguang.search import Entry, Index

pytestmark = pytest.mark.slow  # seconds as a whole

PICTURES = photographs(4)
WANTED = sorted(PICTURES)[:2]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as shared:
        yield shared


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    path = tmp_path_factory.mktemp("scan") / "bank"
    known = [fingerprint_bytes(PICTURES[name], sandbox) for name in WANTED]
    Index.build(
        [Entry(each.pdq.bits, 70 + at, {"hers"}) for at, each in enumerate(known) if isinstance(each, Fingerprint)],
        path,
    )
    return path


@pytest.fixture
def look(bank: Path, sandbox: Sandbox) -> "Look":
    return Look(bank, sandbox)


class Look:
    """Looks through a source in this thread, unit by unit."""

    def __init__(self, bank: Path, sandbox: Sandbox) -> None:
        self.sought = [Sought("bank", Index.open(bank))]
        self.sandbox = sandbox
        self.workers = 2
        self.asked: list[Unit] = []
        self._looker: Looker | None = None

    def __call__(self, address: str | Path, journal: Journal | NoJournal | None = None) -> list[Seen]:
        source = Source.opened(str(address))
        self._looker = Looker(source, self.sought, self.sandbox, Seeking())
        return list(scan(source, self, journal or NoJournal()))

    def submit(self, unit: Unit) -> None:
        self.asked.append(unit)

    def done(self) -> list[tuple[Unit, Seen]]:
        assert self._looker is not None
        unit = self.asked.pop()  # the last first: the order must not matter
        return [(unit, self._looker.look(unit))]


def found(seen: list[Seen]) -> set[tuple[str, str, int]]:
    return {(each["file"], each["member"], each["entry"]) for part in seen for each in part.matches}


def why_not(seen: list[Seen]) -> list[tuple[str, str, str]]:
    return [(each["file"], each["member"], each["reason"]) for part in seen for each in part.passed_over]


def test_every_kind_of_archive_gives_the_same(look: Look, tmp_path: Path) -> None:
    for name, content in (PICTURES | every_kind(PICTURES)).items():
        (tmp_path / name).write_bytes(content)
    seen = look(tmp_path)
    assert why_not(seen) == []
    expected = {(name, "", 70 + at) for at, name in enumerate(WANTED)}
    for archive in every_kind({}):
        inner = {"f.warc": "https://example.org/", "g.warc.gz": "https://example.org/", "h.tar": "inner.zip » "}
        expected |= {(archive, inner.get(archive, "") + name, 70 + at) for at, name in enumerate(WANTED)}
    assert found(seen) == expected
    assert sum(part.looked_at for part in seen) == 10 * len(PICTURES)


def test_object_storage_gives_the_same(look: Look) -> None:
    storage = fsspec.filesystem("memory")
    storage.pipe({"/held/a/x.tar": tar(PICTURES), "/held/b.warc.gz": warc(PICTURES, packed=True)})
    assert {name for name, _member, _entry in found(look("memory://held"))} == {"a/x.tar", "b.warc.gz"}
    assert {name for name, _member, _entry in found(look("memory://held/a/x.tar"))} == {""}


class DriverError(Exception):
    """What a driver raises that has kinds of its own."""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.tar", ConnectionResetError),
        ("b.tar.gz", ConnectionResetError),
        ("e.zip", DriverError),
        ("g.warc.gz", DriverError),
        ("one.jpg", DriverError),
    ],
)
def test_storage_that_stops_answering_ends_the_scan_and_is_no_damage(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], name: str
) -> None:
    content = (every_kind(PICTURES) | {"one.jpg": PICTURES[WANTED[0]]})[name]
    fsspec.filesystem("memory").pipe({f"/stops/{name}": content})
    left = [0]

    def read(file: io.BytesIO, size: int = -1) -> bytes:
        left[0] -= 1
        if not left[0]:
            raise kind
        return io.BytesIO.read(file, size)

    monkeypatch.setattr(MemoryFile, "read", read, raising=False)
    whole = look(f"memory://stops/{name}", Journal.opened(tmp_path / "whole", {}))
    reads = -left[0]
    for answered in (1, reads // 2, reads):
        left[0] = answered
        with pytest.raises(OutsideFailure, match="stopped answering"):
            look(f"memory://stops/{name}", Journal.opened(tmp_path / "journal", {}))
        look.asked.clear()
    assert look(f"memory://stops/{name}", Journal.opened(tmp_path / "journal", {})) == whole


def test_what_is_not_looked_at_is_said(look: Look, tmp_path: Path) -> None:
    picture = PICTURES[WANTED[0]]
    whole = zipped({"one.jpg": picture, "two.jpg": picture})
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.find(b"PK\x01\x02") + 8] |= 1
    broken = tar({"one.jpg": picture, "two.jpg": picture})
    inside = tar({"x.tar": tar({"y.tar": tar({"one.jpg": picture})})})
    contents = {
        "broken.tar": broken[: len(broken) // 2],
        "deep.tar": inside,
        "locked.zip": bytes(locked),
        "text": b"words",
        "torn.zip": whole[:-30],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    seen = look(tmp_path)
    assert set(why_not(seen)) >= {
        ("broken.tar", "two.jpg", "damaged"),
        ("deep.tar", "x.tar » y.tar", "too_deep"),
        ("link", "", "link"),
        ("locked.zip", "one.jpg", "encrypted"),
        ("pipe", "", "unreadable"),
        ("text", "", "not_a_picture"),
        ("torn.zip", "", "damaged"),
    }
    assert found(seen) == {("broken.tar", "one.jpg", 70), ("locked.zip", "two.jpg", 70)}


def test_bombs_are_left_off(look: Look, tmp_path: Path) -> None:
    zeros = bytes(1 << 20)
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=9, mtime=0) as out:
        head = tar({"bomb": b""})[:512]
        size = b"%011o\0" % (600 << 20)
        head = head[:124] + size + b" " * 8 + head[124 + 12 + 8 :]
        head = head[:148] + b"%06o\0 " % sum(head[:148] + b" " * 8 + head[156:]) + head[156:]
        out.write(head)
        for _ in range(600):
            out.write(zeros)
    (tmp_path / "bomb.tar.gz").write_bytes(bomb.getvalue())
    assert ("bomb.tar.gz", "", "expands") in why_not(look(tmp_path))


def test_a_header_without_end_is_left_off(look: Look, tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").write_bytes(gzip.compress(b"WARC/1.0\r\n" + b"x" * (20 << 20), 1))
    assert ("x.warc.gz", "", "expands") in why_not(look(tmp_path))


@pytest.mark.parametrize("short", [b"\xff" * 4, b"\1\0\0\0"])
def test_a_zip_file_with_a_list_that_fills_the_memory_is_not_read(
    monkeypatch: pytest.MonkeyPatch, short: bytes
) -> None:
    whole = zipped({f"{number}": b"" for number in range(40)})
    end = whole.rfind(b"PK\5\6")
    number, size, start = 40, *struct.unpack("<LL", whole[end + 12 : end + 20])
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, size, start)
    finder = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    longer = whole[:end] + record + finder + whole[end : end + 12] + short + whole[end + 16 :]
    assert len(list(members(io.BytesIO(longer), Form.ZIP))) == number
    monkeypatch.setattr("zaoguang.scan.members._ZIP_DIRECTORY_MOST", size - 1)
    for content in (whole, longer):
        assert [each.why_not for each in members(io.BytesIO(content), Form.ZIP)] == [Why.TOO_MANY]


@given(
    sizes=st.lists(st.integers(0, 40 << 20), max_size=1000),
    way=st.sampled_from(Entering),
)
def test_ranges_hold_every_member_once(sizes: list[int], way: Entering) -> None:
    walked = [Member(number, f"{number}", None, None, number * 512, size) for number, size in enumerate(sizes)]
    dealt = list(ranges(iter(walked), way))
    assert dealt[-1][1] == -1
    held: list[int] = []
    for first, count, offset in dealt:
        assert offset == first * 512
        held += range(first, first + count if count >= 0 else max(len(sizes), first))
    assert held == list(range(len(sizes)))


def test_the_list_of_a_long_zip_file_is_read_a_few_times_only() -> None:
    for size in (1, 1 << 20):
        dealt = list(ranges((Member(number, "x", None, size=size) for number in range(200_000)), Entering.BY_LIST))
        assert len(dealt) < 150
        assert max(count for _first, count, _offset in dealt) < 200_000 / 16


@pytest.mark.parametrize("kind", ["a.tar", "b.tar.gz", "e.zip", "f.warc", "g.warc.gz"])
def test_an_archive_is_entered_in_its_middle(kind: str) -> None:
    content = every_kind(dict.fromkeys("uvwxyz", b"words"))[kind]
    form = Form.ZIP if "zip" in kind else Form.TAR if "tar" in kind else Form.WARC
    whole = [each.untrusted_name for each in members(io.BytesIO(content), form)]
    places = [each.offset for each in members(io.BytesIO(content), form)]
    assert len(whole) == 6
    for first, offset in enumerate(places):
        later = [each.untrusted_name for each in members(io.BytesIO(content), form, first=first, offset=offset)]
        assert later == whole[first:]


def test_a_scan_goes_on_wherever_it_was_stopped(look: Look, tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.mkdir()
    for name, content in every_kind(PICTURES).items():
        (held / name).write_bytes(content)
    whole = look(held, Journal.opened(tmp_path / "whole", {"n": 1}))
    content = (tmp_path / "whole").read_bytes()
    for cut in {*range(60, len(content), len(content) // 12), len(content) - 1}:
        (tmp_path / "cut").write_bytes(content[:cut])
        assert look(held, Journal.opened(tmp_path / "cut", {"n": 1})) == whole
        assert (tmp_path / "cut").stat().st_size == len(content)
    look.asked.clear()
    (held / "a.tar").write_bytes(b"changed")
    with pytest.raises(UserMistake, match="no longer"):
        look(held, Journal.opened(tmp_path / "whole", {"n": 1}))
    with pytest.raises(UserMistake, match="another scan"):
        Journal.opened(tmp_path / "whole", {"n": 2})
    (tmp_path / "bent").write_bytes(content[:200] + b"!" + content[201:])
    with pytest.raises(DoesNotHold, match="damaged"):
        Journal.opened(tmp_path / "bent", {"n": 1})


def test_units_do_not_change(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(b"x")
    planned = list(units(Source.opened(str(tmp_path))))
    assert planned == list(units(Source.opened(str(tmp_path))))
    assert [len(unit.files) for unit in planned] == [128, 128, 44]


def run(*words: str | Path) -> Result:
    done = CliRunner().invoke(main, ["scan", *map(str, words)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def test_lines(bank: Path, tmp_path: Path) -> None:
    held = tmp_path / "held.zip"
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("red\x1b[31m.jpg", PICTURES[WANTED[0]])
        archive.writestr("words.txt", "words")
    done = run(held, "--bank", bank, "--not-looked-at", tmp_path / "not", "--journal", tmp_path / "journal")
    assert done.stdout == f"  0  {70:>20}  hers  {held} » red\\x1b[31m.jpg\n"
    assert "Looked at: 1. Matches: 1." in done.stderr
    assert "Not looked at: 1 (not_a_picture 1)." in done.stderr
    assert json.loads((tmp_path / "not").read_text())["member"] == "words.txt"
    again = run(held, "--bank", bank, "--json", "--journal", tmp_path / "journal")
    line = json.loads(again.stdout)
    assert (line["entry"], line["bank"], line["distance"], line["kind"]) == (70, "hers", 0, "picture")
    with pytest.raises(UserMistake):
        run(held, "--bank", bank, "--radius", "3", "--journal", tmp_path / "journal")


def test_a_source_that_is_not_there(bank: Path, tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure):
        run(tmp_path / "absent", "--bank", bank)
    with pytest.raises(UserMistake):
        run("nosuchkind://x", "--bank", bank)
    with pytest.raises(UserMistake):
        run("simplecache::file:///x", "--bank", bank)
    with pytest.raises(DoesNotHold):
        run(tmp_path, "--bank", tmp_path)
