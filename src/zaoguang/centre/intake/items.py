"""Taking in her items: fingerprint lines made on her own device become items; no picture is ever taken."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from zaoguang.casework import ConsentUse
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.banks.changing import note
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.intake.models import Item, ItemFingerprint
from zaoguang.centre.sealed import read_b, write, write_b
from zaoguang.errors import UserMistake
from zaoguang.fingerprint import Given, Unhashable, read_line
from zaoguang.vault import SecretKey
from zaoguang.words import gettext as _

__all__ = ["MOST_ITEMS", "add_items", "read_lines", "remove_item"]

MOST_ITEMS = 200


def read_lines(untrusted_text: str) -> tuple[Given, ...]:
    """Read what ``zaoguang fingerprint --json`` wrote, one JSON object a line; a sentence names the line that fails."""
    lines = [line.strip() for line in untrusted_text.splitlines() if line.strip()]
    if not lines:
        raise UserMistake(_("Paste at least one fingerprint line."))
    if len(lines) > MOST_ITEMS:
        raise UserMistake(_("At most %(most)d items are taken at once.") % {"most": MOST_ITEMS})
    return tuple(_read(number, line) for number, line in enumerate(lines, 1))


def _read(number: int, untrusted_line: str) -> Given:
    try:
        found = read_line(untrusted_line)
    except UserMistake as error:
        raise UserMistake(_("Line %(number)d: %(why)s") % {"number": number, "why": error}) from error
    if isinstance(found, Unhashable):
        raise UserMistake(_("Line %(number)d: %(why)s") % {"number": number, "why": found.sentence})
    return found


def _known(case: Case) -> frozenset[str]:
    rows = ItemFingerprint.objects.filter(item__case=case, item__removed_at__isnull=True)
    return frozenset(read_b(row, "pdq") for row in rows)


def _codes(case: Case) -> Iterator[str]:
    taken = case.items.count()
    while True:
        taken += 1
        yield f"P{taken:02d}"


@transaction.atomic
def add_items(
    case: Case, key: SecretKey, fingerprints: tuple[Given, ...], by: Person, now: datetime
) -> tuple[Item, ...]:
    """Make an item of each fingerprint that the case does not hold yet; of an animation, every frame that differs."""
    hold(case.pk)
    require_open(case)
    consents.require(case, ConsentUse.MATCH)
    known, codes, made = set(_known(case)), _codes(case), []
    for fingerprint in fingerprints:
        its_own = {pdq.hex for pdq in fingerprint.pdqs}
        if its_own <= known:
            continue
        known |= its_own
        item = Item(case=case, code=next(codes), added_at=now)
        write(item, "label", "", key)
        item.save(force_insert=True)
        _bank(item, fingerprint)
        record(Verb.ITEM_ADDED, now=now, person=by, case=case, subject=item.pk)
        made.append(item)
    note(ItemFingerprint.objects.filter(item__in=made).values_list("entry", flat=True))
    return tuple(made)


def _bank(item: Item, fingerprint: Given) -> None:
    rows = [ItemFingerprint(item=item, quality=fingerprint.quality) for _ in fingerprint.pdqs]
    for row, pdq in zip(rows, fingerprint.pdqs, strict=True):
        write_b(row, "pdq", pdq.hex)
        write_b(row, "sha256", fingerprint.sha256)
    ItemFingerprint.objects.bulk_create(rows, batch_size=500)  # a film has thousands


@transaction.atomic
def remove_item(item: Item, by: Person, now: datetime) -> None:
    """Stop matching an item and delete its fingerprints; what was already found stays."""
    hold(item.case_id)
    note(item.fingerprints.values_list("entry", flat=True))
    item.fingerprints.all().delete()
    item.removed_at = now
    item.save(update_fields=["removed_at"])
    record(Verb.ITEM_REMOVED, now=now, person=by, case=item.case, subject=item.pk)
