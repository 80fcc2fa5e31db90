"""A mail that came in: matched by what it names, read by rules, bounded whatever it is made of."""

from email.message import EmailMessage
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaoguang.notices.incoming import MAX_BYTES, Incoming, Reading, Unreadable, propose, read_mail

OURS = "<0123456789abcdef0123456789abcdef@centre.example>"


def mail(text: str, subject: str = "Re: report", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Abuse Desk <Abuse@Forum.example>"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def read(content: bytes) -> Incoming:
    found = read_mail(content)
    assert isinstance(found, Incoming), found
    return found


def bounce(action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nCould not deliver.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; abuse@forum.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {OURS}\r\nSubject: ours\r\n\r\n"
        "has been removed\r\n--b--\r\n"
    ).encode()


READINGS = [
    ("We have received your report. Ticket number 77.", Reading.RECEIPT),
    ("您好，我们已收到您的来信，受理编号123。", Reading.RECEIPT),
    ("신고가 접수되었습니다.", Reading.RECEIPT),
    ("お問い合わせを受け付けました。", Reading.RECEIPT),
    ("Thank you for reporting. The content has been removed.", Reading.REMOVED),
    ("您举报的内容已删除。", Reading.REMOVED),
    ("您檢舉的內容已移除。", Reading.REMOVED),
    ("해당 게시물이 삭제되었습니다.", Reading.REMOVED),
    ("該当の投稿を削除いたしました。", Reading.REMOVED),
    ("Thank you for your report. It does not violate our rules, so it has not been removed.", Reading.REFUSED),
    ("The page will not be removed.", Reading.REFUSED),
    ("We did not find a violation.", Reading.REFUSED),
    ("We are unable to remove this content.", Reading.REFUSED),
    ("经审核，该内容未违反平台规定，不予处理。", Reading.REFUSED),
    ("해당 게시물은 정책을 위반하지 않습니다.", Reading.REFUSED),
    ("ポリシー違反は確認できませんでした。", Reading.REFUSED),
    ("Please provide a copy of your authorisation; then it will be removed.", Reading.ASKS),
    ("请您补充身份证明材料。", Reading.ASKS),
    ("추가 자료를 보내 주십시오.", Reading.ASKS),
    ("Hello.", Reading.UNKNOWN),
]


@pytest.mark.parametrize(("text", "reading"), READINGS)
def test_each_rule_proposes_its_reading(text: str, reading: Reading) -> None:
    assert read(mail(text)).reading is reading


def test_our_own_words_quoted_back_are_not_the_answer() -> None:
    assert read(mail("Hello.\n\n> It has been removed, please provide\n")).reading is Reading.UNKNOWN
    assert read(mail("Hello.\nOn Monday 1 March somebody wrote:\nwe have removed it\n")).reading is Reading.UNKNOWN
    assert read(mail("Hello.\n-----Original Message-----\nwe have removed it\n")).reading is Reading.UNKNOWN


def test_the_nearest_notice_is_named_first_and_case_numbers_come_from_the_subject() -> None:
    found = read(mail("Hi", "Re: 2026-0007 report", In_Reply_To=OURS, References=f"<old@centre.example> {OURS}"))
    assert found.answers == (OURS, "<old@centre.example>")
    assert (found.references, found.sender) == (("2026-0007",), "abuse@forum.example")


def test_a_delivery_report_that_says_failed_is_a_bounce_of_the_mail_it_returns() -> None:
    found = read(bounce())
    assert (found.bounced, found.reading, found.answers) == (True, Reading.BOUNCED, (OURS,))
    for late in (bounce("delayed", "4.4.1"), bounce("delivered", "2.0.0"), bounce("failed", "4.4.7")):
        assert not read(late).bounced


def test_an_automatic_answer_is_a_receipt_at_most() -> None:
    assert read(mail("Out of office.", Auto_Submitted="auto-replied")).reading is Reading.RECEIPT


def test_html_is_read_as_text_and_control_characters_are_gone() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("<script>removed</script><p>已收到 &amp; \x1b[31m\u202eok</p>", subtype="html")
    found = read(message.as_bytes())
    assert found.text == "已收到 &  [31m ok"
    assert found.reading is Reading.RECEIPT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 5000,
        b"Content-Type: message/rfc822\r\n\r\n" * 5000,
        b"X: y\r\n" * 40_000,
        b"Subject: " + b"=?utf-8?b?" * 6000,
        b"From: " + b"<" * 60_000,
        b"Subject: =?zip?b?eJw=?= =?idna?q?" + b"a" * 1900 + b"?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * MAX_BYTES,
        b"Content-Type: text/html\r\n\r\n" + b"<" * MAX_BYTES,
        b"Content-Type: text/html\r\n\r\n" + b"<script>" * 30_000,
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M" * 100_000,
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 100_000,
        b"On " + b"a" * MAX_BYTES,
        b"\r\n" + b"\r\non aaaaa" * 20_000,
        b"\x00" * 1000,
    ],
)
def test_a_hostile_mail_is_read_or_refused_soon(content: bytes) -> None:
    begun = process_time()
    found = read_mail(content)
    assert isinstance(found, Unreadable) or len(found.text) <= 20_000
    assert process_time() - begun < 3


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from([b"", b"Content-Type: multipart/mixed; boundary=a\r\n", bounce()]))
def test_nothing_raises(noise: bytes, head: bytes) -> None:
    assert read_mail(head + noise) is not None


def test_the_first_rule_wins() -> None:
    assert propose("we have received your report, please provide more, it was removed") is Reading.ASKS
    assert propose("") is Reading.UNKNOWN
