"""Secrets at rest: people's key pairs, case keys sealed to members, columns bound to their place."""

from zaoguang.vault.columns import Place, open_column, seal_column
from zaoguang.vault.keys import CannotOpen, SecretKey, load_key, write_new_key
from zaoguang.vault.people import Kdf, LockedPerson, OpenPerson, enrol, seal_to, unlock
from zaoguang.vault.sessions import open_in_session, seal_for_session

__all__ = [
    "CannotOpen",
    "Kdf",
    "LockedPerson",
    "OpenPerson",
    "Place",
    "SecretKey",
    "enrol",
    "load_key",
    "open_column",
    "open_in_session",
    "seal_column",
    "seal_for_session",
    "seal_to",
    "unlock",
    "write_new_key",
]
