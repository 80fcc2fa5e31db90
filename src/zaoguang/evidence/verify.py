"""Verification: is this package whole, unchanged, and signed by the key it says?

The steps, each of which must hold before the next is looked at:

 1. container  It is one zip exactly as Zaoguang writes it, or one folder of plain files; every name is one that a
               package has, every part is there, nothing else is.
 2. signer     signer.pem is one Ed25519 public key, in its one PEM form.
 3. manifest   manifest.json is canonical JSON of our schema, names that key, and is signed by it.
 4. files      Every file has the size and SHA-256 that the manifest lists, and the manifest lists every file.
 5. custody    The custody log is signed; each entry is canonical, follows the one before it, and is signed.
 6. head       The log has as many entries as the manifest says and ends in the entry that the manifest names.
 7. exhibits   Each exhibit is canonical JSON of our schema under its own name, of this case, and is signed.
 8. agreement  Each exhibit was sealed in the log, once, first, with that SHA-256; each exhibit sealed in the log is
               here unless it was withdrawn, and none that was withdrawn is.
 9. identity   The key is the one that the caller expects.

What the caller MUST do: give ``signer_key``, the key id that the centre publishes. Without it step 9 compares nothing
and says so: steps 1 to 8 then prove that one key signed everything, not whose key it is.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.evidence.canonical import JsonObject, read_canonical
from zaoguang.evidence.custody import CustodyEntry, CustodyEvent, read_log
from zaoguang.evidence.exhibit import EXHIBIT_SHAPE
from zaoguang.evidence.layout import (
    CUSTODY,
    EXHIBIT_NAME,
    MANIFEST,
    MANIFEST_SHAPE,
    SIGNATURE,
    SIGNER,
    UNLISTED,
    listed,
    refuse_names,
)
from zaoguang.evidence.shape import Shape, fault
from zaoguang.evidence.signer import PublicKey, key_id_of
from zaoguang.evidence.source import read_source
from zaoguang.words import gettext as _

__all__ = ["Check", "Step", "Verification", "verify_files", "verify_package"]


class Check(StrEnum):
    """What a step looks at; the name stays the same in every language."""

    CONTAINER = "container"
    SIGNER = "signer"
    MANIFEST = "manifest"
    FILES = "files"
    CUSTODY = "custody"
    HEAD = "head"
    EXHIBITS = "exhibits"
    AGREEMENT = "agreement"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Step:
    """One step and how it came out."""

    number: int  # from 1, as in the list above
    check: Check
    title: str
    holds: bool
    detail: str  # what was seen; when it does not hold, why, in one sentence


@dataclass(frozen=True, slots=True)
class Verification:
    """Every step of one verification, in order."""

    steps: tuple[Step, ...]
    key_id: str | None  # of the key in the package; None when step 2 was not reached or does not hold
    signer_compared: bool  # False: nobody said whose key it should be

    @property
    def holds(self) -> bool:
        """Whether every step holds."""
        return all(step.holds for step in self.steps)


@dataclass(slots=True)
class _Seen:
    """What the steps have established so far; each field is set by the step named beside it."""

    expected_key_id: str | None
    files: Mapping[str, bytes] = field(default_factory=dict)  # 1
    key: PublicKey | None = None  # 2
    manifest: JsonObject = field(default_factory=dict)  # 3
    log: tuple[CustodyEntry, ...] = ()  # 5
    exhibits: dict[str, str] = field(default_factory=dict)  # 7: exhibit id -> SHA-256


_Look: TypeAlias = Callable[[_Seen], str]


def verify_package(source: Path, signer_key: str | bytes | None = None) -> Verification:
    """Verify the package at this path, a zip or a folder, offline.

    ``signer_key`` is the expected key: its id or its public PEM. UserMistake when the path cannot be read or the
    key is not one; whatever is wrong with the package itself is a step that does not hold.
    """

    def container(seen: _Seen) -> str:
        seen.files = read_source(source)
        return _container_detail(seen)

    return _run(container, signer_key)


def verify_files(files: Mapping[str, bytes], signer_key: str | bytes | None = None) -> Verification:
    """Verify a package whose files are in memory, by name; as ``verify_package`` otherwise."""

    def container(seen: _Seen) -> str:
        refuse_names({name: len(content) for name, content in files.items()})
        seen.files = files
        return _container_detail(seen)

    return _run(container, signer_key)


def _run(container: _Look, signer_key: str | bytes | None) -> Verification:
    seen = _Seen(None if signer_key is None else key_id_of(signer_key))
    looks: tuple[tuple[Check, str, _Look], ...] = (
        (Check.CONTAINER, _("The package is whole and holds nothing else"), container),
        (Check.SIGNER, _("The signing key is readable"), _signer),
        (Check.MANIFEST, _("The manifest is signed"), _manifest),
        (Check.FILES, _("Every file is as the manifest lists it"), _files),
        (Check.CUSTODY, _("The custody log is one unbroken signed chain"), _custody),
        (Check.HEAD, _("The custody log ends where the manifest says"), _head),
        (Check.EXHIBITS, _("Every exhibit is signed"), _exhibits),
        (Check.AGREEMENT, _("Exhibits and custody log agree"), _agreement),
        (Check.IDENTITY, _("The signer is the one expected"), _identity),
    )
    steps: list[Step] = []
    for number, (check, title, look) in enumerate(looks, 1):
        failed = next((step for step in steps if not step.holds), None)
        holds, detail = (False, _not_reached(failed)) if failed is not None else _attempt(look, seen)
        steps.append(Step(number, check, title, holds, detail))
    key_id = None if seen.key is None else seen.key.key_id
    return Verification(tuple(steps), key_id, signer_compared=seen.expected_key_id is not None)


def _attempt(look: _Look, seen: _Seen) -> tuple[bool, str]:
    try:
        return True, look(seen)
    except DoesNotHold as error:
        return False, str(error)


def _not_reached(failed: Step) -> str:
    return _("Not looked at, because step %(number)d does not hold.") % {"number": failed.number}


def _container_detail(seen: _Seen) -> str:  # 1
    exhibits = sum(EXHIBIT_NAME.fullmatch(name) is not None for name in seen.files)
    return _("%(files)d files, %(exhibits)d of them exhibits.") % {"files": len(seen.files), "exhibits": exhibits}


def _signer(seen: _Seen) -> str:  # 2
    try:
        key = PublicKey.from_pem(seen.files[SIGNER])
    except UserMistake as error:
        raise DoesNotHold(_("signer.pem is not the PEM of an Ed25519 public key.")) from error
    if key.pem != seen.files[SIGNER]:
        raise DoesNotHold(_("signer.pem holds more than one public key in its one form."))
    seen.key = key
    return _("Key id %(key_id)s.") % {"key_id": key.key_id}


def _manifest(seen: _Seen) -> str:  # 3
    _refuse_unsigned(seen, MANIFEST)
    seen.manifest = _record(MANIFEST, seen.files[MANIFEST], MANIFEST_SHAPE)
    if seen.manifest["signer_key_id"] != _key(seen).key_id:
        raise DoesNotHold(_("The manifest names another key than signer.pem."))
    return _("Case %(case)s, package made at %(at)s by the centre's clock.") % {
        "case": seen.manifest["case_number"],
        "at": seen.manifest["made_at"],
    }


def _files(seen: _Seen) -> str:  # 4
    table = listed(seen.manifest)
    for name in sorted(seen.files.keys() | table.keys()):
        if name in UNLISTED:
            continue
        if name not in table:
            raise DoesNotHold(_("The file %(name)s is not in the manifest: it was added.") % {"name": name})
        if name not in seen.files:
            raise DoesNotHold(_("The file %(name)s is in the manifest and not here.") % {"name": name})
        content = seen.files[name]
        if table[name] != (len(content), hashlib.sha256(content).hexdigest()):
            raise DoesNotHold(_("The file %(name)s is not the one that the manifest lists.") % {"name": name})
    return _("%(count)d files compared by size and SHA-256.") % {"count": len(table)}


def _custody(seen: _Seen) -> str:  # 5
    _refuse_unsigned(seen, CUSTODY)
    seen.log = read_log(seen.files[CUSTODY], _key(seen))
    return _("%(count)d entries, each follows the one before it.") % {"count": len(seen.log)}


def _head(seen: _Seen) -> str:  # 6
    last = seen.log[-1]
    said = seen.manifest["custody"]
    if said != {"log_id": last.log_id, "entries": len(seen.log), "head": last.entry_hash}:
        raise DoesNotHold(_("The custody log does not end where the manifest says: it was cut, extended or exchanged."))
    return _("Head %(hash)s.") % {"hash": last.entry_hash}


def _exhibits(seen: _Seen) -> str:  # 7
    for name in sorted(seen.files):
        named = EXHIBIT_NAME.fullmatch(name)
        if named is None:
            continue
        _refuse_unsigned(seen, name)
        body = _record(name, seen.files[name], EXHIBIT_SHAPE)
        if body["exhibit_id"] != named[1]:
            raise DoesNotHold(_("%(name)s holds another exhibit than its name says.") % {"name": name})
        if body["case_number"] != seen.manifest["case_number"]:
            raise DoesNotHold(_("%(name)s belongs to another case than the package.") % {"name": name})
        seen.exhibits[named[1]] = hashlib.sha256(seen.files[name]).hexdigest()
    return _("%(count)d signatures.") % {"count": len(seen.exhibits)}


def _agreement(seen: _Seen) -> str:  # 8
    sealed, withdrawn = _told_by(seen.log)
    expected = {exhibit: sha256 for exhibit, sha256 in sealed.items() if exhibit not in withdrawn}
    for exhibit in sorted(expected.keys() | seen.exhibits.keys()):
        if exhibit not in sealed:
            raise DoesNotHold(_("Exhibit %(id)s was never sealed in the custody log.") % {"id": exhibit})
        if exhibit in withdrawn:
            raise DoesNotHold(_("Exhibit %(id)s was withdrawn and may not be here.") % {"id": exhibit})
        if exhibit not in seen.exhibits:
            raise DoesNotHold(_("Exhibit %(id)s is in the custody log and not here.") % {"id": exhibit})
        if seen.exhibits[exhibit] != sealed[exhibit]:
            raise DoesNotHold(_("Exhibit %(id)s is not the one that was sealed.") % {"id": exhibit})
    return _("%(count)d exhibits, each sealed once.") % {"count": len(expected)}


def _identity(seen: _Seen) -> str:  # 9
    key_id = _key(seen).key_id
    if seen.expected_key_id is None:
        return _("Signer not compared: key id %(key_id)s — compare it with the one the centre publishes.") % {
            "key_id": key_id
        }
    if seen.expected_key_id != key_id:
        raise DoesNotHold(
            _("The package is signed by key %(key_id)s, and %(expected)s was expected.")
            % {"key_id": key_id, "expected": seen.expected_key_id}
        )
    return _("Key id %(key_id)s is the one expected.") % {"key_id": key_id}


def _told_by(log: tuple[CustodyEntry, ...]) -> tuple[dict[str, str], set[str]]:
    """Give (SHA-256 of each exhibit sealed, ids of those withdrawn); DoesNotHold for a story that cannot be."""
    sealed: dict[str, str] = {}
    withdrawn: set[str] = set()
    for entry in log:
        line = {"number": entry.seq + 1}
        if (entry.event is CustodyEvent.SEALED) == (entry.exhibit_id in sealed):
            raise DoesNotHold(
                _("Line %(number)d of the custody log seals twice, or tells of what was never sealed.") % line
            )
        if sealed.setdefault(entry.exhibit_id, entry.exhibit_sha256) != entry.exhibit_sha256:
            raise DoesNotHold(_("Line %(number)d of the custody log names another hash than was sealed.") % line)
        if entry.exhibit_id in withdrawn:
            raise DoesNotHold(_("Line %(number)d of the custody log uses an exhibit after it was withdrawn.") % line)
        if entry.event is CustodyEvent.WITHDRAWN:
            withdrawn.add(entry.exhibit_id)
    return sealed, withdrawn


def _key(seen: _Seen) -> PublicKey:
    """Give the key that step 2 read; without one no later step holds, whatever the order of the steps becomes."""
    if seen.key is None:
        raise DoesNotHold(_("There is no signing key."))
    return seen.key


def _refuse_unsigned(seen: _Seen, name: str) -> None:
    if not _key(seen).signed(seen.files[name], seen.files[name + SIGNATURE]):
        raise DoesNotHold(_("The signature of %(name)s is missing or wrong.") % {"name": name})


def _record(name: str, untrusted_bytes: bytes, shape: Shape) -> JsonObject:
    try:
        record = read_canonical(untrusted_bytes)
    except DoesNotHold as error:
        raise DoesNotHold(_("%(name)s does not hold: %(why)s.") % {"name": name, "why": error}) from error
    place = fault(record, shape)
    if place:
        raise DoesNotHold(_("%(name)s does not hold: its field %(place)s is wrong.") % {"name": name, "place": place})
    return record
