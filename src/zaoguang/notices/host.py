"""Who hosts, who delivers, who registered and whose network: read from recorded answers of RDAP and DNS, and no more.

RDAP: RFC 9083 (JSON answers), vCards in JSON: RFC 7095. Whatever an answer holds beyond what is asked is left alone;
names are bounded and cleaned, and a mail address that is none is dropped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zaoguang.errors import UserMistake
from zaoguang.notices.values import is_mail_address, refuse_hidden

__all__ = ["Contact", "DnsAnswers", "HostFacts", "Network", "read_host"]

_MOST_ENTITIES = 64
_MOST_DEPTH = 4
_MOST_ANSWERS = 32
_LONGEST = 200

_DELIVERERS: Final = {
    "akamai": "Akamai",
    "bunny": "bunny.net",
    "cloudflare": "Cloudflare",
    "cloudfront": "Amazon CloudFront",
    "ddos-guard": "DDoS-Guard",
    "ddos_guard": "DDoS-Guard",
    "edgecast": "Edgecast",
    "fastly": "Fastly",
    "imperva": "Imperva",
    "incapsula": "Imperva",
    "stackpath": "StackPath",
    "sucuri": "Sucuri",
}
"""A part of a network's or a canonical name, and the delivery network (CDN) that it means."""


@dataclass(frozen=True, slots=True)
class DnsAnswers:
    """What the name system said of a host: numeric addresses, the names it stands for, and who serves its names."""

    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A body and where it takes reports of abuse; "" where the register names none."""

    name: str
    abuse: str


@dataclass(frozen=True, slots=True)
class Network:
    """Whose network an address lies in."""

    address: str
    name: str
    country: str
    holder: Contact


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the registers say of a host; ``delivered_by`` is the CDN in front of it, or ""."""

    host: str
    dns: DnsAnswers
    registrar: Contact
    networks: tuple[Network, ...]
    delivered_by: str

    def lines(self) -> tuple[str, ...]:
        """Give the facts as the lines that an abuse letter quotes."""
        shown = [f"{self.host}: {', '.join(self.dns.addresses)}"] if self.dns.addresses else []
        shown += [f"{self.host} -> {alias}" for alias in self.dns.aliases]
        shown += [
            f"RDAP {each.address}: {', '.join(part for part in (each.name, each.holder.name, each.country) if part)}"
            for each in self.networks
        ]
        return (*shown, *((f"RDAP {self.host}: {self.registrar.name}",) if self.registrar.name else ()))


def read_host(
    host: str, dns: DnsAnswers, untrusted_domain: object, untrusted_networks: Mapping[str, object]
) -> HostFacts:
    """Give the facts from the answers of RDAP on the name and on each address; an answer that is absent is None."""
    networks = tuple(_network(address, answer) for address, answer in list(untrusted_networks.items())[:_MOST_ANSWERS])
    return HostFacts(host, dns, _contact(untrusted_domain, "registrar"), networks, _deliverer(dns, networks))


def _network(address: str, untrusted: object) -> Network:
    top = _mapping(untrusted)
    holder = _contact(untrusted, "registrant")
    if not holder.name:
        holder = Contact(_contact(untrusted, "administrative").name, holder.abuse)
    return Network(address, _clean(top.get("name")), _clean(top.get("country")), holder)


def _deliverer(dns: DnsAnswers, networks: Sequence[Network]) -> str:
    said = [*(f"{each.name} {each.holder.name}" for each in networks), *dns.aliases]
    for text in said:
        for part, name in _DELIVERERS.items():
            if part in text.lower():
                return name
    return ""


def _contact(untrusted: object, role: str) -> Contact:
    """Give the entity of that role by name, and the nearest abuse desk: its own, else any other of the answer."""
    name, own, other = "", "", ""
    for entity, roles, inside in _entities(untrusted, role):
        abuse = _card(entity, "email") if "abuse" in roles else ""
        abuse = abuse if is_mail_address(abuse) else ""
        if role in roles and not name:
            name = _card(entity, "org") or _card(entity, "fn")
        own = own or (abuse if inside else "")
        other = other or abuse
    return Contact(name, own or other)


def _entities(
    untrusted: object, role: str, depth: int = 0, *, inside: bool = False
) -> Iterator[tuple[Mapping[str, object], tuple[str, ...], bool]]:
    """Give each entity with its roles, and whether it is of that role or lies within one that is."""
    rows = _mapping(untrusted).get("entities")
    if depth >= _MOST_DEPTH or not isinstance(rows, list):
        return
    for row in rows[:_MOST_ENTITIES]:
        entity = _mapping(row)
        named = entity.get("roles")
        roles = tuple(each for each in named if isinstance(each, str)) if isinstance(named, list) else ()
        here = inside or role in roles
        yield entity, roles, here
        yield from _entities(entity, role, depth + 1, inside=here)


def _card(entity: Mapping[str, object], wanted: str) -> str:
    """Give a property of the entity's vCard: ["vcard", [[name, parameters, type, value], ...]]."""
    card = entity.get("vcardArray")
    rows = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else []
    for row in rows[:_MOST_ENTITIES]:
        if isinstance(row, list) and len(row) > 3 and row[0] == wanted:  # noqa: PLR2004 -- RFC 7095 section 3.3
            return _clean(row[3])
    return ""


def _mapping(untrusted: object) -> Mapping[str, object]:
    return untrusted if isinstance(untrusted, dict) else {}


def _clean(untrusted: object) -> str:
    """Give one short line without anything hidden in it, else nothing."""
    text = untrusted.strip() if isinstance(untrusted, str) else ""
    try:
        refuse_hidden(text, "register", most=_LONGEST)
    except UserMistake:
        return ""
    line = " ".join(text.split())  # a wide or a hard space is a space like any other
    return line if line.isprintable() else ""


def first_of(texts: Iterable[str]) -> str:
    """Give the first text that is not empty."""
    return next((text for text in texts if text), "")
