"""Taking mails in: each is matched, sealed and on record in one transaction, or left for the next round."""

from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import Max

from zaoguang.casework import Permission, allows
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Membership
from zaoguang.centre.keyring import tag_key
from zaoguang.centre.letters.mailbox import Folder, Mail
from zaoguang.centre.letters.models import Letter, LetterKey, LetterState
from zaoguang.centre.notices import brakes
from zaoguang.centre.notices.models import Attempt, AttemptResult, Notice
from zaoguang.centre.sealed import write
from zaoguang.notices.incoming import Incoming, Reading, Unreadable, read_mail
from zaoguang.vault import SecretKey, seal_to

__all__ = ["matched", "receive", "take_in"]


def take_in(folder: Folder, now: datetime) -> int:
    """Take in what is new in the folder and give how many mails that were; dying at any instant loses and doubles none.

    A mail's place is on record with what became of it, and nothing else says how far the reading is.
    """
    last = Letter.objects.filter(validity=folder.validity).aggregate(last=Max("uid"))["last"] or 0
    taken = 0
    for mail in folder.after(last):
        receive(mail, folder.validity, now)
        taken += 1
    return taken


def receive(mail: Mail, validity: int, now: datetime) -> Letter | None:
    """Put one mail on record; none if its place is known already."""
    read = read_mail(mail.untrusted_bytes)
    notice = matched(read) if isinstance(read, Incoming) else None
    tag = tag_key().tag(f"mail {sha256(mail.untrusted_bytes).hexdigest()}")
    letter = Letter(validity=validity, uid=mail.uid, tag=tag, arrived_at=now, reading=Reading.UNKNOWN.value)
    if isinstance(read, Unreadable):
        letter.state = LetterState.UNREADABLE
    elif notice is None or Letter.objects.filter(tag=tag, notice__isnull=False).exists():
        letter.state = LetterState.UNMATCHED
    else:
        letter.state, letter.notice, letter.reading = LetterState.WAITING, notice, read.reading.value
    try:
        with transaction.atomic():
            _keep(letter, read, now)
    except IntegrityError:
        return None  # another round was here first
    return letter


def matched(read: Incoming) -> Notice | None:
    """Give the notice that a mail answers: by Message-ID, else by the case number in its subject and who wrote.

    The second way asks that the mail comes from the addressee's own domain and that exactly one notice fits.
    """
    by_id = {
        each.message_id: each for each in Notice.objects.filter(message_id__in=read.answers, sent_at__isnull=False)
    }
    by_id |= {
        each.message_id: each
        for each in Notice.objects.filter(message_id__in=read.answers, attempts__result=AttemptResult.UNKNOWN)
    }
    nearest = next((by_id[each] for each in read.answers if each in by_id), None)
    if nearest is not None or not read.references or "@" not in read.sender:
        return nearest
    domain = read.sender.rpartition("@")[2]
    about = Notice.objects.filter(case__number__in=read.references, sent_at__isnull=False, route="email")
    fitting = [each for each in about[:200] if each.to().lower().rpartition("@")[2] == domain]
    return fitting[0] if len(fitting) == 1 else None


def _keep(letter: Letter, read: Incoming | Unreadable, now: datetime) -> None:
    if letter.notice is None or isinstance(read, Unreadable):
        letter.save(force_insert=True)
        return
    case = hold(letter.notice.case_id)
    key = SecretKey.generate()
    write(letter, "body", f"{read.sender}\n{read.subject}\n\n{read.text}", key)
    letter.save(force_insert=True)
    readers = Membership.objects.filter(case=case).select_related("person")
    for person in (each.person for each in readers if allows(each.person.kind, Permission.READ_IDENTITY)):
        LetterKey.objects.create(letter=letter, person=person, sealed=seal_to(bytes(person.public_key), key))
    if read.bounced:
        _bounced(letter.notice, now)
    record(Verb.MAIL_ARRIVED, now=now, person=None, case=case, subject=letter.pk)


def _bounced(notice: Notice, now: datetime) -> None:
    """Let a bounce count for the fuse: it can stop what is sent next, and changes nothing about this notice."""
    Attempt.objects.filter(notice=notice, result=AttemptResult.ACCEPTED, bounced_at__isnull=True).update(bounced_at=now)
    brakes.blow_fuse(notice, now)
