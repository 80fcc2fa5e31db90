"""Channels: the right door for a host, never that of a look-alike; a small catalogue that says how sure it is."""

from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.cli.channels import find
from zaoguang.errors import UserMistake
from zaoguang.law import Grade
from zaoguang.notices import (
    OPEN_ROUTES,
    Channel,
    Limit,
    Route,
    Sender,
    channel,
    channel_for,
    channels,
    regime,
    stale_channels,
)

EXTRA = """
channels:
  - id: forum
    name: A forum
    hosts: [forum.example, 192.0.2.7, "127.0.0.1:8001"]
    route: email
    address: abuse@forum.example
    regimes: [us-take-it-down, eu-dsa-16]
    languages: [en]
    grade: M
    verified: false
    source: []
    checked: null
  - id: pictures
    name: The forum's pictures
    hosts: [img.forum.example, "127.0.0.1:8002"]
    route: form
    address: http://127.0.0.1:8002/report
    regimes: [eu-dsa-16]
    languages: [en, zh-Hans]
    grade: M
    verified: false
    source: []
"""


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    """Write the rehearsal's channels to a file."""
    path = tmp_path / "rehearsal.yaml"
    path.write_text(EXTRA, "utf-8")
    return path


def found(address: str, extra: Path, regime: str | None = None) -> str | None:
    """Give the id of the channel for an address."""
    known = channel_for(address, channels(extra), regime)
    return known.id if known else None


def test_the_catalogue_is_graded_and_sourced() -> None:
    for each in channels():
        assert not (each.grade is Grade.MEMORY and each.verified)
        assert each.grade is not Grade.PRIMARY or each.checked
        assert each.source or each.grade is Grade.MEMORY
        assert each.address or each.steps


EVERY_CHANNEL = {
    "telegram", "telegram_eu", "telegram_authority", "telegram_le", "telegram_copyright", "telegram_child", "x", "meta",
    "google_search", "google_fake", "bing", "tiktok", "reddit", "discord", "pornhub", "onlyfans", "weibo", "douyin",
    "wechat", "qq", "xiaohongshu", "zhihu", "bilibili", "baidu", "cac_12377", "cn_110", "cn_12338", "cn_12348",
    "cn_12309", "cn_12389", "cn_12368", "cn_12345", "tw_siarc", "kr_d4u", "au_esafety", "stopncii", "takeitdown",
}  # fmt: skip


def test_every_channel_is_there_and_each_says_how_to_use_it() -> None:
    assert {each.id for each in channels()} == EVERY_CHANNEL
    for each in channels():
        assert (each.route is Route.IN_APP) <= (each.steps is not None)
        assert (each.route in OPEN_ROUTES and bool(each.hosts)) <= bool(each.regimes), each.id


def test_only_a_door_for_authorities_leads_to_an_authoritys_order() -> None:
    for each in channels():
        senders = {regime(name).sender for name in each.regimes}
        assert (Sender.AUTHORITY in senders) <= (each.route is Route.AUTHORITY_ONLY)


def test_the_reporting_centre_takes_fifty_addresses_a_day() -> None:
    assert channel("cac_12377").limit == Limit(per_day=50)


def test_a_channel_is_due_when_its_grade_has_run_out_and_at_once_if_never_read() -> None:
    known = {each.id: each for each in channels()}
    read = date(2026, 11, 22)
    for day, due in ((read + timedelta(days=182), False), (read + timedelta(days=183), True)):
        stale = {each.channel.id: each for each in stale_channels(known.values(), day)}
        assert stale["tiktok"].due is due, "second-hand: half a year"
        assert "telegram" not in stale, "read at the source: a year"
        assert stale["reddit"].due, "never read"
        assert stale["reddit"].since is None
    assert {each.channel.id for each in stale_channels(known.values(), read + timedelta(days=365))} == EVERY_CHANNEL


def test_telegram_takes_mail_and_for_the_eu_a_form() -> None:
    assert channel("telegram").address == "abuse@telegram.org"
    assert channel("telegram").route is Route.EMAIL
    mine = channel_for("https://t.me/s/somewhere/17", channels(), "eu-dsa-16")
    assert mine is not None
    assert (mine.id, mine.route) == ("telegram_eu", Route.FORM)


@pytest.mark.parametrize(
    ("address", "regime", "wanted"),
    [
        ("https://forum.example/t/1", None, "forum"),
        ("https://FORUM.example./t/1", None, "forum"),
        ("http://www.forum.example:8080/", None, "forum"),
        ("https://img.forum.example/1.jpg", None, "pictures"),
        ("https://a.img.forum.example/1.jpg", None, "pictures"),
        ("https://img.forum.example/1.jpg", "us-take-it-down", "forum"),
        ("http://127.0.0.1:8001/x", None, "forum"),
        ("http://127.0.0.1:8002/x", None, "pictures"),
        ("http://127.0.0.1:8003/x", None, None),
        ("http://127.0.0.1/x", None, None),
        ("http://192.0.2.7:8080/x", None, "forum"),
        ("http://1.192.0.2.7/x", None, None),
        ("http://1.127.0.0.1:8001/x", None, None),
        ("https://badforum.example/", None, None),
        ("https://forum.example.evil.test/", None, None),
        ("https://forum.example@evil.test/", None, None),
        ("https://evil.test\\@forum.example/", None, None),
        ("https://evil.test/?forum.example", None, None),
        ("https://evil.test/#@forum.example", None, None),
        ("https://example/", None, None),
        ("ftp://forum.example/", None, None),
        ("javascript:alert(1)//forum.example", None, None),
        ("https://forum.example:99999/", None, None),
        ("https://[forum.example/", None, None),
        ("https://forum.example\n.evil.test/", None, None),
        ("//forum.example/", None, None),
        ("https:///", None, None),
        ("", None, None),
    ],
)
def test_the_right_door_or_none(address: str, regime: str | None, wanted: str | None, extra: Path) -> None:
    assert found(address, extra, regime) == wanted


@given(st.text(max_size=60))
def test_any_text_at_all_gives_no_error_and_a_door_only_for_a_host_that_ends_as_the_doors_does(text: str) -> None:
    known: tuple[Channel, ...] = channels()
    for address in (text, f"https://{text}", f"https://{text}.t.me/", f"https://t.me{text}"):
        door = channel_for(address, known)
        if door is not None:
            host = urlsplit(address).hostname or ""
            host = host.encode("idna").decode("ascii").rstrip(".")
            assert any(host == each or host.endswith(f".{each}") for each in door.hosts)


def test_a_folder_of_channels_is_read_and_an_own_entry_goes_before_the_catalogues(tmp_path: Path) -> None:
    own = EXTRA.replace("hosts: [forum.example,", "hosts: [t.me,")
    (tmp_path / "a.yaml").write_text(own, "utf-8")
    assert found("https://t.me/x", tmp_path, "us-take-it-down") == "forum"
    assert channel("pictures", tmp_path).address == "http://127.0.0.1:8002/report"


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ("id: pictures", "id: forum", "forum"),
        ("id: pictures", "id: telegram", "telegram"),
        ("verified: false", "verified: true", "verified"),
        ("regimes: [eu-dsa-16]", "regimes: [xx-none]", "xx-none"),
        ("languages: [en]", "languages: [tlh]", "tlh"),
        ("address: abuse@forum.example", "address: https://forum.example/", "address"),
        ("address: http://127.0.0.1:8002/report", "address: http://forum.example/report", "address"),
        ("forum.example, ", "Forum.example, ", "hosts"),
        ("forum.example, ", "https://forum.example, ", "hosts"),
        ("forum.example, ", "example, ", "hosts"),
        ("forum.example, ", "forum.example/path, ", "hosts"),
        ("route: email", "route: pigeon", "route"),
        ("checked: null", "checked: yesterday", "checked"),
        ("checked: null", "colour: red", "colour"),
        ("route: email\n    address: abuse@forum.example", "route: in_app", "steps"),
        ("route: form\n    address: http://127.0.0.1:8002/report", "route: phone", "address"),
        ("checked: null", "limit: {per_day: many}", "limit.per_day"),
        ("checked: null", "limit: {per_year: 1}", "limit.per_year"),
    ],
)
def test_a_badly_written_channel_is_refused_by_name(extra: Path, wrong: str, right: str, named: str) -> None:
    assert wrong in EXTRA
    extra.write_text(EXTRA.replace(wrong, right, 1), "utf-8")
    with pytest.raises(UserMistake, match=named):
        channels(extra)


def test_a_missing_file_and_an_unknown_id_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match=r"none\.yaml"):
        channels(tmp_path / "none.yaml")
    with pytest.raises(UserMistake, match="nobody"):
        channel("nobody")


def test_a_place_that_there_is_not_is_one_sentence() -> None:
    with pytest.raises(UserMistake, match="must be one of CN"):
        CliRunner().invoke(find, ["https://forum.example/", "--place", "QQ"], catch_exceptions=False)
