"""Opening a case, sharing it with a member, switching it to referral, closing it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Length

from zaoguang.casework import CaseStatus, Permission, allows, may_change
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case, Membership, Note
from zaoguang.centre.cases.stopping import drop_clocks, shut_the_door, stop_looking, stop_sending
from zaoguang.centre.letters.models import LetterKey
from zaoguang.centre.notices.taking_up import take_up
from zaoguang.centre.sealed import write
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.vault import SecretKey, seal_to
from zaoguang.words import gettext as _

__all__ = [
    "Identity",
    "add_member",
    "change_status",
    "open_case",
    "open_referral",
    "remove_member",
    "require_open",
    "write_note",
]


_TRIES = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """What a case says of the survivor: a name to call her by, and only as much more as a notice will need."""

    alias: str
    legal_name: str = ""
    contact: str = ""
    story: str = ""


def _next_number(now: datetime) -> str:
    year = now.year
    of_year = Case.objects.filter(number__startswith=f"{year}-").order_by(Length("number").desc(), "-number")
    last = of_year.values_list("number", flat=True).first()
    return f"{year}-{int(last.split('-')[1]) + 1 if last else 1:04d}"


def _save_numbered(case: Case, now: datetime) -> None:
    """Save a new case under the next number; who opened another one at the same instant may have taken it."""
    for _try in range(_TRIES):
        case.number = _next_number(now)
        try:
            with transaction.atomic():
                case.save(force_insert=True)
        except IntegrityError:
            continue
        return
    raise OutsideFailure(_("Too many cases are being opened at once; try again."))


@transaction.atomic
def open_case(identity: Identity, by: Person, now: datetime) -> tuple[Case, SecretKey]:
    """Open a case with a fresh case key, its opener being its first member."""
    case = Case(status=CaseStatus.OPEN.value, opened_at=now)
    key = SecretKey.generate()
    for column in ("alias", "legal_name", "contact", "story"):
        write(case, column, getattr(identity, column), key)
    _save_numbered(case, now)
    _seat(case, by, key, now)
    record(Verb.CASE_OPENED, now=now, person=by, case=case)
    return case, key


@transaction.atomic
def open_referral(alias: str, by: Person, now: datetime) -> Case:
    """Open a case that is a referral from its first moment: a sign of a minor, so nothing but a name to say is kept."""
    case, _key = open_case(Identity(alias=alias), by, now)
    change_status(case, CaseStatus.REFERRAL, by, now)
    return Case.objects.get(pk=case.pk)


def _seat(case: Case, person: Person, key: SecretKey, now: datetime) -> Membership:
    may_read = allows(person.kind, Permission.READ_IDENTITY)
    sealed = seal_to(bytes(person.public_key), key) if may_read else b""
    return Membership.objects.create(case=case, person=person, sealed_case_key=sealed, since=now)


@transaction.atomic
def add_member(case: Case, key: SecretKey, person: Person, by: Person, now: datetime) -> None:
    """Let another person into the case by sealing the case key to her; nothing changes if she is in already."""
    hold(case.pk)
    if Membership.objects.filter(case=case, person=person).exists():
        return
    _seat(case, person, key, now)
    record(Verb.MEMBER_ADDED, now=now, person=by, case=case, subject=person.pk)


@transaction.atomic
def remove_member(case: Case, person: Person, by: Person, now: datetime) -> None:
    """Take a person out of the case; the last one who can open it stays, for a case nobody can open is a case lost."""
    hold(case.pk)
    if not case.memberships.exclude(sealed_case_key=b"").exclude(person=person).exists():
        raise UserMistake(_("The last member cannot be taken out: nobody could open the case any more."))
    LetterKey.objects.filter(letter__notice__case=case, person=person).delete()
    if case.memberships.filter(person=person).delete()[0]:
        record(Verb.MEMBER_REMOVED, now=now, person=by, case=case, subject=person.pk)


@transaction.atomic
def write_note(case: Case, key: SecretKey, text: str, by: Person, now: datetime) -> None:
    """Add a note."""
    if not text.strip():
        raise UserMistake(_("An empty note was not saved."))
    note = Note(case=case, author=by, at=now)
    write(note, "text", text.strip()[:20_000], key)
    note.save(force_insert=True)
    record(Verb.NOTE_WRITTEN, now=now, person=by, case=case, subject=note.pk)


_STATUS_VERBS = {
    CaseStatus.OPEN: Verb.CASE_OPENED,
    CaseStatus.REFERRAL: Verb.CASE_REFERRED,
    CaseStatus.CLOSED: Verb.CASE_CLOSED,
}


@transaction.atomic
def change_status(case: Case, status: CaseStatus, by: Person, now: datetime) -> None:
    """Switch a case to referral (any sign of a minor, P05), close it, or open a closed one again.

    What runs stops in the same transaction, and what was confirmed does not leave.
    """
    before = CaseStatus(hold(case.pk).status)
    if not may_change(before, status):
        raise UserMistake(_("This case cannot be changed that way any more."))
    Case.objects.filter(pk=case.pk).update(status=status.value)
    record(_STATUS_VERBS[status], now=now, person=by, case=case)
    if status is CaseStatus.OPEN:
        take_up(case, now)
        return
    stop_looking(case, now)
    stop_sending(case, now)
    shut_the_door(case, now)
    if status is CaseStatus.REFERRAL:
        drop_clocks(case)


def require_open(case: Case) -> None:
    """Refuse work on a case that was referred or closed, read fresh inside the caller's transaction."""
    if not Case.objects.filter(pk=case.pk, status=CaseStatus.OPEN.value).exists():
        raise UserMistake(_("This case takes no more work: it was referred or closed."))
