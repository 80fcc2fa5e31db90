"""The address policy: nothing that is not public is ever dialled, however it is spelt."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.watch import AddressPolicy, Unread
from zaoguang.watch.address import MAX_ADDRESS_LENGTH, parse

# IANA's special-purpose registries (RFC 6890 and later), written down again apart from the code under test.
NOT_PUBLIC = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]
V4_INSIDE = [network for network in NOT_PUBLIC if network.version == 4]


def not_public(ip: IPv4Address | IPv6Address) -> bool:
    return any(ip in network for network in NOT_PUBLIC)


def within(network: str) -> st.SearchStrategy[str]:
    return st.ip_addresses(network=network).map(str)


inner_v4 = st.sampled_from([str(network) for network in V4_INSIDE]).flatmap(within)
prefixes = st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]).map(lambda text: int(IPv6Address(text)))
embedded = st.builds(lambda prefix, v4: IPv6Address(prefix | int(IPv4Address(v4))), prefixes, inner_v4)
six_to_four = st.builds(
    lambda v4, rest: IPv6Address((0x2002 << 112) | (int(IPv4Address(v4)) << 80) | rest),
    inner_v4,
    st.integers(0, 2**80 - 1),
)
inside = st.sampled_from([str(network) for network in NOT_PUBLIC]).flatmap(within).map(ip_address)


@given(st.one_of(st.ip_addresses(), inside), st.sampled_from([80, 443, 8080]))
def test_the_default_policy_accepts_only_public_addresses(ip: IPv4Address | IPv6Address, port: int) -> None:
    if not AddressPolicy().refuses(ip, port):
        assert ip.is_global
        assert not not_public(ip)


@given(st.one_of(embedded, six_to_four))
def test_a_private_address_wrapped_in_ipv6_is_refused(ip: IPv6Address) -> None:
    assert AddressPolicy().refuses(ip, 80)


@pytest.mark.parametrize(
    "ip", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "2002:101:101::1", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_accepted(ip: str) -> None:
    assert not AddressPolicy().refuses(ip_address(ip), 443)


@pytest.mark.parametrize("ip", ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"])
def test_metadata_services_of_clouds_are_refused(ip: str) -> None:
    assert AddressPolicy().refuses(ip_address(ip), 80)


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "2606:4700:4700::1111%1", "::1%lo"])
def test_an_address_with_a_zone_is_refused(ip: str) -> None:
    assert AddressPolicy(frozenset([80])).refuses(ip_address(ip), 80)


@given(st.integers(1, 65535), st.integers(1, 65535))
def test_loopback_is_open_on_the_named_ports_only(allowed: int, port: int) -> None:
    policy = AddressPolicy(frozenset([allowed]))
    for ip in ("127.0.0.1", "::1"):
        assert policy.refuses(ip_address(ip), port) == (port != allowed)
    for ip in ("127.0.0.2", "::ffff:127.0.0.1", "10.0.0.1", "0.0.0.1", "::"):
        assert policy.refuses(ip_address(ip), allowed)


@pytest.mark.parametrize("port", [22, 25, 6379, 6667])
def test_ports_of_other_services_are_refused(port: int) -> None:
    assert AddressPolicy().refuses(ip_address("1.1.1.1"), port)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("file:///etc/passwd", Unread.FORBIDDEN_SCHEME),
        ("javascript:alert(1)", Unread.FORBIDDEN_SCHEME),
        ("data:text/html,x", Unread.FORBIDDEN_SCHEME),
        ("ftp://example.org/", Unread.FORBIDDEN_SCHEME),
        ("gopher://example.org:70/", Unread.FORBIDDEN_SCHEME),
        ("http://user:word@example.org/", Unread.BAD_ADDRESS),
        ("http://example.org\\@127.0.0.1/", Unread.BAD_ADDRESS),
        ("http://user@example.org/", Unread.BAD_ADDRESS),
        ("http:///path", Unread.BAD_ADDRESS),
        ("http:example.org", Unread.BAD_ADDRESS),
        ("//example.org/x", Unread.BAD_ADDRESS),
        ("example.org/x", Unread.BAD_ADDRESS),
        ("", Unread.BAD_ADDRESS),
        ("http://example.org:0/", Unread.BAD_ADDRESS),
        ("http://example.org:65536/", Unread.BAD_ADDRESS),
        ("http://example.org:-1/", Unread.BAD_ADDRESS),
        ("http://[fe80::1%25eth0]/", Unread.BAD_ADDRESS),
        ("http://a b.example/", Unread.BAD_ADDRESS),
        ("http://a..example/", Unread.BAD_ADDRESS),
        ("http://.example/", Unread.BAD_ADDRESS),
        ("http://" + "a" * 64 + ".example/", Unread.BAD_ADDRESS),
        ("http://" + "a." * 127 + "example/", Unread.BAD_ADDRESS),
        ("http://example.org/\r\nX: y", Unread.BAD_ADDRESS),
        ("http://exa\ud800mple.org/", Unread.BAD_ADDRESS),
        ("http://example.org/\ud800", Unread.BAD_ADDRESS),
        ("http://example.org/" + "a" * MAX_ADDRESS_LENGTH, Unread.BAD_ADDRESS),
    ],
)
def test_what_can_never_be_fetched_says_why(address: str, why: Unread) -> None:
    assert parse(address) is why


@pytest.mark.parametrize(
    ("address", "spelt"),
    [
        (" HTTP://Example.ORG:80/a/../b c?q=é#part ", "http://example.org/b%20c?q=%C3%A9"),
        ("https://例子.example/图", "https://xn--fsqu00a.example/%E5%9B%BE"),
        ("http://my_shop.example./", "http://my_shop.example./"),
        ("http://[2606:4700:4700::1111]:8080/", "http://[2606:4700:4700::1111]:8080/"),
    ],
)
def test_addresses_get_one_spelling(address: str, spelt: str) -> None:
    assert str(parse(address)) == spelt


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_a_reason(text: str) -> None:
    for untrusted in (text, "http://" + text, "http://h/" + text):
        parsed = parse(untrusted)
        assert isinstance(parsed, Unread) or parse(str(parsed)) == parsed


def test_every_reason_has_its_own_sentence() -> None:
    assert len({reason.sentence for reason in Unread}) == len(Unread)
