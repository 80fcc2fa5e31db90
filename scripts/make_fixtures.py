"""Make tests/fixtures/valid and tests/fixtures/tampered anew: packages that hold, and one for each attack.

Everything is fixed (key, times, nonces), so making them twice gives the same bytes; a test holds that. Run:

    .venv/bin/python scripts/make_fixtures.py
"""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zaoguang.evidence import CustodyEntry, CustodyEvent, SealedExhibit, Signer, append, canonical, exhibit, seal
from zaoguang.evidence.archive import pack, unpack
from zaoguang.evidence.package import write_package

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"
NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
LOG_ID = str(UUID(int=0xA0))

Files = dict[str, bytes]


def signer(number: int = 1) -> Signer:
    """Give a signing key that anyone can make: it signs fixtures and nothing else."""
    return Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"zaoguang fixture key %d" % number).digest()))


def fetched(address: str, size: int) -> dict[str, object]:
    """Give what the watch tells of one address."""
    return {
        "address": address,
        "final_address": address.replace("http:", "https:"),
        "redirects": [{"status": 301, "location": address.replace("http:", "https:")}],
        "status": 200,
        "headers": [("content-type", "image/jpeg"), ("date", "Sat, 31 Jan 2026 08:00:00 GMT")],
        "started_at": NOW,
        "finished_at": NOW + timedelta(milliseconds=250),
        "ip": "192.0.2.7",
        "size": size,
        "sha256": hashlib.sha256(address.encode()).hexdigest(),
    }


def sealed_exhibit(number: int, key: Signer) -> tuple[str, SealedExhibit]:
    """Give (id, sealed exhibit) number so and so."""
    name = str(UUID(int=0xE0 + number))
    record = exhibit(
        exhibit_id=name,
        case_number="ZG-2026-0001",
        item_label="item-1",
        page=fetched(f"http://forum.example/thread/{number}", 5_000 + number),
        picture=fetched(f"http://cdn.example/{number}.jpg", 80_000 + number),
        match={"pdq": hashlib.sha256(b"found %d" % number).hexdigest(), "distance": number, "orientation": "original"},
        tool_version="0.1.0",
        sealed_at=NOW + timedelta(seconds=number),
        nonce=hashlib.sha256(b"nonce %d" % number).digest(),
    )
    return name, seal(record, key)


def story(
    exhibits: Mapping[str, SealedExhibit], key: Signer, events: tuple[CustodyEvent, ...]
) -> tuple[CustodyEntry, ...]:
    """Give a log in which each of these events happens to every exhibit in turn."""
    log: list[CustodyEntry] = []
    for event in events:
        for name, sealed in exhibits.items():
            log.append(
                append(
                    log[-1] if log else None,
                    log_id=LOG_ID,
                    at=NOW + timedelta(minutes=len(log)),
                    event=event,
                    exhibit_id=name,
                    exhibit_sha256=sealed.sha256,
                    signer=key,
                )
            )
    return tuple(log)


def good_files(exhibits: int = 3, key_number: int = 1) -> Files:
    """Give the files of a package that holds."""
    key = signer(key_number)
    sealed = dict(sealed_exhibit(number, key) for number in range(1, exhibits + 1))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "package.zip"
        log = story(sealed, key, (CustodyEvent.SEALED, CustodyEvent.EXPORTED))
        write_package(target, [*sealed.values()], log, key, NOW + timedelta(hours=1))
        return unpack(target.read_bytes())


def signed_again(files: Files, key: Signer) -> Files:
    """Give the package with manifest and signatures made anew: what an attacker with a key of that kind can do."""
    manifest = json.loads(files["manifest.json"])
    fresh = {name: content for name, content in files.items() if not name.startswith("manifest.json")}
    for name in [name for name in fresh if name.endswith((".json", ".jsonl"))]:
        fresh[name + ".sig"] = key.sign(fresh[name])
    fresh["signer.pem"] = key.public_pem
    manifest["signer_key_id"] = key.key_id
    manifest["files"] = [
        {"path": name, "size": len(fresh[name]), "sha256": hashlib.sha256(fresh[name]).hexdigest()}
        for name in sorted(fresh)
    ]
    body = canonical(manifest)
    return fresh | {"manifest.json": body, "manifest.json.sig": key.sign(body)}


def without(files: Files, *names: str) -> Files:
    """Give the files but those."""
    return {name: content for name, content in files.items() if name not in names}


def log_lines(files: Files) -> list[bytes]:
    """Give the lines of the custody log, line feeds kept."""
    return files["custody.jsonl"].splitlines(keepends=True)


def tampered() -> dict[str, bytes]:
    """Give name and zip of each attack; all but the last group keep the attacker from the signing key."""
    files, key = good_files(), signer()
    names = [name for name in sorted(files) if name.startswith("exhibits/") and name.endswith(".json")]
    first, second = names[0], names[1]
    lines = log_lines(files)
    whole = pack(files)

    def with_log(changed: list[bytes]) -> Files:
        return signed_again(files | {"custody.jsonl": b"".join(changed)}, key)

    swapped = {first + ".sig": files[second + ".sig"], second + ".sig": files[first + ".sig"]}
    attacks: dict[str, Files] = {
        "changed-exhibit": files | {first: files[first].replace(b'"distance":1', b'"distance":0')},
        "empty-signature": files | {"manifest.json.sig": b""},
        "extra-file": files | {"exhibits/extra.txt": b"hello"},
        "extra-exhibit": files
        | {"exhibits/00000000-f.json": files[first], "exhibits/00000000-f.json.sig": files[first + ".sig"]},
        "foreign-log-head": files | {"custody.jsonl": lines[0], "custody.jsonl.sig": key.sign(lines[0])},
        "missing-exhibit": without(files, first, first + ".sig"),
        "missing-signature": without(files, first + ".sig"),
        "path-out-of-package": files | {"exhibits/../../signer.pem": files["signer.pem"]},
        "swapped-signatures": files | swapped,
        # Even with the signing key, the parts must still agree with each other.
        "signed-cut-log": with_log(lines[:-1]),
        "signed-doubled-log-line": with_log([lines[0], *lines]),
        "signed-headless-log": with_log(lines[1:]),
        "signed-missing-exhibit": signed_again(without(files, first, first + ".sig"), key),
        "signed-missing-log-line": with_log([lines[0], *lines[2:]]),
        "signed-reordered-log": with_log([lines[1], lines[0], *lines[2:]]),
        "signed-swapped-exhibits": signed_again(files | {first: files[second], second: files[first]}, key),
    }
    zips = {name: pack(changed) for name, changed in attacks.items()}
    return zips | {
        "appended-byte": whole + b"\0",
        "cut-zip": whole[:-1],
        "prefixed-byte": b"\0" + whole,
        "zip-comment": whole[:-2] + b"\x02\x00hi",
    }


def make(folder: Path) -> None:
    """Write every fixture under that folder."""
    (folder / "valid").mkdir(parents=True, exist_ok=True)
    (folder / "tampered").mkdir(parents=True, exist_ok=True)
    (folder / "valid" / "package.zip").write_bytes(pack(good_files()))
    (folder / "valid" / "one-exhibit.zip").write_bytes(pack(good_files(1)))
    (folder / "valid" / "signer.pem").write_bytes(signer().public_pem)
    for name, content in tampered().items():
        (folder / "tampered" / f"{name}.zip").write_bytes(content)


def main(make_in: Callable[[Path], None] = make) -> None:
    """Make the fixtures anew in the repository."""
    for kind in ("valid", "tampered"):
        shutil.rmtree(FIXTURES / kind, ignore_errors=True)
    make_in(FIXTURES)
    print(f"made {len([*FIXTURES.glob('*/*')])} fixtures in {FIXTURES}", file=sys.stderr)


if __name__ == "__main__":
    main()
