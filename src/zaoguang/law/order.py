"""Which door first: for each harm, what people who do this work do first, and then the rest in one order for all."""

from typing import Final

from zaoguang.law.harm import Door, Harm

__all__ = ["place_order", "rank"]

_REST: Final = (
    Door.APPEAL,
    Door.MEDICAL,
    Door.MINORS,
    Door.PLATFORM,
    Door.PROTECTION,
    Door.POLICE,
    Door.CRIME,
    Door.REMOVAL_HELP,
    Door.HASH,
    Door.REGULATOR,
    Door.VENUE,
    Door.INJUNCTION,
    Door.CIVIL,
    Door.SUPPORT,
)

_MINORS_FIRST: Final = (Door.MINORS, Door.HASH, Door.CRIME, Door.PLATFORM, Door.REMOVAL_HELP, Door.REGULATOR)
"""With any sign of a minor: referral, then what works without anybody looking at the picture."""

_FIRST: Final[dict[Harm, tuple[Door, ...]]] = {
    Harm.COVERT_PUBLIC: (Door.POLICE, Door.CRIME, Door.PLATFORM, Door.REMOVAL_HELP),
    Harm.COVERT_PREMISES: (Door.POLICE, Door.CRIME, Door.VENUE, Door.PLATFORM, Door.REMOVAL_HELP),
    Harm.PARTNER_LEAK: (Door.PROTECTION, Door.PLATFORM, Door.REMOVAL_HELP, Door.CRIME, Door.POLICE),
    Harm.PARTNER_COVERT: (Door.POLICE, Door.CRIME, Door.PROTECTION, Door.PLATFORM, Door.REMOVAL_HELP),
    Harm.THREAT_SEXTORTION: (Door.HASH, Door.CRIME, Door.POLICE, Door.PROTECTION, Door.REMOVAL_HELP),
    Harm.DEEPFAKE: (Door.PLATFORM, Door.REMOVAL_HELP, Door.POLICE, Door.CRIME),
    Harm.DOXXING: (Door.PLATFORM, Door.REMOVAL_HELP, Door.POLICE, Door.CRIME),
    Harm.ASSAULT_FOOTAGE: (Door.MEDICAL, Door.CRIME, Door.POLICE, Door.REMOVAL_HELP, Door.PLATFORM),
    Harm.TRADE: (Door.CRIME, Door.POLICE, Door.PLATFORM, Door.REMOVAL_HELP, Door.REGULATOR),
    Harm.DEVICE_SALE: (Door.CRIME, Door.POLICE, Door.PLATFORM),
    Harm.TUTORIAL: (Door.CRIME, Door.POLICE, Door.PLATFORM),
    Harm.GROUP_ADMIN: (Door.CRIME, Door.POLICE, Door.PLATFORM, Door.REGULATOR),
    Harm.DRUG_ADS: (Door.CRIME, Door.POLICE, Door.PLATFORM),
    Harm.HACKED_CAMERA: (Door.CRIME, Door.POLICE, Door.PLATFORM),
    Harm.MINOR_ANY: _MINORS_FIRST,
    Harm.REPOSTING_MOB: (Door.POLICE, Door.PLATFORM, Door.CRIME),
}

_AFTER_EVERY_HARM: Final = max(len(doors) for doors in _FIRST.values())


def rank(door: Door, harms: frozenset[Harm]) -> tuple[int, int]:
    """Give how early a door comes for these harms: its earliest place for any of them, then the order for all."""
    if door is Door.APPEAL:
        return -1, 0  # it is the one whose time is running
    places = [_FIRST[harm].index(door) for harm in harms if door in _FIRST[harm]]
    return min(places, default=_AFTER_EVERY_HARM), _REST.index(door)


def place_order(door: Door) -> tuple[str, ...]:
    """Give the roles of places in the order in which a door's places are looked at."""
    if door in {Door.CRIME, Door.POLICE, Door.VENUE, Door.MEDICAL}:
        return ("act", "result", "survivor", "uploader", "host")
    if door is Door.PLATFORM:
        return ("host", "survivor", "result", "act", "uploader")
    return ("survivor", "act", "result", "host", "uploader")
