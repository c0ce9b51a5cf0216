"""The part of what EC2 and RDS describe that decides who reaches whom. IPv4, as nothing of ours has IPv6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOCAL = "local"
ANY_PROTOCOL = "-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """cidrs: all its ranges. tags: as AWS has them, here and below."""

    id: str
    cidrs: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet; its routes are those of the table it is associated with, or of the VPC's main table."""

    id: str
    vpc_id: str
    cidr: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """destination: a range, None for a prefix list. target: `local` or an ID, such as pcx-… or igw-…."""

    destination: str | None
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """routes: the active ones that somebody wrote; those of the propagating gateways come on top."""

    id: str
    vpc_id: str
    main: bool
    subnet_ids: tuple[str, ...]
    routes: tuple[Route, ...]
    propagating: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """An active peering."""

    id: str
    vpc_ids: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnGateway:
    """A virtual private gateway and the VPC that it is attached to."""

    id: str
    vpc_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnConnection:
    """cidrs: its static routes. Whether its tunnels are up just now does not matter."""

    id: str
    gateway_id: str
    cidrs: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A security group's rule. cidr: its peer's range; None where the peer is none of IPv4 addresses.

    protocol: as EC2 names it, `-1` for all. from_port, to_port: -1 for all; of ICMP type and code.
    """

    id: str
    group_id: str
    egress: bool
    protocol: str
    from_port: int
    to_port: int
    cidr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AclRule:
    """A network ACL's rule. The lowest number decides.

    protocol: as EC2 numbers it, `-1` for all. from_port, to_port: as in Rule.
    """

    number: int
    egress: bool
    allow: bool
    cidr: str
    protocol: str = ANY_PROTOCOL
    from_port: int = -1
    to_port: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """A network ACL and the subnets that it stands before; every subnet has one."""

    id: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    rules: tuple[AclRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A group; its rules are apart, as in EC2's API."""

    id: str
    vpc_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An EC2 instance with one interface."""

    id: str
    subnet_id: str
    address: str
    group_ids: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseInstance:
    """An RDS instance: it may stand in each of its subnets."""

    identifier: str
    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceEndpoint:
    """A VPC endpoint with interfaces in subnets."""

    id: str
    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A cell as AWS describes it: its platform's VPCs and its tenants'. tunnel_host_id: of the instance."""

    tunnel_host_id: str
    vpcs: tuple[Vpc, ...]
    subnets: tuple[Subnet, ...]
    route_tables: tuple[RouteTable, ...]
    network_acls: tuple[NetworkAcl, ...]
    peerings: tuple[Peering, ...]
    vpn_gateways: tuple[VpnGateway, ...]
    vpn_connections: tuple[VpnConnection, ...]
    security_groups: tuple[SecurityGroup, ...]
    rules: tuple[Rule, ...]
    instances: tuple[Instance, ...]
    databases: tuple[DatabaseInstance, ...]
    endpoints: tuple[InterfaceEndpoint, ...]
