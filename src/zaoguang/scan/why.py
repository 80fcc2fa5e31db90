"""Why: the reasons for which something in an archive was not looked at, beside those of ``fingerprint.Reason``."""

from enum import StrEnum

__all__ = ["DamagedError", "Why"]


class Why(StrEnum):
    """Why a file or a member was not looked at."""

    UNREADABLE = "unreadable"
    CHANGED = "changed"  # another size or date than when it was listed
    LINK = "link"  # links are not followed
    ENCRYPTED = "encrypted"  # a member under a password
    DAMAGED = "damaged"  # the archive breaks off or is not whole: what comes after this was not seen
    EXPANDS = "expands"  # it unpacks to far more than it is, as attacks do
    TOO_MANY = "too_many"  # more members than are looked through
    TOO_DEEP = "too_deep"  # an archive within an archive within an archive
    TOO_LARGE = "too_large"
    PACKING = "packing"  # packed in a way that cannot be read here


class DamagedError(Exception):
    """The rest of an archive cannot be read."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
