"""Reading every draft of a case on one page, and letting those that were ticked leave with one yes (P09).

One yes is to the words of each: every text stands on that page, and what is confirmed is tied to it by its digest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from zaoguang import notices
from zaoguang.casework import NoticeState
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices import drafting
from zaoguang.centre.notices.groups import known_channels
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.sightings.listing import GONE
from zaoguang.errors import UserMistake
from zaoguang.vault import SecretKey
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = ["MOST", "Line", "addressee_of", "confirm_all", "lines_of", "waiting"]

MOST = 50
"""Notices on one page: what a person can be said to have read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One draft as the page shows it; ``like`` names the first draft that says the same to somebody else."""

    notice: Notice
    to: str
    law: str
    preview: drafting.Preview
    shown: str  # digest of the text; "" where answers are missing
    addresses: tuple[str, ...]
    identity: str
    ask_identity: bool  # the law lets the notice reach the uploader
    names_survivor: bool
    like: str
    gone: bool  # no copy that it names stands any more, and it asks for nothing but their removal


def waiting(case: Case) -> QuerySet[Notice]:
    """Give the drafts and proposals that wait for a person's yes, oldest first."""
    held = [NoticeState.DRAFT.value, NoticeState.PROPOSED.value]
    return case.notices.filter(state__in=held).select_related("case", "escalates").order_by("made_at", "id")


def addressee_of(notice: Notice) -> str:
    """Give the name of the platform if it is known, else the address it goes to."""
    return next((each.name for each in known_channels() if each.id == notice.channel), "") or notice.to()


def lines_of(case: Case, key: SecretKey, now: datetime) -> tuple[Line, ...]:
    """Give the first 50 drafts of a case, each with its text as it would leave now."""
    alike: dict[str, Notice] = {}
    return tuple(_line(notice, key, now, alike) for notice in waiting(case)[:MOST])


def _line(notice: Notice, key: SecretKey, now: datetime, alike: dict[str, Notice]) -> Line:
    regime = notices.regime(notice.regime)
    seen, to = drafting.preview(notice, key, now), addressee_of(notice)
    same_for = [regime.id, notice.language, str(notice.escalates_id), drafting.starting_values(notice, key)]
    said = json.dumps(same_for, sort_keys=True)
    first = alike.setdefault(said, notice) if seen.text is not None else notice
    return Line(
        notice=notice,
        to=to,
        law=regime.title(spoken()),
        preview=seen,
        shown=drafting.digest(seen),
        addresses=tuple(drafting.addresses_of(notice)),
        identity=regime.identity.sentence(spoken()),
        ask_identity=regime.identity.may_reach_uploader,
        names_survivor=seen.text is not None and drafting.names_survivor(notice, key),
        like=addressee_of(first) if first.pk != notice.pk else "",
        gone=_is_gone(notice, regime),
    )


def _is_gone(notice: Notice, regime: notices.Regime) -> bool:
    about_gone = regime.further is not None and regime.further.gone_too
    return not about_gone and not notice.sightings.exclude(outcome__in=GONE).exists()


@transaction.atomic
def confirm_all(
    case: Case,
    key: SecretKey,
    shown: Mapping[UUID, str],
    by: Person,
    now: datetime,
    *,
    identity_seen: bool,
    named_seen: bool,
) -> list[Notice]:
    """Let the ticked drafts leave in this person's name: all of them, or none if one may not.

    ``shown`` gives, for each notice, the digest of the text that was on the page.

    Raises:
        UserMistake: nothing was ticked, or one of them may not leave; the sentence names it.
    """
    hold(case.pk)
    chosen = list(waiting(case).filter(pk__in=list(shown)[:MOST]))
    if not shown:
        raise UserMistake(_("Tick at least one notice."))
    if len(chosen) != len(shown):
        raise UserMistake(_("Nothing was confirmed: one of these notices was confirmed or withdrawn in the meantime."))
    for notice in chosen:
        try:
            drafting.confirm(
                notice, key, by, now, identity_seen=identity_seen, shown=shown[notice.pk], named_seen=named_seen
            )
        except UserMistake as error:
            who = {"who": addressee_of(notice), "what": error}
            raise UserMistake(_("Nothing was confirmed, because of the notice to %(who)s. %(what)s") % who) from error
    return chosen
