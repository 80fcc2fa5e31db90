"""Source: a package on disk, zip or folder, read once into memory; every later check is of what was read."""

import os
import stat
from pathlib import Path

from zaoguang.errors import DoesNotHold, UserMistake
from zaoguang.evidence.archive import MAX_FILES, MAX_PACKAGE_BYTES, shown, unpack
from zaoguang.evidence.layout import refuse_names
from zaoguang.words import gettext as _

__all__ = ["read_source"]


def read_source(source: Path) -> dict[str, bytes]:
    """Give name and content of every file of the package at this path.

    DoesNotHold when it is not a whole package and nothing else; UserMistake when there is nothing there that can be
    read.
    """
    try:
        mode = source.stat().st_mode
        if stat.S_ISDIR(mode):
            return _read_folder(source)
        if stat.S_ISREG(mode):
            files = unpack(_read_file(source, MAX_PACKAGE_BYTES))
            refuse_names({name: len(content) for name, content in files.items()})
            return files
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise UserMistake(
            _("The package %(path)s cannot be read: %(why)s.")
            % {"path": shown(str(source)), "why": why or _("the path is not one")}
        ) from error
    raise UserMistake(_("%(path)s is neither a file nor a folder.") % {"path": shown(str(source))})


def _read_folder(folder: Path) -> dict[str, bytes]:
    """Read a folder of plain files with at most the one folder of exhibits in it; links and devices do not hold."""
    sizes = _plain_files(folder, "")
    refuse_names(sizes)
    if sum(sizes.values()) > MAX_PACKAGE_BYTES:
        raise DoesNotHold(_("The package is larger than a package can be."))
    return {name: _read_file(folder / name, size) for name, size in sizes.items()}


def _plain_files(folder: Path, prefix: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    with os.scandir(folder) as found:
        for item in found:
            name = prefix + item.name
            if not prefix and name == "exhibits" and item.is_dir(follow_symlinks=False):
                sizes |= _plain_files(folder / name, "exhibits/")
            elif item.is_file(follow_symlinks=False):
                sizes[name] = item.stat(follow_symlinks=False).st_size
            else:
                raise DoesNotHold(
                    _("%(name)s is a link, a folder or a device and does not belong in a package.")
                    % {"name": shown(name)}
                )
            if len(sizes) > MAX_FILES:
                raise DoesNotHold(_("The folder holds more files than a package can have."))
    return sizes


def _read_file(path: Path, most: int) -> bytes:
    """Read a file of at most that many bytes, never waiting for a pipe; one that grew meanwhile does not hold."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise DoesNotHold(_("The file %(name)s is larger than it can be in a package.") % {"name": shown(path.name)})
    return content
