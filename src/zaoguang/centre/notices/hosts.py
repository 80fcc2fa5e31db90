"""The page that says who answers for a copy's host: the ladder at once, and who is on its rungs when somebody asks."""

from dataclasses import dataclass
from threading import BoundedSemaphore
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.cases.opening import require_open
from zaoguang.centre.notices.groups import known_channels
from zaoguang.centre.sightings.models import Sighting
from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.notices import HostFacts, Step, channel_for, ladder
from zaoguang.notices.values import is_mail_address
from zaoguang.watch.asking import ask_registers

__all__ = ["host"]

_AT_ONCE = BoundedSemaphore(2)  # a look-up keeps one of the few threads of the pages for up to 25 seconds
_STEPS = {
    Step.SITE: _("The site itself"),
    Step.HOST: _("Who hosts it"),
    Step.CDN: _("The delivery network in front of it"),
    Step.REGISTRAR: _("Where its name is registered"),
    Step.SEARCH: _("Search engines"),
    Step.REGULATOR: _("The regulator where she is"),
    Step.COUNSEL: _("A lawyer"),
    Step.POLICE: _("The police"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One rung as the page shows it."""

    step: str
    title: object
    who: str
    mail: str  # the address to write to; "" where there is none
    form: str
    wait_hours: int
    wait_days: int  # 0: say the hours
    wait_for: str


@member(Permission.DRAFT_NOTICE)
@require_http_methods(["GET", "POST"])
def host(request: CaseRequest, case_id: object, sighting_id: UUID) -> HttpResponse:
    """Show the ladder for the host of a copy's page or, with ``of=picture``, of its picture; a POST asks the registers.

    Only the hosts of this case's own copies can be asked about, and no host stands in an address of the centre.
    """
    del case_id
    case = request.open_case.case
    sighting = get_object_or_404(Sighting, pk=sighting_id, case=case)
    hosts = {"page": sighting.page(), "picture": sighting.picture()}
    asked = "picture" if request.GET.get("of") == "picture" else "page"
    address = hosts[asked]
    name = _host_of(address)
    facts, mistake = None, ""
    if request.method == "POST":
        try:
            require_open(case)
            facts = _ask(name, request.POST.get("ask", ""))
        except (UserMistake, OutsideFailure) as error:
            mistake = str(error)
    other = "page" if asked == "picture" else "picture"
    shown = {
        "case": case,
        "sighting": sighting,
        "host": name,
        "of": asked,
        "other": other if _host_of(hosts[other]) not in {"", name} else "",
        "other_host": _host_of(hosts[other]),
        "rungs": _lines(name, address, facts),
        "facts": facts,
        "mistake": mistake,
    }
    return render(request, "notices/host.html", shown, status=422 if mistake else 200)


def _host_of(address: str) -> str:
    return urlsplit(address).hostname or ""


def _ask(name: str, whom: str) -> HostFacts:
    if whom != "registers":
        raise UserMistake(str(_("Say whom to ask.")))
    if not name:
        raise UserMistake(str(_("This picture is part of the page itself: it has no host of its own.")))
    if not _AT_ONCE.acquire(blocking=False):
        raise UserMistake(str(_("Other hosts are being looked up just now; try again in a moment.")))
    try:
        return ask_registers(name)
    finally:
        _AT_ONCE.release()


def _lines(name: str, address: str, facts: HostFacts | None) -> list[_Line]:
    door = channel_for(address, [each for each in known_channels() if each.regimes])
    return [
        _Line(
            rung.step.value,
            _STEPS[rung.step],
            rung.who,
            rung.address if is_mail_address(rung.address) else "",
            rung.address if not is_mail_address(rung.address) else "",
            rung.wait_hours,
            rung.wait_days,
            rung.wait_for,
        )
        for rung in ladder(name, door, facts)
    ]
