"""What stacks have and AWS did not describe, or not with its tags: nobody knows who reaches it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenantnet.failure import Failure
from tenantnet.observed.deployed import Deployed, Vpc, having
from tenantnet.stacks.outputs import PlatformOutputs, TenantOutputs
from tenantnet.tags import Part, Tag


def require_all_seen(
    deployed: Deployed, platform: PlatformOutputs, tenants: Mapping[str, TenantOutputs]
) -> None:
    """Raises Failure where a check would leave out something that stacks of the cell have.

    tenants: the outputs of those that are checked. The networks of all others are known by their peerings.
    """
    found = [*_of_platform(deployed, platform), *_of_cell(deployed, platform.cell)]
    for tenant, outputs in tenants.items():
        found += _of_tenant(deployed, platform, tenant, outputs)
    if found:
        raise Failure(
            f"Could not check what reaches what in cell {platform.cell}.",
            reason=f"nobody can say who reaches what is not described: {'; '.join(found)}",
            remedy="`tenantnet fleet drift` for a tenant, and `pulumi preview --refresh --diff` also for a "
            "platform, say what was changed; `tenantnet up --refresh` restores it with its tags; "
            "if an update runs, check again after it",
        )


def _of_platform(deployed: Deployed, platform: PlatformOutputs) -> Iterator[str]:
    networks = {Part.SESSIONS: platform.sessions_vpc_id, Part.SERVICES: platform.services_vpc_id}
    for part, vpc_id in networks.items():
        # One that the settings name has whatever tags its owners gave it.
        is_made = _is_made(deployed, platform.cell, part, vpc_id)
        tags = {"cell": platform.cell, "part": part} if is_made else {}
        if vpc_id not in {vpc.id for vpc in having(deployed.vpcs, **tags)}:
            yield _lost(vpc_id, f"the {part} network of {platform.cell}", **tags)
    if platform.tunnel_host_id not in {instance.id for instance in deployed.instances}:
        yield _lost(platform.tunnel_host_id, f"the tunnel host of {platform.cell}")


def _is_made(deployed: Deployed, cell: str, part: Part, vpc_id: str) -> bool:
    """Whether the platform made the VPC: then it has closed its default security group."""
    return any(
        group.vpc_id == vpc_id and group.tags.get("Name") == f"{cell}-{part}-default"
        for group in having(deployed.security_groups, cell=cell)
    )


def _of_cell(deployed: Deployed, cell: str) -> Iterator[str]:
    """What somebody's stack of the cell has, whether it is read or not."""
    own = having(deployed.vpcs, cell=cell)
    yield from (f"the tags of {vpc.id} do not say whose network it is" for vpc in own if not _is_known(vpc))
    described = {vpc.id for vpc in deployed.vpcs}
    for peering in having(deployed.peerings, cell=cell):
        for vpc_id in set(peering.vpc_ids) - described:
            name = peering.tags.get("Name", "without a name")
            yield _lost(vpc_id, f"where peering {peering.id} ({name}) leads", cell=cell)


def _is_known(vpc: Vpc) -> bool:
    part = vpc.tags.get(Tag.PART)
    of_tenant = Tag.TENANT in vpc.tags and Tag.NETWORK in vpc.tags
    return part in (Part.SESSIONS, Part.SERVICES) or (part == Part.NETWORK and of_tenant)


def _of_tenant(
    deployed: Deployed, platform: PlatformOutputs, tenant: str, outputs: TenantOutputs
) -> Iterator[str]:
    for slot, network in outputs.networks.items():
        what = f"network {slot} of {tenant}"
        tags = {"cell": platform.cell, "tenant": tenant, "network": slot, "part": Part.NETWORK}
        found = {vpc.id for vpc in having(deployed.vpcs, **tags)}
        if network.vpc_id not in found:
            yield _lost(network.vpc_id, what, **tags)
        for other in sorted(found - {network.vpc_id}):
            yield f"{other} has the tags of {what}, which is {network.vpc_id}"
    tags = {"tenant": tenant, "part": Part.SESSION}
    sessions = {(subnet.vpc_id, subnet.cidr) for subnet in having(deployed.subnets, **tags)}
    subnet = outputs.session_subnet
    if subnet and (platform.sessions_vpc_id, subnet) not in sessions:
        yield _lost(subnet, f"the session subnet of {tenant} in {platform.sessions_vpc_id}", **tags)
    database = outputs.database
    if database and database.identifier not in {each.identifier for each in deployed.databases}:
        yield _lost(database.identifier, f"the database of {tenant}, in a network of {platform.cell}")


def _lost(identifier: str, what: str, **tags: str) -> str:
    named = ", ".join(f"tenantnet:{key}={value}" for key, value in tags.items())
    return f"AWS describes no {identifier}{f' with {named}' if named else ''}, which is {what}"
