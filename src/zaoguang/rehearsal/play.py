"""The play: one case from fingerprint to removal, through the same command and pages that people use, then counted."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zaoguang.centre.serving import zaoguang_command
from zaoguang.errors import DoesNotHold, OutsideFailure
from zaoguang.rehearsal.pictures import survivors_items
from zaoguang.rehearsal.ready import Ready
from zaoguang.rehearsal.report import Report
from zaoguang.rehearsal.stage import PASSPHRASE, Stage
from zaoguang.rehearsal.visitor import Form, Page, Visitor
from zaoguang.rehearsal.waiting import wait_until

if TYPE_CHECKING:
    from zaoguang.rehearsal.ledger import Comparison, Ledger

__all__ = ["ANSWERS", "Play", "play"]

_CHECK_SECONDS = 600.0
_QUIET_SECONDS = 300.0
ANSWERS = {
    "capacity": "agent",
    "agent_name": "Rehearsal Support Centre",
    "authority_doc": "written authorisation of the person depicted, kept by the centre",
    "identity_doc": "Annex 1: certificate of the centre",
    "contact_email": "notices@support-centre.example",
    "postal_address": "1 Example Street, Example Town",
    "consent_statement": "The person depicted never agreed to publication and says so in writing.",
    "why_illegal": "Publishing intimate images of a person without consent is a criminal offence.",
    "evidence": "Annex 2: sealed records of each page, with time and SHA-256.",
    "role": "hosting",
    "network_facts": "The registers name the addressee as the host of this site, read today.",
    "good_faith_statement": "on",
    "accuracy_statement": "on",
    "signature": "Rehearsal Support Centre",
}
"""What a caseworker types once for all notices; harmless and made up."""

_NOTED = {"refused": "refused", "asks": "asks"}
"""Which of the world's replies the person at the mailbox records, and as what."""


def yes_to(form: Form) -> dict[str, str]:
    """Give the ticks with which a person says that she has read what a notice gives away."""
    return {name: "yes" for name in ("identity_seen", "named_seen") if name in form.values}


class Play:
    """One rehearsal under way: the person at the pages, the stage, and what was counted so far."""

    def __init__(self, stage: Stage, visitor: Visitor, tell: Callable[[str], None]) -> None:
        """Take the stage and the person."""
        self.stage, self.visitor, self.tell = stage, visitor, tell
        self.seconds: dict[str, float] = {}
        self.case = ""
        self.drafted = self.confirmations = self.fields_missing = 0
        self.ready: list[Ready] = []
        self.first: Comparison = {}
        self._ledger: Ledger | None = None
        self._answered: set[str] = set()

    @property
    def ledger(self) -> "Ledger":
        """Give the ledger of the case, once there is one."""
        if self._ledger is None:
            raise DoesNotHold("No case was opened.")
        return self._ledger

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        self.tell(name)
        begun = time.monotonic()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - begun, 2)

    def fingerprint(self) -> str:
        """Fingerprint the survivor's pictures on "her device" with the command, and give its lines."""
        phone = self.stage.settings.folder / "phone"
        phone.mkdir(exist_ok=True)
        for number, photograph in enumerate(survivors_items(self.stage.settings.seed)):
            (phone / f"item-{number}.jpg").write_bytes(photograph.content)
        done = subprocess.run(
            zaoguang_command("fingerprint", "--exact", "--json", str(phone)),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OutsideFailure(f"The fingerprint command failed: {done.stderr.strip()[:300]}")
        return done.stdout

    def open_case(self, alias: str) -> Page:
        """Open a case with every consent."""
        form = self.visitor.open("/cases/new/").form("/cases/new/")
        page = self.visitor.send(form, {"adult": "no", "alias": alias, "uses": ["match", "seal", "notice"]})
        self.take_up(urlsplit(page.address).path)
        return page

    def take_up(self, case: str) -> None:
        """Work on the case at that path from here on."""
        from zaoguang.rehearsal.ledger import Ledger  # noqa: PLC0415  (the stage has set Django up by now)

        self.case = case
        self._ledger = Ledger(self.stage, case.strip("/").rpartition("/")[2])

    def add_items(self, lines: str) -> None:
        """Paste the fingerprint lines."""
        form = self.visitor.open(f"{self.case}items/").form("items/")
        self.visitor.send(form, {"lines": lines})

    def check_links(self, addresses: Sequence[str]) -> None:
        """Paste addresses and wait, as a person would look at the page, until all are read."""
        for start in range(0, len(addresses), 500):
            form = self.visitor.open(f"{self.case}checks/new/").form("checks/new/")
            page = self.visitor.send(form, {"addresses": "\n".join(addresses[start : start + 500])})
            self._until(partial(self._is_read, page.address))

    def _is_read(self, address: str) -> bool:
        """Say whether a check's page has stopped asking again by itself."""
        return b'http-equiv="refresh"' not in self.visitor.look(address).content

    def _until(self, ready: Callable[[], bool], seconds: float = _CHECK_SECONDS) -> None:
        def looked() -> bool:
            self.stage.keep()
            return ready()

        if not wait_until(looked, seconds, every=0.25):
            raise DoesNotHold("The centre did not finish its work in time.")

    def export(self) -> "Comparison":
        """Download the evidence package and verify it."""
        return self.ledger.verified(self.visitor.download(self.visitor.open(self.case).form("package/")))

    def draft_notices(self) -> None:
        """Get a draft for every addressee that still has to be asked, confirm them, and see that they leave."""
        if self.make_ready():
            self._send_off()

    def make_ready(self) -> bool:
        """Answer the laws' questions once, get the drafts and confirm them; false if nobody has to be asked."""
        clicks, waited, confirmations = self.visitor.clicks, self.visitor.waited, self.confirmations
        page = self.visitor.open(f"{self.case}notices/new/")
        if not page.has_form("notices/new/"):
            return False
        form = page.form("notices/new/")
        asked = {name: value for name, value in ANSWERS.items() if name in form.values}
        page = self.visitor.send(form, asked)
        drafts = self.ledger.notices("draft")
        self._confirm_together(page, drafts)
        self.ready.append(
            Ready(
                **self.ledger.breadth(drafts),
                notices=len(drafts),
                confirmations=self.confirmations - confirmations,
                clicks=self.visitor.clicks - clicks,
                seconds=round(self.visitor.waited - waited, 2),
            )
        )
        return True

    def confirm_all(self, state: str) -> None:
        """Read every notice in that state and confirm it."""
        self._confirm(self.ledger.notices(state))
        self._send_off()

    def _confirm_together(self, page: Page, notices: Sequence[str]) -> None:
        """Confirm these notices with one yes where the page shows all of them; a single one has its own page."""
        if not page.has_form("notices/review/"):
            self._confirm(notices)
            return
        self._count(notices)
        form = page.form("notices/review/")
        self.visitor.send(form, {**yes_to(form), "notice": notices})
        self.confirmations += 1

    def _confirm(self, notices: Sequence[str]) -> None:
        """Read each notice on its own page and confirm it there."""
        self._count(notices)
        for notice in notices:
            form = self._notice(notice).form("confirm/")
            self.visitor.send(form, yes_to(form))
            self.confirmations += 1

    def _count(self, notices: Sequence[str]) -> None:
        self.drafted += len(notices)
        self.fields_missing += sum(self.ledger.missing(notice) for notice in notices)

    def _notice(self, notice: str) -> Page:
        return self.visitor.open(f"{self.case}notices/{notice}/")

    def _send_off(self) -> None:
        """Fill in the forms that wait for a person, and wait until the rest is sent."""
        for notice in self.ledger.sheets():
            self._fill_in_by_hand(notice, self._notice(notice))
        self._until(self._settled, _QUIET_SECONDS)

    def _settled(self) -> bool:
        """Say whether nothing is on its way; where a result is unknown, ask the addressee and say what it said.

        What was certainly not sent is sent again, as often as the centre lets it.
        """
        for notice in self.ledger.notices("unknown"):
            arrived = "yes" if self.ledger.arrived(notice) else "no"
            self.visitor.send(self._notice(notice).form("resolve/"), {"arrived": arrived})
        for notice in self.ledger.notices("not_sent"):
            self.visitor.send(self._notice(notice).form("again/"))
        return self.ledger.all_sent() and not self.ledger.notices("unknown")

    def _fill_in_by_hand(self, notice: str, page: Page) -> None:
        """Do what a person does with a platform's own form: copy the sheet into it, note the receipt."""
        site = Visitor(self.ledger.form_address(notice).removesuffix("/report"))
        with site:
            given = {
                "addresses": "\n".join(self.ledger.addresses(notice)),
                "statement": ANSWERS["consent_statement"],
                "name": ANSWERS["agent_name"],
                "email": ANSWERS["contact_email"],
                "signature": ANSWERS["signature"],
            }
            answer = site.send(site.open("/report").form("/report"), given)
            receipt = answer.html.css_first("#receipt")
            said = receipt.text() if receipt else ""
        self.visitor.clicks += site.clicks
        self.visitor.send(page.form("submitted/"), {"receipt": said})

    def let_pass(self, hours: int) -> None:
        """Let time pass for the centre and the world, and wait until everything due is done."""
        replies = self.stage.tell_world(self.ledger.after(hours))["replies"]
        self._read_replies(replies)
        form = self.visitor.open("/").form("/time/")
        self.visitor.send(form, {"hours": str(hours)})
        self._until(self.ledger.nothing_due, _QUIET_SECONDS)

    def _read_replies(self, replies: Sequence[dict[str, Any]]) -> None:
        """Record each refusal and each question that came back, as the person who reads the mailbox."""
        for reply in replies:
            notice = self.ledger.by_message(reply["message_id"])
            if reply["says"] not in _NOTED or not notice or notice in self._answered:
                continue
            self._answered.add(notice)
            self.visitor.send(self._notice(notice).form("answer/"), {"answer": _NOTED[reply["says"]]})


def play(stage: Stage, tell: Callable[[str], None]) -> Report:
    """Play the whole loop on a stage that is up, and give what came of it."""
    with Visitor(stage.base) as visitor:
        scene = Play(stage, visitor, tell)
        _find(scene)
        _demand(scene)
        with scene.step("export and verify"):
            seals = scene.export()
        return _report(scene, seals)


def _find(scene: Play) -> None:
    with scene.step("fingerprint"):
        lines = scene.fingerprint()
    with scene.step("open the case"):
        scene.visitor.log_in("lin", PASSPHRASE)
        scene.open_case("Rehearsal")
        scene.add_items(lines)
    with scene.step("find and seal"):
        scene.check_links(scene.stage.world["pages"])
        scene.first = scene.ledger.compare()


def _demand(scene: Play) -> None:
    with scene.step("draft, confirm, send"):
        scene.draft_notices()
    with scene.step("chase"):
        scene.let_pass(6)
        scene.let_pass(43)
    with scene.step("escalate"):
        scene.confirm_all("proposed")
        scene.let_pass(6)
    with scene.step("keep down"):
        scene.let_pass(14 * 24)
        scene.draft_notices()
        scene.let_pass(6)


def _report(scene: Play, seals: "Comparison") -> Report:
    ledger, world = scene.ledger, scene.stage.world
    posted, back, totals = ledger.posted(), ledger.reappeared(), ledger.totals()
    bounced, traps = ledger.bounced(), ledger.traps()
    return Report(
        seed=scene.stage.settings.seed,
        planted=len(world["copies"]),
        decoys=world["decoys"],
        found=scene.first["found"],
        missed=scene.first["missed"],
        false=scene.first["false"],
        sightings=totals["sightings"],
        sealed=seals["sealed"],
        verified=seals["verified"],
        notices_drafted=scene.drafted,
        notices_confirmed=totals["confirmed"],
        notices_sent=posted["sent"],
        notices_lost=posted["lost"],
        notices_twice=posted["twice"],
        fields_missing=scene.fields_missing,
        bouncing=bounced["planted"],
        stopped=bounced["stopped"],
        traps=traps["planted"],
        traps_known=traps["known"],
        notices_to_traps=traps["notices"],
        ready=scene.ready[0] if scene.ready else Ready(),
        outcomes=ledger.outcomes(),
        wrong_outcomes=ledger.wrong_outcomes(),
        escalations=totals["escalations"],
        reappeared=back["planted"],
        reappeared_found=back["found"],
        clicks=scene.visitor.clicks,
        seconds=scene.seconds,
    )
