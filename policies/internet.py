"""The policy on the internet: no stack of Tenantnet has a way to it, in or out."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.addresses.addressing import PRIVATE_RANGES, check_private_cidr
from tenantnet.aws.types import DATABASE, EGRESS_RULE, INGRESS_RULE, INSTANCE, ROUTE, SUBNET, VPC
from tenantnet.policies.model import KNOWN_IN_PREVIEW, Finding, PackSettings, Policy, Resource, Severity
from tenantnet.refusal import Rule

INTERNET_TYPES = {
    "aws:ec2/internetGateway:InternetGateway": "an internet gateway",
    "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment": "an internet gateway",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "an egress-only internet gateway",
    "aws:ec2/natGateway:NatGateway": "a NAT gateway",
    "aws:ec2/carrierGateway:CarrierGateway": "a carrier gateway",
    "aws:ec2/eip:Eip": "a public address",
    "aws:ec2/eipAssociation:EipAssociation": "a public address",
    "aws:ec2/defaultVpc:DefaultVpc": "a VPC that AWS made with an internet gateway",
    "aws:ec2/defaultSubnet:DefaultSubnet": "a subnet that AWS made with public addresses",
    "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation": "a range of public IPv6 addresses",
    "aws:ec2clientvpn/endpoint:Endpoint": "an entry for VPN clients from the internet",
}

# Properties that give public addresses: what they must not be set to anything but.
PUBLIC_PROPERTIES = {
    VPC: ("assignGeneratedIpv6CidrBlock", "ipv6CidrBlock", "ipv6IpamPoolId"),
    SUBNET: ("mapPublicIpOnLaunch", "ipv6CidrBlock", "assignIpv6AddressOnCreation", "ipv6Native"),
    INSTANCE: ("associatePublicIpAddress", "ipv6AddressCount", "ipv6Addresses"),
}
INTERNET_TARGETS = ("natGatewayId", "egressOnlyGatewayId", "carrierGatewayId")

NO_INTERNET_RESOURCE = Rule(
    id="no-internet-resource",
    rule="no stack of Tenantnet has {what}",
    reason="networks, sessions and services are reached through peering, VPN and Session Manager alone",
    remedy="remove it; AWS services are reached through VPC endpoints",
)
NO_PUBLIC_ADDRESS = Rule(
    id="no-public-address",
    rule="nothing has a public address: {property} is not set",
    reason="a public address, or any of IPv6, is half of a way to the internet",
    remedy="remove {property} or set it to false",
)
NO_INTERNET_ROUTE = Rule(
    id="no-internet-route",
    rule=f"a route leads to a range inside {', '.join(PRIVATE_RANGES)}",
    reason="any other destination is the internet, and a default route is all of it",
    remedy="name the network that is to be reached, or remove the route",
)
NO_INTERNET_PEER = Rule(
    id="no-internet-peer",
    rule=f"a security group names peers inside {', '.join(PRIVATE_RANGES)}",
    reason="any other peer is on the internet, and 0.0.0.0/0 or ::/0 is everybody there",
    remedy="name the range of the peer that is meant",
)


def _judge_resource(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if what := INTERNET_TYPES.get(resource.type):
        yield resource.refuse(NO_INTERNET_RESOURCE, "", value=resource.type, what=what)
    for path in PUBLIC_PROPERTIES.get(resource.type, ()):
        if resource.props.get(path):
            yield resource.refuse(NO_PUBLIC_ADDRESS, path, property=path)
    if resource.type == DATABASE and resource.props.get("networkType", "IPV4") != "IPV4":
        yield resource.refuse(NO_PUBLIC_ADDRESS, "networkType", property="networkType")
    if resource.type == ROUTE:
        yield from _judge_route(resource)
    if resource.type in (INGRESS_RULE, EGRESS_RULE):
        yield from _judge_peer(resource)


def _judge_route(route: Resource) -> Iterator[Finding]:
    if route.props.get("destinationIpv6CidrBlock") is not None:
        yield route.refuse(NO_INTERNET_ROUTE, "destinationIpv6CidrBlock")
    destination = route.props.get("destinationCidrBlock")
    if destination is not None and check_private_cidr(destination):
        yield route.refuse(NO_INTERNET_ROUTE, "destinationCidrBlock")
    for path in INTERNET_TARGETS:
        if route.props.get(path) is not None:
            yield route.refuse(NO_INTERNET_RESOURCE, path, what="a route to a gateway to the internet")
    gateway = route.props.get("gatewayId")
    if isinstance(gateway, str) and gateway.startswith("igw-"):
        yield route.refuse(NO_INTERNET_RESOURCE, "gatewayId", what="a route to an internet gateway")


def _judge_peer(rule: Resource) -> Iterator[Finding]:
    if rule.props.get("cidrIpv6") is not None:
        yield rule.refuse(NO_INTERNET_PEER, "cidrIpv6")
    peer = rule.props.get("cidrIpv4")
    if peer is not None and check_private_cidr(peer):
        yield rule.refuse(NO_INTERNET_PEER, "cidrIpv4")


NO_INTERNET_PATH = Policy(
    name="no-internet-path",
    description="Nothing leads to or from the internet: no gateway, NAT, public address or default route.",
    severity=Severity.CRITICAL,
    remediation="Remove it. AWS services are reached through VPC endpoints, companies through VPN.",
    rules=(
        KNOWN_IN_PREVIEW,
        NO_INTERNET_RESOURCE,
        NO_PUBLIC_ADDRESS,
        NO_INTERNET_ROUTE,
        NO_INTERNET_PEER,
    ),
    judge_resource=_judge_resource,
)

POLICIES = (NO_INTERNET_PATH,)
