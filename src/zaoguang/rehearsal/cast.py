"""Who plays: the hostile sites, the platforms behind them, how each behaves, and under which law each is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CASTS", "CORE", "WIDE", "Cast", "Character", "Site", "SiteKind"]


class SiteKind(StrEnum):
    """What a hostile site is like."""

    FORUM = "forum"
    GALLERY = "gallery"
    CHANNEL = "channel"
    SEARCH = "search"  # keeps nothing: shows what it is asked for


class Character(StrEnum):
    """How a platform behaves when it gets a notice."""

    HOURS = "removes_within_hours"
    ESCALATION = "removes_after_escalation"
    REFUSES = "refuses"
    SILENT = "never_answers"
    GEOBLOCKS = "geoblocks_only"
    RETURNS = "reappears"
    AT_ONCE = "removes_within_an_hour"
    ASKS = "asks_for_more_first"  # and removes when it is told again
    BOUNCES = "bounces_for_good"
    WALLS = "hides_behind_a_login"
    GATES = "hides_behind_an_age_gate"
    SAYS_GONE = "says_not_found_and_answers_200"
    REPLACES = "shows_another_picture"
    CLOSES = "closes_the_account"
    DIES = "goes_off_the_net"
    ECHOES = "shows_what_the_address_asks_for"  # a trap: no copy is there
    MAKES_UP = "shows_the_item_whatever_is_asked"  # a trap: no copy is there

    @property
    def is_trap(self) -> bool:
        """Say whether no copy is kept there, so that no notice may ever go there."""
        return self in {Character.ECHOES, Character.MAKES_UP}


@dataclass(frozen=True, slots=True)
class Site:
    """One hostile site and the platform behind it; ``route`` is how it takes reports."""

    name: str
    kind: SiteKind
    character: Character
    route: str  # "email" or "form"
    regime: str

    @property
    def mailbox(self) -> str:
        """The platform's abuse address."""
        return f"abuse@{self.name}.example"


CORE = (
    Site("harbour-board", SiteKind.FORUM, Character.HOURS, "email", "us-take-it-down"),
    Site("lantern-gallery", SiteKind.GALLERY, Character.ESCALATION, "email", "eu-dsa-16"),
    Site("river-channel", SiteKind.CHANNEL, Character.REFUSES, "email", "us-take-it-down"),
    Site("orchard-board", SiteKind.FORUM, Character.SILENT, "email", "eu-dsa-16"),
    Site("meadow-gallery", SiteKind.GALLERY, Character.GEOBLOCKS, "email", "us-take-it-down"),
    Site("hilltop-channel", SiteKind.CHANNEL, Character.RETURNS, "email", "eu-dsa-16"),
    Site("pebble-gallery", SiteKind.GALLERY, Character.HOURS, "form", "us-take-it-down"),
)
"""Seven sites under two laws: quick to play, easy to follow."""

WIDE = (
    *CORE,
    Site("cedar-board", SiteKind.FORUM, Character.ASKS, "email", "cn-cc-1195"),
    Site("heath-channel", SiteKind.CHANNEL, Character.WALLS, "email", "kr-icn-44-2"),
    Site("mill-gallery", SiteKind.GALLERY, Character.REPLACES, "email", "hk-platform"),
    Site("quarry-board", SiteKind.FORUM, Character.BOUNCES, "email", "uk-osa-48h"),
    Site("ferry-board", SiteKind.FORUM, Character.SAYS_GONE, "email", "jp-platform"),
    Site("dune-channel", SiteKind.CHANNEL, Character.AT_ONCE, "email", "in-rule-3-2-b"),
    Site("cliff-gallery", SiteKind.GALLERY, Character.CLOSES, "email", "hosting-abuse"),
    Site("tower-gallery", SiteKind.GALLERY, Character.GATES, "email", "uk-osa-48h"),
    Site("gorge-board", SiteKind.FORUM, Character.DIES, "email", "cn-pipl-47"),
    Site("echo-search", SiteKind.SEARCH, Character.ECHOES, "email", "eu-dsa-16"),
    Site("mirror-search", SiteKind.SEARCH, Character.MAKES_UP, "email", "us-take-it-down"),
)
"""Sixteen platforms under ten laws, in five languages, and two sites that only show what they are asked for."""


class Cast(StrEnum):
    """The casts to choose from."""

    CORE = "core"
    WIDE = "wide"


CASTS: Mapping[Cast, tuple[Site, ...]] = {Cast.CORE: CORE, Cast.WIDE: WIDE}
