"""Reading a check's links: each report becomes sightings with sealed exhibits in one transaction, or a reason."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.stopping import stop_looking
from zaoguang.centre.exhibits.sealing import seal_sighting
from zaoguang.centre.intake.models import Item
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.leave import may_look
from zaoguang.centre.sightings.links import claim
from zaoguang.centre.sightings.listing import GONE
from zaoguang.centre.sightings.matching import CaseIndex, Match, case_index
from zaoguang.centre.sightings.models import CheckState, Link, LinkCheck, LinkState, Sighting, address_tag
from zaoguang.centre.sightings.traps import probe
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import AddressPolicy, PageReport, PictureSeen, Reader, Unread
from zaoguang.watch.trap import shows_what_was_asked

__all__ = ["finish_check", "keep_sightings", "open_reader", "read_check"]

_AT_ONCE = 60


def open_reader() -> Reader:
    """Give the one process that fetches; it may read loopback ports only in a rehearsal.

    The link reader and the clock have one each, and both may be at one host: they take turns there.
    """
    turns = settings.PLACES.data / "turns.lock"
    return Reader(AddressPolicy(loopback_ports=settings.REHEARSAL_PORTS), turns=turns)


def read_check(check: LinkCheck, reader: Reader, now: Callable[[], datetime]) -> None:
    """Read every link of a check that is still to be read; stopping at any instant loses nothing."""
    while links := _next_links(check, now()):
        index = case_index(check.case)  # anew for each batch: items come and go while a long check runs
        waiting = {str(link.pk): link for link in links}
        for report in reader.read([(key, link.where()) for key, link in waiting.items()]):
            _keep(waiting[report.link], report, index, now())
        probe(check.case, reader, now)
    probe(check.case, reader, now)  # what a reader that died had found and not probed
    finish_check(check, now())


@transaction.atomic
def _next_links(check: LinkCheck, now: datetime) -> list[Link]:
    """Claim links while there is leave to look; without it no address is even asked for."""
    case = hold(check.case_id)
    if may_look(case):
        return claim(check, _AT_ONCE)
    stop_looking(case, now)
    return []


@transaction.atomic
def _keep(link: Link, report: PageReport, index: CaseIndex, now: datetime) -> None:
    """Record one report and the copies found; a link whose report is already recorded stays as it is."""
    case = hold(link.check_run.case_id)
    if not may_look(case):
        Link.objects.filter(pk=link.pk, state=LinkState.TAKEN).update(state=LinkState.STOPPED)
        return
    if report.page is Unread.READER_DIED and not link.reason:
        again = {"state": LinkState.WAITING, "reason": Unread.READER_DIED.value}
        Link.objects.filter(pk=link.pk, state=LinkState.TAKEN).update(**again)  # once more, then it is given up
        return
    found = keep_sightings(case, report, index, now)
    Link.objects.filter(pk=link.pk, state=LinkState.TAKEN).update(
        state=LinkState.UNREAD if isinstance(report.page, Unread) else LinkState.READ,
        reason=_reason(report),
        pictures=len(report.pictures),
        unread_pictures=sum(not isinstance(seen.result, Fingerprint) for seen in report.pictures) + report.left_out,
        found=len(found),
    )


def _reason(report: PageReport) -> str:
    if isinstance(report.page, Unread):
        return report.page.value
    return "" if report.page.status < 400 else f"status_{report.page.status}"  # noqa: PLR2004  (HTTP's own border)


def keep_sightings(case: Case, report: PageReport, index: CaseIndex, now: datetime) -> list[Sighting]:
    """Make a sealed sighting of every copy on a page that is not known there yet, inside the caller's transaction.

    A new sighting is without a verdict (`traps.probe`), unless its address alone tells that it shows what it is asked.
    Where a copy of the same item is known to be gone from that page, the new one is its reappearance.
    """
    if isinstance(report.page, Unread):
        return []
    made = []
    for seen in report.pictures:
        if not isinstance(seen.result, Fingerprint) or isinstance(seen.fetched, Unread):
            continue
        for match in index.find(seen.result):
            sighting = _sight(case, report, seen, match, now) if _is_live(match) else None
            if sighting is not None:
                seal_sighting(sighting, report.page, seen.fetched, match, now)
                made.append(sighting)
    return made


def _is_live(match: Match) -> bool:
    """Say whether the item is still one of hers: it may have been taken out since the index was built."""
    return Item.objects.filter(pk=match.item, removed_at__isnull=True).exists()


def _came_back(case: Case, item: UUID, page_tag: bytes) -> Sighting | None:
    """Give the copy that was gone from this page and has not come back yet, if there is one."""
    gone = Sighting.objects.filter(case=case, item_id=item, page_tag=page_tag, outcome__in=GONE, reappearances=None)
    return gone.order_by("outcome_at", "id").first()


def _sight(case: Case, report: PageReport, seen: PictureSeen, match: Match, now: datetime) -> Sighting | None:
    page_tag, tag = address_tag(report.address), address_tag(seen.address)
    if Sighting.objects.filter(case=case, item_id=match.item, page_tag=page_tag, tag=tag).exists():
        return None
    on_request = shows_what_was_asked(report.address) or shows_what_was_asked(seen.address)
    sighting = Sighting(
        case=case,
        item_id=match.item,
        page_tag=page_tag,
        tag=tag,
        seen_at=now,
        checked_at=now,
        distance=match.distance,
        orientation=match.orientation,
        on_request=on_request,
        judged_at=now if on_request else None,
        reappearance_of=_came_back(case, match.item, page_tag),
    )
    write_b(sighting, "page_address", report.address)
    write_b(sighting, "picture_address", seen.address)
    sighting.save(force_insert=True)
    verb = Verb.REAPPEARANCE_FOUND if sighting.reappearance_of else Verb.SIGHTING_FOUND
    record(verb, now=now, person=None, case=case, subject=sighting.pk)
    return sighting


@transaction.atomic
def finish_check(check: LinkCheck, now: datetime) -> None:
    """End a check none of whose links is still to be read."""
    left = check.links.filter(state__in=[LinkState.WAITING, LinkState.TAKEN]).exists()
    if left:
        return
    stopped = check.links.filter(state=LinkState.STOPPED).exists()
    state = CheckState.STOPPED if stopped else CheckState.DONE
    live = [CheckState.WAITING, CheckState.RUNNING]
    if LinkCheck.objects.filter(pk=check.pk, state__in=live).update(state=state, finished_at=now):
        record(Verb.CHECK_FINISHED, now=now, person=None, case=check.case, subject=check.pk)
