"""What the mailbox says it took is on disk, whatever happens to the mailbox then."""

import smtplib
import socket
from base64 import b64decode
from pathlib import Path
from random import Random

import pytest

from tests.unit.rehearsal.processes import kill_nine, running, waited
from zaoguang.rehearsal.journal import Journal, read_lines
from zaoguang.rehearsal.mailbox import JOURNAL, read_journal
from zaoguang.rehearsal.world import free_ports

MAILBOX = "zaoguang.rehearsal.mailbox"


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5):
            return True
    except OSError:
        return False


def send(port: int, number: int) -> None:
    head = f"From: a@support.example\r\nTo: abuse@forum.example\r\nMessage-ID: <n{number}@support.example>\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail("a@support.example", ["abuse@forum.example"], f"{head}\r\nhello\r\n".encode())


def stored(folder: Path) -> list[str]:
    messages = [b64decode(letter["message"]).decode() for letter in read_journal(folder)]
    return [message.partition("Message-ID: <")[2].partition("@")[0] for message in messages]


def test_a_message_is_stored_as_it_was_sent(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with running(MAILBOX, "--folder", str(tmp_path), "--port", str(port)):
        waited(lambda: answers(port))
        send(port, 1)
        (letter,) = read_journal(tmp_path)
    assert letter["to"] == ["abuse@forum.example"]
    assert letter["sender"] == "a@support.example"
    assert b64decode(letter["message"]).endswith(b"\r\n\r\nhello\r\n")


@pytest.mark.slow
def test_nothing_it_took_is_lost_to_kill_nine(tmp_path: Path) -> None:
    random, taken, number = Random(4), [], 0
    for _life in range(5):
        (port,) = free_ports(1)
        with running(MAILBOX, "--folder", str(tmp_path), "--port", str(port)) as child:
            waited(lambda port=port: answers(port))
            for _message in range(random.randint(1, 6)):
                number += 1
                send(port, number)
                taken.append(f"n{number}")
            kill_nine(child)
        with (tmp_path / JOURNAL).open("ab") as journal:
            journal.write(b'{"at": "2026-01-')  # what a kill in the middle of a write leaves
    assert stored(tmp_path) == taken


@pytest.mark.parametrize(("fault", "kept"), [("--drop-every", ["n1", "n2"]), ("--lose-every", ["n1"])])
def test_faults_break_the_connection_before_or_after_storing(tmp_path: Path, fault: str, kept: list[str]) -> None:
    (port,) = free_ports(1)
    with running(MAILBOX, "--folder", str(tmp_path), "--port", str(port), fault, "2"):
        waited(lambda: answers(port))
        send(port, 1)
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            send(port, 2)
        assert stored(tmp_path) == kept


@pytest.mark.parametrize("torn", [b"", b"{", b'{"number": 3', b"x" * 200_000])
def test_a_journal_forgets_only_the_line_that_was_cut_short(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"number": 1}\n{"number": 2}\n' + torn)
    assert [line["number"] for line in read_lines(path)] == [1, 2]
    journal = Journal(path)
    journal.append({"number": 3})
    journal.close()
    assert [line["number"] for line in read_lines(path)] == [1, 2, 3]


def test_a_journal_of_one_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"number"')
    journal = Journal(path)
    journal.append({"number": 1})
    journal.close()
    assert [line["number"] for line in read_lines(path)] == [1]
