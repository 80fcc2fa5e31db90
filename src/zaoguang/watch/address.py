"""Which addresses may be fetched: their spelling first, and then each network address that a connection would go to.

The spelling check only refuses what can never be fetched. What protects inner networks is `refuses`, asked about the
numeric address that is about to be dialled (see `connect`), so that decimal, octal or hexadecimal spellings,
trailing dots, ``localhost`` and names that resolve inwards all end at the same check.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx

from zaoguang.watch.report import Unread

__all__ = ["MAX_ADDRESS_LENGTH", "AddressPolicy", "parse", "port_of"]

MAX_ADDRESS_LENGTH = 4096
"""Characters; picture hosts sign addresses of one to two thousand."""

_SCHEMES = {"http": 80, "https": 443}
_MAX_PORT = 0xFFFF
# RFC 1035 §2.3.4, with the underscore that real names have; or an IPv6 address, without a zone.
_HOST = re.compile(rb"(?=.{1,254}\Z)(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|[0-9A-Fa-f:.]{2,45}")

# Fetch standard §2.9 "bad port": services that can be made to misread an HTTP request.
_BAD_PORTS = frozenset(
    (
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87),
        *(95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465),
        *(
            512,
            513,
            514,
            515,
            526,
            530,
            531,
            532,
            540,
            548,
            554,
            556,
            563,
            587,
            601,
            636,
            989,
            990,
            993,
            995,
            1719,
            1720,
        ),
        *(1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)

# Beyond what `ipaddress` of every supported Python calls non-global (its tables changed with CVE-2024-4032).
_REFUSED_V4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments; a cloud's metadata service answers at 192.0.0.192
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    IPv4Network("224.0.0.0/3"),  # multicast and reserved
    IPv4Network("168.63.129.16/32"),  # public by number, yet a cloud's own control service in every machine there
)
_GLOBAL_V6 = IPv6Network("2000::/3")  # the only global unicast space given out, RFC 4291 and IANA
_REFUSED_V6 = (
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_LOOPBACK = frozenset([IPv4Address("127.0.0.1"), IPv6Address("::1")])


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which networks may be read: public ones, and for a rehearsal named ports of this machine."""

    loopback_ports: frozenset[int] = frozenset()

    def refuses(self, ip: IPv4Address | IPv6Address, port: int) -> bool:
        """Tell whether a connection to that numeric address and port is out of bounds."""
        if ip in _LOOPBACK:
            return port not in self.loopback_ports
        return port in _BAD_PORTS or not _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return ip.is_global and not any(ip in network for network in _REFUSED_V4)
    if ip.scope_id is not None:
        return False
    inner = _embedded(ip)
    if inner is not None:
        return _is_public(inner)
    return ip in _GLOBAL_V6 and ip.is_global and not any(ip in network for network in _REFUSED_V6)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a gateway would go on to: mapped (RFC 4291), 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


def parse(untrusted_address: str, *, base: httpx.URL | None = None) -> httpx.URL | Unread:
    """Give the address in its one spelling, without its fragment, or say why it can never be fetched.

    With `base`, a relative address is resolved against it (RFC 3986 §5). Names outside ASCII become IDNA 2008.
    """
    if len(untrusted_address) > MAX_ADDRESS_LENGTH:
        return Unread.BAD_ADDRESS
    try:
        url = httpx.URL(untrusted_address.strip())
        url = base.join(url) if base is not None else url
    except (httpx.InvalidURL, ValueError):  # ValueError: surrogates and unbalanced brackets
        return Unread.BAD_ADDRESS
    if url.scheme and url.scheme not in _SCHEMES:
        return Unread.FORBIDDEN_SCHEME
    if not url.scheme or url.userinfo or not _HOST.fullmatch(url.raw_host) or not 0 < port_of(url) <= _MAX_PORT:
        return Unread.BAD_ADDRESS
    whole = httpx.URL(url, fragment=None)
    return whole if len(str(whole)) <= MAX_ADDRESS_LENGTH else Unread.BAD_ADDRESS


def port_of(url: httpx.URL) -> int:
    """The port that a parsed address leads to."""
    return _SCHEMES[url.scheme] if url.port is None else url.port
