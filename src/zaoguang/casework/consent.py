"""What the survivor agreed to, use by use; nothing outlives it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zaoguang.casework.moment import in_utc

__all__ = ["Consent", "ConsentUse", "may"]


class ConsentUse(StrEnum):
    """One use that is agreed to, or not, by itself."""

    MATCH = "match"  # bank the fingerprints and look for copies
    SEAL = "seal"  # keep sealed proof of sightings
    NOTICE = "notice"  # ask platforms for removal in her name or for her


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent to one use; times are aware."""

    use: ConsentUse
    given_at: datetime
    withdrawn_at: datetime | None = None
    expires_at: datetime | None = None


def may(use: ConsentUse, consents: Iterable[Consent], now: datetime) -> bool:
    """Tell whether a consent to exactly that use is live at ``now``.

    A withdrawn consent is never live, whatever its time of withdrawal says: a clock that was set back must not
    revive it.
    """
    moment = in_utc(now)
    return any(consent.use is use and _is_live(consent, moment) for consent in consents)


def _is_live(consent: Consent, moment: datetime) -> bool:
    if consent.withdrawn_at is not None or moment < in_utc(consent.given_at):
        return False
    return consent.expires_at is None or moment < in_utc(consent.expires_at)
