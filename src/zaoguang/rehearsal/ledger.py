"""Counting what the centre holds against what the plan says is true; reads, never writes.

Imported only once the stage is up: the centre's models need its settings.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet

from zaoguang.centre.access import open_case_key
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.cases.models import Membership
from zaoguang.centre.clock import now
from zaoguang.centre.exhibits.models import Exhibit
from zaoguang.centre.keyring import signer
from zaoguang.centre.notices.brakes import FUSE, addressee_tag
from zaoguang.centre.notices.drafting import addresses_of, preview
from zaoguang.centre.notices.models import AddresseeStop, Attempt, Due, DueState, Notice, Route
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import DoesNotHold
from zaoguang.evidence import verify_package
from zaoguang.rehearsal.cast import Character
from zaoguang.rehearsal.mailbox import read_journal
from zaoguang.rehearsal.stage import PASSPHRASE, Stage
from zaoguang.vault import unlock

__all__ = ["EXPECTED", "Comparison", "Ledger"]

EXPECTED = {
    Character.HOURS: "removed",
    Character.ESCALATION: "removed",
    Character.REFUSES: "refused",
    Character.SILENT: "no_answer",
    Character.GEOBLOCKS: "geoblocked",
    Character.RETURNS: "removed",
    Character.AT_ONCE: "removed",
    Character.ASKS: "removed",
    Character.BOUNCES: "",  # nobody was told
    Character.WALLS: "no_answer",
    Character.GATES: "no_answer",
    Character.SAYS_GONE: "no_answer",
    Character.REPLACES: "removed",
    Character.CLOSES: "account_closed",
    Character.DIES: "dead",
}
"""What honest counting must come to for each character that keeps copies, at the end of the play."""

Comparison = dict[str, int]
_ON_ITS_WAY = Q(state="confirmed") | Q(state="sending")


class Ledger:
    """Looks into one case of the centre's database, and into the mailbox's journal."""

    def __init__(self, stage: Stage, case_id: str) -> None:
        """Take the stage, which must be up, and the case that is played."""
        self._stage, self._case = stage, case_id
        copies = stage.world["copies"]
        self._truth = {(copy["picture"], f"P{copy['item'] + 1:02d}") for copy in copies}
        self._again = {copy["again"] for copy in copies if copy["again"]}
        characters = {site.name: site.character for site in stage.sites}
        self._traps = set(stage.world["traps"])
        self._expected = {urlsplit(copy["picture"]).netloc: EXPECTED[characters[copy["site"]]] for copy in copies}

    def compare(self) -> Comparison:
        """Compare the sightings with the plan: a copy counts as found only when the right item is named.

        What the centre takes for a trap is no copy: taken for one wrongly, a copy is missed, and a trap not taken for
        one is false.
        """
        seen = {(each.picture(), each.item.code) for each in self._copies().filter(reappearance_of=None)}
        return {"found": len(seen & self._truth), "missed": len(self._truth - seen), "false": len(seen - self._truth)}

    def _sightings(self) -> QuerySet[Sighting]:
        return Sighting.objects.filter(case_id=self._case).select_related("item")

    def _copies(self) -> QuerySet[Sighting]:
        return self._sightings().filter(on_request=False)

    def _notices(self) -> QuerySet[Notice]:
        return Notice.objects.filter(case_id=self._case)

    def notices(self, state: str) -> list[str]:
        """Give the ids of the notices in that state, oldest first."""
        return [str(each.pk) for each in self._notices().filter(state=state).order_by("made_at", "pk")]

    def missing(self, notice_id: str) -> int:
        """Count the fields that a notice lacks."""
        lin = Person.objects.get(handle="lin")
        membership = Membership.objects.select_related("person").get(case_id=self._case, person=lin)
        key = open_case_key(unlock(lin.locked, PASSPHRASE), membership)
        if key is None:
            raise DoesNotHold("The supervisor holds no key to the case.")
        return len(preview(self._notices().get(pk=notice_id), key, now()).missing)

    def sheets(self) -> list[str]:
        """Give the ids of the notices that wait for a person to fill in their addressee's form."""
        return [str(each.pk) for each in self._notices().filter(state="sending", route=Route.FORM)]

    def breadth(self, notice_ids: Sequence[str]) -> Comparison:
        """Count the addresses that these notices name and the addressees that they go to."""
        notices = list(self._notices().filter(pk__in=notice_ids))
        addresses = sum(len(addresses_of(each)) for each in notices)
        return {"addresses": addresses, "platforms": len({each.to() for each in notices})}

    def addresses(self, notice_id: str) -> list[str]:
        """Give the addresses that a notice names."""
        return addresses_of(self._notices().get(pk=notice_id))

    def form_address(self, notice_id: str) -> str:
        """Give the address of the form that a notice is for."""
        return self._notices().get(pk=notice_id).to()

    def by_message(self, message_id: str) -> str:
        """Give the id of the notice with that Message-ID, empty if there is none."""
        found = self._notices().filter(message_id=message_id).first()
        return str(found.pk) if found else ""

    def all_sent(self) -> bool:
        """Say whether nothing is on its way any more."""
        return all(self._stopped(each) for each in self._notices().filter(_ON_ITS_WAY))

    def stopped(self, notice_id: str) -> bool:
        """Say whether the fuse has stopped a notice's addressee."""
        return self._stopped(self._notices().get(pk=notice_id))

    def _stopped(self, notice: Notice) -> bool:
        return AddresseeStop.objects.filter(tag=addressee_tag(notice.to()), ended_at__isnull=True).exists()

    def bounced(self) -> Comparison:
        """Compare the platforms that refuse all mail with those that the fuse stopped after so many tries."""
        planted = {site.mailbox for site in self._stage.sites if site.character is Character.BOUNCES}
        tried = Counter(each.notice.to() for each in Attempt.objects.filter(notice__case_id=self._case, code__gte=500))
        stopped = {stop.to() for stop in AddresseeStop.objects.filter(ended_at__isnull=True)}
        return {"planted": len(planted), "stopped": sum(to in stopped and tried[to] == FUSE for to in planted)}

    def traps(self) -> Comparison:
        """Compare the pages that are traps with those known as such, and count the notices to them, drafts too."""
        known = {each.page() for each in self._sightings().filter(on_request=True)}
        sites = {site.name: site.mailbox for site in self._stage.sites if site.character.is_trap}
        there = {message_id for message_id, to in self._letters() if set(to) & set(sites.values())}
        meant = set(self._notices().filter(channel__in=sites).values_list("message_id", flat=True))
        return {
            "planted": len(self._traps),
            "known": len(known & self._traps),
            "notices": len(there | meant),
        }

    def nothing_due(self) -> bool:
        """Say whether everything due by now is done."""
        open_states = [DueState.WAITING, DueState.TAKEN]
        return not Due.objects.filter(state__in=open_states, due_at__lte=now()).exists()

    def after(self, hours: int) -> datetime:
        """Give what the centre's time will be when that many hours more have passed."""
        return now() + timedelta(hours=hours)

    def arrived(self, notice_id: str) -> bool:
        """Ask the mailbox whether a notice is there, as a person would ask the platform."""
        message_id = self._notices().get(pk=notice_id).message_id
        return any(each == message_id for each, _to in self._letters())

    def _letters(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the Message-ID and the recipients of each message in the mailbox."""
        for each in read_journal(self._stage.folder / "mailbox"):
            message = message_from_bytes(b64decode(each["message"]), policy=default)
            yield str(message["Message-ID"]), each["to"]

    def posted(self) -> Comparison:
        """Compare the notices that the centre says are sent with what the mailbox holds."""
        letters = Counter(message_id for message_id, _to in self._letters())
        sent = self._notices().filter(state="sent")
        ids = [each.message_id for each in sent if each.route == Route.EMAIL]
        return {
            "sent": len(sent),
            "lost": sum(letters[each] == 0 for each in ids),
            "twice": sum(number > 1 for number in letters.values()),
        }

    def verified(self, package: bytes) -> Comparison:
        """Verify the package as an outsider would, and count the seals that hold."""
        path = self._stage.settings.folder / "package.zip"
        path.write_bytes(package)
        verification = verify_package(path, signer().key_id)
        sealed = Exhibit.objects.filter(sighting__case_id=self._case).count()
        return {"sealed": sealed, "verified": sealed if verification.holds else 0}

    def outcomes(self) -> dict[str, int]:
        """Count the copies by outcome; those that still stand are ``up``."""
        return dict(Counter(each.outcome or "up" for each in self._copies()))

    def wrong_outcomes(self) -> int:
        """Count the copies whose outcome is not what their platform's character must lead to; a trap's has none."""
        return sum(each.outcome != self._expected.get(urlsplit(each.picture()).netloc) for each in self._copies())

    def reappeared(self) -> Comparison:
        """Compare the copies that came back with those found again."""
        back = {each.picture() for each in self._sightings().exclude(reappearance_of=None)}
        return {"planted": len(self._again), "found": len(back & self._again)}

    def totals(self) -> Comparison:
        """Count sightings, notices that somebody confirmed, and escalations that were sent."""
        escalations = self._notices().filter(state="sent").exclude(escalates=None).count()
        confirmed = self._notices().exclude(confirmed_at=None).count()
        return {"sightings": self._sightings().count(), "confirmed": confirmed, "escalations": escalations}
