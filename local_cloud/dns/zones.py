"""The zones that the local cloud knows: Route 53's hosted ones, and RDS's with its instances' endpoints."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
import dns.rrset
from moto.core.base_backend import BackendDict
from moto.rds.models import rds_backends
from moto.route53.models import FakeZone, RecordSet, route53_backends
from tenantnet.local_cloud.dns.answers import Zone
from tenantnet.local_cloud.mysql.fleet import Fleet

LOG = logging.getLogger("tenantnet.local.dns")
# As RDS's own names have it: after a change of address a client asks again soon.
ENDPOINT_TTL = 5
# Route 53's, of a zone whose records do not say.
DEFAULT_TTL = 300
RDS = dns.name.from_text("rds.amazonaws.com")
SOA = "ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60"
Records = dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]


def zones(fleet: Fleet | None) -> Sequence[Zone]:
    """All zones as they are now, private ones before public ones of the same name."""
    hosted: list[FakeZone] = sorted(_kept(route53_backends, "zones"), key=lambda zone: not zone.private_zone)
    return [*map(_hosted_zone, hosted), _endpoint_zone(fleet)]


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
    # moto keeps the SOA that it makes unlike all others.
    values = [value["Value"] if isinstance(value, dict) else value for value in record_set.records]
    try:
        ttl = int(record_set.ttl or DEFAULT_TTL)
        # A name without its final dot is a whole name to Route 53.
        return dns.rrset.from_text_list(
            dns.name.from_text(name),
            ttl,
            "IN",
            kind,
            values,
            origin=dns.name.root,
            relativize=False,
        )
    except (dns.exception.DNSException, ValueError) as error:
        LOG.warning("%s %s is not answered: %s", name, kind, error)
        return None


def _endpoint_zone(fleet: Fleet | None) -> Zone:
    soa = dns.rrset.from_text(RDS, ENDPOINT_TTL, "IN", "SOA", SOA)
    records: Records = {(RDS, dns.rdatatype.SOA): soa}
    for instance in _kept(rds_backends, "databases"):
        if fleet and (database := fleet.find(instance.dbi_resource_id)):
            name = dns.name.from_text(instance.address)
            address = dns.rrset.from_text(name, ENDPOINT_TTL, "IN", "A", database.address)
            records[name, dns.rdatatype.A] = address
    return Zone(RDS, records)


def _kept(backends: BackendDict[Any], attribute: str) -> list[Any]:
    """What a service's backends of all accounts and regions keep under the attribute."""
    return [
        kept
        for _, _, backend in backends.iter_backends()
        for kept in list(getattr(backend, attribute).values())
    ]
