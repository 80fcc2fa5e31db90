"""Invitations: a code that lets her send fingerprints to her case once; only its keyed tag is kept."""

import base64
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.intake.models import Invitation
from zaoguang.centre.keyring import tag_key
from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["VALID", "end", "invite", "standing", "with_code"]

VALID = timedelta(days=7)
_OPEN_MOST = 5
_CODE_BYTES = 16  # 128 random bits, written as 26 letters and digits
_GROUP = 4
_LONGEST = 64
# RFC 4648 §6 has no 0, 1, 8 and 9: what is read for O, I or B is put right.
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "-": None, " ": None, "\u00a0": None})


def _tag(untrusted_code: str) -> bytes:
    return tag_key().derive("invitation").tag(untrusted_code[:_LONGEST].upper().translate(_MISREAD))


def standing(case: Case, now: datetime) -> QuerySet[Invitation]:
    """Give the invitations of a case with which something can still be sent."""
    return case.invitations.filter(ended_at__isnull=True, used_at__isnull=True, expires_at__gt=now)


@transaction.atomic
def invite(case: Case, by: Person, now: datetime) -> tuple[Invitation, str]:
    """Make an invitation and its code, in groups of four letters; nothing here can give the code again."""
    hold(case.pk)
    require_open(case)
    if standing(case, now).count() >= _OPEN_MOST:
        raise UserMistake(_("This case has {most} open invitations; end one of them first.").format(most=_OPEN_MOST))
    plain = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().rstrip("=")
    invitation = Invitation(case=case, tag=_tag(plain), made_by=by, made_at=now, expires_at=now + VALID)
    invitation.save(force_insert=True)
    record(Verb.INVITATION_MADE, now=now, person=by, case=case, subject=invitation.pk)
    return invitation, "-".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


@transaction.atomic
def end(invitation: Invitation, by: Person, now: datetime) -> None:
    """Take an invitation back; one that was used or ended already stays as it is."""
    hold(invitation.case_id)
    if standing(invitation.case, now).filter(pk=invitation.pk).update(ended_at=now):
        record(Verb.INVITATION_ENDED, now=now, person=by, case=invitation.case, subject=invitation.pk)


def with_code(untrusted_code: str) -> Invitation | None:
    """Find the invitation that belongs to a code, whatever has become of it; spaces, dashes and case do not matter."""
    return Invitation.objects.select_related("case").filter(tag=_tag(untrusted_code)).first()
