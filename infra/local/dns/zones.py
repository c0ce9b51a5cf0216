"""The zones that the local cloud knows: Route 53's hosted ones, and RDS's with its instances' endpoints."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
import dns.rrset
from moto.rds.models import rds_backends
from moto.route53.models import FakeZone, RecordSet, route53_backends

from infra.local.dns.answers import Zone
from infra.local.mysql.fleet import Fleet

LOG = logging.getLogger("tenantnet.local.dns")
# As RDS's own names have it: after a change of address a client asks again soon.
ENDPOINT_TTL = 5
# Route 53's, of a zone whose records do not say.
DEFAULT_TTL = 300
SOA = "ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60"
Records = dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]


def zones(fleet: Fleet | None) -> Sequence[Zone]:
    """All zones as they are now, private ones before public ones of the same name."""
    # iter_backends() forgets which service's backends they are.
    backends: list[Any] = [backend for _, _, backend in route53_backends.iter_backends()]
    hosted: list[FakeZone] = [zone for backend in backends for zone in backend.zones.values()]
    hosted.sort(key=lambda zone: not zone.private_zone)
    return [*map(_hosted_zone, hosted), *_endpoint_zones(fleet)]


def _hosted_zone(zone: FakeZone) -> Zone:
    origin = dns.name.from_text(zone.name)
    records: Records = {}
    for record_set in list(zone.rrsets):
        if record_set.records and (rrset := _rrset(record_set)):
            records[rrset.name, rrset.rdtype] = rrset
    return Zone(origin, records)


def _rrset(record_set: RecordSet) -> dns.rrset.RRset | None:
    # Route 53 writes what a name cannot have as `\052`, and so does DNS.
    name, kind = record_set.name, str(record_set.type)
    try:
        ttl = int(record_set.ttl or DEFAULT_TTL)
        # A name without its final dot is a whole name to Route 53.
        return dns.rrset.from_text_list(
            dns.name.from_text(name),
            ttl,
            "IN",
            kind,
            record_set.records,
            origin=dns.name.root,
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError) as error:
        LOG.warning("%s %s is not answered: %s", name, kind, error)
        return None


def _endpoint_zones(fleet: Fleet | None) -> Iterator[Zone]:
    for _, region, backend in rds_backends.iter_backends():
        origin = dns.name.from_text(f"{region}.rds.amazonaws.com")
        records: Records = {
            (origin, dns.rdatatype.SOA): dns.rrset.from_text(origin, ENDPOINT_TTL, "IN", "SOA", SOA)
        }
        completed: Any = backend
        for instance in list(completed.databases.values()):
            database = fleet.find(instance.dbi_resource_id) if fleet else None
            if database:
                name = dns.name.from_text(instance.address)
                records[name, dns.rdatatype.A] = dns.rrset.from_text(
                    name, ENDPOINT_TTL, "IN", "A", database.address
                )
        yield Zone(origin, records)
