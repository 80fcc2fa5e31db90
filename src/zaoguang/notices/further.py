"""When a kind of notice fits copies that somebody was asked about before, and to whom it goes then."""

from dataclasses import dataclass
from enum import StrEnum

from zaoguang.law import Wording
from zaoguang.law.record import Record

__all__ = ["Further", "Occasion", "Towards", "read_further"]


class Occasion(StrEnum):
    """What has to have become of the earlier notice."""

    ANY = "any"  # nothing: whenever a copy stands
    SENT = "sent"
    REFUSED = "refused"
    SILENT = "silent"  # its time is over


class Towards(StrEnum):
    """To whom it goes."""

    ADDRESSEE = "addressee"  # to the one who had the earlier notice
    BODY = "body"  # to each channel that takes this kind: a regulator, a support centre, a search engine


@dataclass(frozen=True, slots=True)
class Further:
    """How a kind follows up another; ``why`` says in one line when it fits and what it gives."""

    when: tuple[Occasion, ...]  # any one of them is enough
    towards: Towards
    follows: tuple[str, ...]  # only these kinds; empty: every kind
    beside: bool  # it is no demand to the one who shows the copy, so that such a demand may run at the same time
    gone_too: bool  # it is of use for copies that are gone, too
    why: Wording


def read_further(record: Record) -> Further:
    """Read the part ``further`` of a regime.

    Raises:
        UserMistake: a key is missing, unknown or of another type.
    """
    read = Further(
        when=record.choices("when", Occasion),
        towards=record.choice("towards", Towards),
        follows=record.texts("follows") if record.has("follows") else (),
        beside=record.flag("beside"),
        gone_too=record.flag("gone_too") if record.has("gone_too") else False,
        why=record.wording("why"),
    )
    record.done()
    return read
