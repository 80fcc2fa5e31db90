"""A centre that checks the links it is told, rechecks them after a notice, and loses power: a process of its own.

    python -m tests.support.checked_links < '{"lines": "...", "addresses": "..."}'

Its folders and the loopback port it may read come from the environment, as a rehearsal's do. It logs everything to
standard error and prints one JSON object of what was found.
"""

import json
import logging
import os
import signal
import sys
from datetime import timedelta

from zaoguang.centre.preparing import prepare

for _line in prepare():
    pass

from django.core.management import call_command  # noqa: E402  (the centre is made ready first)
from django.db import connection  # noqa: E402  (the same)

from zaoguang.casework import ConsentUse, Role  # noqa: E402  (the same)
from zaoguang.centre.accounts.joining import join  # noqa: E402  (the same)
from zaoguang.centre.cases import consents, opening  # noqa: E402  (the same)
from zaoguang.centre.clock import now  # noqa: E402  (the same)
from zaoguang.centre.intake.items import add_items, read_lines  # noqa: E402  (the same)
from zaoguang.centre.notices import drafting, sending, worker  # noqa: E402  (the same)
from zaoguang.centre.notices.models import Route  # noqa: E402  (the same)
from zaoguang.centre.sightings.links import read_addresses, start_check  # noqa: E402  (the same)
from zaoguang.centre.sightings.models import OutcomeRecord  # noqa: E402  (the same)
from zaoguang.centre.sightings.reading import open_reader  # noqa: E402  (the same)
from zaoguang.centre.sightings.tasks import check_links  # noqa: E402  (the same)


def _log_everything() -> None:
    for name in ["", *logging.root.manager.loggerDict]:
        logging.getLogger(name).setLevel(logging.DEBUG)
    connection.force_debug_cursor = True  # every statement with its values, as wherever debugging is switched on


def main() -> None:
    """Open a case, check the links through the queue, recheck what was found."""
    told = json.load(sys.stdin)
    _log_everything()
    who = join("reader-of-links", "river lamp stone", Role.SUPERVISOR)
    case, key = opening.open_case(opening.Identity("Lotus"), who, now())
    for use in ConsentUse:
        consents.give(case, use, who, now())
    add_items(case, key, read_lines(told["lines"]), who, now())
    check = start_check(case, read_addresses(told["addresses"]), who, now())
    check_links.enqueue(str(check.pk))
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
    door = drafting.Door("eu-dsa-16", "", Route.EMAIL, "abuse@forum.example", "en")
    notice = drafting.draft(case, key, door, list(case.sightings.all()), {}, who, now())
    sending.set_clock(notice, now())
    with open_reader() as reader:
        worker.tick(now() + timedelta(hours=2), lambda: reader)
    found = {
        "pictures": sorted(sighting.picture() for sighting in case.sightings.all()),
        "findings": list(OutcomeRecord.objects.values_list("finding", flat=True)),
        "links": list(check.links.values_list("state", "pictures", "unread_pictures", "found")),
    }
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
