"""A cell as EC2 would describe it: two tenants, one of them in a move, a range of each private kind."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any

from tenantnet.addresses.addressing import PRIVATE_RANGES, ping_host_address, subnet_plan
from tenantnet.observed.deployed import (
    LOCAL,
    AclRule,
    DatabaseInstance,
    Deployed,
    Ec2Instance,
    Gateway,
    NetworkAcl,
    Peering,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    SiteToSiteVpn,
    Subnet,
    Vpc,
    VpcEndpoint,
)

TUNNEL_HOST, TUNNEL_SUBNET, SECOND_SUBNET = "10.32.0.4/32", "10.32.0.0/26", "10.32.0.64/26"
SESSIONS, SERVICES = "172.17.0.0/16", "10.32.0.0/16"
COMPANY = "192.168.4.0/24"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """What tells one tenant network from another. tunnels: the companies on it."""

    tenant: str
    slot: str
    cidr: str
    session: str
    database: bool = True

    @property
    def name(self) -> str:
        return f"{self.tenant}-{self.slot}"


# The same company range in both tenants, as may well be.
NETWORKS = (
    NetworkPlan(tenant="acme", slot="blue", cidr="10.1.2.0/26", session="172.17.5.0/24"),
    NetworkPlan(tenant="acme", slot="green", cidr="172.20.1.0/26", session="172.17.5.0/24", database=False),
    NetworkPlan(tenant="zeta", slot="blue", cidr="192.168.77.0/26", session="172.17.6.0/24"),
)


def rule(
    group: str, cidr: str, port: int, *, egress: bool = False, protocol: str = "tcp"
) -> SecurityGroupRule:
    """A rule for one port, or for ICMP one type. Its ID says all of it."""
    return SecurityGroupRule(
        id=f"{group} {'to' if egress else 'from'} {cidr} {protocol} {port}",
        group_id=group,
        egress=egress,
        protocol=protocol,
        from_port=port,
        to_port=-1 if protocol == "icmp" else port,
        peer=cidr,
    )


def acl_rules(*rules: tuple[int, bool, str]) -> tuple[AclRule, ...]:
    """For all traffic in either direction: number, whether it is let through, peers; and the last rule."""
    return tuple(
        AclRule(number=number, egress=egress, allow=allow, cidr=cidr)
        for number, allow, cidr in (*rules, (32767, False, "0.0.0.0/0"))
        for egress in (True, False)
    )


def default_acl(vpc_id: str, *subnet_ids: str) -> NetworkAcl:
    """As AWS makes it."""
    return NetworkAcl(
        id=f"acl-{vpc_id.removeprefix('vpc-')}",
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        rules=acl_rules((100, True, "0.0.0.0/0")),
    )


def deployed() -> Deployed:
    """The cell, with nothing wrong."""
    return joined(platform(), *map(network, NETWORKS), *(session(tenant) for tenant in ("acme", "zeta")))


def joined(*parts: Deployed) -> Deployed:
    """Parts of a cell as one."""
    return reduce(_join, parts)


def _join(one: Deployed, other: Deployed) -> Deployed:
    kinds = [field.name for field in fields(Deployed) if field.name != "tunnel_host_id"]
    return replace(one, **{kind: getattr(one, kind) + getattr(other, kind) for kind in kinds})


def part(**found: Any) -> Deployed:
    """A cell of which only this is there."""
    return Deployed(tunnel_host_id="i-tunnel", **found)


def platform() -> Deployed:
    """Sessions and services, with the tunnel host and Session Manager's endpoint."""
    cell = {"tenantnet:cell": "eu1"}
    return part(
        vpcs=(
            Vpc(id="vpc-sessions", cidrs=(SESSIONS,), tags={**cell, "tenantnet:part": "sessions"}),
            Vpc(id="vpc-services", cidrs=(SERVICES,), tags={**cell, "tenantnet:part": "services"}),
        ),
        subnets=(
            Subnet(id="subnet-tunnel", vpc_id="vpc-services", cidr=TUNNEL_SUBNET, tags=cell),
            Subnet(id="subnet-tunnel-b", vpc_id="vpc-services", cidr=SECOND_SUBNET, tags=cell),
        ),
        route_tables=(
            RouteTable(
                id="rtb-services",
                vpc_id="vpc-services",
                main=False,
                subnet_ids=("subnet-tunnel", "subnet-tunnel-b"),
                routes=(
                    Route(destination=SERVICES, target=LOCAL),
                    *(Route(destination=plan.cidr, target=f"pcx-{plan.name}-services") for plan in NETWORKS),
                ),
            ),
        ),
        network_acls=(
            default_acl("vpc-sessions"),
            default_acl("vpc-services", "subnet-tunnel", "subnet-tunnel-b"),
        ),
        instances=(
            Ec2Instance(
                id="i-tunnel", subnet_id="subnet-tunnel", address="10.32.0.4", group_ids=("sg-tunnel",)
            ),
        ),
        endpoints=(
            VpcEndpoint(
                id="vpce-ssm", subnet_ids=("subnet-tunnel", "subnet-tunnel-b"), group_ids=("sg-endpoints",)
            ),
        ),
        security_groups=(
            SecurityGroup(id="sg-tunnel", vpc_id="vpc-services"),
            SecurityGroup(id="sg-endpoints", vpc_id="vpc-services"),
        ),
        rules=(
            rule("sg-endpoints", TUNNEL_SUBNET, 443),
            rule("sg-tunnel", TUNNEL_SUBNET, 443, egress=True),
            rule("sg-tunnel", SECOND_SUBNET, 443, egress=True),
            *(rule("sg-tunnel", str(cidr), 3306, egress=True) for cidr in PRIVATE_RANGES),
        ),
    )


def session(tenant: str) -> Deployed:
    """A tenant's session subnet with its table and its ACL."""
    plans = [plan for plan in NETWORKS if plan.tenant == tenant]
    subnet = Subnet(
        id=f"subnet-{tenant}-session",
        vpc_id="vpc-sessions",
        cidr=plans[0].session,
        tags={"tenantnet:part": "session", "tenantnet:tenant": tenant},
    )
    routes = [Route(destination=plan.cidr, target=f"pcx-{plan.name}-sessions") for plan in plans]
    table = RouteTable(
        id=f"rtb-{tenant}-session",
        vpc_id="vpc-sessions",
        main=False,
        subnet_ids=(subnet.id,),
        routes=(Route(destination=SESSIONS, target=LOCAL), *routes),
    )
    acl = NetworkAcl(
        id=f"acl-{tenant}-session",
        vpc_id="vpc-sessions",
        subnet_ids=(subnet.id,),
        rules=acl_rules((200, False, SESSIONS), (300, True, "0.0.0.0/0")),
    )
    return part(subnets=(subnet,), route_tables=(table,), network_acls=(acl,))


def network(plan: NetworkPlan) -> Deployed:
    """A tenant's network with a company, a ping host, perhaps a database, and its peerings."""
    name, vpc, tags = (
        plan.name,
        f"vpc-{plan.name}",
        {"tenantnet:tenant": plan.tenant, "tenantnet:network": plan.slot},
    )
    cidrs = subnet_plan(plan.cidr)
    ranges = {
        "database-a": cidrs.database_a,
        "database-b": cidrs.database_b,
        "hosts": cidrs.hosts,
        "spare": cidrs.spare,
    }
    subnets = {
        place: Subnet(
            id=f"subnet-{name}-{place}", vpc_id=vpc, cidr=cidr, tags={**tags, "Name": f"{name}-{place}"}
        )
        for place, cidr in ranges.items()
    }
    database_group, ping_group = f"sg-{name}-database", f"sg-{name}-ping-host"
    instance = DatabaseInstance(
        identifier=name,
        subnet_ids=(subnets["database-a"].id, subnets["database-b"].id),
        group_ids=(database_group,),
    )
    return part(
        vpcs=(
            Vpc(
                id=vpc,
                cidrs=(plan.cidr,),
                tags={**tags, "tenantnet:cell": "eu1", "tenantnet:part": "network"},
            ),
        ),
        subnets=tuple(subnets.values()),
        route_tables=(
            RouteTable(
                id=f"rtb-{name}",
                vpc_id=vpc,
                main=False,
                subnet_ids=tuple(subnet.id for subnet in subnets.values()),
                routes=(
                    Route(destination=plan.cidr, target=LOCAL),
                    Route(destination=plan.session, target=f"pcx-{name}-sessions"),
                    Route(destination=TUNNEL_HOST, target=f"pcx-{name}-services"),
                ),
                propagating=(f"vgw-{name}",),
            ),
        ),
        network_acls=(default_acl(vpc, *(subnet.id for subnet in subnets.values())),),
        peerings=(
            *(
                Peering(
                    id=f"pcx-{name}-{side}",
                    vpc_ids=(vpc, f"vpc-{side}"),
                    tags={**tags, "tenantnet:cell": "eu1", "Name": f"{name}-{side}"},
                )
                for side in ("sessions", "services")
            ),
        ),
        vpn_gateways=(Gateway(id=f"vgw-{name}", vpc_id=vpc),),
        vpn_connections=(
            SiteToSiteVpn(id=f"vpn-{name}", gateway_id=f"vgw-{name}", cidrs=(COMPANY,), tags=tags),
        ),
        security_groups=(
            SecurityGroup(id=database_group, vpc_id=vpc, tags={**tags, "tenantnet:part": "database"}),
            SecurityGroup(id=ping_group, vpc_id=vpc, tags={**tags, "tenantnet:part": "ping-host"}),
        ),
        rules=(
            rule(database_group, COMPANY, 3306),
            rule(database_group, plan.session, 3306),
            rule(database_group, TUNNEL_HOST, 3306),
            rule(ping_group, COMPANY, 8, protocol="icmp"),
        ),
        instances=(
            Ec2Instance(
                id=f"i-{name}",
                subnet_id=subnets["hosts"].id,
                address=ping_host_address(plan.cidr),
                group_ids=(ping_group,),
                tags={**tags, "tenantnet:part": "ping-host"},
            ),
        ),
        databases=(instance,) if plan.database else (),
    )
