"""VPC peerings: never between overlapping VPCs, and one between two VPCs.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcPeeringConnection.html
"""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route as MotoRoute
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection as MotoPeering
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter
from moto.utilities.utils import filter_resources
from netaddr import IPSet

# EC2 answers an acceptance before the peering works.
ACCEPTED = SimpleNamespace(code="provisioning", message="Provisioning")
FILTERS = (
    ("status-code", "status", "Code"),
    ("requester-vpc-info.vpc-id", "requester_vpc_info", "VpcId"),
    ("accepter-vpc-info.vpc-id", "accepter_vpc_info", "VpcId"),
)
UNACCEPTED = ("initiating-request", "pending-acceptance")
LIVE = (*UNACCEPTED, "provisioning", "active")
# https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
ACCEPTABLE_FOR = timedelta(days=7)


class VPCPeeringConnection(MotoPeering):
    """A request that expires unless it is accepted; moto names it so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self._expires = utcnow() + ACCEPTABLE_FOR

    @property
    def expiration_time(self) -> datetime | None:
        return self._expires if self._status.code in UNACCEPTED else None


class VpcPeeringBackend(EC2Backend):
    """Requests peerings as EC2 does."""

    def create_vpc_peering_connection(
        self, vpc: VPC, peer_vpc: VPC, tags: dict[str, str] | None = None
    ) -> MotoPeering:
        """The peering; one between overlapping VPCs fails, as EC2 documents it, and stays describable."""
        pair = {vpc.id, peer_vpc.id}
        for peering in self.vpc_pcxs.values():
            if {peering.vpc.id, peering.peer_vpc.id} == pair and peering.status["Code"] in LIVE:
                raise EC2ClientError(
                    "VpcPeeringConnectionAlreadyExists",
                    f"The VPCs {vpc.id} and {peer_vpc.id} have the VPC peering connection {peering.id}.",
                )
        peering = super().create_vpc_peering_connection(vpc, peer_vpc, tags)
        if not _ranges(vpc).isdisjoint(_ranges(peer_vpc)):
            peering._status.code = "failed"
            peering._status.message = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
        return peering


class Route(MotoRoute):
    """A route; it leads nowhere once its peering is gone."""

    @property
    def state(self) -> str:
        gone = self.vpc_pcx is not None and self.vpc_pcx.status["Code"] not in LIVE
        return "blackhole" if gone else "active"


class VpcPeeringResponse(EC2Response):
    """Describes and accepts peerings."""

    def describe_vpc_peering_connections(self) -> ActionResult:
        """Those that the filters leave."""
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        described = self.ec2_backend.describe_vpc_peering_connections(
            self._get_param("VpcPeeringConnectionIds", [])
        )
        tags = {name: values for name, values in filters.items() if name.startswith("tag:")}
        left = filter_resources(generic_filter(tags, described), filters, FILTERS)
        return ActionResult({"VpcPeeringConnections": left})

    def accept_vpc_peering_connection(self) -> ActionResult:
        peering = self.ec2_backend.accept_vpc_peering_connection(self._get_param("VpcPeeringConnectionId"))
        answered = copy(peering)
        answered._status = ACCEPTED
        return ActionResult({"VpcPeeringConnection": answered})


def _ranges(vpc: VPC) -> IPSet:
    associations = vpc.get_cidr_block_association_set(ipv6=False)
    return IPSet(association["cidr_block"] for association in associations)
