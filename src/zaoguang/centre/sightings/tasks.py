"""The queue's jobs: they carry row ids only, and what fails is said without a word of the case."""

from uuid import UUID

from django_tasks import task

from zaoguang.centre.clock import now
from zaoguang.centre.sightings.links import give_back, give_up
from zaoguang.centre.sightings.models import CheckState, LinkCheck
from zaoguang.centre.sightings.reading import finish_check, open_reader, read_check
from zaoguang.errors import OutsideFailure

__all__ = ["check_links", "resume"]


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
    raise OutsideFailure(f"The link check ended early: {why}.")  # outside of "except": nothing of the cause goes along


def resume() -> int:
    """Queue again every check that a worker which is no more had not finished; give their number."""
    give_back()
    unfinished = LinkCheck.objects.filter(state__in=[CheckState.WAITING, CheckState.RUNNING])
    for check in unfinished:
        check_links.enqueue(str(check.pk))
    return len(unfinished)
