"""Starting a link check: what a person pasted becomes links, or one sentence that says what to mend."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from zaoguang.casework import ConsentUse
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.models import CheckState, Link, LinkCheck, LinkState, address_tag
from zaoguang.errors import UserMistake
from zaoguang.watch.address import parse
from zaoguang.watch.report import Unread
from zaoguang.words import gettext as _

__all__ = ["MOST_LINKS", "Progress", "claim", "give_back", "give_up", "progress", "read_addresses", "start_check"]

MOST_LINKS = 500
_NAMED_LINES = 5


def read_addresses(untrusted_text: str) -> tuple[str, ...]:
    """Read addresses between blanks, each once however its host is written, in order; name the lines that are none."""
    found: dict[str, None] = {}
    wrong: list[str] = []
    for number, line in enumerate(untrusted_text.splitlines(), 1):
        for word in _words(line):
            address = parse(word)
            if not isinstance(address, Unread):
                found[str(address)] = None
            elif not wrong or wrong[-1] != str(number):
                wrong.append(str(number))
    if wrong:
        named = ", ".join(wrong[:_NAMED_LINES]) + ("…" if len(wrong) > _NAMED_LINES else "")
        raise UserMistake(_("These lines are not web addresses (http or https): %(lines)s.") % {"lines": named})
    if not found:
        raise UserMistake(_("Paste at least one web address."))
    if len(found) > MOST_LINKS:
        raise UserMistake(
            _("At most %(most)d addresses are checked at once; these are %(count)d.")
            % {"most": MOST_LINKS, "count": len(found)}
        )
    return tuple(found)


def _words(line: str) -> list[str]:
    """Split a pasted line; commas and semicolons may be part of an address, so only those around one are cut off."""
    return [word for word in (part.strip(",;<>\"'") for part in re.split(r"[\s，、；]+", line)) if word]


@transaction.atomic
def start_check(case: Case, addresses: tuple[str, ...], by: Person, now: datetime) -> LinkCheck:
    """Record a check and its links; the queue is told in the same transaction."""
    hold(case.pk)
    require_open(case)
    consents.require(case, ConsentUse.MATCH)
    consents.require(case, ConsentUse.SEAL)
    if not case.items.filter(removed_at__isnull=True).exists():
        raise UserMistake(_("Add her items first: without fingerprints there is nothing to compare with."))
    check = LinkCheck.objects.create(case=case, person=by, started_at=now)
    links = []
    for position, address in enumerate(addresses):
        link = Link(check_run=check, position=position, tag=address_tag(address))
        write_b(link, "address", address)
        links.append(link)
    Link.objects.bulk_create(links)
    record(Verb.CHECK_STARTED, now=now, person=by, case=case, subject=check.pk)
    return check


class Progress:
    """How many links of a check are in which state."""

    def __init__(self, counts: dict[str, int]) -> None:
        """Take the counts by state."""
        self.read = counts["read"]
        self.unread = counts["unread"]
        self.total = counts["total"]
        self.found = counts["found"]
        self.stopped = counts["stopped"]

    @property
    def done(self) -> int:
        """Links that need no more work."""
        return self.read + self.unread + self.stopped

    @property
    def percent(self) -> int:
        """Done, in whole percent."""
        return 100 * self.done // self.total if self.total else 100


def progress(check: LinkCheck) -> Progress:
    """Count a check's links; the rows are the progress, so it survives any restart."""
    counts = check.links.aggregate(
        total=Count("pk"),
        read=Count("pk", filter=Q(state=LinkState.READ)),
        unread=Count("pk", filter=Q(state=LinkState.UNREAD)),
        stopped=Count("pk", filter=Q(state=LinkState.STOPPED)),
    )
    return Progress({**counts, "found": check.case.sightings.filter(page_tag__in=check.links.values("tag")).count()})


def claim(check: LinkCheck, most: int) -> list[Link]:
    """Take up to ``most`` waiting links, each by compare-and-set, so that no two readers get the same one."""
    waiting = check.links.filter(state=LinkState.WAITING)[:most]
    mine = Link.objects.filter(state=LinkState.WAITING)
    taken = [link for link in waiting if mine.filter(pk=link.pk).update(state=LinkState.TAKEN)]
    if taken:
        LinkCheck.objects.filter(pk=check.pk, state=CheckState.WAITING).update(state=CheckState.RUNNING)
    return taken


@transaction.atomic
def give_up(check: LinkCheck) -> bool:
    """After a reading that failed: what it had taken is read once more, then given up. Say whether links still wait.

    A reading that failed before it took any link would fail for ever: then all that waits is given up.
    """
    died = Unread.READER_DIED.value
    taken = check.links.filter(state=LinkState.TAKEN)
    doomed = taken.exclude(reason="") if taken.exists() else check.links.filter(state=LinkState.WAITING)
    doomed.update(state=LinkState.UNREAD, reason=died)
    check.links.filter(state=LinkState.TAKEN).update(state=LinkState.WAITING, reason=died)
    return check.links.filter(state=LinkState.WAITING).exists()


def give_back() -> int:
    """Give back what a worker that is no more had taken; only the one worker that runs may call this."""
    return Link.objects.filter(state=LinkState.TAKEN).update(state=LinkState.WAITING)
