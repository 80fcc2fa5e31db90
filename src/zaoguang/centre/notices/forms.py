"""A form from a regime's fields: the law's data decides what is asked, in the person's language."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zaoguang.centre.notices.drafting import AUTOMATIC
from zaoguang.notices import Field, Regime
from zaoguang.notices.regime import FieldKind
from zaoguang.words import spoken

__all__ = ["LANGUAGE_NAMES", "NEVER_ASKED", "RegimeForm", "asked_fields"]

NEVER_ASKED = frozenset({"child_abuse"})
"""A law may provide for it, but such a case is referred and gets no notice here (P05)."""

LANGUAGE_NAMES = {
    "en": _("English"),
    "zh-Hans": _("Simplified Chinese"),
    "zh-Hant": _("Traditional Chinese"),
    "ko": _("Korean"),
    "ja": _("Japanese"),
}


def asked_fields(regimes: Iterable[Regime]) -> tuple[Field, ...]:
    """Give every field that a person answers for any of these laws, each once."""
    found: dict[str, Field] = {}
    for regime in regimes:
        for field in regime.fields:
            if field.name not in AUTOMATIC | NEVER_ASKED:
                found.setdefault(field.name, field)
    return tuple(found.values())


def _form_field(field: Field) -> forms.Field:
    speak = spoken()
    shown: dict[str, Any] = {"label": field.label(speak), "help_text": field.why(speak), "required": False}
    options = [(option.value, option.label(speak)) for option in field.options]
    if field.kind is FieldKind.CHOICE:
        return forms.ChoiceField(choices=[("", "–"), *options], initial="".join(field.default[:1]), **shown)
    if field.kind is FieldKind.LIST and options:
        return forms.MultipleChoiceField(
            choices=options, widget=forms.CheckboxSelectMultiple, initial=list(field.default), **shown
        )
    return _PLAIN[field.kind](**shown)


def _lines(**shown: Any) -> forms.Field:  # noqa: ANN401  (handed on to Django as they are)
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, **shown)


_PLAIN: Mapping[FieldKind, Callable[..., forms.Field]] = {
    FieldKind.TEXT: partial(forms.CharField, max_length=2_000),
    FieldKind.LONG_TEXT: _lines,
    FieldKind.LIST: _lines,
    FieldKind.EMAIL: partial(forms.EmailField, max_length=254),
    FieldKind.DATE: forms.DateField,
    FieldKind.BOOL: forms.BooleanField,
}


class RegimeForm(forms.Form):
    """The questions of one or more laws; nothing is required here, for a draft may be incomplete."""

    language = forms.ChoiceField(label=_("Language of the notice"), required=False)

    def __init__(self, data: object = None, *, regimes: Iterable[Regime], initial: Mapping[str, object]) -> None:
        """Take the laws and what is known already."""
        super().__init__(data, initial=dict(initial))  # type: ignore[arg-type]  # Django takes a QueryDict or None
        regimes = tuple(regimes)
        written = [name for name in LANGUAGE_NAMES if any(name in regime.languages for regime in regimes)]
        several = len(regimes) > 1  # each then has its own language, unless a person wants one for all
        self.fields["language"].choices = [  # type: ignore[attr-defined]  # a ChoiceField, by the line above
            *([("", _("each addressee’s own"))] if several else []),
            *((name, LANGUAGE_NAMES[name]) for name in written),
        ]
        for field in asked_fields(regimes):
            self.fields[field.name] = _form_field(field)

    def values(self) -> dict[str, str | list[str] | bool]:
        """Give the answers as the notices room takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "language" and value is not None}
