"""Django's settings: everything that differs between centres comes from the environment, the rest is fixed here."""

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from zaoguang.centre.keyring import django_secret
from zaoguang.centre.places import database_settings, places
from zaoguang.errors import UserMistake
from zaoguang.words import gettext

PLACES = places()
REHEARSAL = os.environ.get("ZAOGUANG_REHEARSAL") == "1"
"""A make-believe centre: loopback only, time may be moved on, every page says so."""

REHEARSAL_PORTS = frozenset(
    int(port) for port in os.environ.get("ZAOGUANG_REHEARSAL_PORTS", "").split(",") if port and REHEARSAL
)
"""The loopback ports that the watch may read in a rehearsal; empty everywhere else."""

CHANNELS_FILE = os.environ.get("ZAOGUANG_CHANNELS", "")
"""A folder or file with channels of this centre's own, beside those shipped."""

MAIL_SERVER = os.environ.get("ZAOGUANG_MAIL_SERVER", "")
"""Where notices are handed over: ``smtp://user:pass@host:port``, ``smtp+tls://`` to insist on STARTTLS."""

MAIL_FROM = os.environ.get("ZAOGUANG_MAIL_FROM", "notices@centre.example")

FAST_KDF = os.environ.get("ZAOGUANG_TEST_FAST_KDF") == "1"
"""Cheapest passphrase stretching: for tests and rehearsals, never with real people."""


IMAP_SERVER = os.environ.get("ZAOGUANG_IMAP_SERVER", "")
"""Where answers are read from, never deleted: ``imaps://user:pass@host:port/folder``, ``imap+tls://`` for STARTTLS."""


def _most(name: str, default: int) -> int:
    """Read a cap; what is no number from 1 to 100,000 is refused, for a wrong cap must not pass for none."""
    given = os.environ.get(name, str(default))
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= 100_000):  # noqa: PLR2004  (said above)
        raise UserMistake(gettext("{name} must be a number from 1 to 100000.").format(name=name))
    return int(given)


MOST_AN_HOUR = _most("ZAOGUANG_MOST_AN_HOUR", 20)
MOST_A_DAY = _most("ZAOGUANG_MOST_A_DAY", 100)
"""How many attempts are made at one addressee within an hour, and within a day."""

CENTRE_NAME = os.environ.get("ZAOGUANG_CENTRE_NAME", "")
"""The organisation that signs as the survivor's agent; a notice by an agent keeps her name out of it."""

DEBUG = False
SECRET_KEY = django_secret(PLACES)
ALLOWED_HOSTS = os.environ.get("ZAOGUANG_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("ZAOGUANG_ORIGINS", "").split(",") if origin]
BEHIND_TLS = os.environ.get("ZAOGUANG_TLS") == "1"

ROOT_URLCONF = "zaoguang.centre.urls"
WSGI_APPLICATION = "zaoguang.centre.wsgi.application"
AUTH_USER_MODEL = "accounts.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "zaoguang.centre.accounts",
    "zaoguang.centre.audit",
    "zaoguang.centre.cases",
    "zaoguang.centre.intake",
    "zaoguang.centre.banks",
    "zaoguang.centre.sightings",
    "zaoguang.centre.exhibits",
    "zaoguang.centre.notices",
    "zaoguang.centre.clocks",
    "zaoguang.centre.letters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "zaoguang.centre.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "zaoguang.centre.headers.SpokenLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "zaoguang.centre.access.DefaultDeny",
    "zaoguang.centre.pages.WrongClick",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zaoguang.centre.pages.every_page",
            ],
            "builtins": ["zaoguang.centre.sightings.templatetags.words"],
        },
    },
]

DATABASES = {"default": database_settings(PLACES)}

# Names and notes never reach a queue's rows: jobs carry row ids only, and their failures are words of ours.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if FAST_KDF
    else ["django.contrib.auth.hashers.Argon2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = os.environ.get("ZAOGUANG_LANGUAGE", "zh-hans")
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [Path(__file__).parent.parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("ZAOGUANG_TIME_ZONE", "UTC")

STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
WHITENOISE_USE_FINDERS = True  # served from the package itself: no collectstatic step to forget
WHITENOISE_AUTOREFRESH = False

# Django's own choice would put sentences that do not fit the cookie into the session, readable in the database.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LOGIN_URL = "login"
SESSION_COOKIE_NAME = "zg_session"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_NAME = "zg_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = BEHIND_TLS
LANGUAGE_COOKIE_NAME = "zg_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Strict"
LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
# Not "no-referrer": under that a browser sends "Origin: null" with a form, and every form would be refused as forged.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = ["zaoguang.centre.headers.NoUploads"]  # no page takes a file: nothing can reach a temp folder

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}, "django_tasks": {"level": "WARNING"}},
}
