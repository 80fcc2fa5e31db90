"""Every provision we hold, by its id, and everything else by its place."""

from functools import cache
from pathlib import Path

from zaoguang.errors import UserMistake
from zaoguang.law.model import Jurisdiction, Provision
from zaoguang.law.reading import read_jurisdiction
from zaoguang.words import gettext as _

__all__ = ["DATA", "jurisdiction", "jurisdictions", "load_jurisdictions", "load_provisions", "provision", "provisions"]

DATA = Path(__file__).parent / "data"


@cache
def jurisdictions() -> tuple[Jurisdiction, ...]:
    """Give every place that law is held for, in the order of the files' names."""
    return load_jurisdictions(DATA)


def jurisdiction(code: str) -> Jurisdiction:
    """Give one place, e.g. ``CN``; small letters do too.

    Raises:
        UserMistake: no law is held for it.
    """
    for candidate in jurisdictions():
        if candidate.code == code.upper():
            return candidate
    raise UserMistake(
        _("No law is held for %(code)r; there is: %(codes)s.")
        % {"code": code, "codes": ", ".join(each.code for each in jurisdictions())}
    )


@cache
def provisions() -> tuple[Provision, ...]:
    """Give every provision, in the order of the files' names and of each file."""
    return tuple(each for place in jurisdictions() for each in place.provisions)


def provision(id: str) -> Provision:  # noqa: A002 -- the word the data uses
    """Give one provision, e.g. ``us-tida-3-a-3``.

    Raises:
        UserMistake: there is none of that id.
    """
    found = _by_id().get(id)
    if found is None:
        raise UserMistake(_("No provision has the id %(id)r.") % {"id": id})
    return found


@cache
def _by_id() -> dict[str, Provision]:
    return {each.id: each for each in provisions()}


def load_provisions(folder: Path) -> tuple[Provision, ...]:
    """Give the provisions of a folder's ``*.yaml`` files, read strictly.

    Raises:
        UserMistake: a file or key is wrong (the sentence names both), or an id is there twice.
    """
    return tuple(each for place in load_jurisdictions(folder) for each in place.provisions)


def load_jurisdictions(folder: Path) -> tuple[Jurisdiction, ...]:
    """Read the ``*.yaml`` files of a folder, strictly.

    Raises:
        UserMistake: a file or key is wrong (the sentence names both), or an id is there twice.
    """
    found: list[Jurisdiction] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.yaml")):
        place = read_jurisdiction(path)
        ids = [each.id for each in place.provisions] + [each.id for each in place.bodies]
        for name in ids + [each.id for each in place.routes]:
            if name in seen:
                raise UserMistake(_("%(file)s: the id %(id)s is there already.") % {"file": path.name, "id": name})
            seen.add(name)
        found.append(place)
    return tuple(found)
