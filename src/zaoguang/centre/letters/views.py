"""An answer on a page: what it says, how it will probably be read, and the form in which a person says so."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.letters.models import READING_NAMES, Letter, LetterState
from zaoguang.centre.letters.opening import open_letter, settle_letter
from zaoguang.centre.notices.models import Answer
from zaoguang.centre.pages import speaks_errors, time_of
from zaoguang.errors import UserMistake

__all__ = ["letter_page", "settle"]

_NOTHING = "nothing"


def _letter(request: CaseRequest, letter_id: UUID) -> Letter:
    rows = Letter.objects.select_related("notice__case", "settled_by")
    return get_object_or_404(rows, pk=letter_id, notice__case=request.open_case.case)


@member(Permission.READ_NOTICES)
@require_GET
def letter_page(request: CaseRequest, case_id: object, letter_id: UUID) -> HttpResponse:
    """Show one answer."""
    del case_id
    letter, key = _letter(request, letter_id), request.open_case.identity_key()
    said, mistake = "", ""
    try:
        said = open_letter(letter, request.open_person, key, request.user, time_of(request))
    except UserMistake as error:
        mistake = str(error)
    head, _blank, text = said.partition("\n\n")
    sender, _line, subject = head.partition("\n")
    shown = {
        "case": request.open_case.case,
        "letter": letter,
        "sender": sender,
        "subject": subject,
        "text": text,
        "mistake": mistake,
        "proposed": READING_NAMES[letter.reading],
        "answers": Answer.choices,
        "waiting": letter.state == LetterState.WAITING,
    }
    return render(request, "letters/letter.html", shown)


@member(Permission.RECORD_OUTCOME)
@require_POST
@speaks_errors
def settle(request: CaseRequest, case_id: object, letter_id: UUID) -> HttpResponse:
    """Say what an answer means."""
    letter, given = _letter(request, letter_id), request.POST.get("answer", "")
    if given != _NOTHING and given not in set(Answer):
        raise UserMistake(str(_("Choose what the answer said.")))
    settle_letter(letter, None if given == _NOTHING else Answer(given), request.user, time_of(request))
    return redirect("notice", case_id=case_id, notice_id=letter.notice_id)
