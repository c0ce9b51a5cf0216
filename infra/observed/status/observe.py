"""Reads tenants from AWS by tags: also what their stacks do not remember yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tenantnet.aws.answers import aws_answers
from tenantnet.observed import deployed as aws
from tenantnet.observed.reader import TAG, Reader, tagged
from tenantnet.tags import Part, Slot, Tag, network_name

# Of more databases all are listed: how many values a filter of RDS may have is said nowhere.
FEW_DATABASES = 40


def observe(tenant: str, region: str) -> aws.Deployed:
    """Everything of `tenant` in `region`. Raises Failure if AWS does not answer or allow a call."""
    return observe_each([tenant], region)[tenant]


def observe_each(tenants: Collection[str], region: str) -> Mapping[str, aws.Deployed]:
    """Everything of each tenant in `region`, by as few calls as AWS allows. Raises as `observe` does."""
    some = ", ".join([*tenants][:3]) + (f" and {len(tenants) - 3} others" if len(tenants) > 3 else "")
    with aws_answers(f"read what AWS has of {some} in {region}", region=region):
        reader, own = Reader(region), {f"{TAG}{Tag.TENANT}": [*tenants]}
        vpcs = _by_tenant(reader.read(aws.Vpc, own | tagged(part=Part.NETWORK)))
        instances = _by_tenant(reader.read(aws.Ec2Instance, own | tagged(part=Part.PING_HOST)))
        vpn_connections = _by_tenant(reader.read(aws.SiteToSiteVpn, own))
        customer_gateways = _by_tenant(reader.read(aws.CustomerGateway, own))
        identifiers = [network_name(tenant, slot) for tenant in tenants for slot in Slot]
        few = {"db-instance-id": identifiers} if len(identifiers) <= FEW_DATABASES else None
        found = reader.read(aws.DatabaseInstance, few)
    databases = {each.identifier: each for each in found}
    return {
        tenant: aws.Deployed(
            vpcs=tuple(vpcs[tenant]),
            instances=tuple(instances[tenant]),
            databases=tuple(
                databases[name] for slot in Slot if (name := network_name(tenant, slot)) in databases
            ),
            vpn_connections=tuple(vpn_connections[tenant]),
            customer_gateways=tuple(customer_gateways[tenant]),
        )
        for tenant in tenants
    }


def _by_tenant(things: Iterable[aws.R]) -> Mapping[str, Sequence[aws.R]]:
    found = defaultdict[str, list[aws.R]](list)
    for thing in things:
        found[thing.tags[Tag.TENANT]].append(thing)
    return found
