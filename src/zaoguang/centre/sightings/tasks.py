"""The queue's jobs: they carry row ids only, and what fails is said without a word of the case."""

from uuid import UUID

from django_tasks import task

from zaoguang.centre.cases.models import Case
from zaoguang.centre.clock import now
from zaoguang.centre.sightings.links import give_back, give_up
from zaoguang.centre.sightings.models import CheckState, LinkCheck, Sighting
from zaoguang.centre.sightings.reading import finish_check, open_reader, read_check
from zaoguang.centre.sightings.traps import probe
from zaoguang.errors import OutsideFailure

__all__ = ["check_links", "probe_copies", "resume"]


@task()
def check_links(check_id: str) -> None:
    """Read the links of one check; a check that is done already is left alone."""
    check = LinkCheck.objects.select_related("case").filter(pk=UUID(check_id)).first()
    if check is None or check.state in {CheckState.DONE, CheckState.STOPPED}:
        return
    try:
        with open_reader() as reader:
            read_check(check, reader, now)
    except Exception as error:  # noqa: BLE001  (an edge: the queue stores the traceback, which could name an address)
        why = type(error).__name__
    else:
        return
    if give_up(check):
        check_links.enqueue(check_id)
    else:
        finish_check(check, now())
        probe_copies.enqueue(str(check.case_id))
    raise OutsideFailure(f"The link check ended early: {why}.")  # outside of "except": nothing of the cause goes along


@task()
def probe_copies(case_id: str) -> None:
    """Give a verdict on the case's copies that have none; a check that failed for good had left them behind."""
    case = Case.objects.filter(pk=UUID(case_id)).first()
    if case is None:
        return
    try:
        with open_reader() as reader:
            probe(case, reader, now)
    except Exception as error:  # noqa: BLE001  (the same edge)
        why = type(error).__name__
    else:
        return
    raise OutsideFailure(f"Probing ended early: {why}.")


def resume() -> int:
    """Queue again every check that a worker which is no more had not finished; give their number.

    Copies that it found and had no time to probe are probed at the end of their check, or by a job of their own.
    """
    give_back()
    unfinished = LinkCheck.objects.filter(state__in=[CheckState.WAITING, CheckState.RUNNING])
    for check in unfinished:
        check_links.enqueue(str(check.pk))
    left = Sighting.objects.filter(judged_at=None, item__removed_at=None)
    left = left.exclude(case_id__in=unfinished.values("case_id")).order_by("case_id")
    for case_id in left.values_list("case_id", flat=True).distinct():
        probe_copies.enqueue(str(case_id))
    return len(unfinished)
