"""A stack's networks, session subnets and company ranges, found by tags and relations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tenantnet.addresses import addressing
from tenantnet.addresses.addressing import ReservedRange
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.aws.types import DATABASE, SUBNET, TABLE_ITEM, VPC, VPN_CONNECTION, VPN_CONNECTION_ROUTE
from tenantnet.policies.model import PackSettings, Resource, Stack
from tenantnet.stacks.outputs import PlatformOutputs
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


def database_ranges(claims: Iterable[Claim]) -> list[str]:
    """The ranges of databases in claimed networks, before it is known which ones the stack has."""
    return [addressing.database_range(each.cidr) for each in claims if each.kind is ClaimKind.NETWORK]


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
        claim = item.claim
        if claim and (claim.stack, claim.tenant) == (stack.name, stack.name):
            yield item, claim


def sound_claims(
    stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[tuple[Resource, Claim]]:
    """The own claims that are for the platform's table, and of ranges that its tenants can have."""
    table = platform.claims_table
    for item, claim in own_claims(stack):
        as_written = claim == claim.in_table(table, platform.cell) and item.props.get("tableName") == table
        if as_written and can_have(claim, settings.reserved, platform):
            yield item, claim


def granted_claims(stack: Stack, settings: PackSettings, platform: PlatformOutputs) -> Collection[Claim]:
    """The stack's claims that the platform's table has by now.

    What is declared is no claim yet: its row may be for another table, and the range may be another's.
    """
    declared = [claim for _, claim in sound_claims(stack, settings, platform)]
    return settings.reading.granted(declared, platform.cell, platform.region)


def can_have(claim: Claim, reserved: Sequence[ReservedRange], platform: PlatformOutputs) -> bool:
    """Whether a tenant of the cell can have the range: a claim of any other would keep many out."""
    sessions, services = platform.sessions_cidr, platform.services_cidr
    if claim.kind is ClaimKind.SESSION_SUBNET:
        refusals = addressing.check_session_subnet(claim.cidr, sessions, platform.shared_subnets)
        return not claim.slot and not refusals
    if claim.slot not in [*Slot] or addressing.check_network_cidr(claim.cidr, reserved):
        return False
    return not any(each and addressing.overlaps(claim.cidr, each) for each in (sessions, services))
