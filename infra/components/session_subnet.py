"""The subnet of the sessions VPC that one tenant's sessions run in, with a route table and a network ACL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import check_private_cidr, check_session_subnet
from tenantnet.components.checked import require
from tenantnet.refusal import Refusal
from tenantnet.settings.relations import shared_subnet_relations
from tenantnet.tags import Owner, Part

# The lowest number that matches decides.
FIRST_SHARED_RULE, OTHER_SESSIONS_RULE, EVERYTHING_ELSE_RULE = 101, 200, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSubnetArgs:
    """A tenant's subnet and the network that it is part of. Raises Refused for what the settings refuse."""

    owner: Owner
    """The tenant that it belongs to."""
    vpc_id: pulumi.Input[str]
    """The sessions network's VPC."""
    cidr: str
    """An aligned /24 of it, already claimed."""
    sessions_cidr: str
    """The range of the sessions network."""
    shared_subnets: Sequence[str] = ()
    """Ranges in it that every tenant's sessions may reach."""
    availability_zone: str
    """The subnet's zone."""

    def __post_init__(self) -> None:
        network = check_private_cidr(self.sessions_cidr)
        shared = [refusal for cidr in self.shared_subnets for refusal in check_private_cidr(cidr)]
        own: list[Refusal] = []
        if not network and not shared:
            sessions = {"cidr": self.sessions_cidr, "sharedSubnets": [*self.shared_subnets]}
            together = shared_subnet_relations({"sessions": sessions}, lambda _: True)
            shared = [replace(refusal, path="") for refusal in together]
            own = check_session_subnet(self.cidr, self.sessions_cidr, self.shared_subnets)
        require(
            f"The session subnet {self.owner.prefix}",
            self.owner,
            {"sessions_cidr": network, "shared_subnets": shared, "cidr": own},
        )


def network_acl_rules(
    sessions_cidr: str, shared_subnets: Sequence[str]
) -> list[aws.ec2.NetworkAclIngressArgsDict]:
    """The rules of each direction: no route keeps sessions of one VPC apart, so this does.

    An ACL does not see traffic within its subnet. Addresses outside the sessions network are left to routes.
    https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
    """
    shared = enumerate(shared_subnets, start=FIRST_SHARED_RULE)
    numbered = [
        *((number, "allow", cidr) for number, cidr in shared),
        (OTHER_SESSIONS_RULE, "deny", sessions_cidr),
        (EVERYTHING_ELSE_RULE, "allow", "0.0.0.0/0"),
    ]
    return [
        {
            "rule_no": number,
            "action": action,
            "protocol": "-1",
            "cidr_block": cidr,
            "from_port": 0,
            "to_port": 0,
        }
        for number, action, cidr in numbered
    ]


class SessionSubnet(pulumi.ComponentResource):
    """The subnet of a tenant's sessions, closed to the sessions of other tenants."""

    subnet_id: pulumi.Output[str]
    """The subnet's ID."""
    route_table_id: pulumi.Output[str]
    """The table that gets one route per network of this tenant, and no other."""

    def __init__(
        self, name: str, args: SessionSubnetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:SessionSubnet", name, {}, opts)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=args.vpc_id,
            cidr_block=args.cidr,
            availability_zone=args.availability_zone,
            map_public_ip_on_launch=False,
            tags=args.owner.tags(name, part=Part.SESSION),
            # As with a VPC: the claim goes after it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        table = aws.ec2.RouteTable(
            name,
            vpc_id=args.vpc_id,
            tags=args.owner.tags(name, part=Part.SESSION),
            # Its routes are resources of their own, one per network of the tenant.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["routes"]),
        )
        aws.ec2.RouteTableAssociation(
            name, route_table_id=table.id, subnet_id=subnet.id, opts=pulumi.ResourceOptions(parent=self)
        )
        rules = network_acl_rules(args.sessions_cidr, args.shared_subnets)
        aws.ec2.NetworkAcl(
            name,
            vpc_id=args.vpc_id,
            subnet_ids=[subnet.id],
            ingress=rules,
            egress=rules,
            tags=args.owner.tags(name, part=Part.SESSION),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.subnet_id = subnet.id
        self.route_table_id = table.id
        self.register_outputs({"subnetId": self.subnet_id})
