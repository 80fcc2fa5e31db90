"""A notice as a message: the same bytes for the same notice, readable by any mail program, no smuggled header."""

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.errors import UserMistake
from zaoguang.notices import Annex, Text, compose

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
TEXT = Text("A subject", "A body.\n")
ID = "<zg-1@centre.example>"
words = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=300).map(str.strip)
lines = st.lists(words, min_size=1, max_size=5).map(lambda each: "\n".join(each) + "\n")


def message(**changed: Any) -> bytes:  # noqa: ANN401  (whatever compose takes)
    """Compose a message with some parts changed."""
    parts: dict[str, Any] = {
        "sender": "desk@centre.example",
        "recipient": "abuse@platform.example",
        "message_id": ID,
    } | changed
    subject = parts.pop("subject", TEXT.subject)
    return compose(Text(subject, TEXT.body), date=AT, **parts)


@given(words.filter(bool), lines)
def test_what_was_written_is_what_is_read_and_every_byte_is_ascii(subject: str, body: str) -> None:
    raw = compose(Text(subject, body), "desk@centre.example", "abuse@platform.example", ID, AT)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    read = message_from_bytes(raw, policy=default)
    assert read["Subject"].split() == subject.split()
    assert read.get_content().replace("\r\n", "\n") == body
    assert raw == compose(Text(subject, body), "desk@centre.example", "abuse@platform.example", ID, AT)


def test_the_headers_are_those_of_a_letter_and_no_others() -> None:
    read = message_from_bytes(message(), policy=default)
    assert read.keys() == [
        "Date", "From", "To", "Message-ID", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip
    assert read["Message-ID"] == ID
    assert read["Date"].datetime == AT


def test_a_follow_up_refers_to_the_notice_before_it_and_answers_go_where_asked() -> None:
    read = message_from_bytes(
        message(in_reply_to="<zg-0@centre.example>", reply_to="case@centre.example"), policy=default
    )
    assert read["In-Reply-To"] == read["References"] == "<zg-0@centre.example>"
    assert read["Reply-To"] == "case@centre.example"


def test_the_same_moment_in_another_zone_gives_the_same_bytes() -> None:
    there = AT.astimezone(timezone(timedelta(hours=8)))
    assert compose(TEXT, "a@b.example", "c@d.example", ID, there) == compose(TEXT, "a@b.example", "c@d.example", ID, AT)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UserMistake):
        compose(TEXT, "a@b.example", "c@d.example", ID, datetime(2026, 6, 1))  # noqa: DTZ001 -- what is refused here


@pytest.mark.parametrize("attack", ["\r\nBcc: all@evil.example", "\nX: y", "\rX: y", "\x00", "\u2028X: y", "\x0bX: y"])
@pytest.mark.parametrize(
    "part", ["sender", "recipient", "message_id", "subject", "reply_to", "in_reply_to", "sender_name"]
)
def test_no_part_smuggles_in_a_header(part: str, attack: str) -> None:
    start = {"message_id": ID, "in_reply_to": ID, "subject": "x", "sender_name": "x"}.get(part, "a@b.example")
    with pytest.raises(UserMistake):
        message(**{part: start + attack})
    with pytest.raises(UserMistake):
        message(**{part: start[:2] + attack + start[2:]})


@pytest.mark.parametrize("bad", ["", "zg-1@centre.example", "<zg 1@centre.example>", "<>", "<a@b", "<é@b.example>"])
def test_a_message_id_that_mail_programs_would_change_is_refused(bad: str) -> None:
    with pytest.raises(UserMistake):
        message(message_id=bad)


def test_a_name_in_chinese_is_read_back() -> None:
    read = message_from_bytes(message(sender_name="凿光 Support, Desk"), policy=default)
    assert read["From"].addresses[0].display_name == "凿光 Support, Desk"


@given(st.binary(max_size=3_000), st.binary(min_size=1, max_size=300))
def test_an_annex_arrives_byte_for_byte_under_a_name_that_says_nothing(first: bytes, second: bytes) -> None:
    annexes = [Annex(first, "application/pdf", "pdf"), Annex(second, "application/pdf", "pdf")]
    raw = message(annexes=annexes)
    assert raw == message(annexes=annexes)
    assert raw.isascii()
    body, *attached = message_from_bytes(raw, policy=default).iter_parts()
    assert body.get_content().replace("\r\n", "\n") == TEXT.body
    assert [part.get_filename() for part in attached] == ["annex-1.pdf", "annex-2.pdf"]
    assert [part.get_content() for part in attached] == [first, second]
