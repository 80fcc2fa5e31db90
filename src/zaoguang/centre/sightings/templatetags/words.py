"""Words and marks that several pages show, from codes: outcomes, reasons, orientations, laws, states, times."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from zaoguang import notices
from zaoguang.casework import NoticeState
from zaoguang.centre.notices.groups import known_channels
from zaoguang.centre.sightings.models import OUTCOME_NAMES
from zaoguang.notices import Channel
from zaoguang.watch import Finding, Unread
from zaoguang.words import spoken

register = template.Library()

# A filled disc is gone, an open outline is not: the difference is seen without colour and at any size.
_DISC = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z"
_RING = "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z"
_MARKS: Mapping[str, str] = {
    "removed": _DISC + "M7 11.4 3.9 8.3l1.3-1.3L7 8.8l3.9-3.9 1.3 1.3Z",
    "account_closed": _DISC + "M4 7.2h8v1.7H4Z",
    "dead": _DISC + "M8 6.8 10 4.8 11.2 6l-2 2 2 2-1.2 1.2-2-2-2 2L4.8 10l2-2-2-2L6 4.8Z",
    "geoblocked": _RING + "M8 3v10A5 5 0 0 1 8 3Z",
    "deindexed": _RING + "M5 7.2h6v1.6H5Z",
    "refused": "M8 .5 15.5 8 8 15.5.5 8ZM8 3.3 3.3 8 8 12.7 12.7 8ZM5.6 7.2h4.8v1.6H5.6Z",
    "no_answer": _RING + "M4.9 7.1h1.8v1.8H4.9Zm2.2 0h1.8v1.8H7.1Zm2.2 0h1.8v1.8H9.3Z",
    "": "M8 1 15.5 14.5H.5ZM8 5.1 3.9 12.5h8.2Z",
}
_ORIENTATIONS = {
    "original": _("the same way round"),
    "rotated_90": _("turned by a quarter"),
    "rotated_180": _("upside down"),
    "rotated_270": _("turned by a quarter"),
    "flipped": _("flipped top to bottom"),
    "mirrored": _("mirrored"),
    "transposed": _("mirrored and turned by a quarter"),
    "transversed": _("mirrored and turned by a quarter"),
}
_LIKENESS = ((8, _("almost identical")), (20, _("very like")), (31, _("like, with changes")))
_FINDINGS = {
    Finding.STILL_THERE: _("It is still there."),
    Finding.MOVED: _("The page shows it at another address."),
    Finding.REMOVED: _("It is gone."),
    Finding.GEOBLOCKED: _("It is hidden from some countries only."),
    Finding.DEAD: _("The site does not answer any more."),
    Finding.ACCOUNT_CLOSED: _("The account was closed."),
    Finding.INTERSTITIAL: _("The page asks for an age or cookies first, so nobody can say that it is gone."),
    Finding.LOGIN_WALL: _("It is behind a login, so nobody can say that it is gone."),
    Finding.UNCLEAR: _("This look could not tell."),
}
_STATUSES = {
    401: _("The site asks for a login (status 401)."),
    403: _("The site does not let us in (status 403)."),
    404: _("There is no such page (status 404)."),
    410: _("The page was taken away (status 410)."),
    429: _("The site wants fewer visits (status 429); try again later."),
    451: _("Blocked for legal reasons (status 451)."),
}
_LAWS = {"us-take-it-down": _("TAKE IT DOWN Act (US)"), "eu-dsa-16": _("Digital Services Act, Art. 16 (EU)")}
_STEPS = {
    NoticeState.PROPOSED: "asks",
    NoticeState.DRAFT: "asks",
    NoticeState.NOT_SENT: "asks",
    NoticeState.UNKNOWN: "asks",
    NoticeState.CONFIRMED: "moves",
    NoticeState.SENDING: "moves",
    NoticeState.SENT: "done",
    NoticeState.WITHDRAWN: "off",
}


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """Write a time in UTC, zone named, readable by machines too."""
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return format_html('<time datetime="{}">{} UTC</time>', f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M}")


@register.filter
def outcome(code: str) -> SafeString:
    """Write an outcome as a mark of its own shape and its word; an empty code is a copy that is still up."""
    word = next((name for known, name in OUTCOME_NAMES.items() if known.value == code), _("still up"))
    path = _MARKS.get(code, _MARKS[""])
    shape = format_html('<svg viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d="{}"/></svg>', path)
    return format_html('<span class="outcome o-{}">{}{}</span>', code or "up", shape, word)


@register.filter
def finding(code: str) -> str:
    """Say what the last look at a copy found."""
    return str(next((sentence for known, sentence in _FINDINGS.items() if known.value == code), ""))


@register.filter
def reason(code: str) -> str:
    """Say why a link could not be read, or what its page answered."""
    if code.startswith("status_"):
        status = int(code.removeprefix("status_"))
        return str(_STATUSES.get(status, _("The site answered with status %(status)d.") % {"status": status}))
    return Unread(code).sentence if code in set(Unread) else ""


@register.filter
def orientation(name: str) -> str:
    """Say how a copy was turned."""
    return str(_ORIENTATIONS.get(name, name))


@register.filter
def likeness(distance: int) -> str:
    """Say how near a copy is, in words."""
    return str(next((word for most, word in _LIKENESS if distance <= most), _LIKENESS[-1][1]))


@register.filter
def law(regime: str) -> str:
    """Give a law's short name."""
    return str(_LAWS.get(regime) or notices.regime(regime).title(spoken()))


@register.filter
def field_label(regime: str, name: str) -> str:
    """Give a notice field's label in the language of the page."""
    return notices.regime(regime).field(name).label(spoken())


@register.filter
def asks(channel: Channel | None) -> str:
    """Say what else an addressee wants to be told."""
    return channel.asks(spoken()) if channel is not None and channel.asks is not None else ""


@register.filter
def steps(channel: Channel | None) -> str:
    """Say what to press, or where else to turn, at an addressee."""
    return channel.steps(spoken()) if channel is not None and channel.steps is not None else ""


@register.filter
def channel_name(channel: str) -> str:
    """Give an addressee's name; empty for one that a person named."""
    return next((each.name for each in known_channels() if each.id == channel), "")


@register.filter
def step_class(state: str) -> str:
    """Sort a notice's state by who moves next: a person (asks), the machine (moves), nobody (done, off)."""
    return _STEPS[NoticeState(state)]
