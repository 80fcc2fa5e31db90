"""Looking again at what a notice demanded: findings become outcomes by rule, a copy elsewhere becomes a sighting."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from zaoguang.casework import Outcome, dead_for_good, settle
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.notices.models import Answer, Notice
from zaoguang.centre.notices.proposals import propose_if_due
from zaoguang.centre.sightings.leave import may_look
from zaoguang.centre.sightings.matching import CaseIndex, case_index
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.outcomes import observe, outcome_of
from zaoguang.centre.sightings.reading import keep_sightings
from zaoguang.centre.sightings.traps import probe
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import Finding, PageReport, Reader, Unread, judge
from zaoguang.watch.reader import MAX_ALSO, MAX_LINKS

__all__ = ["look_again", "settle_deadline"]

_GONE = frozenset([404, 410])


def look_again(pending: Sequence[Notice], reader: Reader, now: datetime) -> None:
    """Look at what these notices demanded and record what is found.

    A picture that still answers at its own address decides the matter by itself; only where it does not is the page
    read, with every picture on it. A copy of an item that was taken out cannot be told apart any more, so nothing is
    said of it.
    """
    looked = [notice for notice in pending if may_look(notice.case)]
    indexes = {notice.case_id: case_index(notice.case) for notice in looked}
    sightings = {each.pk: each for notice in looked for each in _comparable(notice)}
    seen = _read_pictures(sightings.values(), reader, indexes)
    seen |= _read_pages([each for each in sightings.values() if each.pk not in seen], reader)
    for notice in looked:
        _settle_notice(notice, seen, indexes[notice.case_id], now)
    for case in {notice.case_id: notice.case for notice in looked}.values():
        probe(case, reader, lambda: now)  # before what was due is done: a clock that dies here looks, and probes, again


def _comparable(notice: Notice) -> Iterable[Sighting]:
    return notice.sightings.filter(item__removed_at__isnull=True).select_related("case")


def _read_pictures(
    sightings: Iterable[Sighting], reader: Reader, indexes: Mapping[UUID, CaseIndex]
) -> dict[UUID, PageReport]:
    """Ask for each picture at its own address; give the reports of those that are still the same copy."""
    asked = {str(each.pk): each for each in sightings if each.picture().startswith(("http://", "https://"))}
    found = {}
    for part in _parts([(key, each.picture()) for key, each in asked.items()]):
        for report in reader.read(part):
            sighting = asked[report.link]
            if sighting.picture() in _matched(report, indexes[sighting.case_id], sighting.item_id):
                found[sighting.pk] = report
    return found


def _read_pages(sightings: Sequence[Sighting], reader: Reader) -> dict[UUID, PageReport]:
    """Read each page once for every hundred of its sightings, asking besides for the pictures that they name."""
    wanted: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        wanted.setdefault(sighting.page(), []).append(sighting)
    visits = [
        (page, rows[start : start + MAX_ALSO])
        for page, rows in wanted.items()
        for start in range(0, len(rows), MAX_ALSO)
    ]
    seen: dict[UUID, PageReport] = {}
    for part in _parts([(str(number), page) for number, (page, _rows) in enumerate(visits)]):
        also = {key: tuple({each.picture(): None for each in visits[int(key)][1]}) for key, _page in part}
        for report in reader.read(part, also=also):
            seen |= {each.pk: report for each in visits[int(report.link)][1]}
    return seen


def _parts(links: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    return (links[start : start + MAX_LINKS] for start in range(0, len(links), MAX_LINKS))


@transaction.atomic
def _settle_notice(notice: Notice, seen: Mapping[UUID, PageReport], index: CaseIndex, now: datetime) -> None:
    """Record what was found of one notice's sightings, if it may still be looked at."""
    case = hold(notice.case_id)
    if not may_look(case):
        return
    notice = Notice.objects.get(pk=notice.pk)  # its clock may have been changed while the pages were read
    moved: dict[str, PageReport] = {}
    for sighting in _comparable(notice):
        report = seen.get(sighting.pk)
        if report and _settle_sighting(notice, sighting, report, index, now) is Finding.MOVED:
            moved[report.address] = report
    for report in moved.values():  # what is gone is written down by now: what stands elsewhere has come back
        keep_sightings(case, report, index, now)


def _matched(report: PageReport, index: CaseIndex, item: UUID) -> frozenset[str]:
    """Give the addresses at which the page still shows, or the server still gives, a copy of that item."""
    return frozenset(
        seen.address
        for seen in report.pictures
        if isinstance(seen.result, Fingerprint) and any(match.item == item for match in index.find(seen.result))
    )


def _settle_sighting(
    notice: Notice, sighting: Sighting, report: PageReport, index: CaseIndex, now: datetime
) -> Finding:
    finding = judge(sighting.picture(), report, _matched(report, index, sighting.item_id))
    if finding is Finding.MOVED:
        gone = _certainly_gone(sighting.picture(), report)
        observe(sighting, finding.value, Outcome.REMOVED if gone else outcome_of(sighting), now)
        return finding
    word = finding.value
    if finding is Finding.DEAD and outcome_of(sighting) is not Outcome.DEAD:
        looks = list(sighting.observations.values_list("at", "finding"))
        word = finding.value if dead_for_good(looks, now) else Finding.UNCLEAR.value
    refused = notice.answer == Answer.REFUSED and not notice.beside
    settled = settle(outcome_of(sighting), word, _removal_due(notice), now, refused=refused)
    observe(sighting, finding.value, settled.outcome, now)
    if settled.reappeared:
        record(Verb.REAPPEARANCE_FOUND, now=now, person=None, case=sighting.case, subject=sighting.pk)
    return finding


def _removal_due(notice: Notice) -> datetime | None:
    """Give the time after which a copy that stands is unanswered; none beside the demand, or while its clock stands."""
    return None if notice.beside else notice.deadline_at


def _certainly_gone(picture: str, report: PageReport) -> bool:
    """Say whether a copy that stands elsewhere now is certainly gone from its old address."""
    seen = next((each for each in report.pictures if each.address == picture), None)
    if seen is None or isinstance(seen.fetched, Unread):
        return False
    return seen.fetched.status in _GONE or isinstance(seen.result, Fingerprint)


@transaction.atomic
def settle_deadline(notice: Notice, now: datetime) -> None:
    """After the look at the deadline: propose an escalation for what still stands."""
    hold(notice.case_id)
    notice = Notice.objects.select_related("case").get(pk=notice.pk)  # its clock may have been changed meanwhile
    if propose_if_due(notice, now):
        record(Verb.DEADLINE_PASSED, now=now, person=None, case=notice.case, subject=notice.pk)
