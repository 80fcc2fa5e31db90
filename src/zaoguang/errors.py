"""What can go wrong, as a person is told it: one base class, one sentence per error, one exit code per kind.

ZaoguangError            exit 1
├── DoesNotHold          exit 1   the thing checked is not as it should be
├── UserMistake          exit 2   the input is wrong; the sentence says what to do
└── OutsideFailure       exit 3   a server, disk or network outside us failed
"""

from typing import ClassVar

__all__ = ["DoesNotHold", "OutsideFailure", "UserMistake", "ZaoguangError"]


class ZaoguangError(Exception):
    """The base of every error that a public function raises; its text is one sentence for a person."""

    exit_code: ClassVar[int] = 1


class DoesNotHold(ZaoguangError):
    """A check was made and its answer is no (exit code 1)."""


class UserMistake(ZaoguangError):
    """The caller gave something unusable; nothing was changed (exit code 2)."""

    exit_code: ClassVar[int] = 2


class OutsideFailure(ZaoguangError):
    """Something that is not ours failed: a disk, a server, a network (exit code 3)."""

    exit_code: ClassVar[int] = 3
