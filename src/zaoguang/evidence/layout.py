"""The layout of a package: which files it has, and how much of each is believed before it is read."""

import re
from collections.abc import Mapping
from importlib.resources import files as resource_files

from zaoguang.errors import DoesNotHold
from zaoguang.evidence.archive import MAX_FILES, shown
from zaoguang.evidence.canonical import JsonObject
from zaoguang.evidence.exhibit import EXHIBIT_ID, LABEL, MAX_EXHIBIT_BYTES
from zaoguang.evidence.shape import Shape, exactly, hex_digits, is_moment, list_of, matching, whole
from zaoguang.words import gettext as _

__all__ = [
    "CUSTODY",
    "EXHIBIT_NAME",
    "FIXED_NAMES",
    "MANIFEST",
    "MANIFEST_SCHEMA",
    "MANIFEST_SHAPE",
    "README",
    "SIGNATURE",
    "SIGNER",
    "UNLISTED",
    "listed",
    "readme",
    "refuse_names",
    "size_limit",
]

CUSTODY, MANIFEST, README, SIGNER = "custody.jsonl", "manifest.json", "README.txt", "signer.pem"

SIGNATURE = ".sig"
"""A signature lies beside the file that it signs: 64 raw bytes, as ``openssl pkeyutl`` reads them."""

FIXED_NAMES = frozenset({CUSTODY, CUSTODY + SIGNATURE, MANIFEST, MANIFEST + SIGNATURE, README, SIGNER})

UNLISTED = frozenset({MANIFEST, MANIFEST + SIGNATURE})
"""The two files that the manifest cannot list."""

EXHIBIT_NAME = re.compile(rf"exhibits/({EXHIBIT_ID})\.json", re.ASCII)

MANIFEST_SCHEMA = "zaoguang-package/1"

_LISTED_NAME = rf"README\.txt|signer\.pem|custody\.jsonl(\.sig)?|exhibits/{EXHIBIT_ID}\.json(\.sig)?"
_KNOWN_NAME = re.compile(rf"{_LISTED_NAME}|manifest\.json(\.sig)?", re.ASCII)

MANIFEST_SHAPE: Shape = {
    "schema": exactly(MANIFEST_SCHEMA),
    "case_number": matching(LABEL),
    "made_at": is_moment,
    "signer_key_id": hex_digits(64),
    "custody": {"log_id": matching(EXHIBIT_ID), "entries": whole(1, 2**31), "head": hex_digits(64)},
    "files": list_of({"path": matching(_LISTED_NAME), "size": whole(0, 2**31), "sha256": hex_digits(64)}, MAX_FILES),
}


def readme() -> bytes:
    """Give the README that every package carries: how to check it with stock tools, in English and Chinese."""
    return resource_files("zaoguang.evidence").joinpath("package_readme.txt").read_bytes()


def size_limit(name: str) -> int:
    """Give how many bytes the file of that name may have at most."""
    if name.endswith(SIGNATURE):
        return 64
    if name in (CUSTODY, MANIFEST):
        return 64 << 20
    return MAX_EXHIBIT_BYTES if EXHIBIT_NAME.fullmatch(name) else 64 << 10


def refuse_names(sizes: Mapping[str, int]) -> None:
    """Raise DoesNotHold for a name that no package has, a size beyond its limit, or a part that is missing."""
    for name, size in sizes.items():
        if not _KNOWN_NAME.fullmatch(name):
            raise DoesNotHold(_("The file %(name)s does not belong in a package.") % {"name": shown(name)})
        if size > size_limit(name):
            raise DoesNotHold(_("The file %(name)s is larger than it can be in a package.") % {"name": name})
        if name.endswith(SIGNATURE) and name.removesuffix(SIGNATURE) not in sizes:
            raise DoesNotHold(_("The file that %(name)s signs is missing.") % {"name": name})
    for name in sorted(FIXED_NAMES | {name + SIGNATURE for name in sizes if EXHIBIT_NAME.fullmatch(name)}):
        if name not in sizes:
            raise DoesNotHold(_("The file %(name)s is missing.") % {"name": name})


def listed(manifest: JsonObject) -> dict[str, tuple[int, str]]:
    """Give (size, SHA-256) of each file that a manifest of our shape lists; DoesNotHold for one listed twice."""
    rows: list[dict[str, object]] = manifest["files"]  # type: ignore[assignment]  # held by MANIFEST_SHAPE
    table = {str(row["path"]): (int(str(row["size"])), str(row["sha256"])) for row in rows}
    if [*table] != sorted(table) or len(table) != len(rows):
        raise DoesNotHold(_("The manifest lists a file twice or out of order."))
    return table
