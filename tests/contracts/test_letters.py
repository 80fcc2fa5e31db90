"""Answers from a real IMAP server: matched, sealed, read once, shown with a proposal, settled by a person only."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.urls import reverse

from tests.support import dovecot
from tests.support.dovecot import PASSWORD, Mailbox, mailbox
from tests.support.ground import missing
from tests.support.made_centre import MadeCentre, client_of, make_centre, text_of
from tests.support.readers import MOMENT
from tests.unit.notices.test_incoming import bounce
from zaoguang.casework import NoticeState
from zaoguang.centre.audit.models import AuditEvent, Verb
from zaoguang.centre.cases import opening
from zaoguang.centre.letters.mailbox import ImapServer, Mail, imap_server, open_folder
from zaoguang.centre.letters.models import Letter, LetterKey, LetterState
from zaoguang.centre.letters.receiving import receive, take_in
from zaoguang.centre.notices import sending
from zaoguang.centre.notices.models import Attempt, AttemptResult, Notice
from zaoguang.errors import OutsideFailure, UserMistake

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
SECRET = "Her name is Answer-9d2c, says the desk"


@pytest.fixture
def centre(db: None) -> MadeCentre:
    """Give a centre whose draft was sent."""
    del db
    made = make_centre()
    made.letter.delete()
    Attempt.objects.create(notice=made.draft, started_at=MOMENT, result=AttemptResult.ACCEPTED, ended_at=MOMENT)
    sending.set_clock(made.draft, MOMENT)
    made.draft.refresh_from_db()
    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    if not dovecot.is_there():
        missing("an IMAP server (Debian package: dovecot-imapd)")
    with mailbox(tmp_path_factory.mktemp("imap")) as running:
        yield running


def _server(served: Mailbox) -> ImapServer:
    trusted = ssl.create_default_context(cafile=str(served.certificate))
    return ImapServer("localhost", served.tls_port, "tls", "centre", PASSWORD, context=trusted)


def _answer(notice: Notice, text: str = SECRET, subject: str = "Re: report", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "abuse@forum.example"
    message["Subject"] = subject
    message["In-Reply-To"] = notice.message_id
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


def test_what_is_new_in_the_mailbox_is_taken_in_once_and_stays_there_untouched(
    centre: MadeCentre, served: Mailbox
) -> None:
    served.deliver("1.a.x", _answer(centre.draft, f"We have received your report. {SECRET}"))
    served.deliver("2.b.x", b"From: a@b.example\r\nSubject: an advert\r\n\r\nbuy\r\n")
    served.deliver(
        "3.c.x", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\nContent-Type: multipart/x\r\n" * 99
    )
    with open_folder(_server(served)) as folder:
        assert take_in(folder, MOMENT) == 3
        assert take_in(folder, MOMENT) == 0
    with open_folder(_server(served)) as folder:
        assert take_in(folder, MOMENT) == 0
    assert sorted(Letter.objects.values_list("state", flat=True)) == ["unmatched", "unreadable", "waiting"]
    (letter,) = Letter.objects.filter(notice=centre.draft)
    assert letter.reading == "receipt"
    assert len(served.names()) == 3
    assert not any(name.endswith("S") for name in served.names()), "nothing was marked as seen"
    served.deliver("4.d.x", _answer(centre.draft, "The content has been removed."))
    with open_folder(_server(served)) as folder:
        assert take_in(folder, MOMENT) == 1
    assert Letter.objects.filter(notice=centre.draft).count() == 2


def test_a_wrong_certificate_or_password_reads_nothing_and_says_so(served: Mailbox) -> None:
    untrusted = ImapServer("localhost", served.tls_port, "tls", "centre", PASSWORD)
    wrong = ImapServer("127.0.0.1", served.port, "", "centre", "wrong")
    for server in (untrusted, wrong):
        with pytest.raises(OutsideFailure, match="could not be read"), open_folder(server):
            pass


def test_starttls_works_and_an_open_line_is_only_for_this_machine(served: Mailbox) -> None:
    trusted = ssl.create_default_context(cafile=str(served.certificate))
    with open_folder(ImapServer("localhost", served.port, "starttls", "centre", PASSWORD, context=trusted)) as folder:
        assert folder.validity > 0
    assert imap_server("") is None
    told = imap_server("imaps://c%40centre.example:p%2Fw@mail.example/Answers")
    assert told is not None
    assert (told.username, told.password, told.port, told.folder) == ("c@centre.example", "p/w", 993, "Answers")
    for given in ("imap://u:p@mail.example", "pop://u:p@mail.example", "imaps://mail.example"):
        with pytest.raises(UserMistake):
            imap_server(given)


def test_a_round_that_dies_between_two_mails_goes_on_where_it_was(centre: MadeCentre) -> None:
    mails = [Mail(uid, _answer(centre.draft, f"number {uid}")) for uid in (5, 6, 7)]
    assert receive(mails[0], 9, MOMENT) is not None  # ... and here the power goes

    class Fake:
        validity = 9

        def after(self, uid: int) -> Iterator[Mail]:
            return (each for each in mails if each.uid > uid)

    assert take_in(Fake(), MOMENT) == 2
    assert receive(mails[1], 9, MOMENT) is None, "the same place twice"
    again = receive(Mail(1, mails[0].untrusted_bytes), 10, MOMENT)  # a mailbox numbered anew
    assert again is not None
    assert again.state == LetterState.UNMATCHED
    assert Letter.objects.filter(notice=centre.draft).count() == 3


def test_nobody_but_a_member_can_read_what_came_and_the_key_is_gone_after(centre: MadeCentre) -> None:
    letter = receive(Mail(1, _answer(centre.draft)), 1, MOMENT)
    assert letter is not None
    holders = set(LetterKey.objects.values_list("person__handle", flat=True))
    assert holders == {"supervisor", "caseworker"}, "a volunteer may not read identity"
    opening.add_member(centre.case, centre.key, centre.people["stranger"], centre.people["supervisor"], MOMENT)
    page = reverse("letter", kwargs={"case_id": centre.case.pk, "letter_id": letter.pk})
    assert "before you joined" in text_of(client_of("stranger").get(page))
    opening.remove_member(centre.case, centre.people["supervisor"], centre.people["supervisor"], MOMENT)
    assert set(LetterKey.objects.values_list("person__handle", flat=True)) == {"caseworker"}
    assert SECRET in text_of(client_of("caseworker").get(page))
    letter.refresh_from_db()
    assert (bytes(letter.body), LetterKey.objects.count()) == (b"", 0)
    assert SECRET.encode() not in bytes(letter.text)
    assert SECRET in text_of(client_of("stranger").get(page)), "it is the case's own now"
    assert client_of("volunteer").get(page).status_code == 404
    assert AuditEvent.objects.filter(verb=Verb.MAIL_READ, subject=letter.pk).count() == 1


def test_nothing_follows_from_a_proposal_until_a_person_says_what_it_means(centre: MadeCentre) -> None:
    letter = receive(Mail(1, _answer(centre.draft, "It does not violate our rules.")), 1, MOMENT)
    assert letter is not None
    assert (letter.reading, Notice.objects.get(pk=centre.draft.pk).answer) == ("refused", "")
    client = client_of("caseworker")
    where = {"case_id": centre.case.pk, "letter_id": letter.pk}
    client.post(reverse("settle_letter", kwargs=where), {"answer": "refused"})
    assert Notice.objects.get(pk=centre.draft.pk).answer == "", "nobody has read it yet"
    assert "waits to be read" in text_of(
        client.get(reverse("notice", kwargs={"case_id": centre.case.pk, "notice_id": centre.draft.pk}))
    )
    assert centre.case.number in text_of(client.get(reverse("due")))
    client.get(reverse("letter", kwargs=where))
    client.post(reverse("settle_letter", kwargs=where), {"answer": "anything"})
    client.post(reverse("settle_letter", kwargs=where), {"answer": "refused"})
    letter.refresh_from_db()
    assert (letter.state, letter.settled_by) == (LetterState.SETTLED, centre.people["caseworker"])
    assert Notice.objects.get(pk=centre.draft.pk).answer == "refused"
    client.post(reverse("settle_letter", kwargs=where), {"answer": "removed"})
    assert Notice.objects.get(pk=centre.draft.pk).answer == "refused"


def test_an_answer_to_a_notice_of_which_nobody_knows_whether_it_arrived_is_not_lost(centre: MadeCentre) -> None:
    letter = receive(Mail(1, _answer(centre.draft, "The content has been removed.")), 1, MOMENT)
    assert letter is not None
    client, where = client_of("caseworker"), {"case_id": centre.case.pk, "letter_id": letter.pk}
    client.get(reverse("letter", kwargs=where))
    Notice.objects.filter(pk=centre.draft.pk).update(state=NoticeState.UNKNOWN.value)
    client.post(reverse("settle_letter", kwargs=where), {"answer": "removed"})
    letter.refresh_from_db()
    assert letter.state == LetterState.WAITING
    Notice.objects.filter(pk=centre.draft.pk).update(state=NoticeState.SENT.value)
    client.post(reverse("settle_letter", kwargs=where), {"answer": "removed"})
    letter.refresh_from_db()
    assert (letter.state, Notice.objects.get(pk=centre.draft.pk).answer) == (LetterState.SETTLED, "removed")


def test_a_bounce_counts_for_the_fuse_and_changes_nothing_else(centre: MadeCentre) -> None:
    content = bounce().replace(b"<0123456789abcdef0123456789abcdef@centre.example>", centre.draft.message_id.encode())
    letter = receive(Mail(1, content), 1, MOMENT + timedelta(hours=1))
    assert letter is not None
    assert (letter.notice, letter.reading) == (centre.draft, "bounced")
    assert Attempt.objects.get(notice=centre.draft).bounced_at == MOMENT + timedelta(hours=1)
    notice = Notice.objects.get(pk=centre.draft.pk)
    assert (notice.step, notice.answer) == (NoticeState.SENT, "")


def test_without_an_id_only_the_addressee_s_own_domain_and_one_notice_match(centre: MadeCentre) -> None:
    number = centre.case.number

    def plain(sender: str, subject: str, uid: int) -> Letter | None:
        return receive(Mail(uid, f"From: {sender}\r\nSubject: {subject}\r\n\r\nnumber {uid}".encode()), 1, MOMENT)

    found = [
        plain("desk@forum.example", f"Re: {number}", 1),
        plain("desk@evil.example", f"Re: {number}", 2),
        plain("desk@forum.example", "Re: 2020-0001", 3),
        plain("desk@notforum.example", f"Re: {number}", 4),
    ]
    assert [each is not None and each.notice == centre.draft for each in found] == [True, False, False, False]


def test_a_mail_that_names_a_draft_s_id_answers_nothing(centre: MadeCentre) -> None:
    letter = receive(Mail(1, _answer(centre.gap)), 1, MOMENT)
    assert letter is not None
    assert letter.state == LetterState.UNMATCHED
