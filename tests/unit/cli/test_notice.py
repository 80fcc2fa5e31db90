"""The commands on notices and channels: a complete notice in four forms, what is missing, whom to ask."""

import json
from datetime import date
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.fixtures.notices.make import FULL
from zaoguang.cli.channels import channels
from zaoguang.cli.notice import notice
from zaoguang.errors import UserMistake


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """Write the answers to a file, the date as YAML reads it."""
    path = tmp_path / "values.yaml"
    answers = {**FULL, "date": date(2026, 6, 4)}
    path.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    return path


def render(values: Path, *options: str) -> Result:
    """Run the command on those answers."""
    return CliRunner().invoke(notice, ["render", "kr-icn-44-2", str(values), *options], catch_exceptions=False)


def test_one_notice_in_four_forms_the_same_bytes_each_time(values: Path, tmp_path: Path) -> None:
    mail = ("--format", "eml", "--from", "desk@centre.example", "--to", "abuse@forum.example")
    for options in ((), ("--format", "json"), ("--format", "pdf"), mail):
        first, again = render(values, *options), render(values, *options)
        assert first.exit_code == 0
        assert first.stdout_bytes == again.stdout_bytes
        file = tmp_path / "out"
        render(values, *options, "--output", str(file))
        assert file.read_bytes() == first.stdout_bytes
    assert "정보통신망" in render(values).stdout
    assert "[ZG-0001]" in json.loads(render(values, "--format", "json").stdout)["subject"]
    assert render(values, "--format", "pdf").stdout_bytes.startswith(b"%PDF")
    message = message_from_bytes(render(values, *mail).stdout_bytes)
    assert message["Date"] == "Thu, 04 Jun 2026 00:00:00 +0000"
    assert message["Message-ID"].endswith("@centre.example>")


@pytest.mark.parametrize("form", ["pdf", "eml"])
def test_a_form_that_carries_a_date_needs_one_and_takes_none_from_the_clock(values: Path, form: str) -> None:
    values.write_text(values.read_text("utf-8").replace("date: 2026-06-04", "date: ''"), "utf-8")
    with pytest.raises(UserMistake, match="date"):
        render(values, "--format", form, "--from", "a@b.example", "--to", "c@d.example")


def test_what_is_missing_is_named_for_each_kind_before_anything_is_sent(values: Path) -> None:
    values.write_text(values.read_text("utf-8").replace("identity_doc:", "nothing:"), "utf-8")
    asked = ["check", str(values), "cn-cc-1195", "kr-icn-44-2", "--json"]
    result = CliRunner().invoke(notice, asked, catch_exceptions=False)
    assert result.exit_code == 1
    told = json.loads(result.stdout)["missing"]
    assert [gap["field"] for gap in told["cn-cc-1195"]] == ["identity_doc"]
    assert "need not act" in told["cn-cc-1195"][0]["sentence"]
    assert told["kr-icn-44-2"] == []


def test_every_kind_is_listed_with_its_languages() -> None:
    told = json.loads(CliRunner().invoke(notice, ["kinds", "--json"]).stdout)["kinds"]
    assert {"id": "kr-icn-44-2", "languages": ["ko", "en"]}.items() <= {row["id"]: row for row in told}[
        "kr-icn-44-2"
    ].items()


def test_stale_channels_and_the_way_up_from_an_address_without_any_network() -> None:
    told = json.loads(CliRunner().invoke(channels, ["check", "--at", "2030-01-01", "--json"]).stdout)
    assert told["channels"] == len(told["stale"])
    found = CliRunner().invoke(
        channels, ["find", "https://t.me/x/1", "--place", "TW", "--json"], catch_exceptions=False
    )
    answer = json.loads(found.stdout)
    assert answer["channel"]["id"] == "telegram"
    assert answer["registers"] is None
    assert [rung["step"] for rung in answer["ladder"]][:2] == ["site", "host"]
    for wrong in ("t.me/x", "ftp://t.me/", "https://", "https://[x/"):
        with pytest.raises(UserMistake):
            CliRunner().invoke(channels, ["find", wrong], catch_exceptions=False)


@pytest.mark.parametrize("address", ["http://127.0.0.1/x", "http://[::1]/", "https://10.0.0.8/t", "http://localhost/"])
def test_no_register_is_asked_about_this_machine_or_a_private_network(address: str) -> None:
    with pytest.raises(UserMistake, match="private network"):
        CliRunner().invoke(channels, ["find", address, "--look-up"], catch_exceptions=False)
