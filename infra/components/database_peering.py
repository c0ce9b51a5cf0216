"""The peering between a tenant's two networks while its database moves: one database follows the other."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from tenantnet.addresses.addressing import check_private_cidr
from tenantnet.components.checked import require
from tenantnet.components.security import MYSQL, SecurityRuleArgs, allow_from, allow_to, fixed_description
from tenantnet.components.service_peering import PeeringSide, peer
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSide:
    """One of the two databases. Raises Refused for a range that is not private."""

    owner: Owner
    """Whose it is, with its network's slot."""
    vpc_id: pulumi.Input[str]
    """Its network's VPC."""
    route_table_id: pulumi.Input[str]
    """The table of its subnets, which gets the route to the other database."""
    security_group_id: pulumi.Input[str]
    """Its group, which gets the rules for the other database."""
    cidr: str
    """The range of its subnets."""

    def __post_init__(self) -> None:
        require(f"The database {self.owner.prefix}", self.owner, {"cidr": check_private_cidr(self.cidr)})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePeeringArgs:
    """The two databases, in an order that stays. Raises Refused for an owner that cannot be."""

    owner: Owner
    """The tenant."""
    first: DatabaseSide
    """The one whose VPC asks for the peering."""
    second: DatabaseSide
    """The other one."""

    def __post_init__(self) -> None:
        require(f"The peering of {self.owner.prefix}", self.owner, {})


class DatabasePeering(pulumi.ComponentResource):
    """A peering over which two databases of one tenant reach each other's port of MySQL, and nothing else.

    Which of them follows may change, so both may begin; a group without a rule out lets nothing begin.
    """

    def __init__(
        self, name: str, args: DatabasePeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:DatabasePeering", name, {}, opts)
        first, second = (
            PeeringSide(vpc_id=side.vpc_id, route_table_id=side.route_table_id, cidr=side.cidr)
            for side in (args.first, args.second)
        )
        peer(name, args.owner, first, second, parent=self)
        for near, far in ((args.first, args.second), (args.second, args.first)):
            for allow, way in ((allow_from, "from"), (allow_to, "to")):
                rule = SecurityRuleArgs(
                    owner=near.owner,
                    security_group_id=near.security_group_id,
                    service=MYSQL,
                    peer_cidr=far.cidr,
                    description=f"the database in {far.owner.network}",
                )
                allow(rule_name(near.owner.prefix, way, far.owner.network), rule, fixed_description(self))
        self.register_outputs({})


def peering_name(tenant: str) -> str:
    """The peering of a tenant's databases."""
    return f"{tenant}-databases"


def rule_name(near: str, way: str, far: str | None) -> str:
    """A rule of the database in `near` for the one in the slot `far`. way: from or to."""
    return f"{near}-{way}-{far}"
