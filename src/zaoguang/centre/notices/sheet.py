"""The final text of a confirmed notice, as it was sent or as it is copied into an addressee's form."""

import json
from dataclasses import dataclass

from django.db.models import QuerySet

from zaoguang import notices
from zaoguang.casework import ConsentUse, NoticeState
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.models import Case
from zaoguang.centre.notices.drafting import addresses_of, values_of
from zaoguang.centre.notices.models import Notice, Route
from zaoguang.centre.sealed import read
from zaoguang.notices import Text
from zaoguang.notices.regime import Field
from zaoguang.vault import SecretKey
from zaoguang.words import LANGUAGES, spoken
from zaoguang.words import gettext as _

__all__ = ["SheetLine", "by_hand", "final_texts", "sheet_barred", "sheet_lines"]


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One answer to copy into an addressee's form, in the notice's own language where we speak it."""

    label: str
    value: str


def by_hand(case: Case) -> QuerySet[Notice]:
    """Give the confirmed notices that a person has to fill into a form or hand over herself, oldest first."""
    held = case.notices.filter(state=NoticeState.SENDING.value).exclude(route=Route.EMAIL)
    return held.order_by("made_at", "id")


def final_texts(notice: Notice, key: SecretKey) -> tuple[Text, ...]:
    """Give the text that a person confirmed, then its annex if it has one; nothing before that."""
    stored = read(notice, "text", key)
    words = json.loads(stored) if stored else []
    return tuple(Text(subject, body) for subject, body in zip(words[::2], words[1::2], strict=True))


def sheet_barred(notice: Notice) -> str:
    """Say why nobody may hand a confirmed notice over any more: no open case, no yes of hers, or a trap in it."""
    if not notice.case.is_open:
        return _("This case takes no more work: it was referred or closed.")
    if ConsentUse.NOTICE not in consents.live(notice.case):
        return _("She has not agreed to notices; ask her first.")
    if notice.sightings.filter(on_request=True).exists():
        return _("An address in this notice only shows what was asked for; withdraw it and make another.")
    return ""


def sheet_lines(notice: Notice, key: SecretKey) -> tuple[SheetLine, ...]:
    """Give a notice field by field, as a person copies it into the addressee's form; what is empty is left out."""
    given = {**values_of(notice, key), "addresses": addresses_of(notice)}
    fields = notices.regime(notice.regime).fields
    language = notice.language if notice.language in LANGUAGES else spoken()
    lines = [SheetLine(field.label(language), _said(field, given.get(field.name), language)) for field in fields]
    return tuple(line for line in lines if line.value)


def _said(field: Field, value: object, language: str) -> str:
    words = {option.value: option.label(language) for option in field.options}
    if value is True:
        return {"zh-Hans": "是"}.get(language, "yes")
    parts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return "\n".join(words.get(part, part) for part in parts if part)
