"""Looking again at what a notice demanded: findings become outcomes by rule, a copy elsewhere becomes a sighting."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from zaoguang.casework import Outcome, escalation_due, settle
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.notices.models import Answer, Notice
from zaoguang.centre.notices.proposals import propose_escalation
from zaoguang.centre.sightings.matching import CaseIndex, case_index
from zaoguang.centre.sightings.models import OutcomeRecord, Sighting
from zaoguang.centre.sightings.reading import keep_sightings, may_look
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import Finding, PageReport, Reader, Unread, judge
from zaoguang.watch.reader import MAX_ALSO, MAX_LINKS

__all__ = ["look_again", "settle_deadline"]

_GONE = frozenset([404, 410])


def look_again(pending: Sequence[Notice], reader: Reader, now: datetime) -> None:
    """Read the pages of these notices' sightings once each and record what is found."""
    looked = [notice for notice in pending if may_look(notice.case)]
    reports = _read([sighting for notice in looked for sighting in notice.sightings.all()], reader)
    for notice in looked:
        _settle_notice(notice, reports, now)


def _read(sightings: Iterable[Sighting], reader: Reader) -> dict[str, PageReport]:
    """Read each page once, asking besides for the picture addresses that the sightings name."""
    wanted: dict[str, dict[str, None]] = {}
    for sighting in sightings:
        wanted.setdefault(sighting.page(), {})[sighting.picture()] = None
    numbered = list(enumerate(wanted))
    reports: dict[str, PageReport] = {}
    for start in range(0, len(numbered), MAX_LINKS):
        part = numbered[start : start + MAX_LINKS]
        also = {str(number): tuple(wanted[page])[:MAX_ALSO] for number, page in part}
        for report in reader.read([(str(number), page) for number, page in part], also=also):
            reports[report.address] = report
    return reports


@transaction.atomic
def _settle_notice(notice: Notice, reports: dict[str, PageReport], now: datetime) -> None:
    case = hold(notice.case_id)
    if not may_look(case):
        return
    index = case_index(case)
    for sighting in notice.sightings.select_for_update():
        report = reports.get(sighting.page())
        if report is not None:
            _settle_sighting(notice, sighting, report, index, now)


def _matched(report: PageReport, index: CaseIndex, item: UUID) -> frozenset[str]:
    """Give the addresses at which the page still shows, or the server still gives, a copy of that item."""
    return frozenset(
        seen.address
        for seen in report.pictures
        if isinstance(seen.result, Fingerprint) and any(match.item == item for match in index.find(seen.result))
    )


def _settle_sighting(notice: Notice, sighting: Sighting, report: PageReport, index: CaseIndex, now: datetime) -> None:
    finding = judge(sighting.picture(), report, _matched(report, index, sighting.item_id))
    before = Outcome(sighting.outcome) if sighting.outcome else None
    refused = notice.answer == Answer.REFUSED
    settled = settle(before, finding.value, notice.deadline_at or now, now, refused=refused)
    if finding is Finding.MOVED:
        _follow(sighting, report, index, now)
    else:
        _write_outcome(sighting, settled.outcome, finding.value, now)


def _follow(sighting: Sighting, report: PageReport, index: CaseIndex, now: datetime) -> None:
    """The copy stands at another address: a reappearance. Its old address is removed only if it certainly is."""
    keep_sightings(sighting.case, report, index, now, reappearance_of=sighting)
    before = Outcome(sighting.outcome) if sighting.outcome else None
    gone = _certainly_gone(sighting.picture(), report)
    _write_outcome(sighting, Outcome.REMOVED if gone else before, Finding.MOVED.value, now)


def _certainly_gone(picture: str, report: PageReport) -> bool:
    seen = next((each for each in report.pictures if each.address == picture), None)
    if seen is None or isinstance(seen.fetched, Unread):
        return False
    return seen.fetched.status in _GONE or isinstance(seen.result, Fingerprint)


def _write_outcome(sighting: Sighting, outcome: Outcome | None, finding: str, now: datetime) -> None:
    word = outcome.value if outcome else ""
    OutcomeRecord.objects.create(sighting=sighting, at=now, finding=finding, outcome=word)
    changed = word != sighting.outcome
    Sighting.objects.filter(pk=sighting.pk).update(
        outcome=word, checked_at=now, **({"outcome_at": now} if changed else {})
    )
    if changed:
        record(Verb.OUTCOME_CHANGED, now=now, person=None, case=sighting.case, subject=sighting.pk)


@transaction.atomic
def settle_deadline(notice: Notice, now: datetime) -> None:
    """After the look at the deadline: propose an escalation for what still stands."""
    hold(notice.case_id)
    escalated = notice.escalations.exists()
    standing = [
        sighting
        for sighting in notice.sightings.all()
        if escalation_due(
            notice.deadline_at or now, Outcome(sighting.outcome) if sighting.outcome else None, now, escalated=escalated
        )
    ]
    if propose_escalation(notice, standing, now):
        record(Verb.DEADLINE_PASSED, now=now, person=None, case=notice.case, subject=notice.pk)
