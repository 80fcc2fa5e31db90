"""Logging in and out: the passphrase opens the key pair, the browser keeps one half of it, the session the other."""

import base64
import binascii
from datetime import datetime

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse

from zaoguang.centre.accounts.models import Person
from zaoguang.centre.audit.models import Verb
from zaoguang.centre.audit.trail import record
from zaoguang.errors import UserMistake
from zaoguang.vault import CannotOpen, OpenPerson, SecretKey, open_in_session, seal_for_session, unlock

__all__ = ["COOKIE", "keep_in_browser", "log_in", "log_out", "open_person"]

COOKIE = "zg_unlock"
_SESSION_SLOT = "sealed_private_key"


def log_in(request: HttpRequest, handle: str, passphrase: str, now: datetime) -> tuple[Person, SecretKey] | None:
    """Check the passphrase, open the keys, start the session; the caller sets the cookie with the key given back."""
    person = authenticate(request, username=handle, password=passphrase)
    if not isinstance(person, Person):
        return None
    try:
        opened = unlock(person.locked, passphrase)
    except CannotOpen:
        return None
    login(request, person)
    browser_key = SecretKey.generate()
    request.session[_SESSION_SLOT] = base64.b64encode(seal_for_session(opened, browser_key)).decode()
    record(Verb.LOGGED_IN, now=now, person=person, case=None)
    return person, browser_key


def keep_in_browser(response: HttpResponse, browser_key: SecretKey) -> None:
    """Set the cookie that holds the browser's half."""
    response.set_cookie(
        COOKIE,
        base64.b64encode(browser_key.raw).decode(),
        httponly=True,
        samesite="Strict",
        secure=settings.BEHIND_TLS,
    )


def open_person(request: HttpRequest) -> OpenPerson | None:
    """Give the logged-in person's open keys, if both halves are here and fit."""
    sealed, cookie = request.session.get(_SESSION_SLOT), request.COOKIES.get(COOKIE)
    if not sealed or not cookie:
        return None
    try:
        return open_in_session(base64.b64decode(sealed), SecretKey(base64.b64decode(cookie, validate=True)))
    except (CannotOpen, UserMistake, binascii.Error):
        return None


def log_out(request: HttpRequest, now: datetime) -> None:
    """End the session; the sealed half is gone with it."""
    if isinstance(request.user, Person):
        record(Verb.LOGGED_OUT, now=now, person=request.user, case=None)
    logout(request)
