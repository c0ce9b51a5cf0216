"""Policies on addresses: the ranges of tenant networks and companies, and the companies' gateways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from netaddr import IPNetwork, IPSet
from tenantnet.addresses import addressing
from tenantnet.aws.types import (
    CUSTOMER_GATEWAY,
    VPC,
    VPN_CONNECTION,
    VPN_CONNECTION_ROUTE,
)
from tenantnet.policies.model import (
    COMPANY_ADDRESSES,
    KNOWN_IN_PREVIEW,
    PLATFORM_PREFIX,
    RESERVED_RANGES_SCHEMA,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
)
from tenantnet.policies.places import networks, slot_of_route
from tenantnet.refusal import Refusal, Rule
from tenantnet.settings.rules import COMPANY_CIDR_OUTSIDE, COMPANY_CIDRS_APART, PLATFORM_RANGE_RESERVED

RANGE_RULES = (
    KNOWN_IN_PREVIEW,
    addressing.RANGE_TEXT,
    addressing.RANGE_NOTATION,
    addressing.RANGE_ALIGNED,
)

COMPANY_ADDRESSES_SETTING = "companyAddresses"
COMPANIES_BOUNDED = Rule(
    id="companies-bounded",
    rule=f"the company ranges of one tenant have {{most}} addresses together at most, unless the setting "
    f"{COMPANY_ADDRESSES_SETTING} of the pack permits more",
    reason="they have {count}: no other tenant could get a network in them, whether anybody is there or not",
    remedy="write the exact ranges behind the company's VPN device",
)
STATIC_ROUTES = Rule(
    id="static-routes",
    rule="a VPN connection has static routes",
    reason="with dynamic routing it takes whatever ranges the company's device announces, reserved ones too",
    remedy="set static_routes_only=True and a VpnConnectionRoute for each company range",
)


def _judge_cidr(
    resource: Resource, path: str, check: Callable[[object], Iterable[Refusal]]
) -> Iterator[Finding]:
    value = resource.props.get(path)
    if isinstance(value, Unknown):
        yield resource.refuse(KNOWN_IN_PREVIEW, path)
    else:
        yield from (Finding(resource, refusal.at(path)) for refusal in check(value))


def _judge_network(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    if resource.type == VPC and not resource.stack.startswith(PLATFORM_PREFIX):
        yield from _judge_cidr(
            resource, "cidrBlock", lambda value: addressing.check_network_cidr(value, settings.reserved)
        )
    elif resource.type == VPC:
        yield from _judge_cidr(
            resource, "cidrBlock", lambda value: _check_platform_cidr(value, str(resource.part), settings)
        )


def _check_platform_cidr(value: object, purpose: str, settings: PackSettings) -> list[Refusal]:
    refusals = addressing.check_private_cidr(value)
    reserved = [entry.cidr for entry in settings.reserved if entry.purpose == purpose]
    if not refusals and not any(IPNetwork(str(value)) in IPNetwork(cidr) for cidr in reserved):
        return [PLATFORM_RANGE_RESERVED.refuse(value, purpose=purpose, reserved=", ".join(reserved))]
    return refusals


NETWORK_CIDR_PERMITTED = Policy(
    name="network-cidr-permitted",
    description="A tenant network is one aligned /26 in a private range, outside every reserved range.",
    severity=Severity.CRITICAL,
    remediation="Choose another range, or let `tenantnet network add TENANT` choose a free one.",
    rules=(
        *RANGE_RULES,
        addressing.RANGE_RESERVED,
        addressing.RANGE_PRIVATE,
        addressing.NETWORK_SIZE,
        PLATFORM_RANGE_RESERVED,
    ),
    judge_resource=_judge_network,
    schema=RESERVED_RANGES_SCHEMA,
)


def _judge_company(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    if resource.type == VPN_CONNECTION_ROUTE:
        yield from _judge_cidr(
            resource,
            "destinationCidrBlock",
            lambda value: addressing.check_company_cidr(value, settings.reserved),
        )
    elif resource.type == VPN_CONNECTION and resource.props.get("staticRoutesOnly") is not True:
        yield resource.refuse(STATIC_ROUTES, "staticRoutesOnly")


def _judge_companies(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    routes = [route for route in stack.of_type(VPN_CONNECTION_ROUTE) if _range(route)]
    if routes:
        yield from _judge_sum(max(routes, key=lambda route: IPNetwork(_range(route)).size), routes, settings)
    for route in routes:
        for vpc in networks(stack):
            if (cidr := _cidr(vpc.props.get("cidrBlock"))) and addressing.overlaps(_range(route), cidr):
                yield route.refuse(COMPANY_CIDR_OUTSIDE, "destinationCidrBlock", other=vpc.name, cidr=cidr)
    for other, route in combinations(routes, 2):
        if slot_of_route(stack, route) == slot_of_route(stack, other) and addressing.overlaps(
            _range(route), _range(other)
        ):
            yield route.refuse(
                COMPANY_CIDRS_APART, "destinationCidrBlock", other=other.name, cidr=_range(other)
            )


def _judge_sum(at: Resource, routes: Iterable[Resource], settings: PackSettings) -> Iterator[Finding]:
    """at: the resource that goes too far."""
    count, most = IPSet(map(_range, routes)).size, settings.company_addresses
    if count > most:
        path = "destinationCidrBlock"
        yield at.refuse(COMPANIES_BOUNDED, path, value=_range(at) or at.name, count=count, most=most)


def _judge_companies_in_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    if resource.type == VPN_CONNECTION_ROUTE:
        routes = [route for route in stack.of_type(VPN_CONNECTION_ROUTE) if _range(route)]
        yield from _judge_sum(resource, routes, settings)


def _range(route: Resource) -> str:
    return _cidr(route.props.get("destinationCidrBlock"))


def _cidr(value: object) -> str:
    """The value where it is a range that can be compared; empty for any other."""
    return value if isinstance(value, str) and not addressing.check_private_cidr(value) else ""


COMPANY_CIDR_PERMITTED = Policy(
    name="company-cidr-permitted",
    description="A company range is private, outside reserved ranges, apart from the tenant's other ranges.",
    severity=Severity.CRITICAL,
    remediation="Write the exact ranges behind the company's VPN device.",
    rules=(
        *RANGE_RULES,
        addressing.COMPANY_RESERVED,
        addressing.COMPANY_PRIVATE,
        STATIC_ROUTES,
        COMPANIES_BOUNDED,
        COMPANY_CIDR_OUTSIDE,
        COMPANY_CIDRS_APART,
    ),
    judge_resource=_judge_company,
    judge_stack=_judge_companies,
    judge_update=_judge_companies_in_update,
    schema={
        **RESERVED_RANGES_SCHEMA,
        COMPANY_ADDRESSES_SETTING: {
            "type": "integer",
            "minimum": 1,
            "default": COMPANY_ADDRESSES,
            "description": "How many addresses the company ranges of one tenant have together at most.",
        },
    },
)


def _judge_gateway(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type == CUSTOMER_GATEWAY:
        yield from _judge_cidr(resource, "ipAddress", addressing.check_gateway_ip)


COMPANY_GATEWAY_PUBLIC = Policy(
    name="company-gateway-public",
    description="A company's VPN device has a public IPv4 address.",
    severity=Severity.HIGH,
    remediation="Write the address that the device shows to the internet; behind NAT that of the NAT.",
    rules=(KNOWN_IN_PREVIEW, addressing.GATEWAY_TEXT, addressing.GATEWAY_PUBLIC),
    judge_resource=_judge_gateway,
)

POLICIES = (
    NETWORK_CIDR_PERMITTED,
    COMPANY_CIDR_PERMITTED,
    COMPANY_GATEWAY_PUBLIC,
)
