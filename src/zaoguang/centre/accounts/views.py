"""The login page and the way out."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from zaoguang.centre.access import person, public
from zaoguang.centre.accounts.session import COOKIE, keep_in_browser, log_in, log_out
from zaoguang.centre.pages import time_of

__all__ = ["login_page", "logout_page"]


class LoginForm(forms.Form):
    """Handle and passphrase."""

    handle = forms.CharField(
        label=_("Handle"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )


@public
@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "POST"])
def login_page(request: HttpRequest) -> HttpResponse:
    """Log in; the same sentence for a wrong handle and a wrong passphrase."""
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        opened = log_in(request, form.cleaned_data["handle"], form.cleaned_data["passphrase"], time_of(request))
        if opened is not None:
            response = redirect("cases")
            keep_in_browser(response, opened[1])
            return response
        form.add_error(None, _("Handle and passphrase do not fit together."))
    return render(request, "accounts/login.html", {"form": form}, status=422 if form.errors else 200)


@person()
@require_POST
def logout_page(request: HttpRequest) -> HttpResponse:
    """Log out."""
    log_out(request, time_of(request))
    response = redirect("login")
    response.delete_cookie(COOKIE, samesite="Strict")
    return response
