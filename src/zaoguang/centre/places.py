"""Where the centre keeps its things: one home folder with ``data/`` and ``keys/``, each movable by one variable."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["Places", "database_settings", "places"]


@dataclass(frozen=True, slots=True)
class Places:
    """The folders and key files of one centre."""

    data: Path
    keys: Path

    @property
    def index(self) -> Path:
        """The index over the banks: a cache, sealed under the worker key."""
        return self.data / "index"

    @property
    def worker_key(self) -> Path:
        """The key of tier B: addresses, fingerprints, messages on their way."""
        return self.keys / "worker.key"

    @property
    def signing_key(self) -> Path:
        """The Ed25519 key that seals exhibits (PEM, PKCS #8)."""
        return self.keys / "signing.pem"

    @property
    def django_key(self) -> Path:
        """Django's secret: signs cookies and form tokens."""
        return self.keys / "django.key"


def places() -> Places:
    """Read the folders from ``ZAOGUANG_HOME``, ``ZAOGUANG_KEYS`` or a systemd credential folder."""
    home = Path(os.environ.get("ZAOGUANG_HOME") or Path.home() / ".local/share/zaoguang").absolute()
    keys = os.environ.get("ZAOGUANG_KEYS") or os.environ.get("CREDENTIALS_DIRECTORY")
    return Places(data=home / "data", keys=Path(keys).absolute() if keys else home / "keys")


def _sqlite(path: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 30,
            # A write lock from the first statement: a read that later writes would fail with "database is locked".
            "transaction_mode": "IMMEDIATE",
            # FULL: an acknowledged record survives a power cut. secure_delete: a deleted value is overwritten.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
        },
    }


def _postgres(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def database_settings(where: Places) -> dict[str, object]:
    """Give Django's database setting: SQLite under ``data/``, or what ``ZAOGUANG_DATABASE_URL`` names."""
    url = os.environ.get("ZAOGUANG_DATABASE_URL", "")
    if not url:
        return _sqlite(where.data / "centre.sqlite3")
    scheme = urlsplit(url).scheme
    if scheme in {"postgres", "postgresql"}:
        return _postgres(url)
    if scheme == "sqlite":
        return _sqlite(Path(urlsplit(url).path))
    raise UserMistake(_("ZAOGUANG_DATABASE_URL must begin with postgresql:// or sqlite://."))
