"""kill -9 at any word to the database: no mail is lost or doubled, no blown fuse and no thrown switch is forgotten."""

import json
import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support import dovecot
from tests.support.ground import missing
from tests.support.repository import ROOT
from tests.unit.notices.test_incoming import bounce

pytestmark = pytest.mark.slow
MESSAGE_ID = "<0123456789abcdef0123456789abcdef@centre.example>"  # the one that the made bounce names


def _answer(text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["In-Reply-To"] = "abuse@forum.example", "Re: report", MESSAGE_ID
    message.set_content(text)
    return message.as_bytes()


def test_no_kill_loses_or_doubles_a_mail_or_forgets_what_holds_sending_back(tmp_path: Path) -> None:
    if not dovecot.is_there():
        missing("an IMAP server (Debian package: dovecot-imapd)")
    (tmp_path / "tmp").mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ZAOGUANG_HOME": str(tmp_path / "home"),
        "ZAOGUANG_TEST_FAST_KDF": "1",
        "ZAOGUANG_LANG": "en",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    with dovecot.mailbox(tmp_path) as served:
        mails = (_answer("We have received it."), b"Subject: an advert\r\n\r\nbuy\r\n", bounce(), _answer("Removed."))
        for number, content in enumerate(mails):
            served.deliver(f"{number}.a.x", content)
        told = {"port": served.tls_port, "certificate": str(served.certificate), "message_id": MESSAGE_ID}
        order = [sys.executable, "-m", "tests.support.kill_mail", json.dumps(told)]
        done = subprocess.run(order, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        assert len(served.names()) == len(mails)
        assert not any(name.endswith("S") for name in served.names()), "nothing is acknowledged or marked there"
    counts = json.loads(done.stdout)
    # The attack took place.
    assert min(counts[name] for name in ("mail_kills", "fuse_kills", "switch_kills")) >= 4, counts
    # Each mail is on record once, whole, with a key for each who may read it.
    assert counts["states"] == ["waiting", "unmatched", "waiting", "waiting"], counts
    assert len(set(counts["places"])) == counts["sealed"] + 1 == 4, counts
    assert counts["keys"] == ["caseworker"] * 3 + ["supervisor"] * 3, counts
    assert (counts["arrivals"], counts["bounced"]) == (3, 1), counts
    # What was to hold sending back holds it back.
    assert counts["blown"], counts
    assert counts["forgotten"] == counts["unrecorded"] == counts["after_the_fuse"] == 0, counts
    assert counts["thrown"], counts
    assert counts["half_thrown"] == counts["sent_after"] == 0, counts
