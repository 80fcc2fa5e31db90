"""A centre with one case that is well under way, and a person of each kind; everything in it is made up."""

import json
import random
import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from tests.support.canary import canary
from zaoguang.casework import ConsentUse, Role
from zaoguang.casework.deadlines import ClockKind
from zaoguang.centre.accounts.joining import join
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.models import Case
from zaoguang.centre.clock import now
from zaoguang.centre.clocks.models import CaseClock
from zaoguang.centre.clocks.setting import start
from zaoguang.centre.intake.arrivals import receive
from zaoguang.centre.intake.invitations import invite
from zaoguang.centre.intake.items import add_items, read_lines
from zaoguang.centre.intake.models import Arrival, Invitation, Item
from zaoguang.centre.keyring import make_keys
from zaoguang.centre.letters.models import Letter, LetterKey
from zaoguang.centre.notices import drafting
from zaoguang.centre.notices.brakes import addressee_tag
from zaoguang.centre.notices.models import AddresseeStop, Notice, Route
from zaoguang.centre.places import places
from zaoguang.centre.sealed import write, write_b
from zaoguang.centre.sightings.links import start_check
from zaoguang.centre.sightings.matching import case_index
from zaoguang.centre.sightings.models import CheckState, LinkCheck, LinkState
from zaoguang.centre.sightings.reading import keep_sightings
from zaoguang.fingerprint import Fingerprint, Pdq, to_json
from zaoguang.vault import SecretKey, seal_to
from zaoguang.watch import Fetched, PageReport, PictureSeen

PASSPHRASE = "correct horse battery"
MEMBERS = {"supervisor": Role.SUPERVISOR, "caseworker": Role.CASEWORKER, "volunteer": Role.VOLUNTEER}
KINDS = ("anonymous", "stranger", *MEMBERS)
IDENTITY = opening.Identity(
    alias=canary("Alias-7f3a-Lotus"),
    legal_name=canary("Legal-Name-7f3a-Example"),
    contact=canary("contact-7f3a@example.org"),
    story=canary("Story-7f3a: what a friend told her"),
)
NOTE = canary("Note-7f3a: call her after ten")
LONG = "a-path-that-never-ends" * 8
ANSWERS: dict[str, str | list[str] | bool] = {
    "capacity": "agent",
    "agent_name": "Example Centre",
    "authority_doc": "Written authorisation of 1 May",
    "contact_email": "notices@centre.example",
    "consent_statement": "She never agreed to publication.",
    "why_illegal": "The criminal code of the Member State concerned.",
    "good_faith_statement": True,
    "accuracy_statement": True,
    "signature": "Example Centre",
    "nature": "real",
}


@dataclass(frozen=True, slots=True)
class MadeCentre:
    """What was made."""

    people: dict[str, Person]
    case: Case
    key: SecretKey
    item: Item
    check: LinkCheck
    draft: Notice
    gap: Notice  # a draft that lacks answers
    sheet: Notice  # confirmed, to be copied into a form
    invitation: Invitation  # still open
    code: str  # the invitation's
    arrival: Arrival  # one fingerprint that she sent, waiting
    clock: CaseClock  # the police decide
    letter: Letter  # an answer to the draft, as if that had been sent
    stop: AddresseeStop  # of an addressee that nothing else here names


def made_fingerprint(seed: int) -> Fingerprint:
    """Give a fingerprint of no picture at all."""
    source = random.Random(seed)
    turned = tuple(Pdq(source.randbytes(32)) for _ in range(8))
    return Fingerprint("image", turned[0], 90, source.randbytes(32).hex(), 800, 600, None, turned)


def fingerprint_line(seed: int) -> str:
    """Give the line that a survivor's device would write for it."""
    return json.dumps(to_json(made_fingerprint(seed)))


def make_centre() -> MadeCentre:
    """Make it, in the test's database."""
    make_keys(places())
    moment = now()
    people = {name: join(name, PASSPHRASE, role) for name, role in MEMBERS.items()}
    people["stranger"] = join("stranger", PASSPHRASE, Role.SUPERVISOR)
    lead = people["supervisor"]
    case, key = opening.open_case(IDENTITY, lead, moment)
    for use in ConsentUse:
        consents.give(case, use, lead, moment)
    for name in ("caseworker", "volunteer"):
        opening.add_member(case, key, people[name], lead, moment)
    opening.write_note(case, key, NOTE, lead, moment)
    lines = f"{fingerprint_line(1)}\n{fingerprint_line(2)}"
    item = add_items(case, key, read_lines(lines), lead, moment)[0]
    check = _found_copies(case, lead, moment)
    copies = list(case.sightings.order_by("seen_at", "pk"))
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")
    form = drafting.Door("us-take-it-down", "", Route.FORM, "https://forum.example/report", "en")
    draft = drafting.draft(case, key, door, copies[:1], ANSWERS, lead, moment)
    gap = drafting.draft(case, key, door, copies[1:2], {}, lead, moment)
    sheet = drafting.draft(case, key, form, copies[2:3], ANSWERS, lead, moment)
    confirm_as_read(sheet, key, lead, moment, identity_seen=True)
    used, _code = invite(case, lead, moment)
    arrival = receive(used, read_lines(fingerprint_line(3)), moment)
    if arrival is None:
        raise AssertionError("a fresh invitation did not open")
    clock = start(case, ClockKind.POLICE_DECISION, moment, lead, moment)
    return MadeCentre(
        people,
        case,
        key,
        item,
        check,
        draft,
        gap,
        sheet,
        *invite(case, lead, moment),
        arrival,
        clock,
        answer_to(draft, lead, moment),
        stopped_addressee(moment),
    )


ANSWER = canary("Answer-7f3a: we have received the report of Legal-Name-7f3a-Example")


def answer_to(notice: Notice, by: Person, now: datetime) -> Letter:
    """Give an answer to that notice, sealed to one member."""
    letter = Letter(validity=1, uid=1, tag=b"t" * 32, notice=notice, arrived_at=now, reading="receipt", state="waiting")
    key = SecretKey.generate()
    write(letter, "body", f"abuse@forum.example\nRe: report\n\n{ANSWER}", key)
    letter.save(force_insert=True)
    LetterKey.objects.create(letter=letter, person=by, sealed=seal_to(bytes(by.public_key), key))
    return letter


def stopped_addressee(now: datetime, address: str = "full@box.example") -> AddresseeStop:
    """Stop an addressee, as refusals for good do."""
    stop = AddresseeStop(tag=addressee_tag(address), begun_at=now)
    write_b(stop, "addressee", address)
    stop.save(force_insert=True)
    return stop


def fetched(address: str, moment: datetime) -> Fetched:
    """Give what fetching that address gave."""
    return Fetched(address, address, (), 200, (), moment, moment, "127.0.0.1", 1000, "ab" * 32)


def _found_copies(case: Case, by: Person, moment: datetime) -> LinkCheck:
    pages = [f"https://forum.example/{LONG}/{number}" for number in range(5)]
    check = start_check(case, tuple(pages), by, moment)
    index, seen = case_index(case), made_fingerprint(1)
    for page in pages:
        picture = f"{page}/picture.jpg"
        shown = PictureSeen(picture, fetched(picture, moment), seen)
        with transaction.atomic():
            keep_sightings(case, PageReport("link", page, fetched(page, moment), (shown,)), index, moment)
    case.sightings.update(judged_at=moment)  # as after the decoys: a copy is kept there
    check.links.update(state=LinkState.READ, pictures=1, found=1)
    LinkCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, finished_at=moment)
    return check


def client_of(kind: str, language: str = "en") -> Client:
    """Give a client that logged in through the page, so that it holds the unlock cookie too."""
    client = Client(headers={"accept-language": language})
    if kind != "anonymous":
        answer = client.post("/login/", {"handle": kind, "passphrase": PASSPHRASE})
        if answer.status_code != 302:
            raise AssertionError(f"{kind} could not log in: {answer.status_code}")
    return client


def text_of(answer: HttpResponseBase) -> str:
    """Give an answer's page."""
    if not isinstance(answer, HttpResponse):
        raise TypeError("no page of the centre is streamed")
    return answer.content.decode()


def confirm_as_read(notice: Notice, key: SecretKey, by: Person, now: datetime, *, identity_seen: bool) -> None:
    """Confirm a notice as somebody does who has just been shown it."""
    shown = drafting.digest(drafting.preview(notice, key, now))
    drafting.confirm(notice, key, by, now, identity_seen=identity_seen, shown=shown)


def yes_to(client: Client, confirm_address: str) -> dict[str, str]:
    """Give what the confirm form of a notice sends when somebody reads the page and says yes."""
    page = client.get(confirm_address.removesuffix("confirm/")).content.decode()
    found = re.search(r'name="shown" value="([0-9a-f]*)"', page)
    named = {"named_seen": "yes"} if 'name="named_seen"' in page else {}
    return {"identity_seen": "yes", "shown": found[1] if found else "", **named}
