"""A centre full of planted values, whose power is cut while it works: run as a process of its own.

    python -m tests.support.stolen_disk

Its folders come from the environment, as a real centre's do. It prints one JSON object: what was planted where, and
every cell of every table as the database gives it; then it kills itself, so that nothing is tidied up.
"""

import base64
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Never, Self

from zaoguang.centre.preparing import prepare

for _line in prepare():
    pass

from django.apps import apps  # noqa: E402  (the centre is made ready first)
from django.contrib.sessions.models import Session  # noqa: E402  (the same)
from django.core.management import call_command  # noqa: E402  (the same)
from django.test import Client  # noqa: E402  (the same)

from tests.support.made_centre import made_fingerprint, stopped_addressee, yes_to  # noqa: E402  (the same)
from zaoguang import notices  # noqa: E402  (the same)
from zaoguang.casework import Role  # noqa: E402  (the same)
from zaoguang.centre import keyring  # noqa: E402  (the same)
from zaoguang.centre.accounts.joining import join  # noqa: E402  (the same)
from zaoguang.centre.cases.models import Case  # noqa: E402  (the same)
from zaoguang.centre.clock import now  # noqa: E402  (the same)
from zaoguang.centre.intake.models import Item  # noqa: E402  (the same)
from zaoguang.centre.letters.mailbox import Mail  # noqa: E402  (the same)
from zaoguang.centre.letters.models import Letter  # noqa: E402  (the same)
from zaoguang.centre.letters.receiving import receive  # noqa: E402  (the same)
from zaoguang.centre.notices import drafting, worker  # noqa: E402  (the same)
from zaoguang.centre.notices.models import Notice, Route  # noqa: E402  (the same)
from zaoguang.centre.places import places  # noqa: E402  (the same)
from zaoguang.centre.sealed import write  # noqa: E402  (the same)
from zaoguang.centre.sightings import tasks  # noqa: E402  (the same)
from zaoguang.fingerprint import to_json  # noqa: E402  (the same)
from zaoguang.vault import unlock  # noqa: E402  (the same)
from zaoguang.watch import Fetched, PageReport, PictureSeen  # noqa: E402  (the same)

PASSPHRASE = "Passphrase-4b1d river lamp stone"
HANDLE = "handle-4b1d-open"
ALIAS = "Alias-4b1d-Lotus 莲花"
NAME = "Legal-Name-4b1d-Example 某某"
CONTACT = "contact-4b1d@example.org"
STORY = "Story-4b1d: a friend told her on Sunday 星期天"
NOTE = "Note-4b1d: call her after ten 十点后"
LABEL = "Label-4b1d: the one by the lake"
STATEMENT = "Statement-4b1d: she never agreed to it"
WHY = "Why-4b1d: a criminal offence in the Union"
HINT = "Hint-4b1d: the third from the top"
RECEIPT = "Receipt-4b1d-00912"
STOPPED = "stopped-4b1d@full.example"
ANSWERED, ANSWER = "desk-4b1d@answers.example", "Answer-4b1d: she is known to us"
HOSTS = ("forum-4b1d.example", "gallery-4b1d.example", "channel-4b1d.example", "album-4b1d.example")
PAGES = tuple(f"https://{host}/thread-{number}-4b1d" for number, host in enumerate(HOSTS))
LATER = "https://later-4b1d.example/page-4b1d"
ADDRESSEES = tuple(f"abuse-4b1d@{host}" for host in HOSTS)
PAGE_SHA = "4b1d" * 16
PLANTED: dict[str, list[str | bytes]] = {}


class FailingReader(AbstractContextManager["FailingReader"]):
    """Fails in the middle with an error that names what it read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def read(self, links: Any, **_more: object) -> Iterator[PageReport]:  # noqa: ANN401  (a reader's own)
        untrusted = list(links)
        raise RuntimeError(f"cannot read {untrusted} of {ALIAS}")
        yield


class FindingReader(FailingReader):
    """Finds a copy of the survivor's item on every page that there is, and nothing elsewhere."""

    def read(self, links: Any, **_more: object) -> Iterator[PageReport]:  # noqa: ANN401  (a reader's own)
        for link, address in links:
            picture = f"{address}/picture-4b1d.jpg"
            shown = PictureSeen(picture, _fetched(picture), made_fingerprint(41))
            yield PageReport(link, address, _fetched(address), (shown,) if address in PAGES else ())


def _fetched(address: str) -> Fetched:
    moment = now()
    headers = (("server", "server-4b1d"),)
    return Fetched(address, address, (), 200, headers, moment, moment, "203.0.113.41", 1000, PAGE_SHA)


def _post(client: Client, address: str, given: dict[str, object]) -> str:
    answer = client.post(address, given)
    if answer.status_code != 302:
        raise RuntimeError(f"{address}: {answer.status_code} {re.sub('<[^>]+>', ' ', answer.content.decode())[:3000]}")
    return str(answer.headers["Location"])


def _work_through_queue(reader: Callable[[], FailingReader]) -> None:
    setattr(tasks, "open_reader", reader)  # noqa: B010  (stands in for the process that fetches)
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)


def _notices(client: Client, case: str) -> None:
    asked: dict[str, object] = {
        "language": "en",
        "group": list(HOSTS[:3]),
        "capacity": "self",
        "legal_name": NAME,
        "contact_email": CONTACT,
        "consent_statement": STATEMENT,
        "why_illegal": WHY,
        "identifying_hint": HINT,
        "good_faith_statement": "on",
        "accuracy_statement": "on",
        "signature": NAME,
        "nature": "real",
    }
    asked |= {f"address-{host}": to for host, to in zip(HOSTS, ADDRESSEES, strict=True)}
    asked |= {f"regime-{host}": "eu-dsa-16" for host in HOSTS}
    _post(client, f"{case}notices/new/", asked)
    by_host = {notice.to(): notice for notice in Notice.objects.all()}
    _confirm(client, case, by_host[ADDRESSEES[0]])
    notices.deliver = lambda *_given: notices.Accepted(250, "")  # the mail server's place
    worker.tick(now(), _no_reader)
    _confirm(client, case, by_host[ADDRESSEES[1]])  # ... and stays on its way; the third stays a draft


def _confirm(client: Client, case: str, notice: Notice) -> None:
    address = f"{case}notices/{notice.pk}/confirm/"
    _post(client, address, {**yes_to(client, address)})
    if not Notice.objects.get(pk=notice.pk).confirmed_at:
        raise RuntimeError("the notice was not confirmed")


def _no_reader() -> Never:
    raise RuntimeError("nothing was to be read")


def _form(client: Client, case: str) -> None:
    """Fill in an addressee's form by hand; the last page's copies are still unasked."""
    row = Case.objects.get()
    membership = row.memberships.select_related("person").get()
    key = unlock(membership.person.locked, PASSPHRASE).open_key(bytes(membership.sealed_case_key))
    item = Item.objects.get()
    write(item, "label", LABEL, key)
    item.save()
    PLANTED["cases_membership.sealed_case_key"] = [key.raw]
    PLANTED["accounts_person.sealed_private_key"] = [unlock(membership.person.locked, PASSPHRASE).private_key]
    door = drafting.Door("us-take-it-down", "", Route.FORM, f"https://{HOSTS[3]}/report-4b1d", "zh-Hans")
    copies = list(row.sightings.filter(notices__isnull=True))
    values: dict[str, str | list[str] | bool] = {
        "capacity": "self",
        "contact_email": CONTACT,
        "consent_statement": STATEMENT,
        "good_faith_statement": True,
        "accuracy_statement": True,
        "signature": NAME,
    }
    notice = drafting.draft(row, key, door, copies, values, membership.person, now())
    _confirm(client, case, notice)
    _post(client, f"{case}notices/{notice.pk}/submitted/", {"receipt": RECEIPT})


def _fill() -> None:
    join(HANDLE, PASSPHRASE, Role.SUPERVISOR)
    client = Client()
    _post(client, "/login/", {"handle": HANDLE, "passphrase": PASSPHRASE})
    identity: dict[str, object] = {"alias": ALIAS, "legal_name": NAME, "contact": CONTACT, "story": STORY}
    case = _post(client, "/cases/new/", {**identity, "adult": "no", "uses": ["match", "seal", "notice"]})
    _post(client, f"{case}notes/", {"text": NOTE})
    _post(client, f"{case}items/", {"lines": json.dumps(to_json(made_fingerprint(41)))})
    _sent_by_her(client, case)
    _post(client, f"{case}checks/new/", {"addresses": "\n".join(PAGES)})
    _work_through_queue(FindingReader)
    _notices(client, case)
    _form(client, case)
    stopped_addressee(now(), STOPPED)
    _answers(client)
    _post(client, f"{case}checks/new/", {"addresses": LATER})
    _work_through_queue(FailingReader)
    client.get(case)
    client.post("/login/", {"handle": HANDLE, "passphrase": "Wrong-4b1d river lamp stone"})
    PLANTED["(typed wrongly)"] = ["Wrong-4b1d river lamp stone"]


def _answers(client: Client) -> None:
    """Take two answers in; one is opened, the other still waits under its own key."""
    notice = Notice.objects.filter(state="sent").first()
    if notice is None:
        raise RuntimeError("no notice was sent")
    for number in (1, 2):
        mail = f"From: {ANSWERED}\r\nIn-Reply-To: {notice.message_id}\r\n\r\n{ANSWER} {number}\r\n"
        if receive(Mail(number, mail.encode()), 1, now()) is None:
            raise RuntimeError("the answer was not taken in")
    first, second = Letter.objects.order_by("uid")
    client.get(f"/cases/{notice.case_id}/letters/{first.pk}/")
    first.refresh_from_db()
    sealed = second.keys.get()
    if first.keys.exists() or not first.text:
        raise RuntimeError("the answer was not opened")
    opened = unlock(sealed.person.locked, PASSPHRASE)
    PLANTED["letters_letterkey.sealed"] = [opened.open_key(bytes(sealed.sealed)).raw]
    PLANTED["letters_letter.body"] = PLANTED["letters_letter.text"] = [ANSWER, ANSWERED]


def _sent_by_her(client: Client, case: str) -> None:
    """Let her send a fingerprint with an invitation; it still waits when the power is cut."""
    page = client.post(f"{case}invitations/").content.decode()
    codes = re.findall(r"#([A-Z2-7-]{32})<", page)
    sent = made_fingerprint(42)
    form = {"code": codes[0], "yes": "yes", "lines": json.dumps(to_json(sent))}
    answer = Client().post("/fingerprint/send/", form)
    if answer.status_code != 200:
        raise RuntimeError(f"not received: {answer.status_code}")
    PLANTED["intake_invitation.tag"] = [codes[0], codes[0].replace("-", "")]
    PLANTED["intake_arrival.lines"] = [sent.pdq.bits, bytes.fromhex(sent.sha256)]


def _list_planted() -> None:
    seen = made_fingerprint(41)
    text: list[str | bytes] = [STATEMENT, NAME, CONTACT]
    addresses: list[str | bytes] = [*PAGES, *HOSTS, LATER, *(page.removeprefix("https://") for page in PAGES)]
    PLANTED.update(
        {
            "accounts_person.password": [PASSPHRASE],
            "cases_case.alias": [ALIAS],
            "cases_case.legal_name": [NAME],
            "cases_case.contact": [CONTACT],
            "cases_case.story": [STORY, STORY[:20]],
            "cases_note.text": [NOTE, NOTE[-8:]],
            "intake_item.label": [LABEL],
            "intake_itemfingerprint.pdq": [seen.pdq.bits, *(turned.bits for turned in seen.variants)],
            "intake_itemfingerprint.sha256": [bytes.fromhex(seen.sha256)],
            "sightings_link.address": addresses,
            "sightings_sighting.page_address": addresses,
            "sightings_sighting.picture_address": ["picture-4b1d.jpg"],
            "exhibits_exhibit.body": ["server-4b1d", "203.0.113.41", bytes.fromhex(PAGE_SHA), *addresses],
            "notices_addresseestop.addressee": [STOPPED],
            "notices_notice.addressee": [*ADDRESSEES, "report-4b1d"],
            "notices_notice.fields": [*text, WHY, HINT],
            "notices_notice.text": [*text, WHY, HINT],
            "notices_notice.receipt": [RECEIPT],
            "notices_notice.outbox": [*text, WHY, HINT, "In-Reply-To"],
            "(keys)": [
                keyring.column_key().raw,
                keyring.tag_key().raw,
                places().worker_key.read_bytes().strip(),
                places().signing_key.read_bytes().splitlines()[1],
                places().django_key.read_bytes().strip(),
            ],
        }
    )


def _cells() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.values_list():
            for cell in row:
                yield bytes(cell).hex() if isinstance(cell, (bytes, memoryview)) else str(cell)
    yield from (json.dumps(session.get_decoded()) for session in Session.objects.all())


def _coded(value: str | bytes) -> dict[str, str]:
    if isinstance(value, str):
        return {"text": value}
    return {"bytes": base64.b64encode(value).decode()}


def main() -> None:
    """Fill the centre, say what was planted, lose power."""
    _fill()
    _list_planted()
    told = {
        "planted": {name: [_coded(value) for value in values] for name, values in PLANTED.items()},
        "open": HANDLE,
        "cells": list(_cells()),
        "checks": list(Case.objects.get().checks.values_list("state", flat=True)),
        "notices": sorted(Notice.objects.values_list("state", flat=True)),
        "outboxes": Notice.objects.exclude(outbox=b"").count(),
        "sightings": Case.objects.get().sightings.count(),
    }
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
