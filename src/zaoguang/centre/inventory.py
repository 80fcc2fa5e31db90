"""Every column of every table of the centre's database, by tier; a test compares it with the models, both ways.

Tier ``A`` opens with a case key, ``B`` with the worker key, ``K`` is key material and keyed tags. Every other column
is tier ``C``: it lies open, and the word beside it says why it may.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["COLUMNS", "FREE_TEXT", "Column", "columns"]

AnyTier = Literal["A", "B", "K", "C"]

_ROW = "a random or running id"
_LINK = "the id of another row"
_TIME = "a time"
_WORD = "a word from a fixed list"
_COUNT = "a number"
_PUBLIC = "made to be handed out"
_DIGEST = "a digest over content that holds 32 random bytes"
_DJANGO = "Django's own; nothing of a case"
_QUEUE = "the queue's own; jobs carry row ids only"

FREE_TEXT: Mapping[str, str] = MappingProxyType(
    {
        "accounts_person.handle": "a name for work that people choose; never a person's own name",
        "accounts_person.password": "a salted, memory-hard hash",
        "cases_case.number": "year and running number",
        "intake_item.code": "a running number, said aloud in place of a label",
        "sightings_link.reason": _WORD,
        "sightings_sighting.orientation": _WORD,
        "sightings_outcomerecord.finding": _WORD,
        "sightings_outcomerecord.outcome": _WORD,
        "exhibits_exhibit.sha256": _DIGEST,
        "exhibits_exhibit.key_id": _PUBLIC,
        "exhibits_custodyrow.at": _TIME,
        "exhibits_custodyrow.exhibit_id": _LINK,
        "exhibits_custodyrow.exhibit_sha256": _DIGEST,
        "exhibits_custodyrow.previous": _DIGEST,
        "exhibits_custodyrow.key_id": _PUBLIC,
        "exhibits_custodyrow.signature": _PUBLIC,
        "notices_notice.regime": _WORD,
        "notices_notice.channel": "the id of a platform in a public list; empty for an addressee that a person named",
        "notices_notice.language": _WORD,
        "notices_notice.message_id": "random, with the centre's own domain",
    }
)
"""Columns of ours that could hold any text by their type, and what keeps each from doing so."""

_OPEN: Mapping[str, Mapping[str, str]] = {
    "accounts_person": {
        "id": _ROW,
        "role": _WORD,
        "is_active": _WORD,
        "last_login": _TIME,
        "public_key": _PUBLIC,
        "kdf_salt": "a salt",
        "kdf_passes": _COUNT,
        "kdf_memory": _COUNT,
    },
    "audit_auditevent": {
        "id": _ROW,
        "at": _TIME,
        "person_id": _LINK,
        "case_id": _LINK,
        "verb": _WORD,
        "subject": _LINK,
    },
    "audit_rehearsaltime": {"id": _ROW, "ahead_seconds": _COUNT},
    "cases_case": {"id": _ROW, "status": _WORD, "opened_at": _TIME, "log_id": _ROW},
    "cases_membership": {"id": _ROW, "case_id": _LINK, "person_id": _LINK, "since": _TIME},
    "cases_consent": {
        "id": _ROW,
        "case_id": _LINK,
        "use": _WORD,
        "given_at": _TIME,
        "withdrawn_at": _TIME,
        "recorded_by_id": _LINK,
    },
    "cases_note": {"id": _ROW, "case_id": _LINK, "author_id": _LINK, "at": _TIME},
    "intake_item": {"id": _ROW, "case_id": _LINK, "added_at": _TIME, "removed_at": _TIME},
    "intake_itemfingerprint": {"id": _ROW, "item_id": _LINK, "entry": _ROW, "quality": _COUNT},
    "intake_invitation": {
        "id": _ROW,
        "case_id": _LINK,
        "made_by_id": _LINK,
        "made_at": _TIME,
        "expires_at": _TIME,
        "ended_at": _TIME,
        "used_at": _TIME,
    },
    "banks_bankstate": {"id": _ROW, "origin": _ROW, "sequence": _COUNT, "mark": _ROW},
    "banks_bankchange": {"id": _ROW, "sequence": _COUNT, "mark": _ROW, "entry": _ROW},
    "intake_arrival": {
        "id": _ROW,
        "case_id": _LINK,
        "invitation_id": _LINK,
        "at": _TIME,
        "count": _COUNT,
        "state": _WORD,
        "settled_at": _TIME,
    },
    "sightings_linkcheck": {
        "id": _ROW,
        "case_id": _LINK,
        "person_id": _LINK,
        "state": _WORD,
        "started_at": _TIME,
        "finished_at": _TIME,
    },
    "sightings_link": {
        "id": _ROW,
        "check_run_id": _LINK,
        "position": _COUNT,
        "state": _WORD,
        "pictures": _COUNT,
        "unread_pictures": _COUNT,
        "found": _COUNT,
    },
    "sightings_sighting": {
        "id": _ROW,
        "case_id": _LINK,
        "item_id": _LINK,
        "seen_at": _TIME,
        "distance": _COUNT,
        "outcome": _WORD,
        "outcome_at": _TIME,
        "checked_at": _TIME,
        "on_request": _WORD,
        "judged_at": _TIME,
        "judged_by_id": _LINK,
        "reappearance_of_id": _LINK,
    },
    "sightings_outcomerecord": {"id": _ROW, "sighting_id": _LINK, "at": _TIME},
    "exhibits_exhibit": {"id": _ROW, "sighting_id": _LINK, "sealed_at": _TIME, "signature": _PUBLIC},
    "exhibits_custodyrow": {"id": _ROW, "case_id": _LINK, "seq": _COUNT, "event": _WORD},
    "notices_notice_sightings": {"id": _ROW, "notice_id": _LINK, "sighting_id": _LINK},
    "notices_notice": {
        "id": _ROW,
        "case_id": _LINK,
        "route": _WORD,
        "state": _WORD,
        "made_at": _TIME,
        "confirmed_by_id": _LINK,
        "confirmed_at": _TIME,
        "sent_at": _TIME,
        "deadline_at": _TIME,
        "answer": _WORD,
        "answered_at": _TIME,
        "escalates_id": _LINK,
        "beside": _WORD,
    },
    "notices_attempt": {
        "id": _ROW,
        "notice_id": _LINK,
        "started_at": _TIME,
        "result": _WORD,
        "ended_at": _TIME,
        "code": "the mail server's three digits",
        "resolved_by_id": _LINK,
        "bounced_at": _TIME,
    },
    "notices_sendinggate": {"id": _ROW, "stopped_at": _TIME, "stopped_by_id": _LINK},
    "notices_addresseestop": {"id": _ROW, "begun_at": _TIME, "ended_at": _TIME, "ended_by_id": _LINK},
    "notices_due": {"id": _ROW, "kind": _WORD, "notice_id": _LINK, "due_at": _TIME, "state": _WORD},
    "clocks_caseclock": {
        "id": _ROW,
        "case_id": _LINK,
        "notice_id": _LINK,
        "kind": _WORD,
        "place": _WORD,
        "amount": _COUNT,
        "unit": _WORD,
        "extension": _COUNT,
        "extended": _COUNT,
        "begun_at": _TIME,
        "due_at": _TIME,
        "announced": _WORD,
        "changed_at": _TIME,
        "state": _WORD,
    },
    "clocks_clockpause": {"id": _ROW, "clock_id": _LINK, "begun_at": _TIME, "ended_at": _TIME},
    "letters_letter": {
        "id": _ROW,
        "validity": _COUNT,
        "uid": _COUNT,
        "notice_id": _LINK,
        "arrived_at": _TIME,
        "reading": _WORD,
        "state": _WORD,
        "settled_at": _TIME,
        "settled_by_id": _LINK,
    },
    "letters_letterkey": {"id": _ROW, "letter_id": _LINK, "person_id": _LINK},
    "auth_permission": {"id": _ROW, "name": _DJANGO, "content_type_id": _LINK, "codename": _DJANGO},
    "auth_group_permissions": {"id": _ROW, "group_id": _LINK, "permission_id": _LINK},
    "auth_group": {"id": _ROW, "name": _DJANGO},
    "django_content_type": {"id": _ROW, "app_label": _DJANGO, "model": _DJANGO},
    "django_session": {
        "session_key": "random, and worthless without the browser's half of the key",
        "session_data": "a person's id, and her private key sealed under the half that only her browser keeps",
        "expire_date": _TIME,
    },
    "django_tasks_database_dbtaskresult": {
        "id": _ROW,
        "status": _WORD,
        "enqueued_at": _TIME,
        "started_at": _TIME,
        "finished_at": _TIME,
        "args_kwargs": _QUEUE,
        "priority": _COUNT,
        "task_path": _QUEUE,
        "worker_ids": _QUEUE,
        "queue_name": _QUEUE,
        "backend_name": _QUEUE,
        "run_after": _TIME,
        "return_value": _QUEUE,
        "exception_class_path": _QUEUE,
        "traceback": "file names and lines of our code; the message is a sentence of ours that names nothing",
    },
}

_SEALED: Mapping[str, Mapping[str, AnyTier]] = {
    "accounts_person": {"sealed_private_key": "K"},
    "cases_case": {"alias": "A", "legal_name": "A", "contact": "A", "story": "A"},
    "cases_membership": {"sealed_case_key": "K"},
    "cases_note": {"text": "A"},
    "intake_item": {"label": "A"},
    "intake_itemfingerprint": {"pdq": "B", "sha256": "B"},
    "intake_invitation": {"tag": "K"},
    "intake_arrival": {"lines": "B"},
    "sightings_link": {"address": "B", "tag": "K"},
    "sightings_sighting": {"page_address": "B", "picture_address": "B", "page_tag": "K", "tag": "K"},
    "exhibits_exhibit": {"body": "B"},
    "letters_letter": {"tag": "K", "body": "A", "text": "A"},
    "letters_letterkey": {"sealed": "K"},
    "notices_attempt": {"tag": "K"},
    "notices_addresseestop": {"tag": "K", "addressee": "B"},
    "notices_notice": {"addressee": "B", "fields": "A", "text": "A", "receipt": "A", "outbox": "B"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its tier, and for tier C why it may lie open."""

    tier: AnyTier
    why: str = ""


def columns() -> Iterator[tuple[str, Column]]:
    """Yield every column as ``table.column``."""
    for table, sealed in _SEALED.items():
        yield from ((f"{table}.{name}", Column(tier)) for name, tier in sealed.items())
    for table, lying_open in _OPEN.items():
        yield from ((f"{table}.{name}", Column("C", why)) for name, why in lying_open.items())
    yield from ((name, Column("C", why)) for name, why in FREE_TEXT.items())


COLUMNS: Mapping[str, Column] = MappingProxyType(dict(columns()))
"""All of them, by ``table.column``."""
