"""The package as one zip file, in the single form that Zaoguang writes: a pure function of names and contents.

Files lie stored, in order of name, with no time, comment, extra field or descriptor (PKWARE APPNOTE 4.3). The reader
takes a zip only if writing its contents again gives the same bytes; so there is no place in it for a second copy, a
hidden file, an appended byte or a bomb, and one changed bit anywhere shows.
"""

import struct
import zlib
from collections.abc import Mapping

from zaoguang.errors import DoesNotHold
from zaoguang.words import gettext as _

__all__ = ["MAX_FILES", "MAX_PACKAGE_BYTES", "pack", "shown", "unpack"]

MAX_PACKAGE_BYTES = 256 << 20
"""A package is read whole; a larger one is refused unread."""

MAX_FILES = 40_000
"""Some 20,000 exhibits; also below the 65,535 at which the format changes."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_MADE_ON_UNIX = 3 << 8 | _VERSION
_NO_DATE = 1 << 5 | 1  # 1980-01-01, the format's first day
_PLAIN_FILE = 0o100644 << 16
_LONGEST_NAME = 255


def pack(files: Mapping[str, bytes]) -> bytes:
    """Give the zip of these files; names are ASCII."""
    body, directory = bytearray(), bytearray()
    for name in sorted(files):
        content, raw = files[name], name.encode("ascii")
        common = (_VERSION, 0, 0, 0, _NO_DATE, zlib.crc32(content), len(content), len(content), len(raw), 0)
        directory += _CENTRAL.pack(_CENTRAL_MARK, _MADE_ON_UNIX, *common, 0, 0, 0, _PLAIN_FILE, len(body)) + raw
        body += _LOCAL.pack(_LOCAL_MARK, *common) + raw + content
    end = _END.pack(_END_MARK, 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(untrusted_zip: bytes) -> dict[str, bytes]:
    """Give the files of a zip that ``pack`` wrote; DoesNotHold says what else it is."""
    files: dict[str, bytes] = {}
    at = 0
    while untrusted_zip[at : at + 4] == _LOCAL_MARK:
        name, content, at = _one_file(untrusted_zip, at)
        if name in files:
            raise DoesNotHold(_("The zip holds the file %(name)s twice.") % {"name": shown(name)})
        if len(files) >= MAX_FILES:
            raise DoesNotHold(_("The zip holds more files than a package can have."))
        files[name] = content
    if not files:
        raise DoesNotHold(_("This is not a package: it is not a zip, or something stands before its first file."))
    if pack(files) != untrusted_zip:
        raise DoesNotHold(
            _("This zip is not, byte for byte, the one its files give: something was added, changed, moved or cut.")
        )
    return files


def _one_file(untrusted_zip: bytes, at: int) -> tuple[str, bytes, int]:
    """Give (name, content, where the next one begins); nothing is expanded, so nothing outgrows the file itself."""
    start = at + _LOCAL.size
    if start > len(untrusted_zip):
        raise DoesNotHold(_("The zip is cut off."))
    _mark, _version, flags, method, _time, _date, _crc, size, full_size, name_size, extra_size = _LOCAL.unpack_from(
        untrusted_zip, at
    )
    if flags or method or extra_size or size != full_size or name_size > _LONGEST_NAME:
        raise DoesNotHold(
            _("Another program rewrote this zip: ask for the original, or unpack it and verify the folder.")
        )
    end = start + name_size + size
    if end > len(untrusted_zip):
        raise DoesNotHold(_("The zip is cut off."))
    try:
        name = untrusted_zip[start : start + name_size].decode("ascii")
    except UnicodeDecodeError as error:
        raise DoesNotHold(_("The zip holds a file whose name no package has.")) from error
    return name, untrusted_zip[start + name_size : end], end


def shown(untrusted_name: str) -> str:
    """Give a name so that it can be shown: short, printable ASCII, everything else escaped."""
    return ascii(untrusted_name[:80])[1:-1]
