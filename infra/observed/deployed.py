"""Records of what EC2 and RDS describe: each says which call describes it, and under which keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_pascal
from pydantic.fields import FieldInfo
from tenantnet.aws.vpn_routes import company_ranges
from tenantnet.observed.status.words import TunnelState
from tenantnet.stacks.outputs import Model

LOCAL = "local"
ANY_PROTOCOL = "-1"
# Where a route comes from, in EC2's words.
WRITTEN, PROPAGATED = "CreateRoute", "EnableVgwRoutePropagation"

Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Describe:
    """A call that describes records. key: where its answer has them.

    live: the filters for what exists, since EC2 describes what was deleted for about an hour.
    """

    call: str
    key: str
    live: Filters = field(default_factory=dict)
    service: str = "ec2"


def at(*paths: str) -> FieldInfo:
    """A field that AWS has at the first of these paths that is there; a dot leads inside."""
    aliases = AliasChoices(*(AliasPath(*path.split(".")) for path in paths))
    found: FieldInfo = Field(validation_alias=aliases)
    return found


def each_under(key: str) -> BeforeValidator:
    """Of the things that AWS lists, what each has under a key, if anything."""
    return BeforeValidator(
        lambda found: [
            each[key] if isinstance(each, Mapping) else each
            for each in found
            if not isinstance(each, Mapping) or key in each
        ]
    )


class Described(Model):
    """A record, made of AWS's answer (model_validate) or by the names of its fields."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_pascal, serialization_alias=to_camel),
        # An answer about a VPN connection holds its keys.
        hide_input_in_errors=True,
    )
    described_by: ClassVar[Describe]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, found: object) -> object:
        if not isinstance(found, Mapping):
            return found
        # What AWS answers empty is not there; what is given by a field's name stays as it is.
        named = cls.model_fields.keys()
        present = {key: value for key, value in found.items() if key in named or value not in (None, "")}
        return {**cls.combined(present), **present}

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields for which AWS's answer has no place of their own."""
        return {}


def _by_key(tags: Mapping[str, str] | Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return tags if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}


class WithTags(Described):
    """A record with tags, as AWS has them."""

    tags: Annotated[Mapping[str, str], BeforeValidator(_by_key)] = {}


R = TypeVar("R", bound=WithTags)


class Vpc(WithTags):
    """cidrs: all its ranges, of IPv4 and IPv6, its first one first."""

    described_by = Describe("describe_vpcs", "Vpcs")
    id: Annotated[str, at("VpcId")]
    cidrs: tuple[str, ...]
    state: str = "available"

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        further = [
            each[key]
            for key in ("CidrBlock", "Ipv6CidrBlock")
            for each in found.get(f"{key}AssociationSet", ())
            if each[f"{key}State"]["State"] == "associated"
        ]
        return {"cidrs": tuple(dict.fromkeys([found.get("CidrBlock"), *further]))}


class Subnet(WithTags):
    """A subnet; its routes are those of the table it is associated with, or of the VPC's main table.

    cidr: its IPv4 range. ipv6_cidrs: none in a VPC of Tenantnet's.
    """

    described_by = Describe("describe_subnets", "Subnets")
    id: Annotated[str, at("SubnetId")]
    vpc_id: str
    cidr: Annotated[str, at("CidrBlock")]
    ipv6_cidrs: Annotated[
        tuple[str, ...], at("Ipv6CidrBlockAssociationSet"), each_under("Ipv6CidrBlock")
    ] = ()

    @property
    def cidrs(self) -> tuple[str, ...]:
        """Its ranges of both versions."""
        return (self.cidr, *self.ipv6_cidrs)


class Route(Described):
    """destination: a range, or a prefix list's ID. target: `local` or an ID, such as pcx-… or igw-….

    origin: where it comes from, in EC2's word. active: false where its target is gone.
    """

    destination: Annotated[
        str, at("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    ] = "nowhere"
    target: Annotated[
        str,
        at(
            "VpcPeeringConnectionId",
            "GatewayId",
            "NatGatewayId",
            "TransitGatewayId",
            "InstanceId",
            "NetworkInterfaceId",
            "EgressOnlyInternetGatewayId",
            "LocalGatewayId",
            "CarrierGatewayId",
            "CoreNetworkArn",
        ),
    ] = "nowhere"
    origin: str = WRITTEN
    active: Annotated[bool, at("State"), BeforeValidator(lambda state: state in (True, "active"))] = True


class RouteTable(Described):
    """propagating: the gateways whose routes are added to the static ones."""

    described_by = Describe("describe_route_tables", "RouteTables")
    id: Annotated[str, at("RouteTableId")]
    vpc_id: str
    main: bool
    subnet_ids: Annotated[tuple[str, ...], at("Associations"), each_under("SubnetId")] = ()
    routes: tuple[Route, ...]
    propagating: Annotated[tuple[str, ...], at("PropagatingVgws"), each_under("GatewayId")] = ()

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"main": any(each.get("Main") for each in found.get("Associations", ()))}


class Peering(WithTags):
    """vpc_ids: of the requester and of the accepter. state: EC2's word."""

    described_by = Describe(
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        {"status-code": ("initiating-request", "pending-acceptance", "provisioning", "active")},
    )
    id: Annotated[str, at("VpcPeeringConnectionId")]
    vpc_ids: tuple[str, str]
    state: Annotated[str, at("Status.Code")] = "active"

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        sides = (found.get(side, {}) for side in ("RequesterVpcInfo", "AccepterVpcInfo"))
        return {"vpc_ids": tuple(side.get("VpcId") for side in sides)}


def attached_vpc(found: str | Iterable[Mapping[str, str]]) -> str:
    """The VPC of a gateway's attachments; empty without one."""
    if isinstance(found, str):
        return found
    # An internet gateway's attachment is `available`, a VPN gateway's is `attached`.
    attached = (each["VpcId"] for each in found if each.get("State") in ("attached", "available"))
    return next(attached, "")


class Gateway(Described):
    """A gateway of a VPC. vpc_id: empty if it is attached to none."""

    id: Annotated[str, at("VpnGatewayId", "InternetGatewayId", "NatGatewayId")]
    vpc_id: Annotated[str, at("VpcId", "VpcAttachments", "Attachments"), BeforeValidator(attached_vpc)] = ""


class VpnGateway(Gateway):
    """A virtual private gateway."""

    described_by = Describe("describe_vpn_gateways", "VpnGateways", {"state": ("pending", "available")})


class InternetGateway(Gateway):
    """An internet gateway."""

    described_by = Describe("describe_internet_gateways", "InternetGateways")


class NatGateway(Gateway):
    """A NAT gateway."""

    described_by = Describe("describe_nat_gateways", "NatGateways", {"state": ("pending", "available")})


class Tunnel(Described):
    """One tunnel of a VPN connection. outside_ip: AWS's end. message: AWS's words, often empty.

    It is read as AWS describes it and as `tenantnet status --json` shows it.
    """

    outside_ip: Annotated[str, at("OutsideIpAddress", "outsideIp")] = ""
    state: Annotated[TunnelState, at("Status")]
    message: Annotated[str, at("StatusMessage")] = ""
    last_change: Annotated[datetime | None, at("LastStatusChange", "lastChange")] = None


class SiteToSiteVpn(WithTags):
    """A VPN connection. cidrs: its static routes. state: EC2's word."""

    described_by = Describe("describe_vpn_connections", "VpnConnections", {"state": ("pending", "available")})
    id: Annotated[str, at("VpnConnectionId")]
    gateway_id: Annotated[str, at("VpnGatewayId")] = ""
    cidrs: tuple[str, ...]
    customer_gateway_id: str = ""
    state: str = "available"
    tunnels: Annotated[tuple[Tunnel, ...], at("VgwTelemetry")] = ()

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"cidrs": company_ranges(found)}


class CustomerGateway(WithTags):
    """The company's end of VPN connections. address: public, empty if it has none."""

    described_by = Describe("describe_customer_gateways", "CustomerGateways")
    id: Annotated[str, at("CustomerGatewayId")]
    address: Annotated[str, at("IpAddress")] = ""


class SecurityGroupRule(Described):
    """A security group's rule. peer: a range, a prefix list or another group.

    protocol: as EC2 names it, `-1` for all. from_port, to_port: -1 for all; of ICMP type and code.
    """

    described_by = Describe("describe_security_group_rules", "SecurityGroupRules")
    id: Annotated[str, at("SecurityGroupRuleId")]
    group_id: str
    egress: Annotated[bool, at("IsEgress")]
    protocol: Annotated[str, at("IpProtocol")]
    from_port: int = -1
    to_port: int = -1
    peer: Annotated[str, at("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo.GroupId")] = (
        "anywhere"
    )
    description: str = ""

    @property
    def cidr(self) -> str | None:
        """The peer's range, of IPv4 or IPv6; None if the peer is no range."""
        return self.peer if "/" in self.peer else None


class AclRule(Described):
    """A network ACL's rule. The lowest number decides.

    protocol: as EC2 numbers it, `-1` for all. from_port, to_port: as in SecurityGroupRule.
    """

    number: Annotated[int, at("RuleNumber")]
    egress: bool
    allow: Annotated[bool, at("RuleAction"), BeforeValidator(lambda action: action in (True, "allow"))]
    cidr: Annotated[str, at("CidrBlock", "Ipv6CidrBlock")]
    protocol: str = ANY_PROTOCOL
    from_port: Annotated[int, at("IcmpTypeCode.Type", "PortRange.From")] = -1
    to_port: Annotated[int, at("IcmpTypeCode.Code", "PortRange.To")] = -1


class NetworkAcl(WithTags):
    """A network ACL and the subnets that it filters; every subnet has one."""

    described_by = Describe("describe_network_acls", "NetworkAcls")
    id: Annotated[str, at("NetworkAclId")]
    vpc_id: str
    subnet_ids: Annotated[tuple[str, ...], at("Associations"), each_under("SubnetId")]
    rules: tuple[AclRule, ...]

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"rules": found.get("Entries", ())}


class SecurityGroup(WithTags):
    """A security group without its rules, which EC2's API lists separately."""

    described_by = Describe("describe_security_groups", "SecurityGroups")
    id: Annotated[str, at("GroupId")]
    vpc_id: str


class Ec2Instance(WithTags):
    """An EC2 instance with one interface. address: private. state: EC2's word, such as `running`."""

    described_by = Describe(
        "describe_instances",
        "Reservations",
        {"instance-state-name": ("pending", "running", "stopping", "stopped")},
    )
    id: Annotated[str, at("InstanceId")]
    subnet_id: str
    address: Annotated[str, at("PrivateIpAddress")] = ""
    group_ids: Annotated[tuple[str, ...], at("SecurityGroups"), each_under("GroupId")]
    vpc_id: str = ""
    state: Annotated[str, at("State.Name")] = "running"


class NetworkInterface(Described):
    """An interface of anything in a VPC. cidrs: its private addresses and prefixes, of IPv4 and IPv6.

    group_ids: none where it has no security groups, as with NAT gateways. managed_by: the service that made
    it, in AWS's word, and that alone can.
    """

    described_by = Describe("describe_network_interfaces", "NetworkInterfaces")
    id: Annotated[str, at("NetworkInterfaceId")]
    vpc_id: str
    subnet_id: str
    cidrs: tuple[str, ...]
    group_ids: Annotated[tuple[str, ...], at("Groups"), each_under("GroupId")] = ()
    managed_by: Annotated[str, at("RequesterId")] = ""

    @classmethod
    def combined(cls, found: Mapping[str, Any]) -> Mapping[str, Any]:
        single = [
            f"{each[key]}/{length}"
            for listed, key, length in (
                ("PrivateIpAddresses", "PrivateIpAddress", 32),
                ("Ipv6Addresses", "Ipv6Address", 128),
            )
            for each in found.get(listed, ())
        ]
        prefixes = [each[key] for key in ("Ipv4Prefix", "Ipv6Prefix") for each in found.get(f"{key}es", ())]
        own = [f"{found['PrivateIpAddress']}/32"] if "PrivateIpAddress" in found else []
        return {"cidrs": tuple(dict.fromkeys([*own, *single, *prefixes]))}


class DatabaseInstance(Described):
    """An RDS instance: it may be in each of its subnets. address, port: None until it has them.

    parameters: whether those of its groups are in force, in RDS's words.
    """

    described_by = Describe("describe_db_instances", "DBInstances", service="rds")
    identifier: Annotated[str, at("DBInstanceIdentifier")]
    subnet_ids: Annotated[tuple[str, ...], at("DBSubnetGroup.Subnets"), each_under("SubnetIdentifier")] = ()
    group_ids: Annotated[tuple[str, ...], at("VpcSecurityGroups"), each_under("VpcSecurityGroupId")] = ()
    vpc_id: Annotated[str, at("DBSubnetGroup.VpcId")] = ""
    status: Annotated[str, at("DBInstanceStatus")] = "available"
    parameters: Annotated[tuple[str, ...], at("DBParameterGroups"), each_under("ParameterApplyStatus")] = ()
    address: Annotated[str | None, at("Endpoint.Address")] = None
    port: Annotated[int | None, at("Endpoint.Port")] = None


class VpcEndpoint(Described):
    """A VPC endpoint; an interface endpoint has interfaces in subnets."""

    described_by = Describe("describe_vpc_endpoints", "VpcEndpoints")
    id: Annotated[str, at("VpcEndpointId")]
    subnet_ids: tuple[str, ...] = ()
    group_ids: Annotated[tuple[str, ...], at("Groups"), each_under("GroupId")] = ()
    vpc_id: str = ""
    service: Annotated[str, at("ServiceName")] = ""
    interface_ids: Annotated[tuple[str, ...], at("NetworkInterfaceIds")] = ()


class Tagged(Described):
    """Something with a tag. type: EC2's word for what it is."""

    described_by = Describe("describe_tags", "Tags")
    id: Annotated[str, at("ResourceId")]
    type: Annotated[str, at("ResourceType")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What AWS has of a tenant or of a whole cell, without what is deleted.

    An empty kind may also mean that it was not read. tunnel_host_id: of the cell's instance. tagged: what has
    a tenant's tags and is not in its stack.
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
    interfaces: tuple[NetworkInterface, ...] = ()
    databases: tuple[DatabaseInstance, ...] = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    tagged: tuple[Tagged, ...] = ()


def having(things: Iterable[R], **tags: str) -> Iterator[R]:
    """The records with these tags of Tenantnet's."""
    wanted = {f"tenantnet:{key}": value for key, value in tags.items()}.items()
    return (thing for thing in things if wanted <= thing.tags.items())
