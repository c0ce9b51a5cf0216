"""What a name server says to a question, from records alone: no network, no AWS.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

# Chains of aliases end somewhere, or are a mistake.
MAX_CHAIN = 8
WILDCARD = dns.name.from_text("*", None)


@dataclass(frozen=True, slots=True)
class Zone:
    """All names under `origin`. records: by their name and type; the origin's SOA is among them."""

    origin: dns.name.Name
    records: Mapping[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]

    def at(self, name: dns.name.Name) -> dict[dns.rdatatype.RdataType, dns.rrset.RRset]:
        """The record sets of a name, or of the wildcard that stands for it; empty for none."""
        own = {kind: rrset for (owner, kind), rrset in self.records.items() if owner == name}
        if own or self.has(name):
            return own
        star = WILDCARD + self._closest_above(name)
        return {
            kind: dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))
            for (owner, kind), rrset in self.records.items()
            if owner == star
        }

    def has(self, name: dns.name.Name) -> bool:
        """Whether the name exists: with records, or on the way to one that has some."""
        return any(owner.is_subdomain(name) for owner, _ in self.records)

    def _closest_above(self, name: dns.name.Name) -> dns.name.Name:
        above = name.parent()
        while above != self.origin and not self.has(above):
            above = above.parent()
        return above

    @property
    def soa(self) -> dns.rrset.RRset | None:
        return self.records.get((self.origin, dns.rdatatype.SOA))


# The zones as they are now: every question sees the newest.
Zones = Callable[[], Sequence[Zone]]


def answer(query: dns.message.Message, zones: Sequence[Zone]) -> dns.message.Message:
    """The response to a query."""
    response = dns.message.make_response(query)
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    if len(query.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    (question,) = query.question
    zone = _zone_of(question.name, zones)
    if zone is None or question.rdclass != dns.rdataclass.IN:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.flags |= dns.flags.AA
    _resolve(response, question.name, question.rdtype, zones)
    return response


def address_of(host: str, zones: Sequence[Zone]) -> str | None:
    """The IPv4 address that a name leads to, over all aliases; None for none."""
    query = dns.message.make_query(host, dns.rdatatype.A)
    found = [rrset for rrset in answer(query, zones).answer if rrset.rdtype == dns.rdatatype.A]
    return str(found[0][0].address) if found else None


def _zone_of(name: dns.name.Name, zones: Sequence[Zone]) -> Zone | None:
    """The one with the longest origin that the name is in; of equals the first."""
    found = [zone for zone in zones if name.is_subdomain(zone.origin)]
    return max(found, key=lambda zone: len(zone.origin), default=None)


def _resolve(
    response: dns.message.Message,
    name: dns.name.Name,
    kind: dns.rdatatype.RdataType,
    zones: Sequence[Zone],
) -> None:
    """Put the name's records into the response, and follow an alias as far as it leads through our zones."""
    for _ in range(MAX_CHAIN):
        zone = _zone_of(name, zones)
        if zone is None:
            return
        found = zone.at(name)
        wanted = list(found.values()) if kind == dns.rdatatype.ANY else [found[kind]] if kind in found else []
        if wanted:
            response.answer += wanted
            return
        alias = found.get(dns.rdatatype.CNAME)
        if alias is None:
            _say_no(response, zone, exists=bool(found) or zone.has(name))
            return
        response.answer.append(alias)
        name = alias[0].target
    response.set_rcode(dns.rcode.SERVFAIL)


def _say_no(response: dns.message.Message, zone: Zone, *, exists: bool) -> None:
    """No such name, or no such record of it; the zone's SOA says for how long that may be remembered."""
    if not exists:
        response.set_rcode(dns.rcode.NXDOMAIN)
    if zone.soa:
        response.authority.append(zone.soa)
