"""``zaoguang channels``: how each platform takes a report, which entries are stale, and whom to ask about a copy."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import click

from zaoguang.errors import UserMistake
from zaoguang.law.facts import PLACES
from zaoguang.notices import Channel, Rung, channel_for, ladder, stale_channels
from zaoguang.notices import channels as known_channels
from zaoguang.watch.asking import ask_registers
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


@channels.command()
@click.argument("address")
@click.option("--place", default="", help="Where the survivor is, such as CN, TW, KR or AU: names the regulator.")
@click.option("--look-up", is_flag=True, help="Ask DNS and the registers (RDAP) who hosts it; goes on the network.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def find(address: str, place: str, *, look_up: bool, as_json: bool) -> None:
    """Say whom to ask about ADDRESS: its channel if one is known, then each rung and how long to wait there.

    Without --look-up nothing goes on the network. With it, the page itself is never fetched: only DNS and the
    registers are asked about its host.
    """
    try:
        host = urlsplit(address).hostname or ""
        host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        host = ""
    if not host or not address.startswith(("https://", "http://")):
        raise UserMistake(_("Give a page's address, such as https://forum.example/t/8."))
    if place and place.upper() not in map(str.upper, PLACES):
        raise UserMistake(_("--place must be one of %(choices)s.") % {"choices": ", ".join(PLACES)})
    door = channel_for(address, [each for each in known_channels() if each.regimes])
    facts = ask_registers(host) if look_up else None
    rungs = ladder(host, door, facts, place)
    if as_json:
        found = {
            "host": host,
            "channel": channel_record(door) if door is not None else None,
            "registers": asdict(facts) if facts is not None else None,
            "ladder": [asdict(rung) for rung in rungs],
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in facts.lines() if facts is not None else ():
        click.echo(line)
    for number, rung in enumerate(rungs, start=1):
        click.echo(_rung_line(number, rung))


def _rung_line(number: int, rung: Rung) -> str:
    who = " · ".join(part for part in (rung.who, rung.address, rung.regime) if part) or _("(to be found out)")
    hours = _("{hours} hours: ").format(hours=rung.wait_hours) if rung.wait_hours else ""
    wait = _("{days} days: ").format(days=rung.wait_days) if rung.wait_days else hours
    return f"{number}. {rung.step.value}: {who}\n   {wait}{rung.wait_for}"


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
