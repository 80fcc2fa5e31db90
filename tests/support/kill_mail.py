"""The mailbox's process and the clock under kill -9: run as a process of its own, which forks them and kills them.

    python -m tests.support.kill_mail '{"port": 993, "certificate": "cert.pem", "message_id": "<1@c.example>"}'

Its folders come from the environment, as a real centre's do. A victim dies at its n-th word to the database, and the
next one goes on. Prints one JSON object of what is on record then.
"""

import json
import os
import signal
import ssl
import sys
import traceback
from collections.abc import Callable
from typing import Any

from zaoguang.centre.preparing import prepare

for _line in prepare():
    pass

from django.conf import settings  # noqa: E402  (the centre is made ready first)
from django.db import connection  # noqa: E402  (the same)

from tests.support.dovecot import PASSWORD  # noqa: E402  (the same)
from tests.support.made_centre import ANSWERS, MadeCentre, confirm_as_read, make_centre  # noqa: E402  (the same)
from tests.unit.notices.mail_servers import Mailbox, mail_server  # noqa: E402  (the same)
from zaoguang.centre.audit.models import AuditEvent, Verb  # noqa: E402  (the same)
from zaoguang.centre.clock import now  # noqa: E402  (the same)
from zaoguang.centre.letters.mailbox import ImapServer, open_folder  # noqa: E402  (the same)
from zaoguang.centre.letters.models import Letter, LetterKey  # noqa: E402  (the same)
from zaoguang.centre.letters.receiving import take_in  # noqa: E402  (the same)
from zaoguang.centre.notices import brakes, drafting, worker  # noqa: E402  (the same)
from zaoguang.centre.notices.models import AddresseeStop, Attempt, AttemptResult, Due, Notice, Route  # noqa: E402  (the same)  # noqa: E402  (the same)
from zaoguang.centre.sealed import write_b  # noqa: E402  (the same)
from zaoguang.centre.sightings.models import Sighting  # noqa: E402  (the same)

NOTICES = 9
TO = "abuse@refuses.example"


class _Counting(Mailbox):
    """A mail server that refuses everything for good, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(rcpt="550 no such person")
        self.asked = 0

    async def handle_RCPT(self, *asked: Any) -> str:  # noqa: N802, ANN401 -- aiosmtpd's name and types
        self.asked += 1
        return await super().handle_RCPT(*asked)


def _killed(work: Callable[[], object], at: int, word: str = "") -> bool:
    """Do that work in a process that dies at its n-th word to the database (with that in it); false if it was done."""
    connection.close()
    child = os.fork()
    if child == 0:
        left = at

        def count(execute: Callable[..., Any], *words: Any) -> Any:  # noqa: ANN401 -- Django's own signature
            nonlocal left
            left -= word in str(words[0])
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*words)

        try:
            with connection.execute_wrapper(count):
                work()
            connection.close()
            os._exit(0)
        except BaseException:  # noqa: BLE001 -- the fork's edge: it must not go on as its parent
            traceback.print_exc()
        os._exit(3)
    _pid, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the victim ended by itself")
    return os.WIFSIGNALED(status)


def _mails(centre: MadeCentre, served: dict[str, Any]) -> dict[str, object]:
    """Take in what the test put into the mailbox; the test wrote its mails for this Message-ID."""
    Letter.objects.all().delete()
    Notice.objects.filter(pk=centre.draft.pk).update(message_id=served["message_id"], sent_at=now(), state="sent")
    Attempt.objects.create(notice=centre.draft, started_at=now(), result=AttemptResult.ACCEPTED, ended_at=now())
    context = ssl.create_default_context(cafile=served["certificate"])
    server = ImapServer("localhost", served["port"], "tls", "centre", PASSWORD, context=context)

    def take() -> None:
        with open_folder(server) as folder:
            take_in(folder, now())

    kills = 0
    while _killed(take, 1 + 2 * kills):
        kills += 1
    take()
    rows = Letter.objects.order_by("uid")
    return {
        "mail_kills": kills,
        "states": list(rows.values_list("state", flat=True)),
        "places": sorted(rows.values_list("uid", flat=True)),
        "keys": sorted(LetterKey.objects.values_list("person__handle", flat=True)),
        "sealed": sum(bool(row.body) for row in rows),
        "arrivals": AuditEvent.objects.filter(verb=Verb.MAIL_ARRIVED).count(),
        "bounced": Attempt.objects.exclude(bounced_at=None).count(),
    }


def _confirmed(centre: MadeCentre, number: int) -> None:
    lead = centre.people["supervisor"]
    for row in range(number):
        copy = Sighting(case=centre.case, item=centre.item, seen_at=now(), distance=0, orientation="original")
        copy.page_tag, copy.tag, copy.judged_at = bytes([row]) * 32, TO.encode(), now()
        write_b(copy, "page_address", f"https://refuses.example/{row}")
        write_b(copy, "picture_address", f"https://refuses.example/{row}.jpg")
        copy.save(force_insert=True)
        door = drafting.Door("eu-dsa-16", "", Route.EMAIL, TO, "en")
        notice = drafting.draft(centre.case, centre.key, door, [copy], ANSWERS, lead, now())
        confirm_as_read(notice, centre.key, lead, now(), identity_seen=True)


def _clock() -> None:
    worker.recover(now())
    worker.tick(now(), lambda: sys.exit("nothing was to be read"))


def _forgotten_fuse() -> bool:
    """Say whether the last three attempts came to a refusal for good, and no stop is on record for it."""
    tried = Attempt.objects.filter(tag=brakes.addressee_tag(TO)).exclude(result=AttemptResult.STARTED)
    last = list(tried.order_by("-started_at").values_list("result", flat=True)[: brakes.FUSE])
    return last == [AttemptResult.NOT_SENT] * brakes.FUSE and not _stopped()


def _stopped() -> bool:
    return AddresseeStop.objects.filter(tag=brakes.addressee_tag(TO), ended_at=None).exists()


def _fuse(centre: MadeCentre) -> dict[str, object]:
    """Let a clock run into refusals and kill it; then let one run to its end."""
    mailbox = _Counting()
    with mail_server(mailbox) as port:
        settings.MAIL_SERVER = f"smtp://127.0.0.1:{port}"
        _confirmed(centre, NOTICES)
        Due.objects.exclude(kind="send").delete()
        kills = forgotten = 0
        for at in (15, 31, 47, 63):
            kills += _killed(_clock, at)
            forgotten += _forgotten_fuse()
        kills += _killed(_clock, 1, 'INSERT INTO "notices_addresseestop"')  # the third refusal is in, the stop is not
        forgotten += _forgotten_fuse()
        _clock()
        asked = mailbox.asked
        blown = _stopped()
        _clock()
    tries = Attempt.objects.filter(tag=brakes.addressee_tag(TO)).count()
    return {
        "fuse_kills": kills,
        "forgotten": forgotten,
        "blown": blown,
        "unrecorded": max(0, asked - tries),
        "after_the_fuse": mailbox.asked - asked,
    }


def _switch(centre: MadeCentre) -> dict[str, object]:
    """Throw the switch in processes that die of it; what was thrown stays thrown, and is in the trail."""
    lead = centre.people["supervisor"]
    half = kills = 0
    while _killed(lambda: brakes.stop_all(lead, now()), 1 + kills):
        kills += 1
        half += brakes.all_stopped() is not AuditEvent.objects.filter(verb=Verb.SENDING_STOPPED).exists()
    AddresseeStop.objects.all().delete()
    mailbox = _Counting()
    with mail_server(mailbox) as port:
        settings.MAIL_SERVER = f"smtp://127.0.0.1:{port}"
        Due.objects.filter(kind="send").update(due_at=now())
        _killed(_clock, 30)
        _clock()
    return {"switch_kills": kills, "half_thrown": half, "thrown": brakes.all_stopped(), "sent_after": mailbox.asked}


def main() -> None:
    """Kill and count."""
    served = json.loads(sys.argv[1])
    centre = make_centre()
    counts = {**_mails(centre, served), **_fuse(centre), **_switch(centre)}
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main()
