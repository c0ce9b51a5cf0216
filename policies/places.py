"""A stack's networks, session subnets and company ranges, found by tags and relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantnet.addresses import addressing
from tenantnet.aws.types import SUBNET, VPC, VPN_CONNECTION, VPN_CONNECTION_ROUTE
from tenantnet.policies.model import PackSettings, Resource, Stack
from tenantnet.tags import Part, Tag


def is_network(vpc: Resource) -> bool:
    """Whether the VPC is a tenant's network: every VPC is that does not say it is the platform's."""
    return vpc.part not in (Part.SESSIONS, Part.SERVICES) or Tag.TENANT in vpc.tags


def networks(stack: Stack) -> list[Resource]:
    """The tenant networks of the stack."""
    return [vpc for vpc in stack.of_type(VPC) if is_network(vpc)]


def network_cidrs(stack: Stack) -> Sequence[str]:
    """The ranges of the stack's tenant networks."""
    return texts(networks(stack), "cidrBlock")


def company_cidrs(stack: Stack, slot: object) -> Sequence[str]:
    """The company ranges behind the VPN connections of the stack's network `slot`."""
    routes = [route for route in stack.of_type(VPN_CONNECTION_ROUTE) if slot_of_route(stack, route) == slot]
    return texts(routes, "destinationCidrBlock")


def session_cidrs(stack: Stack) -> Sequence[str]:
    """The ranges of the stack's session subnets."""
    return texts(session_subnets(stack), "cidrBlock")


def session_subnets(stack: Stack) -> list[Resource]:
    """The stack's subnets in the sessions VPC."""
    return [subnet for subnet in stack.of_type(SUBNET) if subnet.part == Part.SESSION]


def texts(resources: Iterable[Resource], path: str) -> Sequence[str]:
    """The property's values that are known, sorted, each once: an unknown one equals no other."""
    values = (resource.props.get(path) for resource in resources)
    return sorted({value for value in values if isinstance(value, str)})


def is_services_host(cidr: object, settings: PackSettings) -> bool:
    """Whether the range is one address of the services network, such as the tunnel host's."""
    return (
        isinstance(cidr, str)
        and cidr.endswith("/32")
        and any(
            addressing.overlaps(cidr, entry.cidr)
            for entry in settings.reserved
            if entry.purpose == addressing.SERVICES
        )
    )


def slot_of_route(stack: Stack, route: Resource) -> object:
    """The slot of the network whose VPN connection the route belongs to; None if nothing tells it."""
    connection = stack.targets(route, "vpnConnectionId", VPN_CONNECTION).only
    return connection.tags.get(Tag.NETWORK) if connection else None
