"""``zaoguang channels``: how each platform takes a report, which entries are stale, and whom to ask about a copy."""

import json
from datetime import UTC, date, datetime

import click

from zaoguang.notices import Channel, stale_channels
from zaoguang.notices import channels as known_channels
from zaoguang.words import gettext as _

__all__ = ["channels"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def channels() -> None:
    """Look after the doors: which entries nobody has read for too long, and which door an address has."""


@channels.command()
@click.option("--at", type=_DAY, metavar="DATE", help="The day to reckon from (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(at: datetime | None, *, as_json: bool) -> None:
    """List the channels that are due to be read again, and those that nobody has verified.

    A list to work through and not a fault: exit 0.
    """
    day = (at or datetime.now(UTC)).date()
    known = known_channels()
    stale = stale_channels(known, day)
    if as_json:
        rows = [
            {**channel_record(each.channel), "due": each.due, "since": _day(each.since), "at": day.isoformat()}
            for each in stale
        ]
        click.echo(json.dumps({"channels": len(known), "stale": rows}, ensure_ascii=False))
        return
    for each in stale:
        click.echo(f"{each.channel.id}  {each.channel.name}  {_state(each.channel, each.since, due=each.due)}")
    click.echo(
        _("{known} channels, {due} due to be read again, {unverified} not verified.").format(
            known=len(known),
            due=sum(each.due for each in stale),
            unverified=sum(not each.channel.verified for each in stale),
        )
    )


def channel_record(each: Channel) -> dict[str, object]:
    """Give a channel as JSON prints it."""
    return {
        "id": each.id,
        "name": each.name,
        "route": each.route.value,
        "address": each.address,
        "regimes": list(each.regimes),
        "languages": list(each.languages),
        "per_notice": each.limit.per_notice,
        "per_day": each.limit.per_day,
        "grade": each.grade.value,
        "verified": each.verified,
        "checked": _day(each.checked),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _state(each: Channel, since: date | None, *, due: bool) -> str:
    if not due:
        return _("not verified (grade {grade})").format(grade=each.grade.value)
    if since is None:
        return _("never read; not verified (grade {grade})").format(grade=each.grade.value)
    return _("due since {day} (grade {grade})").format(day=since, grade=each.grade.value)
