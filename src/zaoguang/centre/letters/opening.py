"""Reading an answer, and saying what it means: only a member whose keys are open can do either."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from zaoguang.casework import NoticeState
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.letters.models import Letter, LetterState
from zaoguang.centre.notices.models import Answer
from zaoguang.centre.notices.unsure import record_answer
from zaoguang.centre.sealed import read, write
from zaoguang.errors import UserMistake
from zaoguang.vault import OpenPerson, SecretKey
from zaoguang.words import gettext as _

__all__ = ["open_letter", "settle_letter"]


@transaction.atomic
def open_letter(letter: Letter, opened: OpenPerson, case_key: SecretKey, by: Person, now: datetime) -> str:
    """Give what a letter says; the first to open it moves it from its own key under the case key.

    Raises:
        UserMistake: it was sealed before this person came to the case, and nobody has opened it yet.
    """
    case = hold(_case_of(letter))
    letter = Letter.objects.select_for_update().get(pk=letter.pk)
    if letter.text:
        return read(letter, "text", case_key)
    mine = letter.keys.filter(person=by).first()
    if mine is None:
        raise UserMistake(
            _("This answer came before you joined the case: somebody who was a member then must open it first.")
        )
    said = read(letter, "body", opened.open_key(bytes(mine.sealed)))
    write(letter, "text", said, case_key)
    letter.body = b""
    letter.save(update_fields=["text", "body"])
    letter.keys.all().delete()
    record(Verb.MAIL_READ, now=now, person=by, case=case, subject=letter.pk)
    return said


def _case_of(letter: Letter) -> UUID:
    if letter.notice is None:
        raise UserMistake(_("This mail answers no notice."))
    return letter.notice.case_id


@transaction.atomic
def settle_letter(letter: Letter, answer: Answer | None, by: Person, now: datetime) -> None:
    """Say what a letter means; none for one that means nothing. The notice's answer is recorded in this person's name.

    Raises:
        UserMistake: somebody said so before, nobody has read it yet, or nobody has said yet whether the notice arrived.
    """
    case = hold(_case_of(letter))
    letter = Letter.objects.select_related("notice").get(pk=letter.pk)
    if answer is not None and letter.notice is not None and letter.notice.step is NoticeState.UNKNOWN:
        raise UserMistake(_("Say whether the notice arrived."))
    waiting = Letter.objects.filter(pk=letter.pk, state=LetterState.WAITING).exclude(text=b"")
    if not waiting.update(state=LetterState.SETTLED, settled_at=now, settled_by=by):
        raise UserMistake(_("Read this answer first; or somebody has said already what it means."))
    if answer is not None and letter.notice is not None and letter.notice.step is NoticeState.SENT:
        record_answer(letter.notice, answer, by, now, arrived_at=letter.arrived_at)
    record(Verb.MAIL_SETTLED, now=now, person=by, case=case, subject=letter.pk)
