"""Whom to ask when nobody answers: from the site up to the police, with what to wait for at each rung."""

from dataclasses import dataclass
from enum import StrEnum

from zaoguang.notices.channel import Channel
from zaoguang.notices.host import HostFacts, first_of
from zaoguang.notices.regime import regime
from zaoguang.words import gettext as _

__all__ = ["Rung", "Step", "ladder"]

_SITE_HOURS = 48
_REGULATORS = {
    "AU": ("au-esafety", "au_esafety"),
    "CN": ("cn-12377-report", "cac_12377"),
    "KR": ("kr-vpa-7-3", "kr_d4u"),
    "TW": ("tw-sacpa-13", "tw_siarc"),
}
"""By where the survivor is: the notice and the channel of the body that can make a platform act."""


class Step(StrEnum):
    """The rungs, in their order."""

    SITE = "site"
    HOST = "host"
    CDN = "cdn"
    REGISTRAR = "registrar"
    SEARCH = "search"
    REGULATOR = "regulator"
    COUNSEL = "counsel"
    POLICE = "police"


@dataclass(frozen=True, slots=True)
class Rung:
    """One to ask: who, where, with which notice, and how long to wait before the next."""

    step: Step
    who: str  # "" where a person has to find out
    address: str  # a mail address or a form; "" where nothing is known
    regime: str  # "" where no notice of ours goes there
    channel: str
    wait_hours: int  # about so many; 0: beside the others, not after them
    wait_for: str

    @property
    def wait_days(self) -> int:
        """Give the time to wait in days where it is said in days (more than three, and whole); else 0."""
        return self.wait_hours // 24 if self.wait_hours > 72 and self.wait_hours % 24 == 0 else 0  # noqa: PLR2004  (three days)


def ladder(host: str, known: Channel | None, facts: HostFacts | None, place: str = "") -> tuple[Rung, ...]:
    """Give the rungs for a host: what its channel and the registers say, and the regulator of the survivor's place.

    ``place`` is a jurisdiction such as ``TW``. What nobody knows is left empty, never left out.
    """
    return (
        _site(host, known),
        *_behind(facts),
        Rung(
            Step.SEARCH, "Google", "https://support.google.com/websearch/answer/6302812", "google-ncii",
            "google_search", 0, _("At the same time: it takes the page out of the results, not off the web."),
        ),
        _regulator(place.upper()),
        _rung(
            Step.COUNSEL, "", "", "counsel-letter",
            _("A lawyer of the addressee's place, with the number of a pending case; then no further waiting."),
        ),
        Rung(
            Step.POLICE, "", "", "", "", 0,
            _("At any time, from the first day: the police can order what a notice can only ask."),
        ),
    )  # fmt: skip


def _rung(step: Step, who: str, address: str, law: str, wait_for: str, channel: str = "") -> Rung:
    return Rung(step, who, address, law, channel, regime(law).deadline.about_hours, wait_for)


def _site(host: str, known: Channel | None) -> Rung:
    wait = _("A receipt and the removal; look at the address itself, not at the answer.")
    if known is not None and known.regimes:
        return _rung(Step.SITE, known.name, known.address, known.regimes[0], wait, known.id)
    return Rung(Step.SITE, host, "", "eu-dsa-16", "", _SITE_HOURS, wait)


def _behind(facts: HostFacts | None) -> tuple[Rung, ...]:
    """Give host, delivery network and registrar. Behind a CDN the registers show only the CDN: ask it for the host."""
    networks = facts.networks if facts is not None else ()
    holder = first_of(each.holder.name or each.name for each in networks)
    abuse = first_of(each.holder.abuse for each in networks)
    cdn = facts.delivered_by if facts is not None else ""
    hidden = _("The host is hidden behind the delivery network: ask that first who hosts the site.")
    waits = _("An answer of the abuse desk with its ticket number, and the content gone.")
    rungs = [_rung(Step.HOST, "" if cdn else holder, "" if cdn else abuse, "hosting-abuse", hidden if cdn else waits)]
    if cdn:
        wait = _("The name of the host; a delivery network often only passes the report on.")
        rungs.append(_rung(Step.CDN, cdn, abuse, "hosting-abuse", wait))
    registrar = facts.registrar if facts is not None else None
    wait = _("The registrar's answer; it can suspend the name, and seldom does for one page.")
    name, desk = (registrar.name, registrar.abuse) if registrar is not None else ("", "")
    return (*rungs, _rung(Step.REGISTRAR, name, desk, "hosting-abuse", wait))


def _regulator(place: str) -> Rung:
    law, door = _REGULATORS.get(place, ("", ""))
    wait = _("The number under which the report is kept, and what was ordered.")
    return Rung(Step.REGULATOR, door, "", law, door, regime(law).deadline.about_hours if law else 0, wait)
