"""What keeps sending safe: one switch that stops it all, so many an hour and a day to one addressee, and a fuse.

Every answer is taken under one row's lock, in the transaction that would record the attempt: once `stop_all` has
returned, no attempt begins until somebody resumes. A message whose attempt was on record before is on its way, and its
result is recorded as ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from zaoguang.casework import NoticeState
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.notices.groups import known_channels
from zaoguang.centre.notices.models import (
    AddresseeStop,
    Attempt,
    AttemptResult,
    Due,
    DueKind,
    DueState,
    Notice,
    Route,
    SendingGate,
)
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import address_tag

__all__ = [
    "FUSE",
    "addressee_tag",
    "all_stopped",
    "blow_fuse",
    "held_until",
    "hold_gate",
    "resume_addressee",
    "resume_all",
    "stop_all",
    "stopped_addressees",
]

FUSE = 3
"""So many refusals for good, one after the other, stop an addressee."""

_REFUSED_FOR_GOOD = 500  # RFC 5321 §4.2.1: 5yz
_LATER = timedelta(hours=1)
_GATE = 1


def addressee_tag(address: str) -> bytes:
    """Give the keyed tag of a mail address; the same for every way to write it that reaches the same mailbox."""
    return address_tag(address.strip().lower())


def hold_gate() -> SendingGate:
    """Lock the one row that says whether anything may be sent, inside the caller's transaction."""
    SendingGate.objects.get_or_create(pk=_GATE)
    return SendingGate.objects.select_for_update().get(pk=_GATE)


def all_stopped() -> bool:
    """Say whether all sending is stopped, for those who only want to know."""
    return SendingGate.objects.filter(pk=_GATE, stopped_at__isnull=False).exists()


@transaction.atomic
def stop_all(by: Person | None, now: datetime) -> int:
    """Stop all sending; give how many e-mails were being handed over at that moment. ``by`` is none from a command."""
    gate = hold_gate()
    if gate.stopped_at is None:
        gate.stopped_at, gate.stopped_by = now, by
        gate.save()
        record(Verb.SENDING_STOPPED, now=now, person=by, case=None)
    return Attempt.objects.filter(result=AttemptResult.STARTED, notice__route=Route.EMAIL).count()


@transaction.atomic
def resume_all(by: Person | None, now: datetime) -> bool:
    """Let sending go on; false if it was not stopped."""
    gate = hold_gate()
    if gate.stopped_at is None:
        return False
    gate.stopped_at = gate.stopped_by = None
    gate.save()
    record(Verb.SENDING_RESUMED, now=now, person=by, case=None)
    return True


@dataclass(frozen=True, slots=True)
class _Cap:
    most: int
    within: timedelta


def _caps(channel: str) -> Iterable[_Cap]:
    """Give the centre's caps, and the platform's own where it takes fewer a day."""
    told = next((each.limit.per_day for each in known_channels() if each.id == channel), None)
    a_day = min(settings.MOST_A_DAY, told or settings.MOST_A_DAY)
    return (_Cap(settings.MOST_AN_HOUR, timedelta(hours=1)), _Cap(a_day, timedelta(days=1)))


def held_until(gate: SendingGate, tag: bytes, now: datetime, channel: str = "") -> datetime | None:
    """Say until when nothing may go to that addressee, or none if a message may go now; the gate is held."""
    if gate.stopped_at is not None or AddresseeStop.objects.filter(tag=tag, ended_at__isnull=True).exists():
        return now + _LATER
    waits = [_free_at(tag, cap, now) for cap in _caps(channel)]
    return max((each for each in waits if each is not None), default=None)


def _free_at(tag: bytes, cap: _Cap, now: datetime) -> datetime | None:
    """Say when the cap lets one more through; every attempt counts, also one that came to nothing."""
    begun = Attempt.objects.filter(tag=tag, started_at__gt=now - cap.within).order_by("-started_at")
    nth = begun.values_list("started_at", flat=True)[cap.most - 1 : cap.most]
    return nth[0] + cap.within if nth else None


@transaction.atomic
def blow_fuse(notice: Notice, now: datetime) -> bool:
    """Stop an addressee whose last attempts were all refused for good or bounced; a person lets it go on."""
    hold_gate()
    tag = addressee_tag(notice.to())
    since = AddresseeStop.objects.filter(tag=tag, ended_at__isnull=False).order_by("-ended_at").first()
    tried = Attempt.objects.filter(tag=tag).exclude(result=AttemptResult.STARTED).order_by("-started_at", "-id")
    if since is not None and since.ended_at is not None:
        tried = tried.filter(started_at__gte=since.ended_at)
    last = list(tried[:FUSE])
    if len(last) < FUSE or not all(_is_hard(each) for each in last):
        return False
    if AddresseeStop.objects.filter(tag=tag, ended_at__isnull=True).exists():
        return False
    stop = AddresseeStop(tag=tag, begun_at=now)
    write_b(stop, "addressee", notice.to())
    stop.save(force_insert=True)
    record(Verb.ADDRESSEE_STOPPED, now=now, person=None, case=None, subject=stop.pk)
    return True


def _is_hard(attempt: Attempt) -> bool:
    if attempt.bounced_at is not None:
        return True
    return attempt.result == AttemptResult.NOT_SENT and (attempt.code or 0) >= _REFUSED_FOR_GOOD


def stopped_addressees() -> list[AddresseeStop]:
    """Give the addressees that are stopped, oldest first."""
    return list(AddresseeStop.objects.filter(ended_at__isnull=True))


@transaction.atomic
def resume_addressee(stop: AddresseeStop, by: Person, now: datetime) -> bool:
    """Let sending to an addressee go on at once; false if somebody did so before."""
    hold_gate()
    ended = AddresseeStop.objects.filter(pk=stop.pk, ended_at__isnull=True).update(ended_at=now, ended_by=by)
    if not ended:
        return False
    record(Verb.ADDRESSEE_RESUMED, now=now, person=by, case=None, subject=stop.pk)
    waiting = Due.objects.filter(kind=DueKind.SEND, state=DueState.WAITING, due_at__gt=now)
    for due in waiting.filter(notice__state=NoticeState.CONFIRMED.value).select_related("notice"):
        if addressee_tag(due.notice.to()) == bytes(stop.tag):
            Due.objects.filter(pk=due.pk, state=DueState.WAITING).update(due_at=now)
    return True
