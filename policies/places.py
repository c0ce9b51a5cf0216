"""A stack's networks, session subnets and company ranges, found by tags and relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenantnet.addresses import addressing
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.aws.types import DATABASE, SUBNET, TABLE_ITEM, VPC, VPN_CONNECTION, VPN_CONNECTION_ROUTE
from tenantnet.policies.model import Resource, Stack, parse_json
from tenantnet.tags import Lifecycle, Slot, Tag


def networks(stack: Stack) -> list[Resource]:
    """The tenant networks of the stack: every VPC that is not in a platform's stack."""
    return [] if stack.is_platform else list(stack.of_type(VPC))


def network_cidrs(stack: Stack, peering: Resource | None) -> Sequence[str]:
    """The range of the network that the peering is of; nothing if it is of none of the stack's."""
    found = stack.targets(peering, "vpcId", VPC).found if peering else ()
    return texts(found, "cidrBlock")


def databases_of_move(stack: Stack) -> Mapping[object, str]:
    """The databases' ranges by their networks' slots, where the database in one may follow that in the other.

    Both networks have one that stays, and neither is RDS's own replica, which needs no way through a network.
    """
    staying = [
        each.tags.get(Tag.NETWORK)
        for each in stack.of_type(DATABASE)
        if each.tags.get(Tag.LIFECYCLE) in (Lifecycle.PRODUCTION, Lifecycle.TEST)
        and not each.props.get("replicateSourceDb")
    ]
    found = {each.tags.get(Tag.NETWORK): each.props.get("cidrBlock") for each in networks(stack)}
    ranges = {
        slot: addressing.database_range(str(cidr))
        for slot, cidr in found.items()
        if slot in staying and not addressing.check_network_cidr(cidr, ())
    }
    return ranges if len(ranges) == len(Slot) else {}


def claimed_database_ranges(stack: Stack) -> list[str]:
    """The ranges of databases in the networks that the stack claims, before it is known which ones it has."""
    cidrs = [claim.cidr for _, claim in own_claims(stack) if claim.kind is ClaimKind.NETWORK]
    return [addressing.database_range(cidr) for cidr in cidrs if not addressing.check_network_cidr(cidr, ())]


def company_cidrs(stack: Stack, slot: object) -> Sequence[str]:
    """The company ranges behind the VPN connections of the stack's network `slot`."""
    routes = [route for route in stack.of_type(VPN_CONNECTION_ROUTE) if slot_of_route(stack, route) == slot]
    return texts(routes, "destinationCidrBlock")


def session_cidrs(stack: Stack) -> Sequence[str]:
    """The ranges of the stack's session subnets."""
    return texts(session_subnets(stack), "cidrBlock")


def session_subnets(stack: Stack) -> list[Resource]:
    """The stack's subnets in the sessions VPC: all that are in no VPC of the stack."""
    subnets = [] if stack.is_platform else stack.of_type(SUBNET)
    return [subnet for subnet in subnets if not stack.targets(subnet, "vpcId", VPC).found]


def texts(resources: Iterable[Resource], path: str) -> Sequence[str]:
    """The property's values that are known, sorted, each once: an unknown one equals no other."""
    values = (resource.props.get(path) for resource in resources)
    return sorted({value for value in values if isinstance(value, str)})


def slot_of_route(stack: Stack, route: Resource) -> object:
    """The slot of the network whose VPN connection the route belongs to; None if nothing tells it."""
    connection = stack.targets(route, "vpnConnectionId", VPN_CONNECTION).only
    return connection.tags.get(Tag.NETWORK) if connection else None


def own_claims(stack: Stack) -> Iterator[tuple[Resource, Claim]]:
    """The claims of the stack's own tenant that it declares, each with its row."""
    for item in stack.of_type(TABLE_ITEM):
        claim = claim_of(item)
        if claim and (claim.stack, claim.tenant) == (stack.name, stack.name):
            yield item, claim


def claim_of(item: Resource) -> Claim | None:
    """The claim that a table's row is, to the letter; None for any other row, or one that is not known."""
    try:
        row: Any = parse_json(str(item.props.get("item")))
        claim = Claim.from_item(row)
    except (ValueError, TypeError, RecursionError):
        return None
    return claim if claim.item() == row and claim.is_ours else None
