"""Which further kinds of notice fit now, to whom each goes and about which copies; and the one step that drafts one.

What fits is worked out from the regimes' own data (``further``) and from what became of the earlier notice. The step
that makes a draft works it all out anew while it holds the case, so that a page that is old, or a second click, never
asks the same addressee for the same thing about the same copy while that is pending.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.locking import hold
from zaoguang.centre.cases.models import Case
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.notices.drafting import Door, Values, prefill, starting_values, write_draft
from zaoguang.centre.notices.groups import known_channels, lately_named, named_by
from zaoguang.centre.notices.models import Answer, Notice, Route
from zaoguang.centre.notices.proposals import propose_escalation
from zaoguang.centre.sightings.listing import GONE
from zaoguang.centre.sightings.models import Sighting
from zaoguang.centre.sightings.verdicts import nameable
from zaoguang.errors import UserMistake
from zaoguang.notices import Channel, Further, Limit, Occasion, Regime, Sender, Towards
from zaoguang.vault import SecretKey
from zaoguang.words import gettext as _

__all__ = ["Choice", "Offer", "draft_further", "may_repeat", "offers_after", "offers_for", "other_doors", "repeat"]


_OF_THE_SENDER = frozenset(
    {
        "agent_name",
        "authority_doc",
        "capacity",
        "contact_email",
        "contact_phone",
        "legal_name",
        "postal_address",
        "signature",
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One further kind that fits: its door, the copies it may name today, and what stands in its way."""

    key: str  # the kind, and the channel where it goes to another body
    law: Regime
    further: Further
    door: Door  # in the language that is written where nobody chooses one
    channel: Channel | None
    copies: tuple[Sighting, ...]
    later: int  # copies that the channel takes on later days only
    earlier: Notice | None  # the last notice of the same row, which this one follows up
    instead: Notice | None  # a repetition that the clock proposed and nobody touched: this one takes its place
    first: Notice | None  # what has to be settled before


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose on the page; none of it is believed."""

    untrusted_offer: str
    untrusted_copies: frozenset[str]
    untrusted_language: str


def offers_after(notice: Notice, now: datetime) -> tuple[Offer, ...]:
    """Give what fits after one notice: to its own addressee, then to other bodies, about its copies."""
    own = nameable(notice.sightings.all()).order_by("seen_at", "id")
    return (*_to_addressee(notice, own, now), *_to_bodies(notice.case, own, now))


def offers_for(case: Case, now: datetime) -> tuple[Offer, ...]:
    """Give what fits for all copies of a case: the bodies that take a report whoever shows the copies."""
    return tuple(_to_bodies(case, nameable(case.sightings.all()).order_by("seen_at", "id"), now))


def other_doors() -> tuple[Channel, ...]:
    """Give the doors that take no notice of ours: telephone, authorities' own, fingerprint programmes."""
    return tuple(each for each in known_channels() if each.route not in notices.OPEN_ROUTES and not _takes(each))


def _further_kinds(towards: Towards) -> Iterator[tuple[Regime, Further]]:
    for law in notices.regimes():
        if law.further is not None and law.further.towards is towards:
            yield law, law.further


def _takes(channel: Channel) -> tuple[Regime, ...]:
    """Give the kinds that go to that channel whoever shows the copies."""
    return tuple(law for law, _further in _further_kinds(Towards.BODY) if law.id in channel.regimes)


def _to_addressee(notice: Notice, own: QuerySet[Sighting], now: datetime) -> Iterator[Offer]:
    if notice.beside:
        return
    for law, further in _further_kinds(Towards.ADDRESSEE):
        if law.id == notice.regime or not _fits(further, notice, now):
            continue
        door, channel = _same_door(notice, law, own)
        copies = _not_pending(notice.case, door, _standing(own, further), now)
        earlier, instead = (None, None) if further.beside else _end_of_row(notice)
        first = earlier if earlier is not None and earlier.step is not NoticeState.SENT else None
        if copies:
            yield Offer(law.id, law, further, door, channel, copies, 0, earlier, instead, first)


def _fits(further: Further, notice: Notice, now: datetime) -> bool:
    if notice.step in {NoticeState.PROPOSED, NoticeState.WITHDRAWN}:
        return False
    if further.follows and notice.regime not in further.follows:
        return False
    sent = notice.step is NoticeState.SENT
    holds = {
        Occasion.ANY: True,
        Occasion.SENT: sent,
        Occasion.REFUSED: sent and notice.answer == Answer.REFUSED,
        Occasion.SILENT: sent and notice.deadline_at is not None and notice.deadline_at <= now,
    }
    return any(holds[occasion] for occasion in further.when)


def _same_door(notice: Notice, law: Regime, own: QuerySet[Sighting]) -> tuple[Door, Channel | None]:
    """Give the earlier notice's own door; an authority's order goes to the door for authorities where one is known."""
    channel = next((each for each in known_channels() if each.id == notice.channel), None)
    if law.sender is Sender.AUTHORITY:
        some = own.first()
        theirs = notices.channel_for(some.page(), known_channels(), law.id) if some is not None else None
        address = theirs.address if theirs is not None else notice.to()
        known = theirs or channel
        return Door(law.id, known.id if known else "", Route.PAPER, address, _written(law, "", theirs)), known
    route = Route.COUNSEL if law.sender is Sender.COUNSEL else _way_of(notice)
    return Door(law.id, notice.channel, route, notice.to(), _written(law, notice.language, channel)), channel


def _way_of(notice: Notice) -> Route:
    """Give the way in which this addressee is reached by us; a letter of counsel took another."""
    while notice.route == Route.COUNSEL and notice.escalates is not None:
        notice = notice.escalates
    return Route(notice.route)


def _written(law: Regime, wanted: str, channel: Channel | None = None) -> str:
    """Give the first language that the notice is written in: the one wanted, one of the channel's, the law's own."""
    likely = (wanted, *(channel.languages if channel is not None else ()))
    return next((each for each in likely if each in law.languages), law.languages[0])


def _end_of_row(notice: Notice) -> tuple[Notice, Notice | None]:
    """Follow the escalations to the last one; a proposal that nobody touched yet is not one of them."""
    while (later := notice.escalations.exclude(state=NoticeState.WITHDRAWN.value).first()) is not None:
        if later.step is NoticeState.PROPOSED:
            return notice, later
        notice = later
    return notice, None


def _to_bodies(case: Case, copies: QuerySet[Sighting], now: datetime) -> Iterator[Offer]:
    for channel in known_channels():
        for law in _takes(channel):
            if law.further is not None:
                yield from _to_body(case, channel, law, law.further, copies, now)


def _to_body(
    case: Case, channel: Channel, law: Regime, further: Further, copies: QuerySet[Sighting], now: datetime
) -> Iterator[Offer]:
    address = channel.address or channel.name
    route = {notices.Route.EMAIL: Route.EMAIL, notices.Route.FORM: Route.FORM, notices.Route.IN_APP: Route.FORM}
    door = Door(law.id, channel.id, route.get(channel.route, Route.PAPER), address, _written(law, "", channel))
    elsewhere = [each for each in _standing(copies, further) if notices.channel_for(each.page(), [channel]) is None]
    left = _not_pending(case, door, elsewhere, now)
    today, later = _of_today(left, channel, now)
    if left:
        yield Offer(f"{law.id}:{channel.id}", law, further, door, channel, today, later, None, None, None)


def _standing(copies: QuerySet[Sighting], further: Further) -> Sequence[Sighting]:
    return list(copies if further.gone_too else copies.exclude(outcome__in=GONE))


def _of_today(copies: Sequence[Sighting], channel: Channel, now: datetime) -> tuple[tuple[Sighting, ...], int]:
    """Give the copies of one notice that the channel still takes today, and how many have to wait for another day."""
    limit: Limit = channel.limit
    used = lately_named(channel.id, now) if limit.per_day is not None else 0
    batches = notices.plan_batches(copies, named_by, limit, now.date(), used=used) if copies else ()
    today = [each.copies for each in batches if each.day == now.date()]
    return today[0] if today else (), sum(len(each.copies) for each in batches if each.day != now.date())


def _not_pending(case: Case, door: Door, copies: Iterable[Sighting], now: datetime) -> tuple[Sighting, ...]:
    """Leave out each copy that a live notice of that kind to that addressee names already."""
    asked: dict[UUID, datetime] = {}
    for each in case.notices.filter(regime=door.regime).exclude(state=NoticeState.WITHDRAWN.value):
        if not _is_over(each, now) and _same(each.to(), door.address):
            for pk in each.sightings.values_list("pk", flat=True):
                asked[pk] = max(each.made_at, asked.get(pk, each.made_at))
    return tuple(each for each in copies if each.pk not in asked or _came_back(each, asked[each.pk]))


def _is_over(notice: Notice, now: datetime) -> bool:
    """Tell whether a notice has run its course: refused, undeliverable, or its time gone by."""
    if notice.step is not NoticeState.SENT:
        return False
    late = notice.deadline_at is not None and notice.deadline_at <= now
    return late or notice.answer in {Answer.REFUSED, Answer.BOUNCED}


def _came_back(copy: Sighting, asked_at: datetime) -> bool:
    return copy.outcome == "" and copy.outcome_at is not None and copy.outcome_at > asked_at


def _same(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


@transaction.atomic
def draft_further(
    case: Case, key: SecretKey, choice: Choice, by: Person, now: datetime, *, after: Notice | None = None
) -> Notice:
    """Make the draft that a person chose; it goes nowhere until somebody confirms it.

    Raises:
        UserMistake: it does not fit (any more), something comes first, or a copy was asked about in the meantime.
    """
    case = hold(case.pk)
    require_open(case)
    consents.require(case, ConsentUse.NOTICE)
    fresh = Notice.objects.select_related("case").get(pk=after.pk, case=case) if after is not None else None
    offers = offers_after(fresh, now) if fresh is not None else offers_for(case, now)
    offer = next((each for each in offers if each.key == choice.untrusted_offer), None)
    if offer is None:
        raise UserMistake(_("This way does not fit any more; look at the page again."))
    if offer.first is not None:
        raise UserMistake(_("A further notice to this addressee is not settled yet; look at that first."))
    copies = _chosen(offer, choice)
    if offer.instead is not None:
        _take_the_place_of(offer.instead, by, now)
    door = replace(offer.door, language=_written(offer.law, choice.untrusted_language or offer.door.language))
    said = starting_values(offer.earlier or fresh, key) if fresh is not None else {}
    return write_draft(
        case, key, door, copies, _carried(offer.law, said or prefill(case, key)), by, now,
        escalates=offer.earlier, beside=offer.further.beside,
    )  # fmt: skip


def _carried(law: Regime, said: Values) -> Values:
    """Give the earlier answers that hold for this kind: who signs is another where counsel or an authority does."""
    mine = law.sender is Sender.SURVIVOR
    return {name: value for name, value in said.items() if mine or name not in _OF_THE_SENDER}


def _chosen(offer: Offer, choice: Choice) -> list[Sighting]:
    copies = [each for each in offer.copies if str(each.pk) in choice.untrusted_copies]
    if not choice.untrusted_copies:
        raise UserMistake(_("Choose at least one copy."))
    if len(copies) != len(choice.untrusted_copies):
        raise UserMistake(_("A notice was made for these copies in the meantime; look at the case again."))
    return copies


def may_repeat(notice: Notice, now: datetime) -> bool:
    """Tell whether a person may ask for the repetition that was proposed and withdrawn, for copies that stand."""
    withdrawn = notice.escalations.filter(state=NoticeState.WITHDRAWN.value).exists()
    live = notice.escalations.exclude(state=NoticeState.WITHDRAWN.value).exists()
    return _is_over(notice, now) and withdrawn and not live and _to_repeat(notice).exists()


def _to_repeat(notice: Notice) -> QuerySet[Sighting]:
    return nameable(notice.sightings.filter(item__removed_at__isnull=True)).exclude(outcome__in=GONE)


@transaction.atomic
def repeat(notice: Notice, now: datetime) -> Notice:
    """Propose once more the notice of the same kind that somebody had withdrawn.

    Raises:
        UserMistake: it does not fit (any more), or her consent does not cover it.
    """
    case = hold(notice.case_id)
    require_open(case)
    consents.require(case, ConsentUse.NOTICE)
    notice = Notice.objects.select_related("case").get(pk=notice.pk)
    proposal = propose_escalation(notice, list(_to_repeat(notice)), now) if may_repeat(notice, now) else None
    if proposal is None:
        raise UserMistake(_("This way does not fit any more; look at the page again."))
    return proposal


def _take_the_place_of(proposal: Notice, by: Person, now: datetime) -> None:
    Notice.objects.filter(pk=proposal.pk).update(state=NoticeState.WITHDRAWN.value)
    record(Verb.NOTICE_WITHDRAWN, now=now, person=by, case=proposal.case, subject=proposal.pk)
