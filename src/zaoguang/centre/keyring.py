"""The centre's own keys, read once per process from files outside the database (DESIGN: tier B, seals, cookies)."""

import base64
import os
import secrets
from functools import cache

from zaoguang.centre.places import Places, places
from zaoguang.errors import OutsideFailure
from zaoguang.evidence import Signer
from zaoguang.vault import SecretKey, load_key, write_new_key
from zaoguang.words import gettext as _

__all__ = ["column_key", "django_secret", "index_key", "make_keys", "signer", "tag_key"]


def make_keys(where: Places) -> tuple[str, ...]:
    """Make the key files that are missing and give their names; an existing key is never replaced."""
    made = []
    where.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (where.worker_key, where.django_key):
        if not path.exists():
            write_new_key(path)
            made.append(path.name)
    if not where.signing_key.exists():
        handle = os.open(where.signing_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Signer.generate().to_pem())
            file.flush()
            os.fsync(file.fileno())
        made.append(where.signing_key.name)
    return tuple(made)


def django_secret(where: Places) -> str:
    """Give Django's secret; before the keys are made, one that lives only as long as this process."""
    if not where.django_key.exists():
        return secrets.token_urlsafe(48)
    return base64.b64encode(load_key(where.django_key).raw).decode()


@cache
def _worker_key() -> SecretKey:
    return load_key(places().worker_key)


@cache
def column_key() -> SecretKey:
    """Give the key that seals tier-B columns."""
    return _worker_key().derive("column")


@cache
def index_key() -> SecretKey:
    """Give the key that seals the index over the banks."""
    return _worker_key().derive("index")


@cache
def tag_key() -> SecretKey:
    """Give the key under which equal addresses get equal tags."""
    return _worker_key().derive("tag")


@cache
def signer() -> Signer:
    """Give the key that seals exhibits and the custody log."""
    path = places().signing_key
    try:
        return Signer.from_pem(path.read_bytes())
    except OSError as error:
        raise OutsideFailure(
            _("The signing key %(path)s cannot be read: %(why)s.") % {"path": path, "why": error.strerror}
        ) from error
