"""Drafting a notice, reading and changing it, and the one step that lets it leave: a named person's yes (P09)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from django.conf import settings
from django.db import transaction

from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.notices.groups import known_channels, unasked
from zaoguang.centre.notices.mail import envelope_from
from zaoguang.centre.notices.models import Attempt, Due, DueKind, Notice, Route
from zaoguang.centre.notices.proposals import new_message_id
from zaoguang.centre.sealed import read, write, write_b
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import UserMistake
from zaoguang.notices import Annex, Missing, Regime, Sender, Text
from zaoguang.vault import SecretKey
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = [
    "AUTOMATIC",
    "Door",
    "Preview",
    "Values",
    "addresses_of",
    "annex_of",
    "confirm",
    "digest",
    "draft",
    "edit",
    "names_survivor",
    "prefill",
    "preview",
    "starting_values",
    "values_of",
    "words_of",
    "write_draft",
]

Values = Mapping[str, str | list[str] | bool]

AUTOMATIC = frozenset({"addresses", "date", "prior_reports", "addressee", "case_id"})
"""Fields that the centre fills in itself; nobody types them."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a notice goes and under which law."""

    regime: str
    channel: str  # empty for an addressee that a person named
    route: Route
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice as it would leave now, or what it still lacks; ``annex`` goes with it where an agent gives it."""

    missing: tuple[Missing, ...]
    text: Text | None
    annex: Text | None = None


def prefill(case: Case, key: SecretKey) -> dict[str, str | list[str] | bool]:
    """Give what the centre can answer by itself: the last notice's answers, else the centre signs as agent."""
    last = case.notices.exclude(fields=b"").first()
    if last is not None:
        return dict(values_of(last, key))
    return {
        "capacity": "agent",
        "agent_name": settings.CENTRE_NAME,
        "contact_email": envelope_from(),
        "signature": settings.CENTRE_NAME,
    }


@transaction.atomic
def draft(
    case: Case, key: SecretKey, door: Door, sightings: Sequence[Sighting], values: Values, by: Person, now: datetime
) -> Notice:
    """Make a draft for these copies; it goes nowhere until somebody confirms it.

    A copy that another draft or notice asks for already is refused: a second click must not become a second demand.
    """
    hold(case.pk)
    require_open(case)
    consents.require(case, ConsentUse.NOTICE)
    if not sightings or unasked(case).filter(pk__in=[each.pk for each in sightings]).count() != len(sightings):
        raise UserMistake(_("A notice was made for these copies in the meantime; look at the case again."))
    return write_draft(case, key, door, sightings, values, by, now)


_BY_HAND_OF = {Sender.COUNSEL: Route.COUNSEL, Sender.AUTHORITY: Route.PAPER}
"""What only counsel or an authority may send leaves in no other way: the centre writes it and hands it over."""


def write_draft(
    case: Case,
    key: SecretKey,
    door: Door,
    sightings: Sequence[Sighting],
    values: Values,
    by: Person,
    now: datetime,
    *,
    escalates: Notice | None = None,
    beside: bool = False,
) -> Notice:
    """Write the draft itself, in the transaction of a caller that holds the case and has checked it all."""
    regime = notices.regime(door.regime)
    if door.language not in regime.languages:
        raise UserMistake(_("There is no text of this notice in that language."))
    only = _BY_HAND_OF.get(regime.sender)
    if door.route == Route.COUNSEL if only is None else door.route != only:
        raise UserMistake(_("A notice of this kind leaves in another way: look who may send it."))
    notice = Notice(
        case=case,
        regime=door.regime,
        channel=door.channel,
        route=door.route,
        language=door.language,
        state=NoticeState.DRAFT.value,
        message_id=new_message_id(),
        made_at=now,
        escalates=escalates,
        beside=beside,
    )
    write_b(notice, "addressee", door.address)
    _write_values(notice, key, values)
    notice.save(force_insert=True)
    notice.sightings.set(sightings)
    record(Verb.NOTICE_DRAFTED, now=now, person=by, case=case, subject=notice.pk)
    return notice


def _write_values(notice: Notice, key: SecretKey, values: Values) -> None:
    kept = {name: value for name, value in values.items() if name not in AUTOMATIC}
    write(notice, "fields", json.dumps(kept, ensure_ascii=False), key)


def values_of(notice: Notice, key: SecretKey) -> dict[str, str | list[str] | bool]:
    """Give what people filled in."""
    stored = read(notice, "fields", key)
    return dict(json.loads(stored)) if stored else {}


def starting_values(notice: Notice, key: SecretKey) -> dict[str, str | list[str] | bool]:
    """Give what people filled in; a proposal that nobody touched yet starts from the notice that it follows up."""
    given = values_of(notice, key)
    untouched = notice.step is NoticeState.PROPOSED and not given
    return values_of(notice.escalates, key) if untouched and notice.escalates is not None else given


@transaction.atomic
def edit(notice: Notice, key: SecretKey, values: Values, language: str, by: Person, now: datetime) -> None:
    """Change a draft; a proposal becomes a draft by it."""
    hold(notice.case_id)
    require_open(notice.case)
    fresh = Notice.objects.select_for_update().get(pk=notice.pk)
    if fresh.step not in {NoticeState.PROPOSED, NoticeState.DRAFT}:
        raise UserMistake(_("A notice that was confirmed cannot be changed any more."))
    if language in notices.regime(fresh.regime).languages:
        fresh.language = language
    _write_values(fresh, key, values)
    fresh.state = NoticeState.DRAFT.value
    fresh.save(update_fields=["fields", "state", "language"])
    record(Verb.NOTICE_EDITED, now=now, person=by, case=fresh.case, subject=fresh.pk)


def preview(notice: Notice, key: SecretKey, now: datetime) -> Preview:
    """Give the text as it would leave now, or the fields that are missing, said in the language of the page."""
    regime = notices.regime(notice.regime)
    values = _all_values(notice, key, regime, now)
    lacking = notices.missing(regime, values, spoken())
    if lacking:
        return Preview(lacking, None)
    text = notices.render(regime, notice.language, values)
    return Preview((), text, notices.statement_of_authority(regime, notice.language, values))


def _all_values(notice: Notice, key: SecretKey, regime: Regime, now: datetime) -> dict[str, str | list[str] | bool]:
    given = starting_values(notice, key)
    names = {field.name for field in regime.fields}
    automatic: dict[str, str | list[str] | bool] = {
        "addresses": addresses_of(notice),
        "date": f"{now:%Y-%m-%d}",
        "case_id": notice.case.number,
        "addressee": next((each.name for each in known_channels() if each.id == notice.channel), ""),
        "prior_reports": _prior(notice),
    }
    return {**given, **{name: value for name, value in automatic.items() if name in names}}


def addresses_of(notice: Notice) -> list[str]:
    """Give every address the notice names, once: each page, then the pictures on it."""
    found: dict[str, None] = {}
    for sighting in notice.sightings.order_by("seen_at", "id"):
        found[sighting.page()] = None
        if sighting.picture().startswith(("http://", "https://")):
            found[sighting.picture()] = None
    return list(found)


def _prior(notice: Notice) -> list[str]:
    lines: list[str] = []
    earlier = notice.escalates
    while earlier is not None and len(lines) < 10:  # noqa: PLR2004  (a chain that long is a matter for counsel)
        if earlier.sent_at is not None:
            lines.append(notices.prior_report(earlier.sent_at, earlier.message_id))
        earlier = earlier.escalates
    return lines


def names_survivor(notice: Notice, key: SecretKey) -> bool:
    """Tell whether the notice comes from the survivor herself, or says her name."""
    return notices.names_survivor(notices.regime(notice.regime), starting_values(notice, key))


def digest(seen: Preview) -> str:
    """Give the SHA-256 of the text that a person is shown, empty where there is none: a yes is to these words only."""
    return sha256(json.dumps(words_of(seen)).encode()).hexdigest() if seen.text else ""


def words_of(seen: Preview) -> list[str]:
    """Give subject and body of what leaves, then of its annex if it has one."""
    return [part for text in (seen.text, seen.annex) if text is not None for part in (text.subject, text.body)]


@transaction.atomic
def confirm(
    notice: Notice,
    key: SecretKey,
    by: Person,
    now: datetime,
    *,
    identity_seen: bool,
    shown: str,
    named_seen: bool = False,
) -> None:
    """Let a complete draft leave, in this person's name, if it still says what she was shown (``digest`` of it).

    A notice that names the survivor, or must come from herself, needs the second yes of ``named_seen``.

    The message is sealed for the worker until the addressee's server has it; a form's sheet stays with the case, and
    its attempt begins now, for a person makes it.
    """
    case = hold(notice.case_id)
    require_open(case)
    consents.require(case, ConsentUse.NOTICE)
    rows = Notice.objects.select_related("case", "escalates")
    notice = rows.select_for_update(of=("self",)).get(pk=notice.pk)  # PostgreSQL cannot lock what an outer join gives
    if notice.step is NoticeState.PROPOSED:  # the one who confirms has read it: it is her draft from here on
        _write_values(notice, key, starting_values(notice, key))
    elif notice.step is not NoticeState.DRAFT:
        raise UserMistake(_("This notice was confirmed or changed in the meantime; look at it again."))
    if notice.sightings.filter(on_request=True).exists():
        raise UserMistake(_("An address in this notice only shows what was asked for; withdraw it and make another."))
    if notice.sightings.filter(judged_at=None).exists():
        raise UserMistake(_("The centre has not found out yet whether a copy is kept at each of these addresses."))
    regime = notices.regime(notice.regime)
    if regime.identity.may_reach_uploader and not identity_seen:
        raise UserMistake(_("Say first that you have read what this notice lets the addressee know."))
    if names_survivor(notice, key) and not named_seen:
        raise UserMistake(_("This notice names the survivor: say a second time that she wants it in her own name."))
    seen = preview(notice, key, now)
    if seen.text is None:
        raise UserMistake(_("This notice cannot leave yet: %(what)s") % {"what": seen.missing[0].sentence})
    if not compare_digest(shown.encode(), digest(seen).encode()):
        raise UserMistake(_("What this notice says has changed since you read it; read it again."))
    write(notice, "text", json.dumps(words_of(seen), ensure_ascii=False), key)
    notice.confirmed_by, notice.confirmed_at = by, now
    _hand_on(notice, seen.text, seen.annex, now)
    record(Verb.NOTICE_CONFIRMED, now=now, person=by, case=case, subject=notice.pk)


def annex_of(notice: Notice, annex: Text, day: datetime) -> Annex:
    """Set an annex as a file, dated with the day of its notice."""
    from zaoguang.notices.paper import to_annex  # noqa: PLC0415  (the typesetter is needed for this alone)

    return to_annex(annex, notice.language, day.date(), notice.case.number)


def _hand_on(notice: Notice, text: Text, annex: Text | None, now: datetime) -> None:
    if notice.route != Route.EMAIL or notices.regime(notice.regime).sender is not Sender.SURVIVOR:
        notice.state = NoticeState.SENDING.value
        notice.save()
        Attempt.objects.create(notice=notice, started_at=now)
        return
    earlier = notice.escalates.message_id if notice.escalates is not None else ""
    sender = envelope_from()
    message = notices.compose(
        text,
        sender,
        notice.to(),
        notice.message_id,
        now,
        sender_name=settings.CENTRE_NAME,
        in_reply_to=earlier,
        annexes=[annex_of(notice, annex, now)] if annex is not None else [],
    )
    write_b(notice, "outbox", message.decode("ascii"))
    notice.state = NoticeState.CONFIRMED.value
    notice.save()
    Due.objects.create(kind=DueKind.SEND, notice=notice, due_at=now)
