"""Who may do what in a case that they are a member of; without membership nobody may do anything."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["Permission", "Role", "allows"]


class Role(StrEnum):
    """What a person is in one case."""

    SUPERVISOR = "supervisor"
    CASEWORKER = "caseworker"
    VOLUNTEER = "volunteer"


class Permission(StrEnum):
    """One thing that a person may do in a case."""

    SEE_CASE = "see_case"  # its code, status and clocks; no identity
    ADD_LINKS = "add_links"
    READ_SIGHTINGS = "read_sightings"
    READ_IDENTITY = "read_identity"  # tier A: name, contact, story, notes
    WRITE_NOTES = "write_notes"
    ADD_ITEMS = "add_items"
    RECORD_CONSENT = "record_consent"
    JUDGE_COPY = "judge_copy"  # say whether an address keeps a copy or only shows what was asked for
    SEAL_EXHIBIT = "seal_exhibit"
    EXPORT_EXHIBITS = "export_exhibits"
    READ_NOTICES = "read_notices"
    DRAFT_NOTICE = "draft_notice"
    CONFIRM_NOTICE = "confirm_notice"
    SETTLE_NOTICE = "settle_notice"  # say what became of an attempt whose result is unknown
    RECORD_OUTCOME = "record_outcome"
    REFER_CASE = "refer_case"
    READ_AUDIT = "read_audit"
    MANAGE_MEMBERS = "manage_members"
    CLOSE_CASE = "close_case"
    STOP_SENDING = "stop_sending"  # of the whole centre, and let it go on
    SEE_PICTURE = "see_picture"  # nobody: named, so that a test can hold it


_VOLUNTEER = frozenset({Permission.SEE_CASE, Permission.ADD_LINKS, Permission.READ_SIGHTINGS})
_SUPERVISOR_ONLY = frozenset({Permission.MANAGE_MEMBERS, Permission.CLOSE_CASE, Permission.STOP_SENDING})
_NOBODY = frozenset({Permission.SEE_PICTURE})

_ALLOWED: Mapping[Role, frozenset[Permission]] = {
    Role.VOLUNTEER: _VOLUNTEER,
    Role.CASEWORKER: frozenset(Permission) - _SUPERVISOR_ONLY - _NOBODY,
    Role.SUPERVISOR: frozenset(Permission) - _NOBODY,
}


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether that role in a case includes that permission."""
    return permission in _ALLOWED[role]
