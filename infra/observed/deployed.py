"""Records of what EC2 and RDS describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from tenantnet.observed.status.words import TunnelState
from tenantnet.stacks.outputs import Model

LOCAL = "local"
ANY_PROTOCOL = "-1"


class HasTags(Protocol):
    """Any record with tags."""

    @property
    def tags(self) -> Mapping[str, str]:
        """As AWS has them."""


R = TypeVar("R", bound=HasTags)
# Where a route comes from, in EC2's words.
WRITTEN, PROPAGATED = "CreateRoute", "EnableVgwRoutePropagation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """cidrs: all its ranges, its first one first. tags: as AWS has them, here and below."""

    id: str
    cidrs: tuple[str, ...]
    state: str = "available"
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
    """destination: a range, or a prefix list's ID. target: `local` or an ID, such as pcx-… or igw-….

    origin: where it comes from, in EC2's word. active: false where its target is gone.
    """

    destination: str
    target: str
    origin: str = WRITTEN
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """propagating: the gateways whose routes are added to the static ones."""

    id: str
    vpc_id: str
    main: bool
    subnet_ids: tuple[str, ...]
    routes: tuple[Route, ...]
    propagating: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """vpc_ids: of the requester and of the accepter. state: EC2's word."""

    id: str
    vpc_ids: tuple[str, str]
    state: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway of a VPC: a virtual private gateway, an internet gateway or a NAT gateway."""

    id: str
    vpc_id: str


class Tunnel(Model):
    """One tunnel of a VPN connection. outside_ip: AWS's end. message: AWS's words, often empty."""

    outside_ip: str
    state: TunnelState
    message: str
    last_change: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteToSiteVpn:
    """A VPN connection. cidrs: its static routes. state: EC2's word."""

    id: str
    gateway_id: str
    cidrs: tuple[str, ...]
    customer_gateway_id: str = ""
    state: str = "available"
    tunnels: tuple[Tunnel, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGateway:
    """The company's end of VPN connections. address: public, empty if it has none."""

    id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """A security group's rule. peer: a range, a prefix list or another group.

    protocol: as EC2 names it, `-1` for all. from_port, to_port: -1 for all; of ICMP type and code.
    """

    id: str
    group_id: str
    egress: bool
    protocol: str
    from_port: int
    to_port: int
    peer: str
    description: str = ""

    @property
    def cidr(self) -> str | None:
        """The peer's range; None if the peer is not an IPv4 range."""
        return self.peer if "/" in self.peer and ":" not in self.peer else None


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
    """A network ACL and the subnets that it filters; every subnet has one."""

    id: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    rules: tuple[AclRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group without its rules, which EC2's API lists separately."""

    id: str
    vpc_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Instance:
    """An EC2 instance with one interface. address: private. state: EC2's word, such as `running`."""

    id: str
    subnet_id: str
    address: str
    group_ids: tuple[str, ...]
    vpc_id: str = ""
    state: str = "running"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseInstance:
    """An RDS instance: it may be in each of its subnets. address, port: None until it has them."""

    identifier: str
    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    vpc_id: str = ""
    status: str = "available"
    address: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcEndpoint:
    """A VPC endpoint; an interface endpoint has interfaces in subnets. Two are alike whatever they serve."""

    id: str
    subnet_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    vpc_id: str = field(default="", compare=False)
    service: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """Something with a tag. type: EC2's word for what it is."""

    id: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What AWS has of a tenant or of a whole cell, without what is deleted.

    An empty kind may also mean that it was not read. tunnel_host_id: of the cell's instance.
    """

    tunnel_host_id: str = ""
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    peerings: tuple[Peering, ...] = ()
    vpn_gateways: tuple[Gateway, ...] = ()
    internet_gateways: tuple[Gateway, ...] = ()
    nat_gateways: tuple[Gateway, ...] = ()
    vpn_connections: tuple[SiteToSiteVpn, ...] = ()
    customer_gateways: tuple[CustomerGateway, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    rules: tuple[SecurityGroupRule, ...] = ()
    instances: tuple[Ec2Instance, ...] = ()
    databases: tuple[DatabaseInstance, ...] = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    tagged: tuple[Tagged, ...] = ()


def having(things: Iterable[R], **tags: str) -> Iterator[R]:
    """The records with these tags of Tenantnet's."""
    wanted = {f"tenantnet:{key}": value for key, value in tags.items()}.items()
    return (thing for thing in things if wanted <= thing.tags.items())
