"""Defect: why a file of an index is refused, as a typed reason and as the sentence a person is told."""

from enum import StrEnum
from pathlib import Path

from zaoguang.errors import DoesNotHold
from zaoguang.words import gettext as _

__all__ = ["Defect", "Refused"]


class Defect(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    FOREIGN = "foreign"  # not a file of ours
    VERSION = "version"  # ours, but of another version
    TORN = "torn"  # shorter or longer than it says of itself
    DAMAGED = "damaged"  # its bytes are not those that were written
    SWAPPED = "swapped"  # whole, but not the file that the index names
    LOCKED = "locked"  # sealed, and the key does not open it


class Refused(DoesNotHold):
    """A file of an index is not used; ``reason`` says why, the text is a sentence for a person."""

    def __init__(self, reason: Defect, path: Path | str) -> None:
        super().__init__(_sentence(reason).format(path=path))
        self.reason = reason
        self.path = path


def _sentence(reason: Defect) -> str:
    return {
        Defect.MISSING: _("There is no index at “{path}”; make one with “zaoguang index build”."),
        Defect.FOREIGN: _("“{path}” is not a file of an index; nothing was read from it."),
        Defect.VERSION: _("“{path}” was written by another version of Zaoguang; build the index again."),
        Defect.TORN: _("“{path}” does not have the length it should have; build the index again."),
        Defect.DAMAGED: _("“{path}” is damaged: its bytes are not those that were written; build the index again."),
        Defect.SWAPPED: _("“{path}” is not the file that this index was made with; build the index again."),
        Defect.LOCKED: _("The key does not open “{path}”: it is another index's key, or the file was changed."),
    }[reason]
