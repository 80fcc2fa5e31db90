"""The case list, a new case, and the case page with its small forms."""

from dataclasses import dataclass

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zaoguang.casework import CaseStatus, ConsentUse, NoticeState, Permission, allows
from zaoguang.centre.access import CaseRequest, PersonRequest, member, open_case_key, person
from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.centre.cases import consents, opening
from zaoguang.centre.cases.models import USE_NAMES, Case
from zaoguang.centre.cases.next_step import next_step
from zaoguang.centre.intake.models import ArrivalState
from zaoguang.centre.notices.models import Notice
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.centre.sealed import read
from zaoguang.centre.sightings.links import progress
from zaoguang.centre.sightings.listing import case_sightings, counts
from zaoguang.errors import UserMistake

__all__ = ["case_list", "case_page", "change_consent", "close", "members", "new_case", "new_note", "refer", "reopen"]

WAITING_STATES = (NoticeState.PROPOSED, NoticeState.DRAFT, NoticeState.UNKNOWN, NoticeState.NOT_SENT)


class CaseForm(forms.Form):
    """What opening a case asks; only the first is needed, and the age question comes before everything."""

    adult = forms.ChoiceField(
        label=_("Was she, or could she have been, under 18 in any of the pictures?"),
        choices=[("no", _("No, she was 18 or older in all of them")), ("yes", _("Yes, or unsure"))],
        widget=forms.RadioSelect,
    )
    alias = forms.CharField(label=_("What to call her here"), max_length=60)
    legal_name = forms.CharField(label=_("Name for notices (may stay empty)"), max_length=120, required=False)
    contact = forms.EmailField(label=_("E-mail for notices (may stay empty)"), max_length=254, required=False)
    story = forms.CharField(
        label=_("What happened (may stay empty)"), max_length=20000, required=False, widget=forms.Textarea
    )
    uses = forms.MultipleChoiceField(
        label=_("What she has agreed to"),
        choices=[(use.value, name) for use, name in USE_NAMES.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of the case list; ``alias`` is empty for who may not read identity."""

    case: Case
    alias: str
    found: int
    gone: int
    standing: int
    waiting: int


def _lines(request: PersonRequest) -> list[CaseLine]:
    lines = []
    for membership in request.user.memberships.select_related("case", "person").order_by("-case__number"):
        case, key = membership.case, open_case_key(request.open_person, membership)
        tally = counts(case)
        waiting = case.notices.filter(state__in=[state.value for state in WAITING_STATES]).count()
        alias = read(case, "alias", key) if key else ""
        lines.append(CaseLine(case, alias, tally.found, tally.gone, tally.standing, waiting))
    return lines


@person(Permission.SEE_CASE)
@require_GET
def case_list(request: PersonRequest) -> HttpResponse:
    """List the cases that this person is a member of, and what waits for a person."""
    waiting = Notice.objects.none()
    if allows(request.user.kind, Permission.READ_NOTICES):
        mine = Notice.objects.filter(case__memberships__person=request.user)
        waiting = mine.filter(state__in=[state.value for state in WAITING_STATES]).select_related("case")
    return render(request, "cases/list.html", {"lines": _lines(request), "waiting": waiting})


@person(Permission.WRITE_NOTES)
@require_http_methods(["GET", "POST"])
def new_case(request: PersonRequest) -> HttpResponse:
    """Open a case; a sign of a minor opens it as a referral, where nothing is captured."""
    form = CaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given, moment = form.cleaned_data, time_of(request)
        if given["adult"] != "no":
            case = opening.open_referral(given["alias"], request.user, moment)
        else:
            identity = opening.Identity(given["alias"], given["legal_name"], given["contact"], given["story"])
            with transaction.atomic():
                case, _key = opening.open_case(identity, request.user, moment)
                for use in given["uses"]:
                    consents.give(case, ConsentUse(use), request.user, moment)
        return redirect("case", case_id=case.pk)
    return render(request, "cases/new.html", {"form": form}, status=422 if form.errors else 200)


@member(Permission.SEE_CASE)
@require_GET
def case_page(request: CaseRequest, case_id: object) -> HttpResponse:
    """Show one case."""
    del case_id
    case, key = request.open_case.case, request.open_case.key
    record(Verb.CASE_READ, now=time_of(request), person=request.user, case=case)
    live = consents.live(case)
    return render(
        request,
        "cases/case.html",
        {
            "case": case,
            "identity": {name: read(case, name, key) for name in ("alias", "legal_name", "contact", "story")}
            if key
            else None,
            "notes": [(note, read(note, "text", key)) for note in case.notes.select_related("author")] if key else [],
            "uses": [(use.value, name, use in live) for use, name in USE_NAMES.items()],
            "items": case.items.filter(removed_at__isnull=True).prefetch_related("fingerprints"),
            "arrivals": case.arrivals.filter(state=ArrivalState.WAITING),
            "sightings": case_sightings(case),
            "counts": counts(case),
            "next": next_step(case),
            "checks": [(check, progress(check)) for check in case.checks.all()[:5]],
            "notices": case.notices.all().prefetch_related("sightings"),
            "memberships": case.memberships.select_related("person").order_by("since"),
            "others": Person.objects.filter(is_active=True).exclude(memberships__case=case).order_by("handle"),
        },
    )


@member(Permission.RECORD_CONSENT)
@require_POST
@speaks_errors
def change_consent(request: CaseRequest, case_id: object) -> HttpResponse:
    """Record a yes, or that it was taken back."""
    try:
        use = ConsentUse(request.POST.get("use", ""))
    except ValueError as error:
        raise UserMistake(str(_("Choose what the consent is for."))) from error
    change = consents.give if request.POST.get("live") == "yes" else consents.withdraw
    change(request.open_case.case, use, request.user, time_of(request))
    return redirect("case", case_id=case_id)


@member(Permission.WRITE_NOTES)
@require_POST
@speaks_errors
def new_note(request: CaseRequest, case_id: object) -> HttpResponse:
    """Add a note."""
    key = request.open_case.identity_key()
    opening.write_note(request.open_case.case, key, request.POST.get("text", ""), request.user, time_of(request))
    return redirect("case", case_id=case_id)


def _status_change(request: CaseRequest, case_id: object, status: CaseStatus) -> HttpResponse:
    opening.change_status(request.open_case.case, status, request.user, time_of(request))
    return redirect("case", case_id=case_id)


@member(Permission.REFER_CASE)
@require_POST
@speaks_errors
def refer(request: CaseRequest, case_id: object) -> HttpResponse:
    """Switch the case to referral: a sign of a minor."""
    return _status_change(request, case_id, CaseStatus.REFERRAL)


@member(Permission.CLOSE_CASE)
@require_POST
@speaks_errors
def close(request: CaseRequest, case_id: object) -> HttpResponse:
    """Close the case."""
    return _status_change(request, case_id, CaseStatus.CLOSED)


@member(Permission.CLOSE_CASE)
@require_POST
@speaks_errors
def reopen(request: CaseRequest, case_id: object) -> HttpResponse:
    """Open a closed case again; a referral never."""
    return _status_change(request, case_id, CaseStatus.OPEN)


@member(Permission.MANAGE_MEMBERS)
@require_POST
@speaks_errors
def members(request: CaseRequest, case_id: object) -> HttpResponse:
    """Let a person in, or take one out."""
    who = Person.objects.filter(handle=request.POST.get("handle", ""), is_active=True).first()
    if who is None:
        raise UserMistake(str(_("Choose a person.")))
    case, moment = request.open_case.case, time_of(request)
    if request.POST.get("leave") == "yes":
        opening.remove_member(case, who, request.user, moment)
    else:
        opening.add_member(case, request.open_case.identity_key(), who, request.user, moment)
    return redirect("case", case_id=case_id)
