"""Drafting, reading, confirming and following up notices."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zaoguang import notices
from zaoguang.casework import NoticeState, Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.notices import drafting, unsure
from zaoguang.centre.notices.brakes import all_stopped
from zaoguang.centre.notices.clock_pages import clock_shown
from zaoguang.centre.notices.forms import RegimeForm
from zaoguang.centre.notices.groups import Group, for_strangers, known_channels, open_groups
from zaoguang.centre.notices.models import Answer, Notice, Route
from zaoguang.centre.notices.sheet import by_hand, final_texts, sheet_barred, sheet_lines
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.centre.sealed import read
from zaoguang.errors import UserMistake
from zaoguang.notices import Regime
from zaoguang.notices.values import is_mail_address
from zaoguang.words import spoken

__all__ = [
    "again",
    "annex",
    "answer",
    "confirm",
    "edit",
    "new_notices",
    "notice_page",
    "resolve",
    "submitted",
    "withdraw",
]


@member(Permission.DRAFT_NOTICE)
@require_http_methods(["GET", "POST"])
def new_notices(request: CaseRequest, case_id: object) -> HttpResponse:
    """Answer the laws' questions once, and get one draft for each addressee."""
    case, key = request.open_case.case, request.open_case.identity_key()
    groups = open_groups(case, time_of(request))
    laws = _laws(request, groups)
    initial = {"language": "" if len(laws) > 1 else laws[0].languages[0], **drafting.prefill(case, key)}
    form = RegimeForm(request.POST or None, regimes=laws, initial=initial)
    mistake = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = _draft_all(request, groups, form)
        except UserMistake as error:
            mistake = str(error)
        else:
            said = ngettext("%(count)d draft was made.", "%(count)d drafts were made.", len(made))
            messages.success(request, said % {"count": len(made)})
            several = len(made) > 1
            return redirect("review_notices", case_id) if several else redirect("notice", case_id, made[0].pk)
    shown = {
        "case": case,
        "groups": groups,
        "lines": [_group_line(request, group) for group in groups],
        "form": form,
        "mistake": mistake,
        "regimes": [(each.id, each.title(spoken())) for each in for_strangers()],
    }
    return render(request, "notices/new.html", shown, status=422 if mistake or form.errors else 200)


def _group_line(request: CaseRequest, group: Group) -> dict[str, object]:
    """Give a group as the page shows it, with what was ticked and typed when the page comes back."""
    sent = request.POST if request.method == "POST" else None
    return {
        "group": group,
        "regime": group.channel.regimes[0] if group.channel is not None else "",
        "ticked": sent is None or group.key in sent.getlist("group"),
        "address": sent.get(f"address-{group.key}", "") if sent else "",
        "law": sent.get(f"regime-{group.key}", "") if sent else "",
    }


def _laws(request: CaseRequest, groups: tuple[Group, ...]) -> tuple[Regime, ...]:
    """Give the laws whose questions are asked: those of the addressees, and what was chosen for unknown ones."""
    first = for_strangers()[0]
    known = {group.channel.regimes[0]: notices.regime(group.channel.regimes[0]) for group in groups if group.channel}
    for group in groups:
        if group.channel is None:
            chosen = request.POST.get(f"regime-{group.key}", first.id)
            known |= {each.id: each for each in for_strangers() if each.id == chosen}
    return tuple(known.values()) or (first,)


def _draft_all(request: CaseRequest, groups: tuple[Group, ...], form: RegimeForm) -> list[Notice]:
    """Make a draft for each group that was ticked."""
    wanted = set(request.POST.getlist("group"))
    chosen = [(group, _door(request, group, form.cleaned_data["language"])) for group in groups if group.key in wanted]
    if not chosen:
        raise UserMistake(str(_("Choose at least one addressee.")))
    if not any(group.batches for group, _found in chosen):
        raise UserMistake(str(_("These addressees take no more today; come back tomorrow.")))
    case, key = request.open_case.case, request.open_case.identity_key()
    moment = time_of(request)
    return [
        drafting.draft(case, key, door, batch, form.values(), request.user, moment)
        for group, door in chosen
        for batch in group.batches
    ]


def _door(request: CaseRequest, group: Group, language: str) -> drafting.Door:
    if group.channel is not None:
        law = notices.regime(group.channel.regimes[0])
        route = Route.EMAIL if group.channel.route is notices.Route.EMAIL else Route.FORM
        address = group.channel.address or group.channel.name
        return drafting.Door(law.id, group.channel.id, route, address, _written(law, language))
    address = request.POST.get(f"address-{group.key}", "").strip()
    chosen = request.POST.get(f"regime-{group.key}", "")
    offered = {each.id: each for each in for_strangers()}
    if chosen not in offered:
        raise UserMistake(str(_("Choose the law for %(host)s from the list.")) % {"host": group.host})
    if not is_mail_address(address):
        raise UserMistake(
            str(_("Nobody knows yet where %(host)s takes reports: give an e-mail address.")) % {"host": group.host}
        )
    return drafting.Door(chosen, "", Route.EMAIL, address, _written(offered[chosen], language))


def _written(law: Regime, language: str) -> str:
    """Give the language that was asked for if the notice is written in it, else the addressee's own."""
    return language if language in law.languages else law.languages[0]


def _notice(request: CaseRequest, notice_id: UUID) -> Notice:
    rows = Notice.objects.select_related("case", "escalates", "confirmed_by")
    return get_object_or_404(rows, pk=notice_id, case=request.open_case.case)


@member(Permission.READ_NOTICES)
@require_GET
def notice_page(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Show one notice: its text or what it lacks, and the step that is next."""
    del case_id
    return _show(request, _notice(request, notice_id))


def _show(request: CaseRequest, notice: Notice, form: RegimeForm | None = None) -> HttpResponse:
    """Show a notice; a form that is given is one with mistakes, and comes back as it was sent."""
    key, status = request.open_case.identity_key(), 422 if form is not None else 200
    editable = notice.step in {NoticeState.PROPOSED, NoticeState.DRAFT}
    regime = notices.regime(notice.regime)
    preview = drafting.preview(notice, key, time_of(request)) if editable else None
    if form is None and editable:
        initial = {"language": notice.language, **drafting.starting_values(notice, key)}
        form = RegimeForm(None, regimes=[regime], initial=initial)
    others = notice.case.notices.exclude(pk=notice.pk)
    following = others.filter(state=NoticeState.DRAFT.value).first()
    return render(
        request,
        "notices/notice.html",
        {
            "case": notice.case,
            "notice": notice,
            "regime_title": regime.title(spoken()),
            "identity": regime.identity.sentence(spoken()),
            "stopped": all_stopped(),
            "ask_identity": regime.identity.may_reach_uploader,
            "ask_named": bool(preview and preview.text) and drafting.names_survivor(notice, key),
            "to": notice.to(),
            "preview": preview,
            "shown": drafting.digest(preview) if preview else "",
            "texts": final_texts(notice, key),
            "receipt": read(notice, "receipt", key),
            "form": form if editable else None,
            "sheet": sheet_lines(notice, key) if notice.route == Route.FORM and not editable else (),
            "channel": next((each for each in known_channels() if each.id == notice.channel), None),
            "addresses": drafting.addresses_of(notice),
            "sightings": notice.sightings.select_related("item").order_by("seen_at", "id"),
            "letters": notice.letters.all(),
            "attempts": notice.attempts.all(),
            "answers": Answer.choices,
            "barred": sheet_barred(notice),
            "clock": clock_shown(notice, time_of(request)),
            "following": following,
            "next_sheet": by_hand(notice.case).exclude(pk=notice.pk).first() if following is None else None,
        },
        status=status,
    )


@member(Permission.READ_NOTICES)
@require_GET
@speaks_errors
def annex(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Give the annex of a confirmed notice as a file, to be added to the addressee's form."""
    del case_id
    notice = _notice(request, notice_id)
    texts = final_texts(notice, request.open_case.identity_key())
    if notice.confirmed_at is None or len(texts) < 2:  # noqa: PLR2004  (the letter itself, and its annex)
        raise UserMistake(str(_("This notice has no annex.")))
    if notice.step is NoticeState.SENDING and (why := sheet_barred(notice)):
        raise UserMistake(why)
    made = drafting.annex_of(notice, texts[1], notice.confirmed_at)
    headers = {"Content-Disposition": f'attachment; filename="{notice.case.number}-annex-1.{made.ending}"'}
    return HttpResponse(made.content, content_type=made.kind, headers=headers)


@member(Permission.DRAFT_NOTICE)
@require_POST
@speaks_errors
def edit(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Change a draft."""
    notice, key = _notice(request, notice_id), request.open_case.identity_key()
    form = RegimeForm(request.POST, regimes=[notices.regime(notice.regime)], initial={})
    if not form.is_valid():
        return _show(request, notice, form)
    drafting.edit(notice, key, form.values(), form.cleaned_data["language"], request.user, time_of(request))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.CONFIRM_NOTICE)
@require_POST
@speaks_errors
def confirm(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Let a notice leave in this person's name."""
    notice, key = _notice(request, notice_id), request.open_case.identity_key()
    seen, named = (request.POST.get(name) == "yes" for name in ("identity_seen", "named_seen"))
    shown = request.POST.get("shown", "")[:64]
    drafting.confirm(notice, key, request.user, time_of(request), identity_seen=seen, shown=shown, named_seen=named)
    messages.success(request, _("The notice is confirmed."))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.CONFIRM_NOTICE)
@require_POST
@speaks_errors
def submitted(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Record that the addressee's form was filled in and sent by hand."""
    key = request.open_case.identity_key()
    receipt = request.POST.get("receipt", "")
    unsure.submitted(_notice(request, notice_id), key, receipt, request.user, time_of(request))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.SETTLE_NOTICE)
@require_POST
@speaks_errors
def resolve(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Say what became of an attempt whose result is unknown."""
    said = request.POST.get("arrived")
    if said not in {"yes", "no"}:
        raise UserMistake(str(_("Say whether the notice arrived.")))
    unsure.resolve(_notice(request, notice_id), request.user, time_of(request), arrived=said == "yes")
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.CONFIRM_NOTICE)
@require_POST
@speaks_errors
def again(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Try a notice again that certainly was not sent."""
    unsure.send_again(_notice(request, notice_id), request.user, time_of(request))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.RECORD_OUTCOME)
@require_POST
@speaks_errors
def answer(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Record what the addressee said."""
    try:
        said = Answer(request.POST.get("answer", ""))
    except ValueError as error:
        raise UserMistake(str(_("Choose what the answer said."))) from error
    unsure.record_answer(_notice(request, notice_id), said, request.user, time_of(request))
    return redirect("notice", case_id=case_id, notice_id=notice_id)


@member(Permission.DRAFT_NOTICE)
@require_POST
@speaks_errors
def withdraw(request: CaseRequest, case_id: object, notice_id: UUID) -> HttpResponse:
    """Take back a notice that has not left."""
    unsure.withdraw(_notice(request, notice_id), request.user, time_of(request))
    return redirect("case", case_id=case_id)
