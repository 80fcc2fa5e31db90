"""Asking the registers who stands behind a host: DNS, and RDAP at the servers that IANA's bootstrap files name.

Only those servers are asked, over https, without following a redirect, through connections that never go inwards
(see ``connect``). RDAP: RFC 9082 (questions), RFC 9224 (finding the server).
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
import httpcore
import httpx

from zaoguang.errors import OutsideFailure
from zaoguang.notices.host import DnsAnswers, HostFacts, read_host
from zaoguang.watch.address import AddressPolicy
from zaoguang.watch.connect import CheckedTransport, Deadline, NoWayError
from zaoguang.words import gettext as _

__all__ = ["Ask", "AskNames", "ask_names", "ask_rdap", "host_facts"]

Ask = Callable[[str], object]
"""An https address to the JSON it answered with; None where it has no such thing (404)."""

AskNames = Callable[[str], DnsAnswers]

_BOOTSTRAP = "https://data.iana.org/rdap/"
_MOST_BYTES = 4 << 20  # the bootstrap file of names is a tenth of this
_SECONDS = 20.0
_MOST_ADDRESSES = 4
_MOST_LABELS = 8
_MOST_RECORDS = 32  # of a kind: whoever keeps the name's zone can put any number in it
_LONGEST_RECORD = 253  # RFC 1035 section 2.3.4, without the last dot; only bytes that are no text are written longer
_OK, _NOT_FOUND = 200, 404
_HEADERS = {"Accept": "application/rdap+json, application/json", "Accept-Encoding": "identity"}
_NO_ANSWER = (
    NoWayError, httpx.HTTPError, httpx.InvalidURL,
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError,
    ValueError, RecursionError,  # JSON that is none, or nested without end
)  # fmt: skip


def host_facts(host: str, ask: Ask, ask_of_names: AskNames) -> HostFacts:
    """Ask who stands behind a host or a numeric address.

    Raises:
        OutsideFailure: the bootstrap files or a register could not be reached.
    """
    number = _number(host)
    dns_answers = DnsAnswers(addresses=(host,)) if number is not None else _bounded(ask_of_names(host))
    networks = {address: _network(address, ask) for address in dns_answers.addresses[:_MOST_ADDRESSES]}
    return read_host(host, dns_answers, _domain(host, ask) if number is None else None, networks)


def _bounded(untrusted: DnsAnswers) -> DnsAnswers:
    rows = (untrusted.addresses, untrusted.aliases, untrusted.name_servers)
    return DnsAnswers(*(tuple(row for row in each if len(row) <= _LONGEST_RECORD)[:_MOST_RECORDS] for each in rows))


def _number(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _network(address: str, ask: Ask) -> object:
    number = _number(address)
    if number is None:
        return None
    services = _services(ask, "ipv4" if number.version == 4 else "ipv6")  # noqa: PLR2004 -- the version's number
    best = (-1, "")
    for prefix, server in services.items():
        with suppress(ValueError):
            network = ip_network(prefix)
            if number in network and network.prefixlen > best[0]:
                best = (network.prefixlen, server)
    return ask(f"{best[1]}ip/{number}") if best[1] else None


def _domain(host: str, ask: Ask) -> object:
    """Ask for the name, and if it is not registered itself, for the name above it: no list of suffixes is needed."""
    labels = host.rstrip(".").lower().split(".")[-_MOST_LABELS:]
    server = _services(ask, "dns").get(labels[-1])
    if server is None:
        return None
    for start in range(len(labels) - 1):
        answer = ask(f"{server}domain/{'.'.join(labels[start:])}")
        if answer is not None:
            return answer
    return None


def _services(ask: Ask, kind: str) -> Mapping[str, str]:
    """Give each entry (a last label or a prefix) with its https server, as IANA's file says."""
    untrusted = ask(f"{_BOOTSTRAP}{kind}.json")
    found: dict[str, str] = {}
    rows = untrusted.get("services") if isinstance(untrusted, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, list) or len(row) < 2:  # noqa: PLR2004 -- entries and servers, RFC 9224 section 3
            continue
        entries, servers = row[0], row[1]
        if not isinstance(entries, list) or not isinstance(servers, list):
            continue
        secure = [each for each in servers if isinstance(each, str) and _is_https(each)]
        if secure:
            found |= {each.lower(): secure[0].rstrip("/") + "/" for each in entries if isinstance(each, str)}
    return found


def _is_https(untrusted_address: str) -> bool:
    try:
        return urlsplit(untrusted_address).scheme == "https"
    except ValueError:  # brackets that hold no address
        return False


def ask_names(host: str) -> DnsAnswers:
    """Ask the name system of this machine.

    Raises:
        OutsideFailure: it gives no answer at all.
    """
    try:
        resolver = dns.resolver.Resolver()
        resolver.lifetime = _SECONDS
        addresses = [*_records(resolver, host, "A"), *_records(resolver, host, "AAAA")]
        aliases = _records(resolver, host, "CNAME")
        servers: list[str] = []
        labels = host.split(".")
        for start in range(len(labels) - 1):
            servers = servers or _records(resolver, ".".join(labels[start:]), "NS")
    except dns.exception.DNSException as error:
        raise OutsideFailure(_("The name system gave no answer about %(host)s.") % {"host": host}) from error
    return DnsAnswers(tuple(addresses), tuple(aliases), tuple(servers))


def _records(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[str]:
    try:
        answer = resolver.resolve(name, kind)
    except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
        return []
    return sorted(each.to_text().rstrip(".") for each in answer)


def ask_rdap() -> Ask:
    """Give an asker that remembers what it was told, and goes only to IANA and the servers of its files.

    Raises:
        OutsideFailure: (when asked) the server cannot be reached or answers with something else.
    """
    told: dict[str, object] = {}
    allowed = {urlsplit(_BOOTSTRAP).netloc}
    deadline = Deadline()
    transport = CheckedTransport(AddressPolicy(), deadline, connections=2)
    client = httpx.Client(transport=transport, follow_redirects=False, trust_env=False)

    def ask(address: str) -> object:
        if address not in told:
            told[address] = _asked(client, deadline, address, allowed)
            if address.startswith(_BOOTSTRAP):
                kind = address.removeprefix(_BOOTSTRAP).removesuffix(".json")
                allowed.update(urlsplit(server).netloc for server in _services(told.__getitem__, kind).values())
        return told[address]

    return ask


def _asked(client: httpx.Client, deadline: Deadline, address: str, allowed: set[str]) -> object:
    place = urlsplit(address)
    failure = OutsideFailure(_("The register at %(host)s could not be asked.") % {"host": place.netloc})
    if place.scheme != "https" or place.netloc not in allowed:
        raise failure
    deadline.start(_SECONDS)
    try:
        with client.stream("GET", address, headers=_HEADERS) as response:
            if response.status_code == _NOT_FOUND:
                return None
            if response.status_code != _OK:
                raise failure
            untrusted = b""
            for part in response.iter_raw():
                deadline.left()
                untrusted += part
                if len(untrusted) > _MOST_BYTES:
                    raise failure
        return json.loads(untrusted)
    except _NO_ANSWER as error:
        raise failure from error
