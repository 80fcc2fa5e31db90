"""Proposing the next step when a demand was not met; only a person takes it."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState, escalation_due
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.notices.models import Answer, Notice
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.outcomes import outcome_of
from zaoguang.centre.sightings.verdicts import nameable
from zaoguang.notices import Audience, Sender

__all__ = ["new_message_id", "propose_escalation", "propose_if_due"]


def new_message_id() -> str:
    """Give a fresh Message-ID (RFC 5322 §3.6.4); it stays the notice's own for good, whatever is tried."""
    domain = str(settings.MAIL_FROM).rpartition("@")[2] or "localhost"
    return f"<{secrets.token_hex(16)}@{domain}>"


def propose_if_due(notice: Notice, now: datetime) -> Notice | None:
    """Propose the next step for what still stands and is due for it, if the case and her consent still allow one."""
    case = hold(notice.case_id)
    if not case.is_open or ConsentUse.NOTICE not in consents.live(case) or _is_done(notice):
        return None
    escalated = notice.escalations.exists()
    standing = [
        sighting
        for sighting in nameable(notice.sightings.filter(item__removed_at__isnull=True))
        if escalation_due(notice.deadline_at, outcome_of(sighting), now, escalated=escalated)
    ]
    return propose_escalation(notice, standing, now)


def _is_done(notice: Notice) -> bool:
    """Tell whether nobody is asked again: an authority's order is not ours, and records that are kept are kept."""
    regime = notices.regime(notice.regime)
    kept = notice.beside and regime.audience is Audience.PLATFORM and notice.answer == Answer.RECEIPT
    return kept or regime.sender is Sender.AUTHORITY


def propose_escalation(notice: Notice, standing: Sequence[Sighting], now: datetime) -> Notice | None:
    """Propose one further notice for what still stands; none if one is proposed or under way already."""
    live = notice.escalations.exclude(state=NoticeState.WITHDRAWN.value)
    if not standing or live.exists():
        return None
    proposal = Notice(
        case=notice.case,
        regime=notice.regime,
        channel=notice.channel,
        route=notice.route,
        language=notice.language,
        state=NoticeState.PROPOSED.value,
        message_id=new_message_id(),
        made_at=now,
        escalates=notice,
        beside=notice.beside,
    )
    write_b(proposal, "addressee", notice.to())
    proposal.save(force_insert=True)
    proposal.sightings.set(standing)
    record(Verb.NOTICE_PROPOSED, now=now, person=None, case=notice.case, subject=proposal.pk)
    return proposal
