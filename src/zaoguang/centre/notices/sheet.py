"""The final text of a confirmed notice, as it was sent or as it is copied into an addressee's form."""

import json

from zaoguang.centre.notices.models import Notice
from zaoguang.centre.sealed import read
from zaoguang.notices import Text
from zaoguang.vault import SecretKey

__all__ = ["final_text"]


def final_text(notice: Notice, key: SecretKey) -> Text | None:
    """Give the text that a person confirmed; none before that."""
    stored = read(notice, "text", key)
    if not stored:
        return None
    subject, body = json.loads(stored)
    return Text(subject, body)
