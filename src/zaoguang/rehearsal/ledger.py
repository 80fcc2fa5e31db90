"""Counting what the centre holds against what the plan says is true; reads, never writes.

Imported only once the stage is up: the centre's models need its settings.
"""

from base64 import b64decode
from collections import Counter
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
from zaoguang.centre.notices.drafting import addresses_of, preview
from zaoguang.centre.notices.models import Due, DueState, Notice, Route
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import DoesNotHold
from zaoguang.evidence import verify_package
from zaoguang.rehearsal.mailbox import read_journal
from zaoguang.rehearsal.plan import CAST, Character
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
}
"""What honest counting must come to for each character at the end of the play."""

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
        characters = {site.name: site.character for site in CAST}
        self._characters = {urlsplit(copy["picture"]).netloc: characters[copy["site"]] for copy in copies}

    def compare(self) -> Comparison:
        """Compare the sightings with the plan: a copy counts as found only when the right item is named."""
        seen = {(each.picture(), each.item.code) for each in self._sightings().filter(reappearance_of=None)}
        return {"found": len(seen & self._truth), "missed": len(self._truth - seen), "false": len(seen - self._truth)}

    def _sightings(self) -> QuerySet[Sighting]:
        return Sighting.objects.filter(case_id=self._case).select_related("item")

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
        return not self._notices().filter(_ON_ITS_WAY).exists()

    def nothing_due(self) -> bool:
        """Say whether everything due by now is done."""
        open_states = [DueState.WAITING, DueState.TAKEN]
        return not Due.objects.filter(state__in=open_states, due_at__lte=now()).exists()

    def after(self, hours: int) -> datetime:
        """Give what the centre's time will be when that many hours more have passed."""
        return now() + timedelta(hours=hours)

    def arrived(self, notice_id: str) -> bool:
        """Ask the mailbox whether a notice is there, as a person would ask the platform."""
        return self._letters()[self._notices().get(pk=notice_id).message_id] > 0

    def _letters(self) -> Counter[str]:
        """Count the messages in the mailbox by Message-ID."""
        journal = read_journal(self._stage.folder / "mailbox")
        read = (message_from_bytes(b64decode(each["message"]), policy=default) for each in journal)
        return Counter(str(message["Message-ID"]) for message in read)

    def posted(self) -> Comparison:
        """Compare the notices that the centre says are sent with what the mailbox holds."""
        letters = self._letters()
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
        """Count the sightings by outcome; those that still stand are ``up``."""
        return dict(Counter(each.outcome or "up" for each in self._sightings()))

    def wrong_outcomes(self) -> int:
        """Count the sightings whose outcome is not what their platform's character must lead to."""
        return sum(
            each.outcome != EXPECTED[self._characters[urlsplit(each.picture()).netloc]] for each in self._sightings()
        )

    def reappeared(self) -> Comparison:
        """Compare the copies that came back with those found again."""
        back = {each.picture() for each in self._sightings().exclude(reappearance_of=None)}
        return {"planted": len(self._again), "found": len(back & self._again)}

    def totals(self) -> Comparison:
        """Count sightings and escalations that were sent."""
        escalations = self._notices().filter(state="sent").exclude(escalates=None).count()
        return {"sightings": self._sightings().count(), "escalations": escalations}
