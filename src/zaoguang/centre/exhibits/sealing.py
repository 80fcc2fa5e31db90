"""Sealing what was seen, chaining the seal into the case's custody log, and putting a package together."""

import secrets
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from uuid import UUID, uuid4

from django.db import transaction

from zaoguang import evidence
from zaoguang.casework import ConsentUse
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.exhibits.models import CustodyRow, Exhibit
from zaoguang.centre.keyring import signer
from zaoguang.centre.sealed import write_b
from zaoguang.centre.sightings.matching import Match
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import UserMistake
from zaoguang.evidence import CustodyEvent
from zaoguang.watch import Fetched
from zaoguang.words import gettext as _

__all__ = ["case_package", "seal_sighting"]


def seal_sighting(sighting: Sighting, page: Fetched, picture: Fetched, match: Match, now: datetime) -> Exhibit:
    """Seal one sighting inside the caller's transaction, which holds the case."""
    row_id = uuid4()
    content = evidence.exhibit(
        exhibit_id=str(row_id),
        case_number=sighting.case.number,
        item_label=sighting.item.code,
        page=asdict(page),
        picture=asdict(picture),
        match={"pdq": match.pdq.hex, "distance": match.distance, "orientation": match.orientation},
        tool_version=version("zaoguang"),
        sealed_at=now,
        nonce=secrets.token_bytes(32),
    )
    sealed = evidence.seal(content, signer())
    exhibit = Exhibit(
        id=row_id,
        sighting=sighting,
        sealed_at=now,
        sha256=sealed.sha256,
        signature=sealed.signature,
        key_id=sealed.key_id,
    )
    write_b(exhibit, "body", sealed.body.decode())
    exhibit.save(force_insert=True)
    _chain(sighting.case, CustodyEvent.SEALED, row_id, sealed.sha256, now)
    record(Verb.EXHIBIT_SEALED, now=now, person=None, case=sighting.case, subject=row_id)
    return exhibit


def _chain(case: Case, event: CustodyEvent, exhibit_id: UUID, sha256: str, now: datetime) -> None:
    """Append one entry; the unique (case, number) keeps two writers from both following the same one."""
    last = CustodyRow.objects.filter(case=case).order_by("-seq").first()
    entry = evidence.append(
        last.entry() if last else None,
        log_id=str(case.log_id),
        at=now,
        event=event,
        exhibit_id=str(exhibit_id),
        exhibit_sha256=sha256,
        signer=signer(),
    )
    CustodyRow.objects.create(
        case=case,
        seq=entry.seq,
        at=entry.at,
        event=entry.event.value,
        exhibit_id=entry.exhibit_id,
        exhibit_sha256=entry.exhibit_sha256,
        previous=entry.previous,
        key_id=entry.key_id,
        signature=entry.signature,
    )


@transaction.atomic
def case_package(case: Case, by: Person, now: datetime) -> bytes:
    """Give the case's exhibits and its custody log as one package; that it left is itself chained into the log."""
    case = hold(case.pk)
    consents.require(case, ConsentUse.SEAL)
    exhibits = list(Exhibit.objects.filter(sighting__case=case).order_by("sealed_at", "pk"))
    if not exhibits:
        raise UserMistake(_("There is nothing to export yet: no copy was found."))
    for exhibit in exhibits:
        _chain(case, CustodyEvent.EXPORTED, exhibit.pk, exhibit.sha256, now)
    record(Verb.PACKAGE_EXPORTED, now=now, person=by, case=case)
    log = [row.entry() for row in CustodyRow.objects.filter(case=case).order_by("seq").select_related("case")]
    return evidence.package_bytes([exhibit.sealed() for exhibit in exhibits], log, signer(), now)
