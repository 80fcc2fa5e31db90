"""Package: one case's exhibits with its whole custody log, signed as a whole, written all at once or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from zaoguang.errors import DoesNotHold, OutsideFailure, UserMistake
from zaoguang.evidence.archive import pack
from zaoguang.evidence.canonical import JsonObject, canonical, read_canonical
from zaoguang.evidence.custody import CustodyEntry, write_log
from zaoguang.evidence.exhibit import SealedExhibit
from zaoguang.evidence.layout import CUSTODY, MANIFEST, MANIFEST_SCHEMA, README, SIGNATURE, SIGNER, readme
from zaoguang.evidence.shape import moment
from zaoguang.evidence.signer import Signer
from zaoguang.evidence.verify import verify_files
from zaoguang.words import gettext as _

__all__ = ["package_bytes", "write_package"]


def write_package(
    target: Path, exhibits: Sequence[SealedExhibit], log: Sequence[CustodyEntry], signer: Signer, now: datetime
) -> None:
    """Write one case's package: a zip when ``target`` ends in ``.zip``, else a folder; the target must not exist.

    The log is the case's whole log; the caller has appended that these exhibits are exported. Whatever would not
    verify is refused before anything is written (UserMistake); OutsideFailure when the disk fails.
    """
    files = _verified_files(exhibits, log, signer, now)
    if target.exists() or target.is_symlink():
        raise UserMistake(_("%(path)s exists already; name another place for the package.") % {"path": target})
    try:
        _write_zip(target, pack(files)) if target.suffix == ".zip" else _write_folder(target, files)
        _keep(target.parent)
    except OSError as error:
        raise OutsideFailure(
            _("The package could not be written to %(path)s: %(why)s.") % {"path": target, "why": error.strerror}
        ) from error


def package_bytes(
    exhibits: Sequence[SealedExhibit], log: Sequence[CustodyEntry], signer: Signer, now: datetime
) -> bytes:
    """Give one case's package as the bytes of its zip, for a caller that must not write its addresses to a disk."""
    return pack(_verified_files(exhibits, log, signer, now))


def _verified_files(
    exhibits: Sequence[SealedExhibit], log: Sequence[CustodyEntry], signer: Signer, now: datetime
) -> dict[str, bytes]:
    files = _package_files(exhibits, log, signer, now)
    failed = next((step for step in verify_files(files, signer.key_id).steps if not step.holds), None)
    if failed is not None:
        raise UserMistake(_("This package would not verify and was not written: %(why)s") % {"why": failed.detail})
    return files


def _package_files(
    exhibits: Sequence[SealedExhibit], log: Sequence[CustodyEntry], signer: Signer, now: datetime
) -> dict[str, bytes]:
    if not exhibits or not log:
        raise UserMistake(_("A package needs at least one exhibit and the custody log of its case."))
    custody = write_log(log)
    files = {README: readme(), SIGNER: signer.public_pem, CUSTODY: custody, CUSTODY + SIGNATURE: signer.sign(custody)}
    bodies = [(_body(sealed), sealed) for sealed in exhibits]
    for body, sealed in bodies:
        name = f"exhibits/{body.get('exhibit_id')}.json"
        if name in files:
            raise UserMistake(_("The same exhibit is given twice."))
        files |= {name: sealed.body, name + SIGNATURE: sealed.signature}
    manifest = canonical(
        {
            "schema": MANIFEST_SCHEMA,
            "case_number": bodies[0][0].get("case_number"),
            "made_at": moment(now),
            "signer_key_id": signer.key_id,
            "custody": {"log_id": log[-1].log_id, "entries": len(log), "head": log[-1].entry_hash},
            "files": [_listing(name, files[name]) for name in sorted(files)],
        }
    )
    return files | {MANIFEST: manifest, MANIFEST + SIGNATURE: signer.sign(manifest)}


def _body(sealed: SealedExhibit) -> JsonObject:
    try:
        return read_canonical(sealed.body)
    except DoesNotHold as error:
        raise UserMistake(_("An exhibit's body is not what was sealed.")) from error


def _listing(name: str, content: bytes) -> JsonObject:
    return {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _write_zip(target: Path, content: bytes) -> None:
    """Write aside, then take the name in one step (a rename: a memory stick's file system knows no hard links)."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)


def _write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder aside, then rename it; a folder with something in it is never replaced."""
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        (aside / "exhibits").mkdir()
        for name, content in files.items():
            with (aside / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _keep(aside / "exhibits")
        _keep(aside)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _keep(folder: Path) -> None:
    """Make the folder's own list of names durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
